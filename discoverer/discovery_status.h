/*
 * The status of a DiscoveryPolicy: what was found, and the conditions Ready and
 * SourceHealthy with their reasons and messages (behaviour.md 26, 30, 31). Pure.
 */
#ifndef DROP_DISCOVERER_DISCOVERY_STATUS_H
#define DROP_DISCOVERER_DISCOVERY_STATUS_H

#include <stdbool.h>

#include "api/kinds.h"
#include "base/arena.h"

#include "discoverer/fault.h"
#include "discoverer/plan.h"
#include "discoverer/results.h"

/* Bytes of a condition's message. */
#define STATUS_MESSAGE_MAX 1024

struct source_view { /* one source, as its last answer left it */
	enum fault fault;
	const char *text;    /* what failed, with the source's name; "" if nothing did */
	const char *note;    /* why nothing was found, likewise; NULL or "": nothing to say */
	const char *warning; /* what is to be known of its answer, likewise */
	bool plain;          /* its credentials go over http */
};

struct status_facts {
	const struct source_view *sources;
	size_t n;
	const struct plan_queries *queries; /* n; NULL: of no matter */
	bool suspended;         /* nothing is asked (50): the list stays, and what is known of it */
	const char *spec_error; /* set: nothing was asked (rule 31), only the condition changes */
	struct discovered_images images;
	size_t left_out[DROP_REASONS_COUNT]; /* names left out by the sources' answers */
	size_t too_large;                    /* images for which there is no room in an object */
	bool synced;                         /* a source has answered since the last status */
	int64_t generation, now_s;
};

/* Strings are borrowed from the facts and the old status; the rest lives in a. */
struct discoverypolicy_status status_make(const struct status_facts *facts,
					  const struct discoverypolicy_status *old,
					  struct arena *a);
/* Does its message say that credentials go over http? */
bool status_says_plain(const struct discoverypolicy_status *s);

#endif
