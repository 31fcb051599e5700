/* See status_patch.h. */
#include "kube/status_patch.h"

#include "api/desc.h"
#include "base/arena.h"
#include "kube/urls.h"

bool status_patch_body(const struct status_patch *patch, struct buf *out)
{
	const struct desc *d = kinds[patch->kind].status;
	struct buf status = {0};
	bool differs = true;
	if (patch->old == NULL)
		desc_encode(d, patch->new, &status);
	else
		differs = desc_diff(d, patch->old, patch->new, &status);
	if (differs) {
		buf_adds(out, "{\"metadata\":{\"uid\":");
		buf_add_json(out, patch->uid);
		buf_adds(out, "},\"status\":");
		buf_add(out, status.data, status.len);
		buf_adds(out, "}");
	}
	buf_done(&status);
	return differs;
}

uint64_t kube_patch_status(struct kube *k, const struct status_patch *patch, kube_done_fn done,
			   void *ctx)
{
	struct arena a = ARENA_INIT;
	struct buf body = {0};
	uint64_t id = 0;
	if (status_patch_body(patch, &body)) {
		struct kube_request req = {
			.method = KUBE_PATCH,
			.lane = KUBE_WRITE,
			.path = url_status(&a, patch->kind, NULL, patch->name),
			.body = body.data,
			.body_len = body.len,
			.content_type = "application/merge-patch+json",
			.accept = KUBE_ACCEPT_META,
			.deadline_ms = patch->deadline_ms,
		};
		id = kube_send(k, &req, done, ctx);
	}
	buf_done(&body);
	arena_done(&a);
	return id;
}

enum patch_result kube_patch_result(const struct kube_answer *answer)
{
	if (answer->code == 200)
		return PATCH_MADE;
	return answer->code == 404 || answer->code == 409 ? PATCH_GONE : PATCH_FAILED;
}
