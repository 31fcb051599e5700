/*
 * How loudly a failed write is logged. With a right missing, or a server in trouble, hundreds may fail
 * a second: one a second is a warning, and the metrics count them all.
 */
#include "reconciler/reconciler.h"

#include "base/clock.h"

#define WARNING_GAP_MS 1000

enum log_level write_log_level(struct reconciler *r)
{
	int64_t now_ms = clock_boot_ms();
	if (r->warned_ms != 0 && now_ms - r->warned_ms < WARNING_GAP_MS)
		return LOG_DEBUG;
	r->warned_ms = now_ms;
	return LOG_WARN;
}
