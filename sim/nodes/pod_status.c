/*
 * Writes the status top down, in kubelet's order. What differs between the moments of a
 * pod is in the rows of POD_SHAPES; nothing here asks which moment it is.
 */
#include "sim/nodes/pod_status.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

enum container_state { CONTAINER_NONE, CONTAINER_WAITING, CONTAINER_RUNNING, CONTAINER_TERMINATED };

static const struct shape {
	const char *phase, *sandbox, *initialized, *ready, *ready_reason;
	enum container_state state;
	const char *reason;
	int exit_code;
} shapes[POD_SHAPE_COUNT] = {
#define S(id, phase, sandbox, initialized, ready, ready_reason, state, reason, exit)               \
	[POD_SHAPE_##id] = {phase,        sandbox,           initialized, ready,                   \
			    ready_reason, CONTAINER_##state, reason,      exit},
	POD_SHAPES(S)
#undef S
};

const char *pod_shape_phase(enum pod_shape shape)
{
	return shapes[shape].phase;
}

void pod_back_off_text(const struct dialect *d, const char *image, enum pod_shape failed,
		       const char *failure, struct buf *out)
{
	const struct dialect_word words[] = {
		{"image", image}, {"reason", shapes[failed].reason}, {"failure", failure}};
	dialect_expand(d->back_off, words, sizeof(words) / sizeof(words[0]), out);
}

static void moment(struct buf *out, const char *key, int64_t unix_s)
{
	char text[TIME_TEXT_MAX];
	time_format(text, unix_s);
	buf_addf(out, ",\"%s\":\"%s\"", key, text);
}

static void text(struct buf *out, const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_addf(out, ",\"%s\":", key);
	buf_add_json(out, value);
}

struct condition {
	const char *type, *status, *reason, *message;
	int64_t since_s;
};

static void condition(const struct pod_said *said, const struct condition *c, struct buf *out)
{
	buf_addf(out, "%s{\"type\":\"%s\"", out->data[out->len - 1] == '[' ? "" : ",", c->type);
	if (said->generation > 0)
		buf_addf(out, ",\"observedGeneration\":%" PRId64, said->generation);
	buf_addf(out, ",\"status\":\"%s\",\"lastProbeTime\":null", c->status);
	moment(out, "lastTransitionTime", c->since_s);
	text(out, "reason", c->reason);
	text(out, "message", c->message);
	buf_adds(out, "}");
}

static enum container_state state_of(const struct container_said *c)
{
	return shapes[c->shape].state;
}

static bool succeeded(const struct container_said *c)
{
	return state_of(c) == CONTAINER_TERMINATED && shapes[c->shape].exit_code == 0;
}

/* "containers with unready status: [a b]"; of the init containers: those that have not ended. */
static void unready_text(const struct pod_said *said, bool init, struct buf *out)
{
	bool first = true;
	size_t end = init ? said->n_init : said->n;
	buf_addf(out, "containers with %s status: [", init ? "incomplete" : "unready");
	for (size_t i = init ? 0 : said->n_init; i < end; i++) {
		const struct container_said *c = &said->containers[i];
		if (state_of(c) == CONTAINER_RUNNING || (init && succeeded(c)))
			continue;
		buf_addf(out, "%s%s", first ? "" : " ", c->name);
		first = false;
	}
	buf_adds(out, "]");
}

static void conditions(const struct pod_said *said, const struct shape *s, struct buf *out)
{
	struct buf unready = {0}, incomplete = {0};
	bool inits = strcmp(s->initialized, "ContainersNotInitialized") == 0;
	if (strcmp(s->ready_reason, "ContainersNotReady") == 0)
		unready_text(said, false, &unready);
	if (inits)
		unready_text(said, true, &incomplete);
	buf_adds(out, ",\"conditions\":[");
	if (said->reason != NULL) /* evicted */
		condition(said,
			  &(struct condition){"DisruptionTarget", "True", "TerminationByKubelet",
					      said->message, said->ended_s},
			  out);
	const struct condition rows[] = {
		{"PodReadyToStartContainers", s->sandbox, "", "", said->sandbox_s},
		{"Initialized", inits ? "False" : "True", s->initialized, incomplete.data,
		 said->start_s},
		{"Ready", s->ready, s->ready_reason, unready.data, said->ready_s},
		{"ContainersReady", s->ready, s->ready_reason, unready.data, said->ready_s},
		{"PodScheduled", "True", "", "", said->start_s},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		condition(said, &rows[i], out);
	buf_adds(out, "]");
	buf_done(&unready);
	buf_done(&incomplete);
}

/* "containerd://<64 hex>", the same in all statuses of one pod. */
static void container_id(const struct pod_said *pod, const struct container_said *said,
			 struct buf *out)
{
	buf_addf(out, ",\"containerID\":\"%.*s://", (int)strcspn(pod->runtime, ":"), pod->runtime);
	for (uint64_t i = 0, h = said->address; i < 4; i++, h = h * 0x9e3779b97f4a7c15U + i)
		buf_addf(out, "%016" PRIx64, h);
	buf_adds(out, "\"");
}

/* A container that never was has no times. */
static void times(const struct container_said *said, struct buf *out)
{
	if (said->image_id == NULL) {
		buf_adds(out, ",\"startedAt\":null,\"finishedAt\":null");
		return;
	}
	moment(out, "startedAt", said->started_s);
	moment(out, "finishedAt", said->ended_s);
}

static void state(const struct pod_said *pod, const struct container_said *said, struct buf *out)
{
	const struct shape *s = &shapes[said->shape];
	switch (s->state) {
	case CONTAINER_WAITING:
		buf_addf(out, "\"waiting\":{\"reason\":\"%s\"", s->reason);
		text(out, "message", said->waits_for);
		buf_adds(out, "}");
		break;
	case CONTAINER_RUNNING:
		buf_adds(out, "\"running\":{\"startedAt\":");
		char since[TIME_TEXT_MAX];
		time_format(since, said->started_s);
		buf_addf(out, "\"%s\"}", since);
		break;
	case CONTAINER_TERMINATED:
		buf_addf(out, "\"terminated\":{\"exitCode\":%d,\"reason\":\"%s\"", s->exit_code,
			 s->reason);
		text(out, "message", said->waits_for);
		times(said, out);
		if (said->image_id != NULL)
			container_id(pod, said, out);
		buf_adds(out, "}");
		break;
	case CONTAINER_NONE:
		break;
	}
}

static void container(const struct pod_said *pod, const struct container_said *said, bool init,
		      struct buf *out)
{
	bool runs = state_of(said) == CONTAINER_RUNNING;
	bool ready = runs || (init && succeeded(said));
	buf_addf(out, "%s{\"name\":", out->data[out->len - 1] == '[' ? "" : ",");
	buf_add_json(out, said->name);
	buf_adds(out, ",\"state\":{");
	state(pod, said, out);
	buf_addf(out, "},\"lastState\":{},\"ready\":%s,\"restartCount\":0,\"image\":",
		 ready ? "true" : "false");
	buf_add_json(out, said->image);
	buf_adds(out, ",\"imageID\":");
	buf_add_json(out, said->image_id != NULL ? said->image_id : "");
	if (said->image_id != NULL)
		container_id(pod, said, out);
	buf_addf(out, ",\"started\":%s}", runs ? "true" : "false");
}

/* The least name after `last`; NULL: the end. */
static const struct container_said *next_by_name(const struct pod_said *said, const char *last)
{
	const struct container_said *least = NULL;
	for (size_t i = said->n_init; i < said->n; i++) {
		const struct container_said *c = &said->containers[i];
		if ((last == NULL || strcmp(c->name, last) > 0) &&
		    (least == NULL || strcmp(c->name, least->name) < 0))
			least = c;
	}
	return least;
}

/* As kubelet does: init containers in the order of the spec, the others by name. */
static void containers(const struct pod_said *said, struct buf *out)
{
	if (said->n_init > 0) {
		buf_adds(out, ",\"initContainerStatuses\":[");
		for (size_t i = 0; i < said->n_init; i++)
			container(said, &said->containers[i], true, out);
		buf_adds(out, "]");
	}
	buf_adds(out, ",\"containerStatuses\":[");
	for (const struct container_said *c = next_by_name(said, NULL); c != NULL;
	     c = next_by_name(said, c->name))
		container(said, c, false, out);
	buf_adds(out, "]");
}

static void addresses(const struct pod_said *said, const struct shape *s, struct buf *out)
{
	uint64_t n = said->node_address, p = said->address;
	char node[32], pod[32];
	snprintf(node, sizeof(node), "10.%d.%d.%d", (int)(n >> 16 & 0x7f), (int)(n >> 8 & 0xff),
		 (int)(n & 0xff));
	buf_addf(out, ",\"hostIP\":\"%s\",\"hostIPs\":[{\"ip\":\"%s\"}]", node, node);
	if (s->state == CONTAINER_WAITING && s->sandbox[0] == 'F')
		return; /* no sandbox, no address yet */
	snprintf(pod, sizeof(pod), "10.%d.%d.%d", 128 + (int)(p >> 16 & 0x7f), (int)(p >> 8 & 0xff),
		 (int)(p & 0xff));
	buf_addf(out, ",\"podIP\":\"%s\",\"podIPs\":[{\"ip\":\"%s\"}]", pod, pod);
}

void pod_status_write(const struct pod_said *said, struct buf *out)
{
	const struct shape *s = &shapes[said->shape];
	buf_adds(out, "{\"metadata\":{\"uid\":");
	buf_add_json(out, said->uid);
	buf_adds(out, "},\"status\":{");
	if (said->generation > 0)
		buf_addf(out, "\"observedGeneration\":%" PRId64 ",", said->generation);
	buf_addf(out, "\"phase\":\"%s\"", s->phase);
	text(out, "reason", said->reason);
	text(out, "message", said->message);
	moment(out, "startTime", said->start_s);
	if (s->sandbox[0] != '\0') {
		conditions(said, s, out);
		addresses(said, s, out);
		containers(said, out);
	}
	buf_adds(out, "}}");
}
