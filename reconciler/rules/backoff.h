/*
 * How long to wait after failures, and gates: what keeps a fault that concerns many
 * nodes (a bad tag, a registry that is down) to one pod a retry (behaviour.md 14). Pure.
 */
#ifndef DROP_RECONCILER_RULES_BACKOFF_H
#define DROP_RECONCILER_RULES_BACKOFF_H

#include <stdint.h>

struct backoff { /* a policy's failureBackoff, in milliseconds */
	int64_t initial_ms, max_ms;
};

/* initial doubling to max, +-10% by the seed; failures counts from 1. */
int64_t backoff_delay(struct backoff b, uint32_t failures, uint64_t seed);

/* A zeroed gate is open. */
struct gate {
	uint32_t failures; /* rounds in a row that failed; 0: open */
	int64_t failed_ms; /* when the last of them did */
	int64_t until_ms;  /* shut until then, after it one probe at a time */
};

enum gate_state { GATE_OPEN, GATE_SHUT, GATE_PROBE };

enum gate_state gate_look(const struct gate *g, int64_t now_ms);
/*
 * A pull that started at started_ms failed. Pulls that were already on their way when
 * the gate shut belong to the same round and do not lengthen the wait; one that outlasts
 * the wait was its probe.
 */
void gate_fail(struct gate *g, struct backoff b, uint64_t seed, int64_t started_ms, int64_t now_ms);

#endif
