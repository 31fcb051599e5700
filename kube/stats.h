/*
 * Counters of a client: one row each, for the struct and the names in kube_stats(). Attempts by
 * verb and answer are reported one by one (kube_observe()).
 */
#ifndef DROP_KUBE_STATS_H
#define DROP_KUBE_STATS_H

#include <stdint.h>

#include "kube/kube.h"

#define KUBE_COUNTERS(X)                                                                           \
	X(requests, "requests accepted by kube_send")                                              \
	X(transport_errors, "attempts that ended without an answer")                               \
	X(retries, "attempts made again")                                                          \
	X(connects, "connections opened")                                                          \
	X(credential_reloads, "tokens, authorities or certificates read again")                    \
	X(lists, "lists begun by reflectors")                                                      \
	X(watches, "watches opened by reflectors")                                                 \
	X(fetches, "requests to other servers than the API server")

struct kube_counters {
#define COUNTER_MEMBER(name, doc) uint64_t name;
	KUBE_COUNTERS(COUNTER_MEMBER)
#undef COUNTER_MEMBER
	kube_attempt_fn attempt; /* NULL: not reported */
	void *attempt_ctx;
};

#endif
