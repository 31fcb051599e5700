/*
 * The counters of a client: one row each, from which the struct and the names seen by
 * kube_stats() are made.
 */
#ifndef DROP_KUBE_STATS_H
#define DROP_KUBE_STATS_H

#include <stdint.h>

#define KUBE_COUNTERS(X)                                                                           \
	X(requests, "requests accepted by kube_send")                                              \
	X(attempts, "attempts sent, retries and streams included")                                 \
	X(answers_2xx, "attempts answered 2xx")                                                    \
	X(answers_4xx, "attempts answered 4xx, without 409 and 429")                               \
	X(answers_409, "attempts answered 409")                                                    \
	X(answers_429, "attempts answered 429")                                                    \
	X(answers_5xx, "attempts answered 5xx")                                                    \
	X(transport_errors, "attempts that ended without an answer")                               \
	X(retries, "attempts made again")                                                          \
	X(connects, "connections opened")                                                          \
	X(credential_reloads, "tokens, authorities or certificates read again")                    \
	X(lists, "lists begun by reflectors")                                                      \
	X(watches, "watches opened by reflectors")

struct kube_counters {
#define COUNTER_MEMBER(name, doc) uint64_t name;
	KUBE_COUNTERS(COUNTER_MEMBER)
#undef COUNTER_MEMBER
};

#endif
