/*
 * The watcher is the only process that lists and watches, and the only one that holds the lease. It
 * informs the others by a doorbell, which may be lost, and by answers to changes_since. It makes no
 * decisions about images and writes nothing but the Lease (and the events of left_out.c).
 */
#ifndef DROP_WATCHER_WATCHER_H
#define DROP_WATCHER_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"
#include "ipc/options.h"
#include "ipc/proc.h"
#include "kube/kube.h"
#include "kube/lease.h"
#include "watcher/store.h"
#include "watcher/usage_feed.h"
#include "watcher/views.h"

struct watcher {
	struct watcher_options options; /* first */

	struct kube *kube;
	struct store *store;
	struct views *views;
	struct usage_feed *usage; /* NULL: without --usage */
	struct elector *elector;
	int64_t started_ms;
	uint64_t left_out_write; /* an event is on its way; 0: none */
	bool events_legacy;      /* events.k8s.io is forbidden: core/v1 */
	bool lease_moved;
	bool led;           /* at the last turn */
	uint64_t rung_head; /* of the last doorbell */
	int64_t rung_fresh_ms;
	int64_t rung_ms;
};

int watcher_init(struct proc *p, struct err *err);
int64_t watcher_turn(struct proc *p, struct now now);
void watcher_done(struct proc *p);
void watcher_collect(struct proc *p);
/* left_out.c: events on objects that are left out, one at a time, while this replica leads. */
void left_out_turn(struct watcher *w, int64_t until_ms);

void watcher_on_changes_since(struct proc *p, const struct msg_in *in);
void watcher_on_usage_get(struct proc *p, const struct msg_in *in);
void watcher_on_starts_since(struct proc *p, const struct msg_in *in);
/* usage_show.c */
void watcher_on_usage_show(struct proc *p, const struct msg_in *in);
/* left_out.c */
void watcher_on_left_out_get(struct proc *p, const struct msg_in *in);

#endif
