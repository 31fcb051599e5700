/*
 * Bytes that are kept in a ConfigMap of the pod namespace, under one key of its binaryData: usage
 * (behaviour 52) and the report (56). Requests are the caller's; here is what they say.
 */
#ifndef DROP_KUBE_STORED_BYTES_H
#define DROP_KUBE_STORED_BYTES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include "kube/kube.h"

/* The key. */
#define STORED_BYTES_KEY "usage"

/* A write that goes on until the ConfigMap is there: made if it is missing, without an owner if
 * that is refused. */
struct stored_write {
	bool create;    /* the next attempt makes it */
	bool ownerless; /* an owner was refused */
};

enum stored_step { STORED_DONE, STORED_AGAIN, STORED_FAILED };

/* The ConfigMap as JSON, appended. */
void stored_bytes_body(const struct kube *k, const char *ns, const char *name,
		       const struct stored_write *w, const struct buf *bytes, struct buf *out);
/* Sends it; as kube_send(). */
uint64_t stored_bytes_send(struct kube *k, const char *ns, const char *name,
			   const struct stored_write *w, const struct buf *bytes,
			   int64_t deadline_ms, kube_done_fn done, void *ctx);
/* What the answer means, and how it goes on. */
enum stored_step stored_bytes_answered(struct stored_write *w, const struct kube *k, const char *ns,
				       const struct kube_answer *answer);
/* Out of a ConfigMap as JSON: a new block (free() it). NULL and err: it has none. */
char *stored_bytes_read(const char *json, size_t len, struct arena *a, size_t *ret_len,
			struct err *err);

#endif
