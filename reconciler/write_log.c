/*
 * How loudly a failed write is logged. With a right missing, or a server in trouble, hundreds may
 * fail a second: one a second is a warning, and the metrics count them all. Of rights that may be
 * missing for good, one an hour is.
 */
#include "reconciler/reconciler.h"

#include "base/clock.h"

#define WARNING_GAP_MS   1000
#define FORBIDDEN_GAP_MS (60 * 60 * 1000)

static enum log_level warn_again(int64_t *again_ms, int64_t gap_ms)
{
	int64_t now_ms = clock_boot_ms();
	if (now_ms < *again_ms)
		return LOG_DEBUG;
	*again_ms = now_ms + gap_ms;
	return LOG_WARN;
}

enum log_level write_log_level(struct reconciler *r)
{
	return warn_again(&r->warn_again_ms, WARNING_GAP_MS);
}

enum log_level forbidden_log_level(int64_t *again_ms)
{
	return warn_again(again_ms, FORBIDDEN_GAP_MS);
}
