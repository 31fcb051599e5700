/*
 * Writes the pod top down, in the order in which people read one. All that varies comes
 * from the message and goes through buf_add_json(); the rest is literal text.
 */
#include "puller/podspec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#include "api/kinds.h"
#include "api/pullpod.h"

/* behaviour.md 7: sidecars would keep the pod from ending, and the image from being all it pulls.
 */
#define LABEL_ISTIO   "sidecar.istio.io/inject"
#define NOTE_ISTIO    "sidecar.istio.io/inject"
#define NOTE_LINKERD  "linkerd.io/inject"
#define NOTE_EVICTION "cluster-autoscaler.kubernetes.io/safe-to-evict"

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
 * behaviour.md 5: the one owner is the controller, since `kubectl drain` refuses pods without one.
 * blockOwnerDeletion stays unset: with it, OwnerReferencesPermissionEnforcement would ask for a
 * right on the owner's finalizers.
 */
static void owner_reference(const struct msg_pull_start *pull, const struct api_owner *owner,
			    struct buf *out)
{
	const struct api_owner image = {
		.api_version = API_GROUP "/" API_VERSION,
		.kind = kinds[KIND_CACHEDIMAGE].kind,
		.name = pull->image_name,
		.uid = pull->image_uid,
	};
	if (owner == NULL)
		owner = &image;
	buf_adds(out, ",\"ownerReferences\":[{");
	pair(out, "apiVersion", owner->api_version);
	pair(out, "kind", owner->kind);
	pair(out, "name", owner->name);
	pair(out, "uid", owner->uid);
	buf_adds(out, ",\"controller\":true}]");
}

static void metadata(const struct msg_pull_start *pull, const struct podspec_config *config,
		     struct buf *out)
{
	buf_adds(out, "{");
	pair(out, "name", pull->pod_name);
	pair(out, "namespace", config->ns);
	owner_reference(pull, config->owner, out);
	buf_adds(out, ",\"labels\":{");
	pair(out, PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY);
	label(out, PULLPOD_LABEL_IMAGE, pull->image_name);
	label(out, PULLPOD_LABEL_NODE, pull->node);
	pair(out, LABEL_ISTIO, "false");
	buf_adds(out, "},\"annotations\":{");
	pair(out, PULLPOD_NOTE_IMAGE, pull->image_name);
	pair(out, PULLPOD_NOTE_IMAGE_UID, pull->image_uid);
	pair(out, PULLPOD_NOTE_NODE_UID, pull->node_uid);
	pair(out, PULLPOD_NOTE_REFERENCE, pull->reference);
	pair(out, PULLPOD_NOTE_ATTEMPT, pull->attempt);
	pair(out, NOTE_ISTIO, "false");
	pair(out, NOTE_LINKERD, "disabled");
	pair(out, NOTE_EVICTION, "true");
	buf_adds(out, "}}");
}

static void container(const struct msg_pull_start *pull, struct buf *out)
{
	buf_adds(out, "{\"name\":\"pull\",\"image\":");
	buf_add_json(out, pull->reference);
	buf_adds(out, ",\"imagePullPolicy\":");
	buf_add_json(out, pull->pull_policy != NULL ? pull->pull_policy : "Always");
	buf_adds(out, ",\"command\":[\"true\"],"
		      "\"resources\":{\"requests\":{\"cpu\":\"10m\",\"memory\":\"16Mi\"},"
		      "\"limits\":{\"memory\":\"64Mi\"}},"
		      "\"securityContext\":{\"allowPrivilegeEscalation\":false,"
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

static void secrets(const struct msg_secret_list *list, struct buf *out)
{
	if (list->n == 0)
		return;
	buf_adds(out, ",\"imagePullSecrets\":[");
	for (size_t i = 0; i < list->n; i++) {
		buf_adds(out, i > 0 ? ",{" : "{");
		pair(out, "name", list->at[i].name);
		buf_adds(out, "}");
	}
	buf_adds(out, "]");
}

static void spec(const struct msg_pull_start *pull, const char *priority_class, struct buf *out)
{
	buf_adds(out, "{");
	pair(out, "nodeName", pull->node);
	if (priority_class != NULL && priority_class[0] != '\0')
		pair(out, "priorityClassName", priority_class);
	buf_adds(out, ",\"restartPolicy\":\"Never\","
		      "\"terminationGracePeriodSeconds\":0,"
		      "\"automountServiceAccountToken\":false,"
		      "\"enableServiceLinks\":false,"
		      "\"securityContext\":{\"runAsNonRoot\":true,"
		      "\"runAsUser\":65534,\"runAsGroup\":65534,"
		      "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}");
	tolerations(&pull->tolerations, out);
	secrets(&pull->secrets, out);
	buf_adds(out, ",\"containers\":[");
	container(pull, out);
	buf_adds(out, "]}");
}

void podspec_write(const struct msg_pull_start *pull, const struct podspec_config *config,
		   struct buf *out)
{
	buf_adds(out, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":");
	metadata(pull, config, out);
	buf_adds(out, ",\"spec\":");
	spec(pull, config->priority_class, out);
	buf_adds(out, "}");
}
