/* The table of it. */
#include "sim/nodes/node_glance.h"

#include <string.h>

#include "api/row.h"

struct seen_condition {
	const char *type, *status;
};

struct seen_conditions {
	struct seen_condition *at;
	size_t n;
};

struct seen_node {
	const char *name;
	struct seen_conditions conditions;
};

static const struct field seen_condition_rows[] = {
	ROW(seen_condition, type, "type", F_STRING),
	ROW(seen_condition, status, "status", F_STRING),
};
static DESC(seen_condition, "NodeCondition", "One judgement about a node.");

static const struct field seen_node_rows[] = {
	ROW(seen_node, name, "metadata.name", F_STRING),
	ROW(seen_node, conditions, "status.conditions", F_LIST, .sub = &seen_condition_desc),
};
static DESC(seen_node, "Node", "A node as its kubelet looks at it.");

static bool is(const char *text, const char *want)
{
	return text != NULL && strcmp(text, want) == 0;
}

int node_glance(const char *json, size_t len, struct arena *a, struct node_glance *ret)
{
	struct seen_node node;
	struct err err;
	if (desc_decode(&seen_node_desc, json, len, false, a, &node, &err) != 0 ||
	    node.name == NULL)
		return -1;
	*ret = (struct node_glance){.name = node.name};
	for (size_t i = 0; i < node.conditions.n; i++)
		if (is(node.conditions.at[i].type, "Ready"))
			ret->ready = is(node.conditions.at[i].status, "True");
	return 0;
}
