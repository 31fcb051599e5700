/*
 * Validation of built-in kinds, as far as clients of ours can get it wrong; the texts are
 * those of Kubernetes 1.34.
 */
#include "sim/store/admission/parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "api/label_syntax.h"

static const char *const restart_policies[] = {"Always", "OnFailure", "Never", NULL};
static const char *const pull_policies[] = {"Always", "IfNotPresent", "Never", NULL};
static const char *const operators[] = {"Equal", "Exists", NULL};
static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};

/* metav1.EventSeries and events.k8s.io/v1: what is longer is refused. */
#define NOTE_MAX  1024
#define TEXT_MAX  128
#define COUNT_MIN 2

static bool among(const char *s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static void complain(struct causes *c, const struct place *at, const char *value, struct wrongs w)
{
	for (size_t i = 0; i < w.n; i++)
		cause_invalid(c, at, value, "%s", w.at[i]);
}

/* ---- pods ---- */

static void check_image(struct causes *c, const cJSON *container, const struct place *at)
{
	struct place in = {at, "image", 0};
	const char *image = member_text(container, "image");
	size_t n = image != NULL ? strlen(image) : 0;
	if (n == 0)
		cause_required(c, &in, NULL);
	else if (isspace((unsigned char)image[0]) || isspace((unsigned char)image[n - 1]))
		cause_invalid(c, &in, image, "must not have leading or trailing whitespace");
}

static void check_container(struct causes *c, const cJSON *list, const cJSON *container,
			    const struct place *at)
{
	struct place name_at = {at, "name", 0}, policy_at = {at, "imagePullPolicy", 0};
	const char *name = member_text(container, "name");
	const char *policy = member_text(container, "imagePullPolicy");
	if (name == NULL || *name == '\0')
		cause_required(c, &name_at, NULL);
	else
		complain(c, &name_at, name, wrong_label_name(name));
	for (const cJSON *o = list->child; o != container && name != NULL; o = o->next) {
		const char *other = member_text(o, "name");
		if (other == NULL || strcmp(other, name) != 0)
			continue;
		struct buf text = {0};
		buf_add_json(&text, name);
		cause_duplicate(c, &name_at, text.data);
		buf_done(&text);
		break;
	}
	check_image(c, container, at);
	if (policy != NULL && !among(policy, pull_policies))
		cause_unsupported(c, &policy_at, policy, pull_policies);
}

static void check_tolerations(struct causes *c, const cJSON *list, const struct place *spec)
{
	struct place at = {spec, "tolerations", 0};
	size_t i = 0;
	for (const cJSON *t = list != NULL ? list->child : NULL; t != NULL; t = t->next) {
		struct place element = {&at, NULL, i++};
		struct place op_at = {&element, "operator", 0}, key_at = {&element, "key", 0};
		struct place effect_at = {&element, "effect", 0};
		const char *key = member_text(t, "key"), *op = member_text(t, "operator");
		const char *effect = member_text(t, "effect");
		if (key != NULL && *key != '\0')
			complain(c, &key_at, key, wrong_qualified_name(key));
		else if (op == NULL || strcmp(op, "Exists") != 0)
			cause_invalid(c, &op_at, op,
				      "operator must be Exists when `key` is empty, which means "
				      "\"match all values and all keys\"");
		if (op != NULL && *op != '\0' && !among(op, operators))
			cause_unsupported(c, &op_at, op, operators);
		if (effect != NULL && *effect != '\0' && !among(effect, effects))
			cause_unsupported(c, &effect_at, effect, effects);
	}
}

/* What may change in a pod's spec is taken out, the rest must be equal. */
static cJSON *fixed_part(const cJSON *spec)
{
	cJSON *copy = cJSON_Duplicate(spec, true);
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "activeDeadlineSeconds");
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "tolerations");
	cJSON *containers = cJSON_GetObjectItemCaseSensitive(copy, "containers");
	for (cJSON *o = containers != NULL ? containers->child : NULL; o != NULL; o = o->next)
		cJSON_DeleteItemFromObjectCaseSensitive(o, "image");
	return copy;
}

static void check_spec_update(struct causes *c, const cJSON *spec, const cJSON *old)
{
	if (cJSON_Compare(spec, old, true))
		return;
	cJSON *a = fixed_part(spec), *b = fixed_part(old);
	if (!cJSON_Compare(a, b, true))
		cause_forbidden(
			c, &(struct place){NULL, "spec", 0},
			"pod updates may not change fields other than `spec.containers[*].image`,"
			"`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
			"`spec.tolerations` (only additions to existing tolerations),"
			"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
			"previously negative)");
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void check_pod(struct causes *c, const cJSON *pod)
{
	struct place at = {NULL, "spec", 0};
	struct place containers_at = {&at, "containers", 0}, node_at = {&at, "nodeName", 0};
	struct place policy_at = {&at, "restartPolicy", 0};
	const cJSON *spec = member(pod, "spec"), *containers = member(spec, "containers");
	if (containers == NULL || containers->child == NULL)
		cause_required(c, &containers_at, NULL);
	size_t i = 0;
	const cJSON *o = containers != NULL ? containers->child : NULL;
	for (; o != NULL; o = o->next)
		check_container(c, containers, o, &(struct place){&containers_at, NULL, i++});
	const char *policy = member_text(spec, "restartPolicy");
	if (policy != NULL && !among(policy, restart_policies))
		cause_unsupported(c, &policy_at, policy, restart_policies);
	const char *node = member_text(spec, "nodeName");
	if (node != NULL && *node != '\0')
		complain(c, &node_at, node, wrong_subdomain(node));
	check_tolerations(c, member(spec, "tolerations"), &at);
}

/* ---- nodes ---- */

static bool same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void check_taint(struct causes *c, const cJSON *list, const cJSON *taint,
			const struct place *at)
{
	struct place key_at = {at, "key", 0}, value_at = {at, "value", 0};
	struct place effect_at = {at, "effect", 0};
	const char *key = member_text(taint, "key"), *value = member_text(taint, "value");
	const char *effect = member_text(taint, "effect");
	complain(c, &key_at, key, wrong_qualified_name(key != NULL ? key : ""));
	if (value != NULL)
		complain(c, &value_at, value, wrong_label_value(value));
	if (effect == NULL || *effect == '\0')
		cause_required(c, &effect_at, NULL);
	else if (!among(effect, effects))
		cause_unsupported(c, &effect_at, effect, effects);
	for (const cJSON *o = list->child; o != taint; o = o->next) {
		if (!same_text(member_text(o, "key"), key) ||
		    !same_text(member_text(o, "effect"), effect))
			continue;
		struct buf text = {0};
		buf_adds(&text, "{\"Key\":");
		buf_add_json(&text, key != NULL ? key : "");
		buf_adds(&text, ",\"Value\":");
		buf_add_json(&text, value != NULL ? value : "");
		buf_addf(&text,
			 ",\"Effect\":\"%s\",\"TimeAdded\":null}: taints must be unique by "
			 "key and effect pair",
			 effect != NULL ? effect : "");
		cause_duplicate(c, at, text.data);
		buf_done(&text);
		return;
	}
}

/* The API server says metadata.taints, not spec.taints. */
static void check_node(struct causes *c, const cJSON *node)
{
	struct place meta = {NULL, "metadata", 0}, at = {&meta, "taints", 0};
	const cJSON *taints = member(member(node, "spec"), "taints");
	size_t i = 0;
	for (const cJSON *t = taints != NULL ? taints->child : NULL; t != NULL; t = t->next)
		check_taint(c, taints, t, &(struct place){&at, NULL, i++});
}

/* ---- leases, events, secrets, config maps ---- */

static void check_lease(struct causes *c, const cJSON *lease)
{
	struct place at = {NULL, "spec", 0};
	const cJSON *spec = member(lease, "spec");
	const cJSON *duration = member(spec, "leaseDurationSeconds");
	const cJSON *transitions = member(spec, "leaseTransitions");
	if (duration != NULL && duration->valuedouble <= 0)
		cause_invalid_number(c, &(struct place){&at, "leaseDurationSeconds", 0},
				     duration->valuedouble, "must be greater than 0");
	if (transitions != NULL && transitions->valuedouble < 0)
		cause_invalid_number(c, &(struct place){&at, "leaseTransitions", 0},
				     transitions->valuedouble,
				     "must be greater than or equal to 0");
}

static void need_text(struct causes *c, const cJSON *event, const char *name)
{
	struct place at = {NULL, name, 0};
	const char *s = member_text(event, name);
	if (s == NULL || *s == '\0')
		cause_required(c, &at, NULL);
	else if (strlen(s) > TEXT_MAX)
		cause_invalid(c, &at, "", "can have at most %d characters", TEXT_MAX);
}

/* What says what happened stays; the series goes on. Named as in core/v1, which they are kept in.
 */
static const struct {
	const char *name, *said;
} event_fixed[] = {
	{"regarding", "involvedObject"},
	{"reason", "reason"},
	{"note", "message"},
	{"deprecatedSource", "source"},
	{"deprecatedFirstTimestamp", "firstTimestamp"},
	{"deprecatedLastTimestamp", "lastTimestamp"},
	{"deprecatedCount", "count"},
	{"eventTime", "eventTime"},
	{"type", "type"},
	{"action", "action"},
	{"related", "related"},
	{"reportingController", "reportingController"},
	{"reportingInstance", "reportingInstance"},
};

static void check_event_update(struct causes *c, const cJSON *event, const cJSON *old)
{
	for (size_t i = 0; i < sizeof(event_fixed) / sizeof(event_fixed[0]); i++) {
		const cJSON *a = member(event, event_fixed[i].name);
		const cJSON *b = member(old, event_fixed[i].name);
		if (a == b || (a != NULL && b != NULL && cJSON_Compare(a, b, true)))
			continue;
		cause_invalid(c, &(struct place){NULL, event_fixed[i].said, 0},
			      cJSON_GetStringValue(a), "field is immutable");
	}
}

/* Events about what has no namespace are in "default". */
static void check_event_namespace(struct causes *c, const cJSON *event)
{
	struct place object = {NULL, "involvedObject", 0}, at = {&object, "namespace", 0};
	const char *about = member_text(member(event, "regarding"), "namespace");
	const char *in = member_text(member(event, "metadata"), "namespace");
	if ((about == NULL || *about == '\0') && in != NULL && strcmp(in, "default") != 0)
		cause_invalid(c, &at, about, "does not match event.namespace");
}

/* events.k8s.io/v1; those of v1 are hardly checked. */
static void check_event(struct causes *c, const cJSON *event)
{
	if (member_text(event, "eventTime") == NULL) {
		cause_required(c, &(struct place){NULL, "eventTime", 0}, NULL);
	} else {
		const char *controller = member_text(event, "reportingController");
		need_text(c, event, "reportingController");
		complain(c, &(struct place){NULL, "reportingController", 0}, controller,
			 wrong_qualified_name(controller != NULL ? controller : ""));
		need_text(c, event, "reportingInstance");
		need_text(c, event, "action");
		need_text(c, event, "reason");
	}
	check_event_namespace(c, event);
	const char *note = member_text(event, "note"), *type = member_text(event, "type");
	if (note != NULL && strlen(note) > NOTE_MAX)
		cause_invalid(c, &(struct place){NULL, "message", 0}, "",
			      "can have at most %d characters", NOTE_MAX);
	if (type == NULL || (strcmp(type, "Normal") != 0 && strcmp(type, "Warning") != 0))
		cause_invalid(c, &(struct place){NULL, "type", 0}, "", "has invalid value: %s",
			      type != NULL ? type : "");
	const cJSON *series = member(event, "series"), *count = member(series, "count");
	struct place series_at = {NULL, "series", 0};
	if (series != NULL && (count == NULL || count->valuedouble < COUNT_MIN))
		cause_invalid(c, &(struct place){&series_at, "count", 0}, "",
			      "should be at least %d", COUNT_MIN);
}

/* What each type of secret must have. */
static const struct {
	const char *type, *key;
} secret_keys[] = {
	{"kubernetes.io/dockerconfigjson", ".dockerconfigjson"},
	{"kubernetes.io/dockercfg", ".dockercfg"},
	{"kubernetes.io/tls", "tls.crt"},
	{"kubernetes.io/tls", "tls.key"},
};

static void keyed(char *out, size_t size, const char *key)
{
	snprintf(out, size, "data[%s]", key);
}

static void check_data(struct causes *c, const cJSON *obj)
{
	char name[PLACE_TEXT_MAX];
	const cJSON *data = member(obj, "data");
	for (const cJSON *v = data != NULL ? data->child : NULL; v != NULL; v = v->next) {
		keyed(name, sizeof(name), v->string);
		complain(c, &(struct place){NULL, name, 0}, v->string, wrong_config_key(v->string));
	}
}

static void check_secret(struct causes *c, const cJSON *secret)
{
	char name[PLACE_TEXT_MAX];
	const char *type = member_text(secret, "type");
	check_data(c, secret);
	for (size_t i = 0; i < sizeof(secret_keys) / sizeof(secret_keys[0]); i++) {
		if (type == NULL || strcmp(secret_keys[i].type, type) != 0 ||
		    member(member(secret, "data"), secret_keys[i].key) != NULL)
			continue;
		keyed(name, sizeof(name), secret_keys[i].key);
		cause_required(c, &(struct place){NULL, name, 0}, NULL);
	}
}

void core_check(const struct resource *r, const cJSON *obj, const cJSON *old, bool status,
		struct causes *c)
{
	if (strcmp(r->plural, "pods") == 0 && !status) {
		if (old != NULL)
			check_spec_update(c, member(obj, "spec"), member(old, "spec"));
		else
			check_pod(c, obj);
	} else if (strcmp(r->plural, "nodes") == 0) {
		check_node(c, obj);
	} else if (strcmp(r->plural, "leases") == 0) {
		check_lease(c, obj);
	} else if (strcmp(r->plural, "events") == 0 && *r->group != '\0') {
		check_event(c, obj);
		if (old != NULL)
			check_event_update(c, obj, old);
	} else if (strcmp(r->plural, "secrets") == 0) {
		check_secret(c, obj);
	} else if (strcmp(r->plural, "configmaps") == 0) {
		check_data(c, obj);
	}
}
