/*
 * Counts the requests of each client: who, which verb, which resource. For the figures
 * that people and tests ask for (requests a pull, no LIST in steady state). Bounded: rows
 * beyond TALLY_ROWS_MAX share one row.
 */
#ifndef DROP_SIM_PLAY_TALLY_H
#define DROP_SIM_PLAY_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/play/api_faults.h"

enum { TALLY_ROWS_MAX = 512, TALLY_TEXT_MAX = 64 };

struct tally_row {
	char client[TALLY_TEXT_MAX]; /* user agent up to the first '/' */
	char verb[TALLY_TEXT_MAX], resource[TALLY_TEXT_MAX];
	uint64_t count;
};

struct tally {
	struct tally_row rows[TALLY_ROWS_MAX];
	size_t n;
	uint64_t total;
};

struct tally *tally_new(void);
void tally_free(struct tally *t);
void tally_count(struct tally *t, const struct fault_request *request);
/* Requests of clients whose name starts so ("drop-"; "": all), watches and leases included. */
uint64_t tally_of(const struct tally *t, const char *client_prefix);

#endif
