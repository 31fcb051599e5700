/* See pulled.h. Events of events.k8s.io/v1 are read as core/v1 shows them: kubelets write core/v1.
 */
#include "usage/pulled.h"

#include <string.h>

#include "api/meta.h"
#include "api/ref.h"
#include "api/row.h"

#include "usage/pull_message.h"

/* spec.containers{NAME}, spec.initContainers{NAME} */
#define FIELD_CONTAINERS "ontainers{"

struct event_json {
	const char *uid, *ns;
	uint64_t rv;
	int64_t created;
	const char *kind, *pod_ns, *pod_uid, *field;
	const char *reason, *message, *component, *host;
	int64_t count, last, series_count, series_last;
};

static const struct field event_json_rows[] = {
	ROW(event_json, uid, "metadata.uid", F_STRING),
	ROW(event_json, ns, "metadata.namespace", F_STRING),
	ROW(event_json, rv, "metadata.resourceVersion", F_RV),
	ROW(event_json, created, "metadata.creationTimestamp", F_TIME),
	ROW(event_json, kind, "involvedObject.kind", F_STRING),
	ROW(event_json, pod_ns, "involvedObject.namespace", F_STRING),
	ROW(event_json, pod_uid, "involvedObject.uid", F_STRING),
	ROW(event_json, field, "involvedObject.fieldPath", F_STRING),
	ROW(event_json, reason, "reason", F_STRING),
	ROW(event_json, message, "message", F_STRING),
	ROW(event_json, component, "source.component", F_STRING),
	ROW(event_json, host, "source.host", F_STRING),
	ROW(event_json, count, "count", F_INT, .bits = 64, .flags = FF_CLAMP),
	ROW(event_json, last, "lastTimestamp", F_TIME),
	ROW(event_json, series_count, "series.count", F_INT, .bits = 64, .flags = FF_CLAMP),
	ROW(event_json, series_last, "series.lastObservedTime", F_TIME),
};
static DESC(event_json, "Event", "The part of an Event that is read.");

static bool is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

static bool given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* The name in spec.containers{NAME}; "" if there is none. */
static const char *container_of(const char *field, struct arena *a)
{
	const char *at = field != NULL ? strstr(field, FIELD_CONTAINERS) : NULL;
	if (at == NULL)
		return "";
	at += strlen(FIELD_CONTAINERS);
	return arena_strndup(a, at, strcspn(at, "}"));
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool read_message(const char *message, struct arena *a, struct pulled *ret)
{
	const char *text = arena_strndup(a, message, PULLED_MESSAGE_MAX);
	size_t len = 0;
	const char *image = event_image(text, &len);
	if (image == NULL)
		return false;
	image = arena_strndup(a, image, len);
	ret->image = ref_normal(a, image);
	ret->hash = ref_hash(image);
	struct pull_event pull = event_read(text);
	ret->combined = event_is_combined(text);
	ret->was_pulled = event_says_pulled(text);
	ret->seconds = pull.seconds;
	ret->waited = pull.waited;
	ret->bytes = pull.bytes;
	return ret->image != NULL && ret->hash != 0;
}

int pulled_read(const char *json, size_t len, struct arena *a, struct pulled *ret, struct err *err)
{
	struct event_json e;
	if (desc_decode(&event_json_desc, json, len, false, a, &e, err) < 0)
		return -1;
	if (!is(e.reason, "Pulled") || !is(e.component, "kubelet") || !is(e.kind, "Pod") ||
	    !given(e.uid) || !given(e.ns) || !is(e.pod_ns, e.ns) || !given(e.host) ||
	    e.message == NULL)
		return 0;
	int64_t count = later(later(e.count, e.series_count), 1);
	*ret = (struct pulled){
		.uid = e.uid,
		.rv = e.rv,
		.created_s = e.created,
		.last_s = later(e.last, e.series_last),
		.count = (uint64_t)count,
		.ns = e.ns,
		.pod_uid = e.pod_uid != NULL ? e.pod_uid : "",
		.container = container_of(e.field, a),
		.node = e.host,
	};
	return read_message(e.message, a, ret);
}
