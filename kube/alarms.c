/* Runs the alarms of a client; every timer in its heap is part of one. */
#include "kube/alarms.h"

void alarms_run(struct timers *all, int64_t now_ms)
{
	struct timer *t;
	for (size_t left = all->n; left > 0 && (t = timers_due(all, now_ms)) != NULL; left--) {
		struct alarm *alarm = (struct alarm *)((char *)t - offsetof(struct alarm, timer));
		timer_stop(all, t);
		alarm->fire(alarm->ctx);
	}
}
