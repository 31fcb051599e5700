/*
 * The deadlines of one client: requests, retries and reflectors arm timers here,
 * kube_wait() sleeps until the first and fires what is due. The heap is base/timers.h;
 * this adds what a timer does.
 */
#ifndef DROP_KUBE_ALARMS_H
#define DROP_KUBE_ALARMS_H

#include "base/timers.h"

struct alarm {
	struct timer timer;
	void (*fire)(void *ctx); /* set by the owner, once */
	void *ctx;
};

/*
 * Fires what is due, disarmed first, so that it may arm itself again; at most as many
 * as were armed at the start, so that one armed for "now" waits for the next call.
 */
void alarms_run(struct timers *all, int64_t now_ms);

#endif
