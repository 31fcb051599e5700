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

enum target_state target_state(const struct node *node)
{
	if (node->meta.deleted != 0)
		return TARGET_DELETED;
	if (!condition_is(node, "Ready", "True"))
		return TARGET_NOT_READY;
	if (condition_is(node, "DiskPressure", "True"))
		return TARGET_DISK_PRESSURE;
	for (size_t i = 0; i < node->taints.n; i++) {
		const char *key = node->taints.at[i].key;
		if (same(key, "ToBeDeletedByClusterAutoscaler") ||
		    same(key, "karpenter.sh/disrupted"))
			return TARGET_LEAVING;
	}
	return TARGET_ELIGIBLE;
}
