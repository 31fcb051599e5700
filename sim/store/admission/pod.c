/*
 * What an API server and its usual admission plugins make of a new pod: defaults, the
 * quality-of-service class, tolerations, priority.
 */
#include "sim/store/admission/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/objects/api_error.h"

/* Priority classes that every cluster has; there are no others here. */
static const struct {
	const char *name;
	double priority;
} priority_classes[] = {
	{"system-cluster-critical", 2000000000},
	{"system-node-critical", 2000001000},
};

static const struct member_default pod_spec[] = {
	{"restartPolicy", MEMBER_TEXT, "Always", 0},
	{"terminationGracePeriodSeconds", MEMBER_NUMBER, NULL, 30},
	{"dnsPolicy", MEMBER_TEXT, "ClusterFirst", 0},
	{"serviceAccountName", MEMBER_TEXT, "default", 0},
	{"serviceAccount", MEMBER_TEXT, "default", 0},
	{"securityContext", MEMBER_OBJECT, NULL, 0},
	{"schedulerName", MEMBER_TEXT, "default-scheduler", 0},
	{"priority", MEMBER_NUMBER, NULL, 0},
	{"enableServiceLinks", MEMBER_TRUE, NULL, 0},
	{"preemptionPolicy", MEMBER_TEXT, "PreemptLowerPriority", 0},
};

static const struct member_default container[] = {
	{"resources", MEMBER_OBJECT, NULL, 0},
	{"terminationMessagePath", MEMBER_TEXT, "/dev/termination-log", 0},
	{"terminationMessagePolicy", MEMBER_TEXT, "File", 0},
};

/* Always for the tag latest, said or not; a digest is never asked for again. */
static const char *pull_policy(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *last = slash != NULL ? slash + 1 : image;
	if (strchr(image, '@') != NULL)
		return "IfNotPresent";
	const char *tag = strrchr(last, ':');
	return tag == NULL || strcmp(tag, ":latest") == 0 ? "Always" : "IfNotPresent";
}

/* A limit without a request is a request too. */
static void default_requests(cJSON *asked)
{
	const cJSON *limits = member(asked, "limits");
	if (!cJSON_IsObject(limits) || limits->child == NULL)
		return;
	cJSON *requests = member_object(asked, "requests");
	if (!cJSON_IsObject(requests))
		return;
	for (const cJSON *l = limits->child; l != NULL; l = l->next)
		if (member(requests, l->string) == NULL)
			cJSON_AddItemToObject(requests, l->string, cJSON_Duplicate(l, true));
}

static void default_containers(cJSON *spec, const char *which)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(spec, which);
	for (cJSON *c = cJSON_IsArray(list) ? list->child : NULL; c != NULL; c = c->next) {
		if (!cJSON_IsObject(c))
			continue;
		MEMBERS_FILL(c, container);
		default_requests(cJSON_GetObjectItemCaseSensitive(c, "resources"));
		const char *image = member_text(c, "image");
		if (member(c, "imagePullPolicy") == NULL)
			cJSON_AddStringToObject(c, "imagePullPolicy",
						pull_policy(image != NULL ? image : ""));
	}
}

/* Admission plugin DefaultTolerationSeconds: for both taints, unless tolerated already. */
static void default_tolerations(cJSON *spec)
{
	static const char *const keys[] = {"node.kubernetes.io/not-ready",
					   "node.kubernetes.io/unreachable"};
	if (member(spec, "tolerations") == NULL)
		cJSON_DeleteItemFromObjectCaseSensitive(spec, "tolerations");
	cJSON *list = cJSON_GetObjectItemCaseSensitive(spec, "tolerations");
	if (list == NULL)
		list = cJSON_AddArrayToObject(spec, "tolerations");
	for (size_t i = 0; i < 2; i++) {
		bool tolerated = false;
		for (const cJSON *t = list->child; t != NULL && !tolerated; t = t->next) {
			const char *key = member_text(t, "key"), *effect = member_text(t, "effect");
			tolerated = (key == NULL || *key == '\0' || strcmp(key, keys[i]) == 0) &&
				    (effect == NULL || *effect == '\0' ||
				     strcmp(effect, "NoExecute") == 0);
		}
		if (tolerated)
			continue;
		cJSON *t = cJSON_CreateObject();
		cJSON_AddStringToObject(t, "key", keys[i]);
		cJSON_AddStringToObject(t, "operator", "Exists");
		cJSON_AddStringToObject(t, "effect", "NoExecute");
		cJSON_AddNumberToObject(t, "tolerationSeconds", 300);
		cJSON_AddItemToArray(list, t);
	}
}

/* "0", "0Mi": as good as not said. */
static bool is_zero(const cJSON *quantity)
{
	if (cJSON_IsString(quantity))
		return strtod(quantity->valuestring, NULL) == 0;
	return !cJSON_IsNumber(quantity) || quantity->valuedouble == 0;
}

static bool says_any(const cJSON *quantities)
{
	for (const char *const *n = (const char *const[]){"cpu", "memory", NULL}; *n != NULL; n++)
		if (member(quantities, *n) != NULL && !is_zero(member(quantities, *n)))
			return true;
	return false;
}

static bool is_guaranteed(const cJSON *asked)
{
	const cJSON *limits = member(asked, "limits"), *requests = member(asked, "requests");
	for (const char *const *n = (const char *const[]){"cpu", "memory", NULL}; *n != NULL; n++) {
		const cJSON *limit = member(limits, *n);
		if (limit == NULL || is_zero(limit) ||
		    !cJSON_Compare(limit, member(requests, *n), true))
			return false;
	}
	return true;
}

static const char *qos_class(const cJSON *spec)
{
	const cJSON *list = member(spec, "containers");
	bool any = false, all = true;
	for (const cJSON *c = list != NULL ? list->child : NULL; c != NULL; c = c->next) {
		const cJSON *asked = member(c, "resources");
		any |= says_any(member(asked, "requests")) || says_any(member(asked, "limits"));
		all &= is_guaranteed(asked);
	}
	if (!any)
		return "BestEffort";
	return all ? "Guaranteed" : "Burstable";
}

int pod_admit(cJSON *pod, struct api_error *e)
{
	cJSON *spec = member_object(pod, "spec");
	const char *class = member_text(spec, "priorityClassName");
	const char *name = member_text(member(pod, "metadata"), "name");
	if (class == NULL || *class == '\0')
		return 0;
	for (size_t i = 0; i < sizeof(priority_classes) / sizeof(priority_classes[0]); i++)
		if (strcmp(priority_classes[i].name, class) == 0) {
			cJSON_DeleteItemFromObjectCaseSensitive(spec, "priority");
			cJSON_AddNumberToObject(spec, "priority", priority_classes[i].priority);
			return 0;
		}
	api_error_set(e, 403, "Forbidden",
		      "pods \"%.253s\" is forbidden: no PriorityClass with name %.253s was "
		      "found",
		      name != NULL ? name : "", class);
	snprintf(e->name, sizeof(e->name), "%s", name != NULL ? name : "");
	return -1;
}

void pod_default(cJSON *pod, bool create)
{
	cJSON *spec = member_object(pod, "spec");
	MEMBERS_FILL(spec, pod_spec);
	default_containers(spec, "initContainers");
	default_containers(spec, "containers");
	if (!create)
		return;
	default_tolerations(spec);
	cJSON_DeleteItemFromObjectCaseSensitive(pod, "status");
	cJSON *status = cJSON_AddObjectToObject(pod, "status");
	cJSON_AddStringToObject(status, "phase", "Pending");
	cJSON_AddStringToObject(status, "qosClass", qos_class(spec));
}
