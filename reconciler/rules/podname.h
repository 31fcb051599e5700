/*
 * The name of a pull's pod (behaviour.md 6): the same pull has the same name in
 * every life of the reconciler, so creating it twice creates one pod. Pure.
 */
#ifndef DROP_RECONCILER_RULES_PODNAME_H
#define DROP_RECONCILER_RULES_PODNAME_H

#include <stdint.h>

#include "base/arena.h"

/* Pod names are used as host names: at most 63 characters. */
#define PODNAME_MAX 63

char *podname_make(struct arena *a, const char *image_name, const char *image_uid,
		   const char *node_uid, const char *reference, const char *attempt);

/* 44. A pod of several images: its name is a hash over the node and all that it pulls. */
struct podname_batch {
	uint64_t hash;
};
struct podname_batch podname_batch(const char *node_uid);
void podname_batch_add(struct podname_batch *b, const char *image_uid, const char *reference,
		       const char *attempt);
char *podname_batch_name(struct arena *a, const struct podname_batch *b);
/* The value of its image label. */
char *podname_batch_label(struct arena *a, const struct podname_batch *b);

/* The text of an attempt: "3", or "r1700000000" for a repull decided at that second. */
char *podname_attempt(struct arena *a, uint32_t attempt, int64_t repull_s);
/* The reverse; -1 for anything else. ret_repull_s is 0 for an ordinary attempt. */
int podname_attempt_parse(const char *text, uint32_t *ret_attempt, int64_t *ret_repull_s);

#endif
