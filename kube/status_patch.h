/*
 * Writing the status of one object: a merge patch that carries the uid, so that another object of
 * the same name refuses it (409), and the difference, so that fields of others stay. Of the answer
 * only metadata is asked for (behaviour 21, must 6).
 */
#ifndef DROP_KUBE_STATUS_PATCH_H
#define DROP_KUBE_STATUS_PATCH_H

#include "api/kinds.h"
#include "base/buf.h"
#include "kube/kube.h"

struct status_patch {
	enum kind kind; /* one of ours */
	const char *name, *uid;
	const void *old, *new; /* its struct <kind>_status; old NULL: new is written whole */
	int64_t deadline_ms;   /* as in struct kube_request */
};

/* Appends the body; false: old and new do not differ, and nothing is to be written. */
bool status_patch_body(const struct status_patch *patch, struct buf *out);

/* As kube_send(). 0: there was nothing to write, and done is not called. */
uint64_t kube_patch_status(struct kube *k, const struct status_patch *patch, kube_done_fn done,
			   void *ctx);

enum patch_result {
	PATCH_MADE,
	PATCH_GONE,   /* deleted, another object of that name, or a CRD without this subresource */
	PATCH_FAILED, /* refused, or it is unknown whether it was made */
};
enum patch_result kube_patch_result(const struct kube_answer *answer);

#endif
