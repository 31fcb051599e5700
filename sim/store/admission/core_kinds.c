/*
 * Built-in kinds: the types that Go's decoder insists on, the defaults that an API server
 * and its usual admission plugins fill in, and the checks that our operator and kubectl
 * can run into. Unknown fields stay inside of spec and status: there is no schema of these
 * kinds here.
 */
#include "sim/store/admission/parts.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sim/objects/api_error.h"

/* The value at a dotted path, or NULL. */
static const cJSON *at_path(const cJSON *obj, const char *path)
{
	char step[64];
	while (obj != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");
		if (n >= sizeof(step))
			return NULL;
		memcpy(step, path, n);
		step[n] = '\0';
		obj = member(obj, step);
		path += path[n] == '.' ? n + 1 : n;
	}
	return obj;
}

/* ---- types ---- */

static const struct {
	const char *plural, *path, *type; /* JSON type; "integer" accepts no fraction */
	const char *go_struct, *go_type;
} typed[] = {
	{"pods", "spec", "object", "Pod", "v1.PodSpec"},
	{"pods", "spec.containers", "array", "PodSpec", "[]v1.Container"},
	{"pods", "spec.nodeName", "string", "PodSpec", "string"},
	{"pods", "spec.restartPolicy", "string", "PodSpec", "v1.RestartPolicy"},
	{"pods", "spec.tolerations", "array", "PodSpec", "[]v1.Toleration"},
	{"pods", "spec.imagePullSecrets", "array", "PodSpec", "[]v1.LocalObjectReference"},
	{"pods", "spec.terminationGracePeriodSeconds", "integer", "PodSpec", "int64"},
	{"pods", "status", "object", "Pod", "v1.PodStatus"},
	{"pods", "status.phase", "string", "PodStatus", "v1.PodPhase"},
	{"pods", "status.containerStatuses", "array", "PodStatus", "[]v1.ContainerStatus"},
	{"nodes", "spec", "object", "Node", "v1.NodeSpec"},
	{"nodes", "spec.unschedulable", "boolean", "NodeSpec", "bool"},
	{"nodes", "spec.taints", "array", "NodeSpec", "[]v1.Taint"},
	{"nodes", "status", "object", "Node", "v1.NodeStatus"},
	{"nodes", "status.capacity", "object", "NodeStatus", "v1.ResourceList"},
	{"nodes", "status.daemonEndpoints", "object", "NodeStatus", "v1.NodeDaemonEndpoints"},
	{"nodes", "status.daemonEndpoints.kubeletEndpoint", "object", "NodeDaemonEndpoints",
	 "v1.DaemonEndpoint"},
	{"nodes", "status.nodeInfo", "object", "NodeStatus", "v1.NodeSystemInfo"},
	{"nodes", "status.conditions", "array", "NodeStatus", "[]v1.NodeCondition"},
	{"nodes", "status.images", "array", "NodeStatus", "[]v1.ContainerImage"},
	{"leases", "spec", "object", "Lease", "v1.LeaseSpec"},
	{"leases", "spec.holderIdentity", "string", "LeaseSpec", "string"},
	{"leases", "spec.leaseDurationSeconds", "integer", "LeaseSpec", "int32"},
	{"leases", "spec.leaseTransitions", "integer", "LeaseSpec", "int32"},
	{"events", "series", "object", "Event", "v1.EventSeries"},
	{"events", "series.count", "integer", "EventSeries", "int32"},
	{"events", "note", "string", "Event", "string"},
	{"events", "reason", "string", "Event", "string"},
	{"namespaces", "spec", "object", "Namespace", "v1.NamespaceSpec"},
	{"namespaces", "status", "object", "Namespace", "v1.NamespaceStatus"},
	{"secrets", "data", "object", "Secret", "map[string][]uint8"},
	{"secrets", "stringData", "object", "Secret", "map[string]string"},
	{"configmaps", "data", "object", "ConfigMap", "map[string]string"},
};

/* Times that are written with six digits of a second: metav1.MicroTime. */
static const struct {
	const char *plural, *path;
} micro_times[] = {
	{"leases", "spec.acquireTime"},
	{"leases", "spec.renewTime"},
	{"events", "eventTime"},
	{"events", "series.lastObservedTime"},
};

static int refuse(const struct resource *r, struct api_error *e, const char *why)
{
	return api_error_bad(e, "%s in version \"%s\" cannot be handled as a %s: %s", r->kind,
			     r->version, r->kind, why);
}

static int decode_time(const struct resource *r, const cJSON *v, struct api_error *e)
{
	int64_t unused;
	char why[256];
	if (cJSON_IsString(v) && time_parse(v->valuestring, &unused) == 0)
		return 0;
	snprintf(why, sizeof(why),
		 "parsing time \"%.64s\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse "
		 "\"%.64s\" as \"2006\"",
		 cJSON_IsString(v) ? v->valuestring : "", cJSON_IsString(v) ? v->valuestring : "");
	return refuse(r, e, why);
}

/* Every value of data must be text, for secrets base64. */
static int decode_data(const struct resource *r, const cJSON *data, bool base64,
		       struct api_error *e)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n";
	char why[128];
	for (const cJSON *v = data != NULL ? data->child : NULL; v != NULL; v = v->next) {
		if (cJSON_IsNull(v))
			continue;
		if (!cJSON_IsString(v)) {
			snprintf(why, sizeof(why),
				 "json: cannot unmarshal %s into Go struct field %s.data of type "
				 "string",
				 cJSON_IsNumber(v) ? "number" : json_type(v), r->kind);
			return refuse(r, e, why);
		}
		size_t good = strspn(v->valuestring, alphabet);
		size_t pad = strspn(v->valuestring + good, "=");
		if (!base64 || (pad <= 2 && v->valuestring[good + pad] == '\0'))
			continue;
		snprintf(why, sizeof(why), "illegal base64 data at input byte %zu", good);
		return refuse(r, e, why);
	}
	return 0;
}

int core_decode(const struct resource *r, const cJSON *obj, struct api_error *e)
{
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		if (strcmp(typed[i].plural, r->plural) != 0)
			continue;
		const cJSON *v = at_path(obj, typed[i].path);
		if (v == NULL || strcmp(json_type(v), typed[i].type) == 0)
			continue;
		char why[256];
		snprintf(why, sizeof(why),
			 "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
			 cJSON_IsNumber(v) ? "number" : json_type(v), typed[i].go_struct,
			 typed[i].path, typed[i].go_type);
		return refuse(r, e, why);
	}
	for (size_t i = 0; i < sizeof(micro_times) / sizeof(micro_times[0]); i++) {
		const cJSON *v = strcmp(micro_times[i].plural, r->plural) == 0
					 ? at_path(obj, micro_times[i].path)
					 : NULL;
		if (v != NULL && decode_time(r, v, e) != 0)
			return -1;
	}
	bool secret = strcmp(r->plural, "secrets") == 0;
	if (secret || strcmp(r->plural, "configmaps") == 0)
		return decode_data(r, member(obj, "data"), secret, e);
	return 0;
}

/* ---- unknown fields, of the kinds that have nothing else at their top ---- */

static bool has_spec_only(const struct resource *r)
{
	return r->kind_id == KIND_POD || r->kind_id == KIND_NODE || r->kind_id == KIND_LEASE ||
	       strcmp(r->plural, "namespaces") == 0;
}

static bool is_known(const struct resource *r, const char *name)
{
	static const char *const all[] = {"apiVersion", "kind", "metadata", "spec", "status", NULL};
	const char *const *known = all;
	while (*known != NULL && strcmp(*known, name) != 0)
		known++;
	return *known != NULL || !has_spec_only(r);
}

void core_unknown(const struct resource *r, const cJSON *obj, struct buf *out)
{
	const cJSON *child = cJSON_IsObject(obj) ? obj->child : NULL;
	for (; child != NULL; child = child->next)
		if (!is_known(r, child->string))
			buf_addf(out, "%sunknown field \"%s\"", out->len != 0 ? ", " : "",
				 child->string);
}

void core_prune(const struct resource *r, cJSON *obj)
{
	for (cJSON *child = obj->child, *next; child != NULL; child = next) {
		next = child->next;
		if (!is_known(r, child->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(obj, child));
	}
}

/* ---- defaults ---- */

static void default_node(cJSON *node)
{
	static const char *const info[] = {
		"machineID",      "systemUUID",       "bootID",
		"kernelVersion",  "osImage",          "containerRuntimeVersion",
		"kubeletVersion", "kubeProxyVersion", "operatingSystem",
		"architecture",
	};
	member_object(node, "spec");
	cJSON *status = member_object(node, "status");
	const cJSON *capacity = member(status, "capacity");
	if (capacity != NULL && member(status, "allocatable") == NULL)
		cJSON_AddItemToObject(status, "allocatable", cJSON_Duplicate(capacity, true));
	cJSON *endpoint =
		member_object(member_object(status, "daemonEndpoints"), "kubeletEndpoint");
	if (member(endpoint, "Port") == NULL)
		cJSON_AddNumberToObject(endpoint, "Port", 0);
	cJSON *node_info = member_object(status, "nodeInfo");
	for (size_t i = 0; i < sizeof(info) / sizeof(info[0]); i++)
		if (member(node_info, info[i]) == NULL)
			cJSON_AddStringToObject(node_info, info[i], "");
}

static void base64(const char *in, struct buf *out)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t n = strlen(in); n > 0; n -= n < 3 ? n : 3, in += 3) {
		uint32_t v = (uint32_t)(unsigned char)in[0] << 16;
		v |= n > 1 ? (uint32_t)(unsigned char)in[1] << 8 : 0;
		v |= n > 2 ? (uint32_t)(unsigned char)in[2] : 0;
		char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63],
				n > 1 ? alphabet[v >> 6 & 63] : '=',
				n > 2 ? alphabet[v & 63] : '='};
		buf_add(out, four, sizeof(four));
		if (n <= 3)
			break;
	}
}

/* stringData is written into data and never stored. */
static void default_secret(cJSON *secret)
{
	cJSON *plain = cJSON_DetachItemFromObjectCaseSensitive(secret, "stringData");
	if (plain != NULL && plain->child != NULL) {
		cJSON *data = member_object(secret, "data");
		for (const cJSON *p = plain->child; p != NULL; p = p->next) {
			struct buf text = {0};
			base64(cJSON_IsString(p) ? p->valuestring : "", &text);
			cJSON_DeleteItemFromObjectCaseSensitive(data, p->string);
			cJSON_AddStringToObject(data, p->string,
						text.data != NULL ? text.data : "");
			buf_done(&text);
		}
	}
	cJSON_Delete(plain);
	if (member(secret, "type") == NULL)
		cJSON_AddStringToObject(secret, "type", "Opaque");
}

static void default_namespace(cJSON *ns, bool create)
{
	cJSON *labels = member_object(member_object(ns, "metadata"), "labels");
	const char *name = member_text(member(ns, "metadata"), "name");
	if (name != NULL && member(labels, "kubernetes.io/metadata.name") == NULL)
		cJSON_AddStringToObject(labels, "kubernetes.io/metadata.name", name);
	cJSON *spec = member_object(ns, "spec");
	if (create && member(spec, "finalizers") == NULL)
		cJSON_AddItemToArray(cJSON_AddArrayToObject(spec, "finalizers"),
				     cJSON_CreateString("kubernetes"));
	cJSON *status = member_object(ns, "status");
	if (member(status, "phase") == NULL)
		cJSON_AddStringToObject(status, "phase", "Active");
}

void core_default(const struct resource *r, cJSON *obj, const cJSON *old)
{
	if (strcmp(r->plural, "pods") == 0)
		pod_default(obj, old == NULL);
	else if (strcmp(r->plural, "nodes") == 0)
		default_node(obj);
	else if (strcmp(r->plural, "secrets") == 0)
		default_secret(obj);
	else if (strcmp(r->plural, "namespaces") == 0)
		default_namespace(obj, old == NULL);
}
