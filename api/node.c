/*
 * What is read of a Node. The less is read, the fewer changes there are: kubelets
 * write their Node all the time (design.md must 5).
 */
#include "api/kinds.h"

#include <string.h>

#include "api/row.h"
#include "api/tables.h"

static const struct field node_meta_rows[] = {
	ROW(api_meta, name, "name", F_STRING),
	ROW(api_meta, uid, "uid", F_STRING),
	ROW(api_meta, created, "creationTimestamp", F_TIME),
	ROW(api_meta, deleted, "deletionTimestamp", F_TIME),
	ROW(api_meta, labels, "labels", F_MAP),
};
static const struct desc node_meta_desc = {
	.name = "ObjectMeta",
	.doc = "The part of a Node's metadata that is read.",
	.size = sizeof(struct api_meta),
	.fields = node_meta_rows,
	.n = sizeof(node_meta_rows) / sizeof(node_meta_rows[0]),
};

static const struct field node_taint_rows[] = {
	ROW(node_taint, key, "key", F_STRING),
	ROW(node_taint, value, "value", F_STRING),
	ROW(node_taint, effect, "effect", F_STRING),
};
static DESC(node_taint, "Taint", "What keeps pods off a node.");

static const struct field node_condition_rows[] = {
	ROW(node_condition, type, "type", F_STRING),
	ROW(node_condition, status, "status", F_STRING),
};
static DESC(node_condition, "NodeCondition", "One judgement about a node.");

static const struct field node_rows[] = {
	ROW(node, meta, "metadata", F_INLINE, .sub = &node_meta_desc),
	ROW(node, taints, "spec.taints", F_LIST, .sub = &node_taint_desc),
	ROW(node, conditions, "status.conditions", F_LIST, .sub = &node_condition_desc),
	ROW(node, os, "status.nodeInfo.operatingSystem", F_STRING),
	ROW(node, arch, "status.nodeInfo.architecture", F_STRING),
};
DESC(node, "Node", "A machine that images are pulled onto.");

static bool matters(const struct node_condition *c)
{
	return c->type != NULL &&
	       (strcmp(c->type, "Ready") == 0 || strcmp(c->type, "DiskPressure") == 0);
}

void node_trim(struct node *node)
{
	size_t kept = 0;
	for (size_t i = 0; i < node->conditions.n; i++)
		if (matters(&node->conditions.at[i]))
			node->conditions.at[kept++] = node->conditions.at[i];
	node->conditions.n = kept;
}
