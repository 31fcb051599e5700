/*
 * What a scenario writes by hand in place of a kubelet or a webhook: the status of pods and
 * nodes (steps pod-status, node-status), and changes of pods while they are created
 * (pod-mutate), as a mutating webhook makes them. Talks to the store only; time is an argument.
 *
 * A rule that stays is remembered until the same step with `end`: pod-status for the pods that
 * come later, pod-mutate for each pod that is created. At most BY_HAND_RULES_MAX of them.
 */
#ifndef DROP_SIM_PLAY_BY_HAND_H
#define DROP_SIM_PLAY_BY_HAND_H

#include "base/clock.h"
#include "base/err.h"

#include "sim/scenario/scenario.h"
#include "sim/store/store.h"

struct by_hand;

enum {
	BY_HAND_RULES_MAX = 256,
	BY_HAND_WAITING_MAX = 65536, /* pods that wait for their status; others get none */
};

/* Listens to the store, which must outlive the last change made to it. */
struct by_hand *by_hand_new(struct store *store);
void by_hand_free(struct by_hand *h);
/* A step pod-status, node-status or pod-mutate. ERR_TERMINAL: nothing matches, or the API refused
 * it. */
int by_hand_step(struct by_hand *h, const struct sim_step *step, struct now now, struct err *err);
/* Writes the statuses that are due; returns the boot ms of the next, or CLOCK_NEVER. */
int64_t by_hand_turn(struct by_hand *h, struct now now);

#endif
