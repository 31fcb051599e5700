/*
 * Rate limiter: a burst, then one per gap (GCRA, ITU-T I.371). Pure; the caller passes the time.
 */
#ifndef DROP_BASE_PACE_H
#define DROP_BASE_PACE_H

#include <stdint.h>

struct pace { /* zeroed: nothing has happened yet */
	int64_t due_ms;
};

/* Counts one more. Returns for how long it should wait: 0, up to a gap when they come too fast. */
static inline int64_t pace_next(struct pace *p, int64_t gap_ms, int64_t burst, int64_t now_ms)
{
	int64_t rested_ms = now_ms - burst * gap_ms;
	if (p->due_ms < rested_ms)
		p->due_ms = rested_ms;
	p->due_ms += gap_ms;
	/* Who does not wait for so long as told owes one gap, not the sum of them. */
	if (p->due_ms > now_ms + gap_ms)
		p->due_ms = now_ms + gap_ms;
	return p->due_ms > now_ms ? p->due_ms - now_ms : 0;
}

#endif
