/*
 * Keeps usage in the ConfigMaps <store>-0 and <store>-1 of the pod namespace (behaviour 52), while
 * this replica leads: every SAVE_EVERY_MS, and when it leaves. The watcher reads them at its start.
 */
#ifndef DROP_DISCOVERER_USAGE_SAVER_H
#define DROP_DISCOVERER_USAGE_SAVER_H

#include "kube/stored_bytes.h"

#include "discoverer/usage_reader.h"

#define SAVE_EVERY_MS (10 * 60 * 1000)

struct discoverer; /* discoverer/discoverer.h */

struct usage_saver {
	struct usage_waiter waiter; /* first */
	struct discoverer *d;
	bool acting;
	int64_t next_ms;
	char *store;                    /* owned */
	struct buf parts[STORED_PARTS]; /* that are being written */
	int left;                       /* of them; the last is written first */
	struct stored_write write;      /* of the one under way */
	uint64_t request;               /* 0: none is under way */
	bool refused;                   /* the right to write is missing: said once */
	bool leaving;
	int64_t leave_ms;
};

void usage_saver_init(struct usage_saver *s, struct discoverer *d);
void usage_saver_done(struct usage_saver *s);
/* may: this replica leads, and the lease is held until then. */
int64_t usage_saver_turn(struct usage_saver *s, bool may, int64_t now_ms);
/* Saves once more; call it each turn until it returns true. */
bool usage_saver_leave(struct usage_saver *s, bool may, int64_t now_ms);

#endif
