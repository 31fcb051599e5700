/*
 * Back-off delays (behaviour.md 14). Jitter is a hash of the pull's identity instead of a random
 * number, so that a run can be repeated exactly.
 */
#include "reconciler/rules/backoff.h"

#include "base/hash.h"

int64_t backoff_delay(struct backoff b, uint32_t failures, uint64_t seed)
{
	int64_t d = b.initial_ms > 0 ? b.initial_ms : 1;
	int64_t max = b.max_ms > d ? b.max_ms : d;
	for (uint32_t i = 1; i < failures && d < max; i++)
		d = d > max / 2 ? max : d * 2;
	uint64_t h = hash_stable_bytes(hash_stable_bytes(HASH_STABLE_START, &seed, sizeof(seed)),
				       &failures, sizeof(failures));
	/* 900..1100 thousandths; divided first, so that no user's duration overflows. */
	int64_t thousandths = 900 + (int64_t)((h >> 16) % 201);
	return d / 1000 * thousandths + d % 1000 * thousandths / 1000;
}

enum gate_state gate_look(const struct gate *g, int64_t now_ms)
{
	if (g->failures == 0)
		return GATE_OPEN;
	return now_ms < g->until_ms ? GATE_SHUT : GATE_PROBE;
}

void gate_fail(struct gate *g, struct backoff b, uint64_t seed, int64_t started_ms, int64_t now_ms)
{
	if (g->failures != 0 && started_ms < g->failed_ms && now_ms < g->until_ms)
		return;
	if (g->failures < UINT16_MAX)
		g->failures++;
	g->failed_ms = now_ms;
	g->until_ms = now_ms + backoff_delay(b, g->failures, seed);
}
