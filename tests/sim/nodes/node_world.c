/* The stand-in for an API server; see node_world.h. */
#include "tests/sim/nodes/node_world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "api/tables.h"

#define NS "drop-system"

uint64_t world_random(struct world *w, uint64_t below)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->random >> 33) % below;
}

/* ---- how it answers ---- */

static bool waits_already(const struct world *w, const char *node, const char *pod)
{
	for (size_t i = 0; i < w->n_late; i++)
		if (strcmp(w->late[i].node, node != NULL ? node : "") == 0 &&
		    strcmp(w->late[i].pod, pod != NULL ? pod : "") == 0)
			return true;
	return false;
}

static void answer(struct world *w, const char *node, const char *pod)
{
	w->overlapping += waits_already(w, node, pod);
	bool ok = world_random(w, 100) >= w->refuse_percent;
	if (world_random(w, 100) >= w->late_percent) {
		nodes_written(w->nodes, node, NS, pod, ok, w->now);
		return;
	}
	assert(w->n_late < sizeof(w->late) / sizeof(w->late[0]));
	snprintf(w->late[w->n_late].node, 64, "%s", node != NULL ? node : "");
	snprintf(w->late[w->n_late].pod, 64, "%s", pod != NULL ? pod : "");
	w->late[w->n_late++].ok = ok;
}

static void answer_late(struct world *w)
{
	while (w->n_late > 0) {
		size_t i = world_random(w, w->n_late);
		char node[64], pod[64];
		bool ok = w->late[i].ok;
		memcpy(node, w->late[i].node, 64);
		memcpy(pod, w->late[i].pod, 64);
		w->late[i] = w->late[--w->n_late];
		nodes_written(w->nodes, node[0] ? node : NULL, NS, pod, ok, w->now);
	}
}

static void note(struct world *w, const char *what, const char *who)
{
	buf_addf(&w->log, "%" PRId64 " %s %s\n", w->now.boot_ms, what, who);
}

static void keep(struct buf *into, const char *text, size_t len)
{
	buf_clear(into, SIZE_MAX);
	buf_add(into, text, len);
}

static void node_create(void *ctx, const char *node, const char *json, size_t len)
{
	struct world *w = ctx;
	note(w, "create", node);
	keep(&w->node_object, json, len);
	w->node_writes++;
	answer(w, node, NULL);
}

static void node_delete(void *ctx, const char *node)
{
	struct world *w = ctx;
	note(w, "delete", node);
	w->node_writes++;
	answer(w, node, NULL);
}

static void node_status(void *ctx, const char *node, const char *patch, size_t len)
{
	struct world *w = ctx;
	note(w, "status", node);
	keep(&w->node_status, patch, len);
	w->node_writes++;
	answer(w, node, NULL);
}

static void node_patch(void *ctx, const char *node, const char *patch, size_t len)
{
	struct world *w = ctx;
	note(w, "taints", node);
	keep(&w->node_taints, patch, len);
	w->node_writes++;
	answer(w, node, NULL);
}

/* ---- pods ---- */

static void pod_json(const struct world_pod *p, bool deleting, struct buf *out)
{
	buf_addf(out,
		 "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
		 "\"namespace\":\"" NS "\",\"uid\":\"%s\",\"generation\":1%s},"
		 "\"spec\":{\"nodeName\":\"%s\",\"restartPolicy\":\"Never\",%s\"containers\":[%s{"
		 "\"name\":\"pull\",\"image\":\"%s\",\"command\":[\"%s\"],"
		 "\"imagePullPolicy\":\"%s\"}%s]},\"status\":{\"phase\":\"%s\"}}",
		 p->name, p->uid,
		 deleting ? ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","
			    "\"deletionGracePeriodSeconds\":30"
			  : "",
		 p->node, p->more != NULL ? p->more : "", p->before != NULL ? p->before : "",
		 p->image, p->command, p->policy, p->behind != NULL ? p->behind : "", p->phase);
}

static void tell(struct world *w, struct world_pod *p, bool gone, bool deleting)
{
	struct buf json = {0};
	pod_json(p, deleting, &json);
	nodes_pod(w->nodes, gone, json.data, json.len, w->now);
	buf_done(&json);
}

/* "Pending waiting ErrImagePull TTFFT", with the exit code of what has ended. */
static void in_short(struct world *w, struct world_pod *p)
{
	struct pod pod;
	struct err err;
	int rc =
		desc_decode(&pod_desc, p->status.data, p->status.len, false, &w->arena, &pod, &err);
	assert(rc == 0);
	(void)rc;
	struct buf *out = &p->said;
	bool over = strcmp(p->phase, "Succeeded") == 0 || strcmp(p->phase, "Failed") == 0;
	p->went_back |= over && strcmp(p->phase, pod.phase) != 0;
	buf_addf(out, "%s%s", out->len > 0 ? " > " : "", pod.phase);
	snprintf(p->phase, sizeof(p->phase), "%s", pod.phase);
	if (pod.reason != NULL)
		buf_addf(out, " %s", pod.reason);
	if (pod.container_statuses.n > 0) {
		const struct container_status *c = &pod.container_statuses.at[0];
		if (c->waiting != NULL)
			buf_addf(out, " waiting %s", c->waiting->reason);
		if (c->terminated != NULL)
			buf_addf(out, " %s %" PRId64, c->terminated->reason,
				 c->terminated->exit_code);
		if (c->running_since != 0)
			buf_adds(out, " running");
		if (c->image_id != NULL && *c->image_id != '\0')
			buf_adds(out, " pulled");
	}
	buf_adds(out, pod.conditions.n > 0 ? " " : "");
	for (size_t i = 0; i < pod.conditions.n; i++)
		buf_add(out, pod.conditions.at[i].status, 1);
	arena_reset(&w->arena);
}

static void pod_status(void *ctx, const char *ns, const char *pod, const char *uid,
		       const char *patch, size_t len)
{
	struct world *w = ctx;
	struct world_pod *p = map_get(&w->by_name, pod);
	assert(strcmp(ns, NS) == 0);
	note(w, "says", pod);
	w->statuses++;
	if (p == NULL || p->gone || strcmp(p->uid, uid) != 0) {
		nodes_written(w->nodes, NULL, NS, pod, true, w->now); /* 404 and 409 are answers */
		return;
	}
	keep(&p->status, patch, len);
	if (p->n_said < 32)
		p->said_ms[p->n_said++] = w->now.boot_ms - p->created_ms;
	in_short(w, p);
	tell(w, p, false, p->delete_asked); /* the watch, before the answer */
	answer(w, NULL, pod);
}

static void end_pod(struct world *w, struct world_pod *p)
{
	p->gone = true;
	map_del(&w->by_name, p->name);
	tell(w, p, true, false);
}

static void pod_delete(void *ctx, const char *ns, const char *pod, const char *uid)
{
	struct world *w = ctx;
	struct world_pod *p = map_get(&w->by_name, pod);
	note(w, "ends", pod);
	if (p != NULL && strcmp(p->uid, uid) == 0 && world_random(w, 100) >= w->refuse_percent)
		end_pod(w, p);
	nodes_written(w->nodes, NULL, ns, pod, true, w->now); /* the texts outlive the pod */
}

static struct world_pod *new_pod(struct world *w, const char *name, const char *node,
				 const char *image, const char *policy, const char *command)
{
	assert(w->n_pods < sizeof(w->pods) / sizeof(w->pods[0]));
	assert(map_get(&w->by_name, name) == NULL);
	struct world_pod *p = w->pods[w->n_pods++] = xcalloc(1, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->uid, sizeof(p->uid), "uid-%zu", w->n_pods);
	snprintf(p->phase, sizeof(p->phase), "Pending");
	p->node = node;
	p->image = image;
	p->policy = policy != NULL ? policy : "Always";
	p->command = command != NULL ? command : "true";
	p->created_ms = w->now.boot_ms;
	map_put(&w->by_name, p->name, p);
	return p;
}

struct world_pod *world_pod(struct world *w, const char *name, const char *node, const char *image,
			    const char *policy, const char *command)
{
	struct world_pod *p = new_pod(w, name, node, image, policy, command);
	tell(w, p, false, false);
	return p;
}

struct world_pod *world_mutated(struct world *w, const char *name, const char *node,
				const char *image, const char *more, const char *before,
				const char *behind)
{
	struct world_pod *p = new_pod(w, name, node, image, NULL, NULL);
	p->more = more;
	p->before = before;
	p->behind = behind;
	tell(w, p, false, false);
	return p;
}

void world_delete(struct world *w, struct world_pod *p, bool grace)
{
	if (p->gone)
		return;
	p->delete_asked = true;
	if (grace)
		tell(w, p, false, true);
	else
		end_pod(w, p);
}

void world_step(struct world *w, const char *what, const char *node, const char *image, bool end)
{
	struct err err;
	struct sim_step step = {.what = what, .node = node, .image = image, .end = end};
	int rc = nodes_step(w->nodes, &step, w->now, &err);
	assert(rc == 0);
	(void)rc;
}

void world_run(struct world *w, int64_t ms)
{
	int64_t until = w->now.boot_ms + ms;
	for (;;) {
		int64_t next = nodes_turn(w->nodes, w->now);
		if (w->n_late > 0) {
			answer_late(w);
			continue;
		}
		if (next <= w->now.boot_ms)
			continue;
		if (next > until)
			break;
		w->now.wall_s += next / 1000 - w->now.boot_ms / 1000;
		w->now.boot_ms = next;
	}
	w->now.wall_s += until / 1000 - w->now.boot_ms / 1000;
	w->now.boot_ms = until;
}

static bool is_busy(void *ctx)
{
	const struct world *w = ctx;
	return w->busy;
}

void world_init(struct world *w, const struct sim_scenario *scenario,
		const struct nodes_config *config)
{
	*w = (struct world){.now = {.boot_ms = 1000000, .wall_s = 1800000000},
			    .random = config->seed};
	const struct node_port port = {.ctx = w,
				       .node_create = node_create,
				       .node_delete = node_delete,
				       .node_status = node_status,
				       .node_patch = node_patch,
				       .pod_status = pod_status,
				       .pod_delete = pod_delete,
				       .busy = is_busy};
	w->registries = registries_new(scenario);
	w->nodes = nodes_new(config, w->registries, &port);
	for (size_t i = 0; i < scenario->nodes.n; i++)
		nodes_add_group(w->nodes, &scenario->nodes.at[i], w->now);
}

void world_done(struct world *w)
{
	nodes_free(w->nodes);
	registries_free(w->registries);
	for (size_t i = 0; i < w->n_pods; i++) {
		buf_done(&w->pods[i]->said);
		buf_done(&w->pods[i]->status);
		free(w->pods[i]);
	}
	struct buf *bufs[] = {&w->log, &w->node_object, &w->node_status, &w->node_taints};
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_done(bufs[i]);
	map_done(&w->by_name);
	arena_done(&w->arena);
}
