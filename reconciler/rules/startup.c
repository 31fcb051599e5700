/* The tables of whose taints are whose, and the arithmetic of the deadline. See startup.h. */
#include "reconciler/rules/startup.h"

#include <string.h>

#define KEY_MAX 316 /* characters of a taint key: prefix of 253, slash, name of 63 */

const char *startup_next(const char **list, size_t *ret_len)
{
	const char *key = *list;
	if (key == NULL || *key == '\0')
		return NULL;
	*ret_len = strcspn(key, ",");
	*list = key + *ret_len + (key[*ret_len] == ',');
	return key;
}

static bool in_list(const char *list, const char *key, size_t len)
{
	const char *entry;
	size_t n;
	while ((entry = startup_next(&list, &n)) != NULL)
		if (n == len && memcmp(entry, key, n) == 0)
			return true;
	return false;
}

enum startup_taint startup_taint_of(const struct startup_keys *keys, const char *key)
{
	if (key == NULL)
		return STARTUP_NONE;
	if (in_list(keys->remove, key, strlen(key)))
		return STARTUP_REMOVE;
	return in_list(keys->tolerate, key, strlen(key)) ? STARTUP_TOLERATE : STARTUP_NONE;
}

/*
 * Taints that their owners remove when something else is done. A prefix ends in '/'.
 * startup-taint.cluster-autoscaler.kubernetes.io/ is not among them: cluster-autoscaler only reads
 * it, and it is there for others to use.
 */
static const char *const foreign[] = {
	"node.kubernetes.io/",
	"node-role.kubernetes.io/",
	"node.cloudprovider.kubernetes.io/",
	"karpenter.sh/",
	"node.cilium.io/",
	"readiness.k8s.io/",
	"cluster-autoscaler.kubernetes.io/",
	"ToBeDeletedByClusterAutoscaler",
	"DeletionCandidateOfClusterAutoscaler",
};

static bool is_foreign(const char *key, size_t len)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		size_t n = strlen(foreign[i]);
		bool prefix = foreign[i][n - 1] == '/';
		if (len >= n && (prefix || len == n) && memcmp(key, foreign[i], n) == 0)
			return true;
	}
	return false;
}

static bool is_key(const char *key, size_t len)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
	return len != 0 && len <= KEY_MAX && strspn(key, allowed) >= len;
}

enum startup_fault startup_check(const struct startup_keys *keys, size_t *ret_number,
				 bool *ret_tolerate)
{
	for (int i = 0; i < 2; i++) {
		const char *list = i == 0 ? keys->remove : keys->tolerate, *key;
		size_t n, number = 0;
		*ret_tolerate = i == 1;
		while ((key = startup_next(&list, &n)) != NULL) {
			*ret_number = ++number;
			if (!is_key(key, n))
				return STARTUP_NO_KEY;
			if (i == 0 && is_foreign(key, n))
				return STARTUP_FOREIGN;
			if (i == 1 && in_list(keys->remove, key, n))
				return STARTUP_TWICE;
		}
	}
	return STARTUP_OK;
}

static bool has_taint(const struct node *node, const char *key)
{
	for (size_t i = 0; i < node->taints.n; i++)
		if (node->taints.at[i].key != NULL && strcmp(node->taints.at[i].key, key) == 0)
			return true;
	return false;
}

bool startup_unfinished(const struct node *node)
{
	const char *registered = api_map_get(&node->meta.labels, "karpenter.sh/registered");
	if (has_taint(node, "karpenter.sh/unregistered") ||
	    has_taint(node, "node.cloudprovider.kubernetes.io/uninitialized"))
		return true;
	return api_map_get(&node->meta.labels, "karpenter.sh/nodepool") != NULL &&
	       (registered == NULL || strcmp(registered, "true") != 0);
}

bool startup_unsettled(const struct node *node)
{
	static const char prefix[] = "node.kubernetes.io/";
	for (size_t i = 0; i < node->taints.n; i++) {
		const struct node_taint *t = &node->taints.at[i];
		bool soft = t->effect != NULL && strcmp(t->effect, "PreferNoSchedule") == 0;
		if (t->key != NULL && !soft && strncmp(t->key, prefix, sizeof(prefix) - 1) == 0)
			return true;
	}
	return false;
}

int64_t startup_deadline(int64_t created_s, int64_t ready_s, int64_t deadline_ms)
{
	int64_t deadline_s = (deadline_ms + 999) / 1000;
	int64_t latest_s = created_s + 2 * deadline_s;
	if (ready_s == 0)
		return latest_s;
	int64_t from_s = ready_s > created_s ? ready_s : created_s;
	return from_s + deadline_s < latest_s ? from_s + deadline_s : latest_s;
}
