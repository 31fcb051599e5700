/*
 * Selectors, tolerations and the state of a node, as the scheduler would see them
 * for a pod that names its node (behaviour.md 1, 2). Decides; keeps nothing.
 */
#include "reconciler/rules/target.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool empty(const char *s)
{
	return s == NULL || *s == '\0';
}

const struct api_kv *target_missing(const struct api_map *selector, const struct api_map *labels)
{
	for (size_t i = 0; i < selector->n; i++) {
		const char *value = api_map_get(labels, selector->at[i].key);
		if (value == NULL || !same(value, selector->at[i].value))
			return &selector->at[i];
	}
	return NULL;
}

bool target_selects(const struct api_map *selector, const struct api_map *labels)
{
	return target_missing(selector, labels) == NULL;
}

bool target_tolerates(const struct api_toleration *t, const struct node_taint *taint)
{
	if (!empty(t->effect) && !same(t->effect, taint->effect))
		return false;
	if (!empty(t->key) && !same(t->key, taint->key))
		return false;
	if (!empty(t->op) && same(t->op, "Exists"))
		return true;
	/* Equal needs a key: without one only Exists is valid. */
	return !empty(t->key) && (empty(t->op) || same(t->op, "Equal")) &&
	       same(t->value, taint->value);
}

static bool tolerated(const struct api_tolerations *list, const struct node_taint *taint)
{
	for (size_t i = 0; i < list->n; i++)
		if (target_tolerates(&list->at[i], taint))
			return true;
	return false;
}

const struct node_taint *target_untolerated(const struct api_tolerations *of_image,
					    const struct api_tolerations *of_policy,
					    const struct node_taints *taints)
{
	for (size_t i = 0; i < taints->n; i++) {
		const struct node_taint *taint = &taints->at[i];
		if (!same(taint->effect, "NoSchedule") && !same(taint->effect, "NoExecute"))
			continue;
		if (!tolerated(of_image, taint) && !tolerated(of_policy, taint))
			return taint;
	}
	return NULL;
}

bool target_matches(const struct api_map *selector, const struct api_tolerations *of_image,
		    const struct api_tolerations *of_policy, const struct api_map *labels,
		    const struct node_taints *taints)
{
	return target_selects(selector, labels) &&
	       target_untolerated(of_image, of_policy, taints) == NULL;
}

bool target_is_virtual(const struct api_map *labels)
{
	return same(api_map_get(labels, "type"), "virtual-kubelet") ||
	       same(api_map_get(labels, "eks.amazonaws.com/compute-type"), "fargate");
}

static bool condition_is(const struct node *node, const char *type, const char *status)
{
	const struct node_condition *c = node_condition_find(node, type);
	return c != NULL && same(c->status, status);
}

const struct target_state_info target_states[TARGET_STATES] = {
	[TARGET_ELIGIBLE] = {"", "", "", false},
	[TARGET_NOT_READY] = {"NotReady", "NodeNotReady",
			      "the node became NotReady during the pull", false},
	[TARGET_DISK_PRESSURE] = {"DiskPressure", "NodeDiskPressure",
				  "the node ran short of disk during the pull", false},
	[TARGET_DELETED] = {"BeingDeleted", "NodeDeleted", "the node was deleted during the pull",
			    true},
	[TARGET_LEAVING] = {"BeingRemoved", "NodeBeingRemoved", "the node is about to be removed",
			    false},
	[TARGET_SHUTDOWN] = {"ShutDown", "NodeShutDown", "the node was shut down during the pull",
			     true},
	[TARGET_NOT_YET] = {"NotInitialized", "NodeNotInitialized",
			    "the node is not initialized yet", false},
	[TARGET_EXCLUDED] = {"ExcludedTaint", "NodeExcluded",
			     "the node got a taint that excludes it", false},
};

/* Taints that say what becomes of the node, whatever tolerates them. A '*' ends a prefix. */
static const struct {
	const char *key;
	enum target_state state;
} taint_states[] = {
	{"node.cloudprovider.kubernetes.io/shutdown", TARGET_SHUTDOWN},
	{"node.kubernetes.io/out-of-service", TARGET_SHUTDOWN},
	{"ToBeDeletedByClusterAutoscaler", TARGET_LEAVING},
	{"karpenter.sh/disrupted", TARGET_LEAVING},
	{"karpenter.sh/disruption", TARGET_LEAVING},
	{"aws-node-termination-handler/*", TARGET_LEAVING},
	{"cloud.google.com/impending-node-termination", TARGET_LEAVING},
	{"karpenter.sh/unregistered", TARGET_NOT_YET},
	{"node.cloudprovider.kubernetes.io/uninitialized", TARGET_NOT_YET},
	{"node.kubernetes.io/network-unavailable", TARGET_NOT_YET},
};
#define TAINT_LAST "DeletionCandidateOfClusterAutoscaler"

/* The first n bytes of pattern: a key, or a prefix and '*'. */
static bool key_matches(const char *key, const char *pattern, size_t n)
{
	if (n != 0 && pattern[n - 1] == '*')
		return strncmp(key, pattern, n - 1) == 0;
	return strlen(key) == n && strncmp(key, pattern, n) == 0;
}

static bool in_list(const char *key, const char *list)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ",");
		if (n != 0 && key_matches(key, list, n))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

size_t target_excluded_bad(const char *excluded)
{
	static const char key[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
	for (size_t number = 1; excluded != NULL && *excluded != '\0'; number++) {
		size_t n = strspn(excluded, key);
		size_t star = n != 0 && excluded[n] == '*';
		const char *end = excluded + n + star;
		if (n == 0 || (*end != '\0' && *end != ','))
			return number;
		excluded = end + (*end == ',');
	}
	return 0;
}

static bool tainted(const struct node *node, enum target_state state)
{
	for (size_t i = 0; i < node->taints.n; i++)
		for (size_t k = 0; k < sizeof(taint_states) / sizeof(taint_states[0]); k++)
			if (taint_states[k].state == state && node->taints.at[i].key != NULL &&
			    key_matches(node->taints.at[i].key, taint_states[k].key,
					strlen(taint_states[k].key)))
				return true;
	return false;
}

bool target_last(const struct node *node)
{
	for (size_t i = 0; i < node->taints.n; i++)
		if (same(node->taints.at[i].key, TAINT_LAST))
			return true;
	return false;
}

bool target_checks_credentials(const char *kubelet_version)
{
	const char *p = kubelet_version != NULL ? kubelet_version : "";
	unsigned part[2] = {0, 0};
	p += *p == 'v';
	for (size_t i = 0; i < 2; i++) {
		for (; *p >= '0' && *p <= '9' && part[i] < 10000; p++)
			part[i] = part[i] * 10 + (unsigned)(*p - '0');
		if (i == 0 && *p++ != '.')
			return false;
	}
	return part[0] > 1 || (part[0] == 1 && part[1] >= 35);
}

enum target_state target_state(const struct node *node, const char *excluded)
{
	if (node->meta.deleted != 0)
		return TARGET_DELETED;
	if (tainted(node, TARGET_SHUTDOWN))
		return TARGET_SHUTDOWN;
	if (!condition_is(node, "Ready", "True"))
		return TARGET_NOT_READY;
	if (condition_is(node, "DiskPressure", "True"))
		return TARGET_DISK_PRESSURE;
	if (tainted(node, TARGET_LEAVING))
		return TARGET_LEAVING;
	if (tainted(node, TARGET_NOT_YET))
		return TARGET_NOT_YET;
	for (size_t i = 0; i < node->taints.n; i++)
		if (node->taints.at[i].key != NULL && in_list(node->taints.at[i].key, excluded))
			return TARGET_EXCLUDED;
	return TARGET_ELIGIBLE;
}
