/*
 * One row a kind of fact. A series keeps the note of its first fact, so a note names the
 * node it speaks of and promises nothing about others.
 */
#include "reconciler/events/event_text.h"

#include <inttypes.h>
#include <string.h>

#include "reconciler/rules/cause.h"

static const struct {
	bool warning;
	const char *reason; /* NULL: the fact's own */
	const char *text;
} rows[FACT_COUNT] = {
	[FACT_PULL_STARTED] = {false, "PullStarted", "Pulling the image"},
	[FACT_PULL_SUCCEEDED] = {false, "PullSucceeded", "Pulled the image"},
	[FACT_PULL_FAILED] = {true, NULL, "Pulling the image failed"},
	[FACT_POD_REFUSED] = {true, "PodRejected", "The API server refused the pull pod"},
	[FACT_EVICTED] = {false, "Evicted", "The image was removed"},
	[FACT_EVICTING] = {true, "Evicting", "The image was removed again"},
	[FACT_POLICY_NOT_FOUND] = {true, "PolicyNotFound",
				   "The PullPolicy does not exist; using the default policy"},
	[FACT_TOO_LARGE] = {true, "ImageTooLarge", "The image is larger than the policy allows"},
	[FACT_NO_ROOM] = {true, "DiskBudget", "The image does not fit into maxNodeImageDiskPercent"},
	[FACT_DISK_UNCHECKED] =
		{true, "DiskBudgetUnchecked",
		 "maxNodeImageDiskPercent is not checked: the image list of the node may be truncated"},
	[FACT_NO_ZONE] = {true, "UnknownTimeZone", "No pull starts: unknown time zone"},
	[FACT_TAG_MOVED] = {false, "TagMoved", "The tag refers to another image now"},
	[FACT_NODE_OPENED] = {false, NULL, "Startup taint removed"},
	[FACT_GATE_TIMED_OUT] = {true, "GateTimedOut", "Startup taint removed at the deadline"},
	[FACT_GATE_CONTESTED] = {true, "GateContested", "The startup taint was added again"},
	[FACT_NO_NODES] = {true, "NoNodes", "No node matches nodeSelector and tolerations"},
};

struct event_fact event_of_image(const struct core_fact *f, struct arena *a)
{
	const char *reason = rows[f->kind].reason, *note = rows[f->kind].text;
	if (reason == NULL)
		reason = cause_reason(f->reason != NULL ? f->reason : CAUSE_REASON_OTHER);
	if (f->node != NULL)
		note = arena_printf(a, "%s on node %s", note, f->node);
	if (f->took_ms > 0)
		note = arena_printf(a, "%s in %" PRId64 ".%" PRId64 " s", note, f->took_ms / 1000,
				    f->took_ms % 1000 / 100);
	if (f->message != NULL && *f->message != '\0')
		note = arena_printf(a, "%s: %s", note, f->message);
	return (struct event_fact){
		.kind = KIND_CACHEDIMAGE,
		.name = f->image,
		.uid = f->image_uid,
		.warning = rows[f->kind].warning,
		.reason = reason,
		.note = note,
	};
}

bool event_is_of_node(const struct core_fact *f)
{
	bool told = f->reason != NULL && strcmp(f->reason, "GateTimedOut") == 0;
	return f->kind == FACT_GATE_TIMED_OUT || f->kind == FACT_GATE_CONTESTED ||
	       (f->kind == FACT_NODE_OPENED && !told);
}

struct event_fact event_of_node(const struct core_fact *f, struct arena *a)
{
	const char *reason = rows[f->kind].reason;
	return (struct event_fact){
		.kind = KIND_NODE,
		.name = f->node,
		.uid = f->node_uid,
		.warning = rows[f->kind].warning,
		.reason = reason != NULL ? reason : f->reason,
		.note = arena_printf(a, "%s: %s", rows[f->kind].text, f->message),
	};
}

struct event_fact event_of_policy(const struct core_fact *f, struct arena *a)
{
	return (struct event_fact){
		.kind = KIND_PULLPOLICY,
		.name = f->policy,
		.uid = f->policy_uid,
		.warning = rows[f->kind].warning,
		.reason = rows[f->kind].reason,
		.note = arena_printf(a, "%s %s", rows[f->kind].text, f->message),
	};
}

struct event_fact event_of_set(const struct set_fact *f, struct arena *a)
{
	return (struct event_fact){
		.kind = KIND_CACHEDIMAGESET,
		.name = f->set,
		.uid = f->uid,
		.warning = true,
		.reason = f->reason,
		.note = arena_printf(
			a, "DiscoveryPolicy %s does not exist; discovered images are kept",
			f->message),
	};
}
