/*
 * What kubectl shows of built-in kinds: the columns that an API server of 1.34 computes
 * (it is the server that knows that a pod is "Completed", kubectl only prints cells).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "sim/apiserver/view_parts.h"

#define NONE    "<none>"
#define UNKNOWN "<unknown>"

/* ---- times ---- */

void view_human_span(int64_t s, struct buf *out)
{
	static const int64_t minute = 60, hour = 3600, day = 86400, year = 365 * 86400;
	const struct {
		int64_t below, unit, small;
		const char *name, *small_name;
	} steps[] = {
		/* Up to a limit in seconds: how many of the unit, and of the small one (0: none).
		 */
		{2 * minute, 1, 0, "s", ""},    {10 * minute, minute, 1, "m", "s"},
		{3 * hour, minute, 0, "m", ""}, {8 * hour, hour, minute, "h", "m"},
		{2 * day, hour, 0, "h", ""},    {8 * day, day, hour, "d", "h"},
		{2 * year, day, 0, "d", ""},    {8 * year, year, day, "y", "d"},
		{INT64_MAX, year, 0, "y", ""},
	};
	if (s < 0) {
		buf_adds(out, s < -1 ? "<invalid>" : "0s");
		return;
	}
	size_t i = 0;
	while (s >= steps[i].below)
		i++;
	buf_addf(out, "%" PRId64 "%s", s / steps[i].unit, steps[i].name);
	int64_t rest = steps[i].small != 0 ? s % steps[i].unit / steps[i].small : 0;
	if (rest != 0)
		buf_addf(out, "%" PRId64 "%s", rest, steps[i].small_name);
}

void view_age(const cJSON *time, struct now now, struct buf *out)
{
	int64_t then;
	buf_adds(out, "\"");
	if (cJSON_IsString(time) && time_parse(time->valuestring, &then) == 0)
		view_human_span(now.wall_s - then, out);
	else
		buf_adds(out, UNKNOWN);
	buf_adds(out, "\"");
}

/* ---- reading ---- */

static const char *text_at(const cJSON *obj, const char *path)
{
	const char *s = cJSON_GetStringValue(view_path(obj, path));
	return s != NULL ? s : "";
}

static double number_at(const cJSON *obj, const char *path)
{
	const cJSON *v = view_path(obj, path);
	return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

static void add_or(struct buf *out, const char *text, const char *otherwise)
{
	buf_add_json(out, *text != '\0' ? text : otherwise);
}

/* ---- shared ---- */

static void cell_name(const cJSON *obj, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, text_at(obj, ".metadata.name"));
}

static void cell_age(const cJSON *obj, struct now now, struct buf *out)
{
	view_age(view_path(obj, ".metadata.creationTimestamp"), now, out);
}

static void cell_phase(const cJSON *obj, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, text_at(obj, ".status.phase"));
}

static void cell_data(const cJSON *obj, struct now now, struct buf *out)
{
	(void)now;
	const cJSON *data = view_path(obj, ".data"), *binary = view_path(obj, ".binaryData");
	buf_addf(out, "%d",
		 (data != NULL ? cJSON_GetArraySize(data) : 0) +
			 (binary != NULL ? cJSON_GetArraySize(binary) : 0));
}

static void cell_type(const cJSON *obj, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, text_at(obj, ".type"));
}

static void cell_holder(const cJSON *obj, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, text_at(obj, ".spec.holderIdentity"));
}

#define NAME                                                                                       \
	{                                                                                          \
		"Name", false, true, cell_name, "Name of the object."                              \
	}
#define AGE                                                                                        \
	{                                                                                          \
		"Age", false, false, cell_age, "Since when it exists."                             \
	}

static const struct view_column namespaces[] = {
	NAME, {"Status", false, false, cell_phase, "Active or Terminating."}, AGE, {0}};

static const struct view_column secrets[] = {NAME,
					     {"Type", false, false, cell_type, "What it is for."},
					     {"Data", false, false, cell_data, "Number of keys."},
					     AGE,
					     {0}};

static const struct view_column configmaps[] = {
	NAME, {"Data", false, false, cell_data, "Number of keys."}, AGE, {0}};

static const struct view_column leases[] = {
	NAME, {"Holder", false, false, cell_holder, "Who holds it."}, AGE, {0}};

/* ---- pods ---- */

struct pod_summary {
	int containers, ready;
	double restarts;
	const char *reason;
	char made[32];        /* "ExitCode:2" */
	int64_t last_restart; /* unix seconds, 0: never */
};

static void note_restart(struct pod_summary *p, const cJSON *status)
{
	int64_t when;
	p->restarts += number_at(status, ".restartCount");
	if (time_parse(text_at(status, ".lastState.terminated.finishedAt"), &when) == 0 &&
	    when > p->last_restart)
		p->last_restart = when;
}

/* Returns whether it runs and is ready. */
static bool note_container(struct pod_summary *p, const cJSON *status)
{
	const char *waiting = text_at(status, ".state.waiting.reason");
	const char *terminated = text_at(status, ".state.terminated.reason");
	note_restart(p, status);
	if (*waiting != '\0') {
		p->reason = waiting;
	} else if (*terminated != '\0') {
		p->reason = terminated;
	} else if (view_path(status, ".state.terminated") != NULL) {
		double signal = number_at(status, ".state.terminated.signal");
		snprintf(p->made, sizeof(p->made), signal != 0 ? "Signal:%d" : "ExitCode:%d",
			 signal != 0 ? (int)signal
				     : (int)number_at(status, ".state.terminated.exitCode"));
		p->reason = p->made;
	} else if (cJSON_IsTrue(view_path(status, ".ready")) &&
		   view_path(status, ".state.running") != NULL) {
		p->ready++;
		return true;
	}
	return false;
}

static void summarize(const cJSON *pod, struct pod_summary *p)
{
	*p = (struct pod_summary){0};
	const cJSON *statuses = view_path(pod, ".status.containerStatuses");
	p->containers = cJSON_GetArraySize(view_path(pod, ".spec.containers"));
	const char *phase = text_at(pod, ".status.phase");
	p->reason =
		*text_at(pod, ".status.reason") != '\0' ? text_at(pod, ".status.reason") : phase;
	bool running = false;
	for (int i = cJSON_GetArraySize(statuses) - 1; i >= 0; i--)
		running |= note_container(p, cJSON_GetArrayItem(statuses, i));
	if (running && strcmp(p->reason, "Completed") == 0)
		p->reason = "Running";
	if (*text_at(pod, ".metadata.deletionTimestamp") == '\0')
		return;
	if (strcmp(text_at(pod, ".status.reason"), "NodeLost") == 0)
		p->reason = "Unknown";
	else if (strcmp(phase, "Succeeded") != 0 && strcmp(phase, "Failed") != 0)
		p->reason = "Terminating";
}

static void pod_ready(const cJSON *pod, struct now now, struct buf *out)
{
	(void)now;
	struct pod_summary p;
	summarize(pod, &p);
	buf_addf(out, "\"%d/%d\"", p.ready, p.containers);
}

static void pod_status(const cJSON *pod, struct now now, struct buf *out)
{
	(void)now;
	struct pod_summary p;
	summarize(pod, &p);
	buf_add_json(out, p.reason);
}

static void pod_restarts(const cJSON *pod, struct now now, struct buf *out)
{
	struct pod_summary p;
	summarize(pod, &p);
	buf_addf(out, "\"%.0f", p.restarts);
	if (p.restarts > 0 && p.last_restart != 0) {
		buf_adds(out, " (");
		view_human_span(now.wall_s - p.last_restart, out);
		buf_adds(out, " ago)");
	}
	buf_adds(out, "\"");
}

static void pod_ip(const cJSON *pod, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(pod, ".status.podIP"), NONE);
}

static void pod_node(const cJSON *pod, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(pod, ".spec.nodeName"), NONE);
}

static void pod_nominated(const cJSON *pod, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(pod, ".status.nominatedNodeName"), NONE);
}

static void pod_gates(const cJSON *pod, struct now now, struct buf *out)
{
	(void)now, (void)pod;
	add_or(out, NONE, NONE);
}

static const struct view_column pods[] = {
	NAME,
	{"Ready", false, false, pod_ready, "Containers that are ready, of all."},
	{"Status", false, false, pod_status, "Phase, or why a container does not run."},
	{"Restarts", false, false, pod_restarts, "How often containers were restarted."},
	AGE,
	{"IP", true, false, pod_ip, "Address of the pod."},
	{"Node", true, false, pod_node, "Node it is bound to."},
	{"Nominated Node", true, false, pod_nominated, "Node where room is being made for it."},
	{"Readiness Gates", true, false, pod_gates, "Further conditions of readiness."},
	{0},
};

/* ---- nodes ---- */

static void node_status(const cJSON *node, struct now now, struct buf *out)
{
	(void)now;
	const char *ready = text_at(node, ".status.conditions[?(@.type==\"Ready\")].status");
	buf_addf(out, "\"%s%s\"",
		 *ready == '\0'               ? "Unknown"
		 : strcmp(ready, "True") == 0 ? "Ready"
					      : "NotReady",
		 cJSON_IsTrue(view_path(node, ".spec.unschedulable")) ? ",SchedulingDisabled" : "");
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void node_roles(const cJSON *node, struct now now, struct buf *out)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	(void)now;
	const cJSON *labels = view_path(node, ".metadata.labels");
	const char **roles = xcalloc((size_t)cJSON_GetArraySize(labels) + 1, sizeof(*roles));
	size_t n = 0;
	for (const cJSON *l = labels != NULL ? labels->child : NULL; l != NULL; l = l->next) {
		if (strncmp(l->string, prefix, sizeof(prefix) - 1) == 0 &&
		    l->string[sizeof(prefix) - 1] != '\0')
			roles[n++] = l->string + sizeof(prefix) - 1;
		else if (strcmp(l->string, "kubernetes.io/role") == 0 && cJSON_IsString(l) &&
			 *l->valuestring != '\0')
			roles[n++] = l->valuestring;
	}
	qsort(roles, n, sizeof(*roles), compare_texts);
	struct buf text = {0};
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i != 0 ? "," : "", roles[i]);
	add_or(out, text.len != 0 ? text.data : "", NONE);
	buf_done(&text);
	free(roles);
}

static void node_version(const cJSON *node, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, text_at(node, ".status.nodeInfo.kubeletVersion"));
}

static void node_internal(const cJSON *node, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(node, ".status.addresses[?(@.type==\"InternalIP\")].address"), NONE);
}

static void node_external(const cJSON *node, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(node, ".status.addresses[?(@.type==\"ExternalIP\")].address"), NONE);
}

static void node_os(const cJSON *node, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(node, ".status.nodeInfo.osImage"), UNKNOWN);
}

static void node_kernel(const cJSON *node, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(node, ".status.nodeInfo.kernelVersion"), UNKNOWN);
}

static void node_runtime(const cJSON *node, struct now now, struct buf *out)
{
	(void)now;
	add_or(out, text_at(node, ".status.nodeInfo.containerRuntimeVersion"), UNKNOWN);
}

static const struct view_column nodes[] = {
	NAME,
	{"Status", false, false, node_status, "Its Ready condition."},
	{"Roles", false, false, node_roles, "From labels node-role.kubernetes.io/ROLE."},
	AGE,
	{"Version", false, false, node_version, "Version of its kubelet."},
	{"Internal-IP", true, false, node_internal, "Address inside the cluster."},
	{"External-IP", true, false, node_external, "Address from outside."},
	{"OS-Image", true, false, node_os, "Operating system."},
	{"Kernel-Version", true, false, node_kernel, "Kernel."},
	{"Container-Runtime", true, false, node_runtime, "What runs its containers."},
	{0},
};

/* ---- events: in the form of either group ---- */

static const cJSON *event_first(const cJSON *e)
{
	static const char *const paths[] = {".firstTimestamp", ".deprecatedFirstTimestamp",
					    ".eventTime"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (*text_at(e, paths[i]) != '\0')
			return view_path(e, paths[i]);
	return NULL;
}

static const cJSON *event_last(const cJSON *e)
{
	static const char *const paths[] = {".series.lastObservedTime", ".lastTimestamp",
					    ".deprecatedLastTimestamp"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (*text_at(e, paths[i]) != '\0')
			return view_path(e, paths[i]);
	return event_first(e);
}

/* The member of one group, else that of the other. */
static const char *either(const cJSON *e, const char *core, const char *events)
{
	return *text_at(e, core) != '\0' ? text_at(e, core) : text_at(e, events);
}

static void event_last_seen(const cJSON *e, struct now now, struct buf *out)
{
	view_age(event_last(e), now, out);
}

static void event_first_seen(const cJSON *e, struct now now, struct buf *out)
{
	view_age(event_first(e), now, out);
}

static void event_reason(const cJSON *e, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, text_at(e, ".reason"));
}

static void event_object(const cJSON *e, struct now now, struct buf *out)
{
	(void)now;
	const char *name = either(e, ".involvedObject.name", ".regarding.name");
	struct buf text = {0};
	for (const char *k = either(e, ".involvedObject.kind", ".regarding.kind"); *k != '\0'; k++)
		buf_addf(&text, "%c", *k >= 'A' && *k <= 'Z' ? *k - 'A' + 'a' : *k);
	if (*name != '\0')
		buf_addf(&text, "/%s", name);
	buf_add_json(out, text.data != NULL ? text.data : "");
	buf_done(&text);
}

static void event_subobject(const cJSON *e, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, either(e, ".involvedObject.fieldPath", ".regarding.fieldPath"));
}

static void event_source(const cJSON *e, struct now now, struct buf *out)
{
	(void)now;
	const char *component = either(e, ".source.component", ".deprecatedSource.component");
	if (*component == '\0')
		component = either(e, ".reportingComponent", ".reportingController");
	const char *host = either(e, ".source.host", ".reportingInstance");
	struct buf text = {0};
	buf_addf(&text, "%s%s%s", component, *host != '\0' ? ", " : "", host);
	buf_add_json(out, text.data);
	buf_done(&text);
}

static void event_message(const cJSON *e, struct now now, struct buf *out)
{
	(void)now;
	buf_add_json(out, either(e, ".message", ".note"));
}

static void event_count(const cJSON *e, struct now now, struct buf *out)
{
	(void)now;
	double n = number_at(e, ".series.count");
	n = n != 0 ? n : number_at(e, ".count");
	n = n != 0 ? n : number_at(e, ".deprecatedCount");
	buf_addf(out, "\"%.0f\"", n != 0 ? n : 1);
}

static const struct view_column events[] = {
	{"Last Seen", false, false, event_last_seen, "Since it last happened."},
	{"Type", false, false, cell_type, "Normal or Warning."},
	{"Reason", false, false, event_reason, "What happened, as one word."},
	{"Object", false, false, event_object, "What it is about."},
	{"Subobject", true, false, event_subobject, "Part of the object."},
	{"Source", true, false, event_source, "Who says so."},
	{"Message", false, false, event_message, "What happened, as a sentence."},
	{"First Seen", true, false, event_first_seen, "Since it first happened."},
	{"Count", true, false, event_count, "How often it happened."},
	{"Name", true, true, cell_name, "Name of the object."},
	{0},
};

const struct view_column *view_columns(const struct resource *r)
{
	static const struct {
		const char *plural;
		const struct view_column *columns;
	} all[] = {
		{"pods", pods},       {"nodes", nodes},           {"namespaces", namespaces},
		{"secrets", secrets}, {"configmaps", configmaps}, {"leases", leases},
		{"events", events},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].plural, r->plural) == 0)
			return all[i].columns;
	return NULL;
}
