/*
 * Writes the status top down, in kubelet's order. What differs between the moments of a
 * pod is in the rows of POD_SHAPES; nothing here asks which moment it is.
 */
#include "sim/pod_status.h"

#include <inttypes.h>

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

const char *const pod_no_true =
	"failed to create containerd task: failed to create shim task: OCI runtime create failed: "
	"runc create failed: unable to start container process: exec: \"true\": executable file "
	"not "
	"found in $PATH: unknown";

const char *pod_shape_phase(enum pod_shape shape)
{
	return shapes[shape].phase;
}

void pod_back_off_text(const char *image, const char *failure, struct buf *out)
{
	buf_addf(out, "Back-off pulling image \"%s\": ErrImagePull: %s", image, failure);
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

static void conditions(const struct pod_said *said, const struct shape *s, struct buf *out)
{
	char unready[128]; /* a container's name is a DNS label */
	bool waits = s->state == CONTAINER_WAITING;
	snprintf(unready, sizeof(unready), "containers with unready status: [%s]", said->container);
	buf_adds(out, ",\"conditions\":[");
	if (said->reason != NULL) /* evicted */
		condition(said,
			  &(struct condition){"DisruptionTarget", "True", "TerminationByKubelet",
					      said->message, said->ended_s},
			  out);
	const struct condition rows[] = {
		{"PodReadyToStartContainers", s->sandbox, "", "", said->sandbox_s},
		{"Initialized", "True", s->initialized, "", said->start_s},
		{"Ready", s->ready, s->ready_reason, waits ? unready : "", said->ready_s},
		{"ContainersReady", s->ready, s->ready_reason, waits ? unready : "", said->ready_s},
		{"PodScheduled", "True", "", "", said->start_s},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		condition(said, &rows[i], out);
	buf_adds(out, "]");
}

/* "containerd://<64 hex>", the same in all statuses of one pod. */
static void container_id(const struct pod_said *said, struct buf *out)
{
	buf_adds(out, ",\"containerID\":\"containerd://");
	for (uint64_t i = 0, h = said->address; i < 4; i++, h = h * 0x9e3779b97f4a7c15U + i)
		buf_addf(out, "%016" PRIx64, h);
	buf_adds(out, "\"");
}

/* A container that never was has no times. */
static void times(const struct pod_said *said, struct buf *out)
{
	if (said->image_id == NULL) {
		buf_adds(out, ",\"startedAt\":null,\"finishedAt\":null");
		return;
	}
	moment(out, "startedAt", said->started_s);
	moment(out, "finishedAt", said->ended_s);
}

static void state(const struct pod_said *said, const struct shape *s, struct buf *out)
{
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
			container_id(said, out);
		buf_adds(out, "}");
		break;
	case CONTAINER_NONE:
		break;
	}
}

static void container(const struct pod_said *said, const struct shape *s, struct buf *out)
{
	bool runs = s->state == CONTAINER_RUNNING;
	buf_adds(out, ",\"containerStatuses\":[{\"name\":");
	buf_add_json(out, said->container);
	buf_adds(out, ",\"state\":{");
	state(said, s, out);
	buf_addf(out, "},\"lastState\":{},\"ready\":%s,\"restartCount\":0,\"image\":",
		 runs ? "true" : "false");
	buf_add_json(out, said->image);
	buf_adds(out, ",\"imageID\":");
	buf_add_json(out, said->image_id != NULL ? said->image_id : "");
	if (said->image_id != NULL)
		container_id(said, out);
	buf_addf(out, ",\"started\":%s}]", runs ? "true" : "false");
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
		container(said, s, out);
	}
	buf_adds(out, "}}");
}
