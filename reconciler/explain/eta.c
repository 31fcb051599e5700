/* The longest of what holds the pulls back; see eta.h. */
#include "reconciler/explain/eta.h"

#include "reconciler/core/byte_rate.h"

void eta_add(struct eta *t, const struct core *c, int slot, const struct explain *e,
	     int64_t pull_ms)
{
	uint64_t bytes_per_s =
		c->nodes[slot].bytes_per_s != 0 ? c->nodes[slot].bytes_per_s : c->bytes_per_s;
	t->pairs++;
	t->bytes += e->bytes;
	t->unsized += e->bytes == 0;
	if (e->bytes != 0 && bytes_per_s != 0)
		t->total_ms += (int64_t)(e->bytes * 1000 / bytes_per_s);
	else if (pull_ms != 0)
		t->total_ms += pull_ms;
	else
		t->unmeasured = true;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t eta_s(const struct eta *t, const struct policy *p, uint64_t mean, int64_t now_ms)
{
	if (t->unmeasured || t->pairs == 0)
		return t->unmeasured ? -1 : 0;
	int64_t pairs = t->pairs, rounds = (pairs + p->max_nodes - 1) / p->max_nodes;
	int64_t ms = longer(rounds * (t->total_ms / pairs), pairs * p->delay_ms);
	if (p->bytes_per_s != 0) {
		uint64_t bytes = t->bytes + t->unsized * mean;
		ms = longer(ms, (int64_t)(bytes / p->bytes_per_s * 1000) +
					longer(byte_rate_free_ms(p) - now_ms, 0));
	}
	return (ms + 999) / 1000;
}
