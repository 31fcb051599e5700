/* The pace of bytes under one policy; see byte_rate.h. Microseconds, as small images are fast. */
#include "reconciler/core/byte_rate.h"

#define US_A_SECOND UINT64_C(1000000)

/* How long the rate takes for the bytes. Both are bounded (SIZE_LARGEST), so nothing overflows. */
static int64_t cost_us(uint64_t bytes, uint64_t bytes_per_s)
{
	return (int64_t)(bytes / bytes_per_s * US_A_SECOND +
			 bytes % bytes_per_s * US_A_SECOND / bytes_per_s);
}

/* When the last pull is paid for. */
static int64_t paid_us(const struct policy *p)
{
	return p->bytes_per_s != 0 ? p->paid_from_us + cost_us(p->paid_bytes, p->bytes_per_s) : 0;
}

int64_t byte_rate_free_ms(const struct policy *p)
{
	return (paid_us(p) + 999) / 1000;
}

void byte_rate_pay(struct policy *p, uint64_t bytes, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000, paid = paid_us(p);
	/* Without a limit it is remembered, too: there may be one soon. */
	p->paid_from_us = paid > now_us - BYTE_RATE_LATE_US ? paid : now_us;
	p->paid_bytes = bytes < SIZE_LARGEST ? bytes : SIZE_LARGEST;
}

void byte_rate_remember(struct policy *p, uint64_t bytes, int64_t at_ms)
{
	struct policy then = *p;
	then.paid_from_us = at_ms * 1000;
	then.paid_bytes = bytes < SIZE_LARGEST ? bytes : SIZE_LARGEST;
	if (paid_us(&then) <= paid_us(p))
		return;
	p->paid_from_us = then.paid_from_us;
	p->paid_bytes = then.paid_bytes;
}
