/*
 * Discovery documents out of the table of resources, in the two forms that kubectl knows:
 * one document a group and version, and aggregated (KEP-3352).
 */
#include <string.h>

#include "api/crd.h"

#include "sim/apiserver/openapi.h"
#include "sim/apiserver/view.h"

#define JSON       "application/json"
#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#define PLAIN      "text/plain; charset=utf-8"

/* The Kubernetes whose answers are given. */
#define VERSION_MAJOR "1"
#define VERSION_MINOR "34"
#define VERSION_GIT   "v1.34.4+drop-sim"

static bool is_ours(const struct resource *r)
{
	return r->kind_id >= 0 && kinds[r->kind_id].ours;
}

static const char *verbs(const struct resource *r)
{
	if (strcmp(r->plural, "namespaces") == 0)
		return "[\"create\",\"delete\",\"get\",\"list\",\"patch\",\"update\",\"watch\"]";
	return "[\"create\",\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\",\"update\","
	       "\"watch\"]";
}

#define STATUS_VERBS "[\"get\",\"patch\",\"update\"]"

static void names(const struct resource *r, struct buf *out)
{
	if (*r->short_name != '\0')
		buf_addf(out, ",\"shortNames\":[\"%s\"]", r->short_name);
	if (is_ours(r))
		buf_addf(out, ",\"categories\":[\"%s\"]", CRD_CATEGORY);
	else if (strcmp(r->plural, "pods") == 0)
		buf_adds(out, ",\"categories\":[\"all\"]");
}

static bool in(const struct resource *r, const char *group)
{
	return strcmp(r->group, group) == 0;
}

/* Each group once: the first of its resources. Groups have one version here. */
static bool is_first(const struct resource *r)
{
	for (const struct resource *o = resources; o < r; o++)
		if (in(o, r->group))
			return false;
	return true;
}

/* ---- one document a group ---- */

static void resource_list(const struct resource *of, struct buf *out)
{
	const char *comma = "";
	buf_addf(out,
		 "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"%s%s%s\","
		 "\"resources\":[",
		 of->group, *of->group != '\0' ? "/" : "", of->version);
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		if (!in(r, of->group))
			continue;
		const char *scope = r->namespaced ? "true" : "false";
		buf_addf(out,
			 "%s{\"name\":\"%s\",\"singularName\":\"%s\",\"namespaced\":%s,\"kind\":"
			 "\"%s\",\"verbs\":%s",
			 comma, r->plural, r->singular, scope, r->kind, verbs(r));
		names(r, out);
		buf_adds(out, "}");
		if (r->has_status)
			buf_addf(out,
				 ",{\"name\":\"%s/status\",\"singularName\":\"\",\"namespaced\":%s,"
				 "\"kind\":\"%s\",\"verbs\":" STATUS_VERBS "}",
				 r->plural, scope, r->kind);
		if (r->kind_id == KIND_POD)
			buf_adds(out, ",{\"name\":\"pods/eviction\",\"singularName\":\"\","
				      "\"namespaced\":true,\"group\":\"policy\",\"version\":"
				      "\"v1\",\"kind\":\"Eviction\",\"verbs\":[\"create\"]}");
		comma = ",";
	}
	buf_adds(out, "]}");
}

/* type_meta: "kind" and "apiVersion" with their comma, or "". */
static void group(const struct resource *r, const char *type_meta, struct buf *out)
{
	struct buf text = {0};
	buf_addf(&text, "{\"groupVersion\":\"%s/%s\",\"version\":\"%s\"}", r->group, r->version,
		 r->version);
	buf_addf(out, "{%s\"name\":\"%s\",\"versions\":[%s],\"preferredVersion\":%s}", type_meta,
		 r->group, text.data, text.data);
	buf_done(&text);
}

static void group_list(struct buf *out)
{
	const char *comma = "";
	buf_adds(out, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[");
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		if (in(r, "") || !is_first(r))
			continue;
		buf_adds(out, comma);
		group(r, "", out);
		comma = ",";
	}
	buf_adds(out, "]}");
}

/* ---- aggregated ---- */

static void aggregated_resource(const struct resource *r, struct buf *out)
{
	struct buf kind = {0};
	buf_addf(&kind, "{\"group\":\"%s\",\"version\":\"%s\",\"kind\":\"%s\"}", r->group,
		 r->version, r->kind);
	buf_addf(out,
		 "{\"resource\":\"%s\",\"responseKind\":%s,\"scope\":\"%s\",\"singularResource\":"
		 "\"%s\",\"verbs\":%s",
		 r->plural, kind.data, r->namespaced ? "Namespaced" : "Cluster", r->singular,
		 verbs(r));
	names(r, out);
	const char *eviction =
		r->kind_id == KIND_POD
			? ",{\"subresource\":\"eviction\",\"responseKind\":{\"group\":"
			  "\"policy\",\"version\":\"v1\",\"kind\":\"Eviction\"},\"verbs\":"
			  "[\"create\"]}"
			: "";
	if (r->has_status)
		buf_addf(out,
			 ",\"subresources\":[{\"subresource\":\"status\",\"responseKind\":%s,"
			 "\"verbs\":" STATUS_VERBS "}%s]",
			 kind.data, eviction);
	buf_adds(out, "}");
	buf_done(&kind);
}

static void aggregated_group(const struct resource *of, struct buf *out)
{
	const char *comma = "";
	buf_adds(out, "{\"metadata\":{");
	if (*of->group != '\0')
		buf_addf(out, "\"name\":\"%s\"", of->group);
	buf_addf(out, "},\"versions\":[{\"version\":\"%s\",\"resources\":[", of->version);
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		if (!in(r, of->group))
			continue;
		buf_adds(out, comma);
		aggregated_resource(r, out);
		comma = ",";
	}
	buf_adds(out, "],\"freshness\":\"Current\"}]}");
}

/* core: /api; else /apis. */
static void aggregated(bool core, struct buf *out)
{
	const char *comma = "";
	buf_adds(out,
		 "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\","
		 "\"metadata\":{},\"items\":[");
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		if (in(r, "") != core || !is_first(r))
			continue;
		buf_adds(out, comma);
		aggregated_group(r, out);
		comma = ",";
	}
	buf_adds(out, "]}");
}

/* ---- paths ---- */

static void version(struct buf *out)
{
	buf_adds(out, "{\"major\":\"" VERSION_MAJOR "\",\"minor\":\"" VERSION_MINOR
		      "\",\"gitVersion\":\"" VERSION_GIT "\",\"gitCommit\":\"" DROP_VERSION
		      "\",\"gitTreeState\":\"clean\",\"buildDate\":\"1970-01-01T00:00:00Z\","
		      "\"goVersion\":\"none\",\"compiler\":\"cc\",\"platform\":\"linux/amd64\"}");
}

/* "/api/v1", "/apis/GROUP/VERSION", "/apis/GROUP". */
static bool group_path(const char *path, struct buf *out)
{
	static const char meta[] = "\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",";
	struct buf text = {0};
	bool found = false;
	for (const struct resource *r = resources; r < resources + resources_n && !found; r++) {
		if (!is_first(r))
			continue;
		buf_clear(&text, 1024);
		if (in(r, ""))
			buf_addf(&text, "/api/%s", r->version);
		else
			buf_addf(&text, "/apis/%s", r->group);
		size_t n = text.len;
		bool whole = strcmp(path, text.data) == 0;
		if (!in(r, ""))
			buf_addf(&text, "/%s", r->version);
		found = whole || strcmp(path, text.data) == 0;
		if (found && whole && text.len != n)
			group(r, meta, out);
		else if (found)
			resource_list(r, out);
	}
	buf_done(&text);
	return found;
}

bool discovery_get(const char *path, const char *accept, struct buf *out, const char **ret_type)
{
	bool core = strcmp(path, "/api") == 0;
	*ret_type = JSON;
	if (core || strcmp(path, "/apis") == 0) {
		bool all = accept != NULL && strstr(accept, "as=APIGroupDiscoveryList") != NULL &&
			   strstr(accept, "v=v2;") != NULL;
		if (all) {
			*ret_type = AGGREGATED;
			aggregated(core, out);
		} else if (core) {
			buf_adds(out, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
				      "\"serverAddressByClientCIDRs\":[]}");
		} else {
			group_list(out);
		}
		return true;
	}
	if (strcmp(path, "/version") == 0) {
		version(out);
		return true;
	}
	if (strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0 ||
	    strcmp(path, "/livez") == 0) {
		*ret_type = PLAIN;
		buf_adds(out, "ok");
		return true;
	}
	return group_path(path, out) || openapi_get(path, out, ret_type);
}
