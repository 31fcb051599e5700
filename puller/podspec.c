/*
 * Writes the pod in the usual order of fields. Variable parts come from the message and are escaped
 * by buf_add_json(); the rest is literal text.
 */
#include "puller/podspec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#include "api/kinds.h"
#include "api/pullpod.h"

void podspec_label(char out[LABEL_VALUE_MAX + 1], const char *name)
{
	enum { HASH_CHARS = 16, KEPT = LABEL_VALUE_MAX - HASH_CHARS - 1 };
	size_t len = strlen(name);
	if (len <= LABEL_VALUE_MAX)
		memcpy(out, name, len + 1);
	else
		snprintf(out, LABEL_VALUE_MAX + 1, "%.*s-%016" PRIx64, KEPT, name,
			 hash_str(HASH_START, name));
}

/* "key":"value" with a comma before all but the first of an object. */
static void pair(struct buf *out, const char *key, const char *value)
{
	if (out->data[out->len - 1] != '{')
		buf_adds(out, ",");
	buf_add_json(out, key);
	buf_adds(out, ":");
	buf_add_json(out, value != NULL ? value : "");
}

static void label(struct buf *out, const char *key, const char *name)
{
	char value[LABEL_VALUE_MAX + 1];
	podspec_label(value, name != NULL ? name : "");
	pair(out, key, value);
}

/*
 * behaviour.md 5: the first owner is the controller, since `kubectl drain` refuses pods without
 * one. blockOwnerDeletion stays unset: with it, OwnerReferencesPermissionEnforcement would ask for
 * a right on the owner's finalizers.
 */
static void owner_reference(const struct api_owner *owner, bool controls, struct buf *out)
{
	buf_adds(out, out->data[out->len - 1] == '[' ? "{" : ",{");
	pair(out, "apiVersion", owner->api_version);
	pair(out, "kind", owner->kind);
	pair(out, "name", owner->name);
	pair(out, "uid", owner->uid);
	buf_adds(out, controls ? ",\"controller\":true}" : "}");
}

/* Without a ServiceAccount the images are; the garbage collector waits for the last of them. */
static void owner_references(const struct msg_pull_start *pull, const struct api_owner *owner,
			     struct buf *out)
{
	buf_adds(out, ",\"ownerReferences\":[");
	if (owner != NULL)
		owner_reference(owner, true, out);
	for (size_t i = 0; owner == NULL && i < pull->pulls.n; i++) {
		const struct api_owner image = {
			.api_version = API_GROUP "/" API_VERSION,
			.kind = kinds[KIND_CACHEDIMAGE].kind,
			.name = pull->pulls.at[i].image_name,
			.uid = pull->pulls.at[i].image_uid,
		};
		owner_reference(&image, i == 0, out);
	}
	buf_adds(out, "]");
}

/* ---- labels and annotations (57): ours win, then the image's, then the operator's ---- */

static bool has_note(const struct msg_pod_note_list *list, const char *key)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].key != NULL && strcmp(list->at[i].key, key) == 0)
			return true;
	return false;
}

static void others(const struct msg_pod_note_list *of_image, const struct api_map *of_all,
		   struct buf *out)
{
	for (size_t i = 0; i < of_image->n; i++)
		if (of_image->at[i].key != NULL && !pullpod_own_key(of_image->at[i].key))
			pair(out, of_image->at[i].key, of_image->at[i].value);
	for (size_t i = 0; i < of_all->n; i++)
		if (!pullpod_own_key(of_all->at[i].key) && !has_note(of_image, of_all->at[i].key))
			pair(out, of_all->at[i].key, of_all->at[i].value);
}

/* 6, 44. What the reconciler finds a pull by; of a batch for each container. */
static void notes(const struct msg_pull_start *pull, struct buf *out)
{
	const struct msg_start *only = &pull->pulls.at[0];
	bool batch = pull->batch != NULL;
	if (!batch) {
		pair(out, PULLPOD_NOTE_IMAGE, only->image_name);
		pair(out, PULLPOD_NOTE_IMAGE_UID, only->image_uid);
	}
	pair(out, PULLPOD_NOTE_NODE_UID, pull->node_uid);
	if (!batch) {
		pair(out, PULLPOD_NOTE_REFERENCE, only->reference);
		pair(out, PULLPOD_NOTE_ATTEMPT, only->attempt);
	}
	for (size_t i = 0; batch && i < pull->pulls.n; i++) {
		const struct msg_start *s = &pull->pulls.at[i];
		char key[PULLPOD_KEY_SIZE];
		pair(out, pullpod_note(key, PULLPOD_NOTE_IMAGE, (int)i), s->image_name);
		pair(out, pullpod_note(key, PULLPOD_NOTE_IMAGE_UID, (int)i), s->image_uid);
		pair(out, pullpod_note(key, PULLPOD_NOTE_REFERENCE, (int)i), s->reference);
		pair(out, pullpod_note(key, PULLPOD_NOTE_ATTEMPT, (int)i), s->attempt);
	}
}

static void metadata(const struct msg_pull_start *pull, const struct podspec_config *config,
		     struct buf *out)
{
	buf_adds(out, "{");
	pair(out, "name", pull->pod_name);
	pair(out, "namespace", config->ns);
	owner_references(pull, config->owner, out);
	buf_adds(out, ",\"labels\":{");
	pair(out, PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY);
	label(out, PULLPOD_LABEL_IMAGE,
	      pull->batch != NULL ? pull->batch : pull->pulls.at[0].image_name);
	label(out, PULLPOD_LABEL_NODE, pull->node);
	pair(out, PULLPOD_INJECT_ISTIO, "false");
	others(&pull->labels, &config->shape->labels, out);
	buf_adds(out, "},\"annotations\":{");
	notes(pull, out);
	pair(out, PULLPOD_INJECT_ISTIO, "false");
	pair(out, PULLPOD_INJECT_LINKERD, "disabled");
	pair(out, PULLPOD_SAFE_TO_EVICT, "true");
	others(&pull->annotations, &config->shape->annotations, out);
	buf_adds(out, "}}");
}

/*
 * "key":{...} with a comma before all but the first; nothing where the map is empty. zero: of each
 * nothing, and said so, since a LimitRange would add its default.
 */
static void quantities(struct buf *out, const char *key, const struct api_map *map, bool zero)
{
	if (map->n == 0)
		return;
	if (out->data[out->len - 1] != '{')
		buf_adds(out, ",");
	buf_add_json(out, key);
	buf_adds(out, ":{");
	for (size_t i = 0; i < map->n; i++)
		pair(out, map->at[i].key, zero ? "0" : map->at[i].value);
	buf_adds(out, "}");
}

/*
 * 42. The containers of a batch pull one after another: the first has the pod's resources. 49. The
 * API server refuses what Windows does not have.
 */
static void container(const struct msg_start *pull, int place, bool windows,
		      const struct pod_shape *shape, struct buf *out)
{
	char name[PULLPOD_CONTAINER_SIZE];
	buf_adds(out, place > 0 ? ",{\"name\":" : "{\"name\":");
	buf_add_json(out, pullpod_container(name, place));
	buf_adds(out, ",\"image\":");
	buf_add_json(out, pull->reference);
	buf_adds(out, ",\"imagePullPolicy\":");
	buf_add_json(out, pull->pull_policy != NULL ? pull->pull_policy : "Always");
	buf_adds(out, ",\"command\":[\"true\"],\"resources\":{");
	quantities(out, "requests", &shape->requests, place > 0);
	quantities(out, "limits", &shape->limits, place > 0);
	buf_adds(out, windows ? "}}"
			      : "},\"securityContext\":{\"allowPrivilegeEscalation\":false,"
				"\"readOnlyRootFilesystem\":true,"
				"\"capabilities\":{\"drop\":[\"ALL\"]}}}");
}

static void tolerations(const struct msg_toleration_list *list, struct buf *out)
{
	if (list->n == 0)
		return;
	buf_adds(out, ",\"tolerations\":[");
	for (size_t i = 0; i < list->n; i++) {
		const struct msg_toleration *t = &list->at[i];
		buf_adds(out, i > 0 ? ",{" : "{");
		if (t->key != NULL)
			pair(out, "key", t->key);
		if (t->op != NULL)
			pair(out, "operator", t->op);
		if (t->value != NULL)
			pair(out, "value", t->value);
		if (t->effect != NULL)
			pair(out, "effect", t->effect);
		buf_adds(out, "}");
	}
	buf_adds(out, "]");
}

static void secret(struct buf *out, const char *name)
{
	buf_adds(out, out->data[out->len - 1] == '[' ? "{" : ",{");
	pair(out, "name", name);
	buf_adds(out, "}");
}

static bool has_secret(const struct msg_secret_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].name != NULL && strcmp(list->at[i].name, name) == 0)
			return true;
	return false;
}

/* The image's first: they are tried in this order. */
static void secrets(const struct msg_secret_list *list, const struct api_strings *of_all,
		    struct buf *out)
{
	if (list->n + of_all->n == 0)
		return;
	buf_adds(out, ",\"imagePullSecrets\":[");
	for (size_t i = 0; i < list->n; i++)
		secret(out, list->at[i].name);
	for (size_t i = 0; i < of_all->n; i++)
		if (!has_secret(list, of_all->at[i]))
			secret(out, of_all->at[i]);
	buf_adds(out, "]");
}

static void id(struct buf *out, const char *key, int64_t value)
{
	if (value != POD_SHAPE_NO_ID)
		buf_addf(out, ",\"%s\":%" PRId64, key, value);
}

/* 5, 49. On Windows a user has a name; ContainerUser is in every base image, without privileges. */
static void security(bool windows, const struct pod_shape *shape, struct buf *out)
{
	buf_adds(out, ",\"securityContext\":{\"runAsNonRoot\":true");
	if (windows) {
		buf_adds(out, ",\"windowsOptions\":{\"runAsUserName\":\"ContainerUser\"}}");
		return;
	}
	id(out, "runAsUser", shape->user);
	id(out, "runAsGroup", shape->group);
	buf_adds(out, ",\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}");
}

static void spec(const struct msg_pull_start *pull, const struct podspec_config *config,
		 struct buf *out)
{
	const char *priority_class = config->priority_class;
	const struct pod_shape *shape = config->shape;
	buf_adds(out, "{");
	pair(out, "nodeName", pull->node);
	if (priority_class != NULL && priority_class[0] != '\0')
		pair(out, "priorityClassName", priority_class);
	if (shape->service_account != NULL)
		pair(out, "serviceAccountName", shape->service_account);
	if (shape->runtime_class != NULL)
		pair(out, "runtimeClassName", shape->runtime_class);
	buf_adds(out, ",\"restartPolicy\":\"Never\","
		      "\"terminationGracePeriodSeconds\":0,"
		      "\"automountServiceAccountToken\":false,"
		      "\"enableServiceLinks\":false");
	if (pull->windows)
		buf_adds(out, ",\"os\":{\"name\":\"windows\"}");
	security(pull->windows, shape, out);
	tolerations(&pull->tolerations, out);
	secrets(&pull->secrets, &shape->secrets, out);
	buf_adds(out, ",\"containers\":[");
	for (size_t i = 0; i < pull->pulls.n; i++)
		container(&pull->pulls.at[i], pull->batch != NULL ? (int)i : PULLPOD_ONLY,
			  pull->windows, shape, out);
	buf_adds(out, "]}");
}

void podspec_write(const struct msg_pull_start *pull, const struct podspec_config *config,
		   struct buf *out)
{
	buf_adds(out, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":");
	metadata(pull, config, out);
	buf_adds(out, ",\"spec\":");
	spec(pull, config, out);
	buf_adds(out, "}");
}
