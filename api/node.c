/*
 * The fields of a Node that are read. Few fields mean few changes, because kubelets write their
 * Node often (must 5).
 */
#include "api/kinds.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
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
	ROW(node_condition, heartbeat, "lastHeartbeatTime", F_TIME),
	ROW(node_condition, since, "lastTransitionTime", F_TIME),
};
static DESC(node_condition, "NodeCondition", "One judgement about a node.");

static const struct field node_image_rows[] = {
	ROW(node_image, names, "names", F_STRINGS),
	ROW(node_image, size, "sizeBytes", F_INT, .bits = 64, .flags = FF_CLAMP),
};
static DESC(node_image, "ContainerImage", "An image that a node has.");

static const struct field node_rows[] = {
	ROW(node, meta, "metadata", F_INLINE, .sub = &node_meta_desc),
	ROW(node, taints, "spec.taints", F_LIST, .sub = &node_taint_desc),
	ROW(node, conditions, "status.conditions", F_LIST, .sub = &node_condition_desc),
	ROW(node, disk, "status.capacity.ephemeral-storage", F_STRING),
	ROW(node, os, "status.nodeInfo.operatingSystem", F_STRING),
	ROW(node, arch, "status.nodeInfo.architecture", F_STRING),
	ROW(node, kubelet_version, "status.nodeInfo.kubeletVersion", F_STRING),
	ROW(node, runtime, "status.nodeInfo.containerRuntimeVersion", F_STRING),
	ROW(node, machine, "status.nodeInfo.machineID", F_STRING),
	ROW(node, images, "status.images", F_LIST, .sub = &node_image_desc),
};
DESC(node, "Node", "A machine that images are pulled onto.");

struct node_condition *node_condition_find(const struct node *node, const char *type)
{
	for (size_t i = 0; i < node->conditions.n; i++) {
		struct node_condition *c = &node->conditions.at[i];
		if (c->type != NULL && strcmp(c->type, type) == 0)
			return c;
	}
	return NULL;
}

static bool lists(const struct node_image *image, uint64_t hash)
{
	for (size_t i = 0; i < image->names.n; i++)
		if (ref_hash(image->names.at[i]) == hash)
			return true;
	return false;
}

const char *node_digest(const struct node *node, const char *reference, struct arena *a)
{
	uint64_t hash = ref_hash(reference);
	const char *repository = ref_repository(a, reference);
	for (size_t i = 0; hash != 0 && i < node->images.n; i++) {
		const struct node_image *image = &node->images.at[i];
		for (size_t k = 0; k < image->names.n && lists(image, hash); k++) {
			const char *digest = ref_digest(image->names.at[k]);
			const char *of =
				digest != NULL ? ref_repository(a, image->names.at[k]) : NULL;
			if (of != NULL && strcmp(of, repository) == 0)
				return arena_strdup(a, digest);
		}
	}
	return NULL;
}

static void trim_conditions(struct node *node)
{
	size_t kept = 0;
	for (size_t i = 0; i < node->conditions.n; i++) {
		struct node_condition *c = &node->conditions.at[i];
		bool ready = c->type != NULL && strcmp(c->type, "Ready") == 0;
		if (!ready && (c->type == NULL || (strcmp(c->type, "DiskPressure") != 0 &&
						   strcmp(c->type, NODE_CONDITION) != 0)))
			continue;
		if (!ready)
			c->heartbeat = c->since = 0;
		node->conditions.at[kept++] = *c;
	}
	node->conditions.n = kept;
}

/* Six bits a character, the lowest first: text goes through every part of the engine. */
static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
#define DIGIT_BITS 6

static const char *hash_text(uint64_t hash, struct arena *a)
{
	char text[64 / DIGIT_BITS + 2];
	size_t n = 0;
	for (; hash != 0; hash >>= DIGIT_BITS)
		text[n++] = digits[hash & ((1 << DIGIT_BITS) - 1)];
	return arena_strndup(a, text, n);
}

uint64_t node_name_hash(const char *text)
{
	uint64_t hash = 0;
	for (size_t i = text != NULL ? strlen(text) : 0; i-- > 0;) {
		const char *digit = strchr(digits, text[i]);
		if (digit == NULL)
			return 0;
		hash = hash << DIGIT_BITS | (uint64_t)(digit - digits);
	}
	return hash;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_images(const void *a, const void *b)
{
	const struct node_image *x = a, *y = b;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	for (size_t i = 0; i < x->names.n && i < y->names.n; i++) {
		int order = strcmp(x->names.at[i], y->names.at[i]);
		if (order != 0)
			return order;
	}
	return x->names.n < y->names.n ? -1 : x->names.n > y->names.n;
}

/* kubelet promises no order among equals: sorted, it is no change. */
static void trim_images(struct node *node, struct arena *a)
{
	for (size_t i = 0; i < node->images.n; i++) {
		struct api_strings *names = &node->images.at[i].names;
		for (size_t k = 0; k < names->n; k++)
			names->at[k] = hash_text(ref_hash(names->at[k]), a);
		if (names->n != 0)
			qsort(names->at, names->n, sizeof(*names->at), compare_names);
	}
	if (node->images.n != 0)
		qsort(node->images.at, node->images.n, sizeof(*node->images.at), compare_images);
}

void node_trim(struct node *node, struct arena *a)
{
	trim_conditions(node);
	trim_images(node, a);
}
