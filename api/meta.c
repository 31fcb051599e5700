/*
 * The tables of what kinds share: the part of ObjectMeta we read, conditions,
 * tolerations, references. Limits of conditions are those of metav1.Condition,
 * so that objects written by upstream stay valid.
 */
#include "api/meta.h"

#include <stdlib.h>
#include <string.h>

#include "api/row.h"
#include "api/tables.h"
#include "base/utf8.h"

const char *const api_pull_policies[] = {"Always", "IfNotPresent", "Never", NULL};
static const char *const condition_statuses[] = {"True", "False", "Unknown", NULL};
/* "" is what Go clients send for unset: Equal, and every effect. */
static const char *const toleration_operators[] = {"", "Exists", "Equal", NULL};
static const char *const taint_effects[] = {"", "NoSchedule", "PreferNoSchedule", "NoExecute",
					    NULL};

const struct desc_rule api_duration_rules[] = {
	{"duration(self) >= duration('0s')", "must be a duration such as 1h30m, and not negative"},
	{0},
};

static const struct field api_owner_rows[] = {
	ROW(api_owner, api_version, "apiVersion", F_STRING),
	ROW(api_owner, kind, "kind", F_STRING),
	ROW(api_owner, name, "name", F_STRING),
	ROW(api_owner, uid, "uid", F_STRING),
	ROW(api_owner, controller, "controller", F_BOOL),
	ROW(api_owner, block_owner_deletion, "blockOwnerDeletion", F_BOOL),
};
static DESC(api_owner, "OwnerReference", "Owner of an object.");

static const struct field api_meta_rows[] = {
	ROW(api_meta, name, "name", F_STRING),
	ROW(api_meta, ns, "namespace", F_STRING),
	ROW(api_meta, uid, "uid", F_STRING),
	ROW(api_meta, rv, "resourceVersion", F_RV),
	ROW(api_meta, generation, "generation", F_INT, .bits = 64),
	ROW(api_meta, created, "creationTimestamp", F_TIME),
	ROW(api_meta, deleted, "deletionTimestamp", F_TIME),
	ROW(api_meta, labels, "labels", F_MAP),
	/* Kept of pull pods only (pod_trim), where ours have four for each image. */
	ROW(api_meta, annotations, "annotations", F_MAP, .flags = FF_KEYS_ALIKE),
	ROW(api_meta, owners, "ownerReferences", F_LIST, .sub = &api_owner_desc),
};
DESC(api_meta, "ObjectMeta", "The part of the metadata that is read.");

static const struct field api_condition_rows[] = {
	ROW(api_condition, type, "type", F_STRING, .flags = FF_REQUIRED, .max_len = 316,
	    .pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
		       "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
	    .doc = "Type of the condition."),
	ROW(api_condition, status, "status", F_STRING, .flags = FF_REQUIRED,
	    .enums = condition_statuses, .doc = "True, False or Unknown."),
	ROW(api_condition, observed_generation, "observedGeneration", F_INT, .bits = 64, .min = 0,
	    .max = (int64_t)1 << 53,
	    .doc = "metadata.generation of the spec that the condition describes."),
	ROW(api_condition, last_transition, "lastTransitionTime", F_TIME, .flags = FF_REQUIRED,
	    .doc = "Time when status last changed."),
	ROW(api_condition, reason, "reason", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = 1024, .pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
	    .doc = "Machine-readable reason, one CamelCase word."),
	ROW(api_condition, message, "message", F_STRING, .flags = FF_REQUIRED | FF_ALWAYS,
	    .max_len = API_MESSAGE_MAX, .doc = "Human-readable message."),
};
DESC(api_condition, "Condition", "One aspect of the observed state.");

static const struct field api_toleration_rows[] = {
	ROW(api_toleration, key, "key", F_STRING, .max_len = API_LABEL_KEY_MAX,
	    .doc = "Taint key; an empty key with operator Exists tolerates every taint."),
	ROW(api_toleration, op, "operator", F_STRING, .enums = toleration_operators,
	    .doc = "Exists or Equal; Equal, which compares the value, when left out."),
	ROW(api_toleration, value, "value", F_STRING, .max_len = API_LABEL_VALUE_MAX,
	    .doc = "Taint value that operator Equal compares."),
	ROW(api_toleration, effect, "effect", F_STRING, .enums = taint_effects,
	    .doc = "Taint effect; every effect when left out."),
	ROW(api_toleration, seconds, "tolerationSeconds", F_INT, .bits = 64,
	    .min = -((int64_t)1 << 53), .max = (int64_t)1 << 53,
	    .doc = "Seconds for which a NoExecute taint is tolerated; forever when left out."),
};
DESC(api_toleration, "Toleration", "A node taint to tolerate.");

/* What a CachedImage refers to: the three kinds differ in their texts only. */
#define NAME_REF(var, go_name, text, row_text)                                                     \
	static const struct field var##_rows[] = {                                                 \
		ROW(api_name_ref, name, "name", F_STRING, .flags = FF_REQUIRED, .min_len = 1,      \
		    .max_len = API_NAME_MAX, .doc = (row_text)),                                   \
	};                                                                                         \
	const struct desc var##_desc = {.name = (go_name),                                         \
					.doc = (text),                                             \
					.size = sizeof(struct api_name_ref),                       \
					.fields = var##_rows,                                      \
					.n = 1}

NAME_REF(api_secret_ref, "LocalObjectReference", "A Secret in the namespace of the pull pods.",
	 "Name of the Secret.");
NAME_REF(api_policy_ref, "PolicyReference", "The PullPolicy to follow.", "Name of the PullPolicy.");
NAME_REF(api_discovery_ref, "DiscoveryPolicyReference", "The DiscoveryPolicy to take images from.",
	 "Name of the DiscoveryPolicy.");

const char *api_map_get(const struct api_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->at[i].key, key) == 0)
			return map->at[i].value;
	return NULL;
}

bool api_name_refs_equal(const struct api_name_refs *a, const struct api_name_refs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i].name != NULL ? a->at[i].name : "",
			   b->at[i].name != NULL ? b->at[i].name : "") != 0)
			return false;
	return true;
}

static int compare_keys(const void *x, const void *y)
{
	const struct api_kv *a = x, *b = y;
	return strcmp(a->key, b->key);
}

void api_map_sort(struct api_map *map)
{
	if (map->n != 0)
		qsort(map->at, map->n, sizeof(*map->at), compare_keys);
}

struct api_condition *api_condition_find(const struct api_conditions *list, const char *type)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].type != NULL && strcmp(list->at[i].type, type) == 0)
			return &list->at[i];
	return NULL;
}

const struct desc_rule api_repository_rules[] = {
	{"self == '' || self.matches('^([^@]*/)?[^/:@]+$')",
	 "image is a repository without tag and digest: write the tag into the field tag, the "
	 "digest "
	 "into the field digest"},
	{NULL, NULL},
};

const struct desc_rule api_selector_rules[] = {
	{"self.all(k, size(k) <= 317)", "the name of a label has at most 317 characters"},
	{NULL, NULL},
};

void selector_trim(struct api_map *selector, struct arena *a)
{
	for (size_t i = 0; i < selector->n; i++) {
		struct api_kv *kv = &selector->at[i];
		if (strlen(kv->key) <= API_LABEL_KEY_MAX &&
		    strlen(kv->value) <= API_LABEL_VALUE_MAX)
			continue;
		selector->at[0] = (struct api_kv){
			arena_strndup(a, kv->key, utf8_cut(kv->key, API_LABEL_KEY_MAX + 4)),
			arena_strndup(a, kv->value, utf8_cut(kv->value, API_LABEL_VALUE_MAX + 4))};
		selector->n = 1;
		return;
	}
}
