/* See stored_bytes.h. */
#include "kube/stored_bytes.h"

#include <stdlib.h>

#include "api/meta.h"
#include "api/row.h"
#include "kube/base64.h"
#include "kube/urls.h"

struct kept_json {
	const char *data;
};

static const struct field kept_json_rows[] = {
	ROW(kept_json, data, "binaryData." STORED_BYTES_KEY, F_STRING),
};
static DESC(kept_json, "ConfigMap", "The part of a ConfigMap that is read.");

void stored_bytes_body(const struct kube *k, const char *ns, const char *name,
		       const struct stored_write *w, const struct buf *bytes, struct buf *out)
{
	struct api_owner owner;
	char *text = base64_encode(bytes->data, bytes->len);
	buf_adds(out, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":");
	buf_add_json(out, name);
	buf_adds(out, ",\"labels\":{\"app.kubernetes.io/managed-by\":\"drop\"}");
	if (!w->ownerless && kube_owner(k, ns, &owner))
		buf_addf(out,
			 ",\"ownerReferences\":[{\"apiVersion\":\"%s\",\"kind\":\"%s\","
			 "\"name\":\"%s\",\"uid\":\"%s\"}]",
			 owner.api_version, owner.kind, owner.name, owner.uid);
	buf_addf(out, "},\"binaryData\":{\"" STORED_BYTES_KEY "\":\"%s\"}}", text);
	free(text);
}

uint64_t stored_bytes_send(struct kube *k, const char *ns, const char *name,
			   const struct stored_write *w, const struct buf *bytes,
			   int64_t deadline_ms, kube_done_fn done, void *ctx)
{
	struct arena a = ARENA_INIT;
	struct buf body = {0};
	stored_bytes_body(k, ns, name, w, bytes, &body);
	struct kube_request req = {
		.method = w->create ? KUBE_POST : KUBE_PUT,
		.lane = KUBE_WRITE,
		.path = url_configmap(&a, ns, w->create ? NULL : name),
		.body = body.data,
		.body_len = body.len,
		.accept = KUBE_ACCEPT_META,
		.deadline_ms = deadline_ms,
	};
	uint64_t id = kube_send(k, &req, done, ctx);
	buf_done(&body);
	arena_done(&a);
	return id;
}

enum stored_step stored_bytes_answered(struct stored_write *w, const struct kube *k, const char *ns,
				       const struct kube_answer *answer)
{
	struct api_owner owner;
	bool owned = !w->ownerless && kube_owner(k, ns, &owner);
	if (answer->code == 200 || answer->code == 201) {
		w->create = false;
		return STORED_DONE;
	}
	if (answer->code == 404 && !w->create)
		w->create = true;
	else if (answer->code == 409 && w->create)
		w->create = false;
	else if (answer->code == 403 && owned)
		w->ownerless = true;
	else
		return STORED_FAILED;
	return STORED_AGAIN;
}

char *stored_bytes_read(const char *json, size_t len, struct arena *a, size_t *ret_len,
			struct err *err)
{
	struct kept_json kept;
	char *bytes = NULL;
	if (desc_decode(&kept_json_desc, json, len, false, a, &kept, err) < 0)
		return NULL;
	if (kept.data == NULL)
		err_set(err, ERR_TERMINAL, "it has no " STORED_BYTES_KEY);
	else if ((bytes = base64_decode(kept.data, ret_len)) == NULL)
		err_set(err, ERR_TERMINAL, "its " STORED_BYTES_KEY " is not base64");
	return bytes;
}
