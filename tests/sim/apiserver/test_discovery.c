/*
 * Discovery: every resource is in every document that names resources, and what kubectl
 * looks for before it lets the server validate is there.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "sim/apiserver/view.h"

#define AGGREGATED                                                                                 \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"                    \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"               \
	"application/json"

static cJSON *get(const char *path, const char *accept, const char *type)
{
	struct buf out = {0};
	const char *got = NULL;
	if (!discovery_get(path, accept, &out, &got))
		fail_msg("%s: none", path);
	assert_string_equal(got, type);
	cJSON *doc = cJSON_Parse(out.data);
	if (doc == NULL)
		fail_msg("%s: %s", path, out.data);
	buf_done(&out);
	return doc;
}

static const cJSON *named(const cJSON *list, const char *key, const char *name)
{
	for (const cJSON *o = list != NULL ? list->child : NULL; o != NULL; o = o->next) {
		const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(o, key));
		if (s != NULL && strcmp(s, name) == 0)
			return o;
	}
	return NULL;
}

static void root_of(const struct resource *r, char *out, size_t size)
{
	if (*r->group == '\0')
		snprintf(out, size, "/api/%s", r->version);
	else
		snprintf(out, size, "/apis/%s/%s", r->group, r->version);
}

static void every_resource_is_listed(void **state)
{
	(void)state;
	char root[128], status[128];
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		root_of(r, root, sizeof(root));
		cJSON *doc = get(root, "application/json", "application/json");
		const cJSON *list = cJSON_GetObjectItem(doc, "resources");
		const cJSON *row = named(list, "name", r->plural);
		assert_non_null(row);
		assert_string_equal(cJSON_GetObjectItem(row, "kind")->valuestring, r->kind);
		assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(row, "namespaced")),
				 r->namespaced);
		snprintf(status, sizeof(status), "%s/status", r->plural);
		assert_int_equal(named(list, "name", status) != NULL, r->has_status);
		cJSON_Delete(doc);
	}
}

static void every_resource_is_in_the_aggregate(void **state)
{
	(void)state;
	static const char type[] =
		"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		cJSON *doc = get(*r->group == '\0' ? "/api" : "/apis", AGGREGATED, type);
		const cJSON *row = NULL;
		for (const cJSON *g = cJSON_GetObjectItem(doc, "items")->child; g; g = g->next) {
			const cJSON *name =
				cJSON_GetObjectItem(cJSON_GetObjectItem(g, "metadata"), "name");
			if (strcmp(name != NULL ? name->valuestring : "", r->group) != 0)
				continue;
			const cJSON *v = cJSON_GetArrayItem(cJSON_GetObjectItem(g, "versions"), 0);
			row = named(cJSON_GetObjectItem(v, "resources"), "resource", r->plural);
		}
		assert_non_null(row);
		assert_string_equal(cJSON_GetObjectItem(row, "scope")->valuestring,
				    r->namespaced ? "Namespaced" : "Cluster");
		cJSON_Delete(doc);
	}
}

static bool has_parameter(const cJSON *operation)
{
	return named(cJSON_GetObjectItem(operation, "parameters"), "name", "fieldValidation") !=
	       NULL;
}

static void the_server_may_validate(void **state)
{
	(void)state;
	char root[128], path[256];
	cJSON *index = get("/openapi/v3", NULL, "application/json");
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		root_of(r, root, sizeof(root));
		const cJSON *at =
			cJSON_GetObjectItem(cJSON_GetObjectItem(index, "paths"), root + 1);
		assert_non_null(at);
		cJSON *doc = get(cJSON_GetObjectItem(at, "serverRelativeURL")->valuestring, NULL,
				 "application/json");
		snprintf(path, sizeof(path), "%s%s/%s/{name}", root,
			 r->namespaced ? "/namespaces/{namespace}" : "", r->plural);
		const cJSON *item = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "paths"), path);
		assert_true(has_parameter(cJSON_GetObjectItem(item, "patch")));
		cJSON_Delete(doc);
	}
	cJSON_Delete(index);
}

static void schemas_have_every_field(void **state)
{
	(void)state;
	cJSON *doc = get("/openapi/v3/apis/drop.corewire.io/v1alpha1", NULL, "application/json");
	const cJSON *schemas =
		cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "components"), "schemas");
	const cJSON *policy = cJSON_GetObjectItem(schemas, "io.corewire.drop.v1alpha1.PullPolicy");
	const cJSON *spec = cJSON_GetObjectItem(cJSON_GetObjectItem(policy, "properties"), "spec");
	const cJSON *backoff =
		cJSON_GetObjectItem(cJSON_GetObjectItem(spec, "properties"), "failureBackoff");
	const cJSON *initial =
		cJSON_GetObjectItem(cJSON_GetObjectItem(backoff, "properties"), "initial");
	assert_string_equal(cJSON_GetObjectItem(initial, "default")->valuestring, "30s");
	assert_int_equal(cJSON_GetArraySize(schemas), 4);
	cJSON_Delete(doc);
}

static void other_paths(void **state)
{
	(void)state;
	static const char *const none[] = {"/apis/foo/v1",
					   "/api/v2",
					   "/openapi/v3/x",
					   "/apix",
					   "/apis/drop.corewire.io/v2",
					   ""};
	for (size_t i = 0; i < ROWS(none); i++) {
		struct buf out = {0};
		const char *type;
		if (discovery_get(none[i], NULL, &out, &type))
			fail_msg("%s: %s", none[i], out.data);
		assert_int_equal(out.len, 0);
		buf_done(&out);
	}
	cJSON_Delete(get("/version", NULL, "application/json"));
	cJSON_Delete(get("/apis/drop.corewire.io", NULL, "application/json"));
	cJSON_Delete(get("/apis", "application/json", "application/json"));
	cJSON_Delete(get("/api", "application/json", "application/json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_resource_is_listed),
		cmocka_unit_test(every_resource_is_in_the_aggregate),
		cmocka_unit_test(the_server_may_validate),
		cmocka_unit_test(schemas_have_every_field),
		cmocka_unit_test(other_paths),
	};
	return cmocka_run_group_tests_name("drop_sim_discovery", tests, NULL, NULL);
}
