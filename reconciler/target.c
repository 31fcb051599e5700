/*
 * Selectors, tolerations and the state of a node, as the scheduler would see them
 * for a pod that names its node (behaviour.md 1, 2). Decides; keeps nothing.
 */
#include "reconciler/target.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool empty(const char *s)
{
	return s == NULL || *s == '\0';
}

bool target_selects(const struct api_map *selector, const struct api_map *labels)
{
	for (size_t i = 0; i < selector->n; i++) {
		const char *value = api_map_get(labels, selector->at[i].key);
		if (value == NULL || !same(value, selector->at[i].value))
			return false;
	}
	return true;
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

bool target_matches(const struct api_map *selector, const struct api_tolerations *of_image,
		    const struct api_tolerations *of_policy, const struct api_map *labels,
		    const struct node_taints *taints)
{
	if (!target_selects(selector, labels))
		return false;
	for (size_t i = 0; i < taints->n; i++) {
		const struct node_taint *taint = &taints->at[i];
		if (!same(taint->effect, "NoSchedule") && !same(taint->effect, "NoExecute"))
			continue;
		if (!tolerated(of_image, taint) && !tolerated(of_policy, taint))
			return false;
	}
	return true;
}

bool target_is_virtual(const struct api_map *labels)
{
	return same(api_map_get(labels, "type"), "virtual-kubelet") ||
	       same(api_map_get(labels, "eks.amazonaws.com/compute-type"), "fargate");
}

static bool condition_is(const struct node *node, const char *type, const char *status)
{
	for (size_t i = 0; i < node->conditions.n; i++)
		if (same(node->conditions.at[i].type, type))
			return same(node->conditions.at[i].status, status);
	return false;
}

bool target_eligible(const struct node *node)
{
	if (node->meta.deleted != 0 || !condition_is(node, "Ready", "True") ||
	    condition_is(node, "DiskPressure", "True"))
		return false;
	for (size_t i = 0; i < node->taints.n; i++) {
		const char *key = node->taints.at[i].key;
		if (same(key, "ToBeDeletedByClusterAutoscaler") ||
		    same(key, "karpenter.sh/disrupted"))
			return false;
	}
	return true;
}
