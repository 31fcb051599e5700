/*
 * Writes of kubelets as store calls. A refusal that will not go away (the object is gone, or
 * another one by now) counts as an answer: a kubelet would not send it again either.
 */
#include "sim/play/cluster.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "sim/nodes/node_status.h"

static const struct resource *nodes_resource(void)
{
	return resource_find("", "v1", "nodes");
}

static const struct resource *pods_resource(void)
{
	return resource_find("", "v1", "pods");
}

static bool settled(int rc, const struct api_error *e)
{
	return rc == 0 || e->code == 404 || e->code == 409;
}

static int patch(struct cluster *c, const struct write *w, const char *json, size_t len,
		 struct api_error *e)
{
	const struct object *ignored;
	cJSON *tree = cJSON_ParseWithLength(json, len);
	int rc = store_patch(c->store, w, tree, clock_now(), &ignored, e);
	cJSON_Delete(tree);
	return rc;
}

static void node_create(void *ctx, const char *node, const char *json, size_t len)
{
	struct cluster *c = ctx;
	const struct object *ignored;
	struct api_error e;
	cJSON *tree = cJSON_ParseWithLength(json, len);
	int rc = store_create(c->store, nodes_resource(), "", tree, clock_now(), &ignored, &e);
	cJSON_Delete(tree);
	nodes_written(c->nodes, node, NULL, NULL, settled(rc, &e), clock_now());
}

static void node_delete(void *ctx, const char *node)
{
	struct cluster *c = ctx;
	const struct object *ignored;
	const struct deletion d = {.grace_s = -1};
	struct api_error e;
	int rc = store_delete(c->store, nodes_resource(), "", node, &d, clock_now(), &ignored, &e);
	nodes_written(c->nodes, node, NULL, NULL, settled(rc, &e), clock_now());
}

static void node_write(struct cluster *c, const char *node, bool status, const char *json,
		       size_t len)
{
	const struct write w = {.res = nodes_resource(), .ns = "", .name = node, .status = status};
	struct api_error e;
	int rc = patch(c, &w, json, len, &e);
	nodes_written(c->nodes, node, NULL, NULL, settled(rc, &e), clock_now());
}

static void node_status(void *ctx, const char *node, const char *json, size_t len)
{
	node_write(ctx, node, true, json, len);
}

static void node_patch(void *ctx, const char *node, const char *json, size_t len)
{
	node_write(ctx, node, false, json, len);
}

static void pod_status(void *ctx, const char *ns, const char *pod, const char *uid,
		       const char *json, size_t len)
{
	struct cluster *c = ctx;
	const struct write w = {.res = pods_resource(), .ns = ns, .name = pod, .status = true};
	struct api_error e;
	(void)uid; /* it is in the patch, as a precondition */
	int rc = patch(c, &w, json, len, &e);
	nodes_written(c->nodes, NULL, ns, pod, settled(rc, &e), clock_now());
}

static void pod_delete(void *ctx, const char *ns, const char *pod, const char *uid)
{
	struct cluster *c = ctx;
	const struct object *ignored;
	const struct deletion d = {.uid = uid, .grace_s = 0};
	struct api_error e;
	int rc = store_delete(c->store, pods_resource(), ns, pod, &d, clock_now(), &ignored, &e);
	nodes_written(c->nodes, NULL, ns, pod, settled(rc, &e), clock_now());
}

static void event(void *ctx, const char *ns, const char *json, size_t len)
{
	const struct cluster *c = ctx;
	const struct object *ignored;
	struct api_error e;
	cJSON *tree = cJSON_ParseWithLength(json, len);
	store_create(c->store, resource_find("", "v1", "events"), ns, tree, clock_now(), &ignored,
		     &e);
	cJSON_Delete(tree);
}

static void other_taints(void *ctx, const char *node, struct buf *out)
{
	const struct cluster *c = ctx;
	const struct object *o = store_get(c->store, nodes_resource(), "", node);
	cJSON *tree = o != NULL ? cJSON_ParseWithLength(o->text->json, o->text->len) : NULL;
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(tree, "spec"), *taint;
	cJSON_ArrayForEach(taint, cJSON_GetObjectItemCaseSensitive(spec, "taints"))
	{
		const cJSON *key = cJSON_GetObjectItemCaseSensitive(taint, "key");
		if (node_taint_follows(cJSON_GetStringValue(key)))
			continue;
		char *text = cJSON_PrintUnformatted(taint);
		buf_adds(out, out->len != 0 ? "," : "");
		buf_adds(out, text);
		cJSON_free(text);
	}
	cJSON_Delete(tree);
}

static bool secret_exists(void *ctx, const char *ns, const char *name)
{
	const struct cluster *c = ctx;
	return store_get(c->store, resource_find("", "v1", "secrets"), ns, name) != NULL;
}

struct node_port cluster_port(struct cluster *c)
{
	return (struct node_port){
		.ctx = c,
		.node_create = node_create,
		.node_delete = node_delete,
		.node_status = node_status,
		.node_patch = node_patch,
		.pod_status = pod_status,
		.pod_delete = pod_delete,
		.event = event,
		.other_taints = other_taints,
		.secret_exists = secret_exists,
	};
}

static void on_change(void *ctx, const struct change *change)
{
	struct cluster *c = ctx;
	const struct text *t = change->after != NULL ? change->after : change->before;
	if (change->res == pods_resource())
		nodes_pod(c->nodes, change->after == NULL, t->json, t->len, clock_now());
}

static bool has_node(void *ctx, const char *node)
{
	const struct cluster *c = ctx;
	return store_get(c->store, nodes_resource(), "", node) != NULL;
}

void cluster_restored(struct cluster *c, struct now now)
{
	const char *ns = NULL, *name = NULL;
	nodes_restored(c->nodes, has_node, c, now);
	for (const struct object *o; store_next(c->store, pods_resource(), ns, name, &o);
	     ns = o->ns, name = o->name)
		nodes_pod(c->nodes, false, o->text->json, o->text->len, now);
}

void cluster_join(struct cluster *c, struct nodes *nodes)
{
	c->nodes = nodes;
	store_listen(c->store, on_change, c);
}
