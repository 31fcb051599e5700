/*
 * Any text as a pod for a pretend kubelet: it is read, carried out for an hour and removed
 * again. Whatever names and references are in it, each patch is JSON, and nothing remains.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/nodes/nodes.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define HOUR_MS 3600000

static struct nodes *nodes;
static struct now now;

static void check(const char *json, size_t len)
{
	cJSON *tree = cJSON_ParseWithLength(json, len);
	if (tree == NULL)
		abort();
	cJSON_Delete(tree);
}

static void on_node(void *ctx, const char *node, const char *json, size_t len)
{
	(void)ctx;
	check(json, len);
	nodes_written(nodes, node, NULL, NULL, true, now);
}

static void on_delete(void *ctx, const char *node)
{
	(void)ctx;
	nodes_written(nodes, node, NULL, NULL, true, now);
}

static void on_pod(void *ctx, const char *ns, const char *pod, const char *uid, const char *json,
		   size_t len)
{
	(void)ctx;
	(void)uid;
	check(json, len);
	nodes_written(nodes, NULL, ns, pod, true, now);
}

static void on_end(void *ctx, const char *ns, const char *pod, const char *uid)
{
	(void)ctx;
	(void)ns;
	(void)pod;
	(void)uid;
}

static void run(void)
{
	int64_t next, until = now.boot_ms + HOUR_MS;
	while ((next = nodes_turn(nodes, now)) < until)
		if (next > now.boot_ms)
			now.boot_ms = next;
	now.boot_ms = until;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct sim_image image = {.ref = "none:1", .scratch = true};
	struct sim_group group = {.name = "n", .count = 1, .bandwidth_mib = 10};
	const struct sim_scenario s = {
		.any_image = true, .nodes = {&group, 1}, .images = {&image, 1}};
	const struct node_port port = {.node_create = on_node,
				       .node_delete = on_delete,
				       .node_status = on_node,
				       .node_patch = on_node,
				       .pod_status = on_pod,
				       .pod_delete = on_end};
	struct registries *r = registries_new(&s);
	now = (struct now){.boot_ms = 1000, .wall_s = 1800000000};
	nodes = nodes_new(&(struct nodes_config){.seed = 1}, r, &port);
	nodes_add_group(nodes, &group, now);
	nodes_pod(nodes, false, (const char *)data, size, now);
	run();
	nodes_pod(nodes, false, (const char *)data, size, now);
	nodes_pod(nodes, true, (const char *)data, size, now);
	if (nodes_view(nodes, 0).pods != 0)
		abort();
	nodes_free(nodes);
	registries_free(r);
	return 0;
}
