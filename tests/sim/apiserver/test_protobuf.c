/*
 * Bodies as kubectl 1.34 sent them, and broken ones.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "sim/apiserver/protobuf.h"

static const struct resource *of(const char *plural)
{
	return resource_find("", "v1", plural);
}

#define BODY(text) (text), sizeof(text) - 1

static const struct body_row {
	const char *name, *plural;
	const char *body;
	size_t len;
	const char *want; /* NULL: refused */
} rows[] = {
	{"kubectl create namespace kc", "namespaces",
	 BODY("k8s\000\012\017\012\002v1\022\011Namespace\022\032\012\022\012\002kc\022\000\032\000"
	      "\"\000*\0002\0008\000B\000\022\000\032\002\012\000\032\000\"\000"),
	 "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"kc\"}}"},
	{"kubectl create secret generic s --from-literal=a=b", "secrets",
	 BODY("k8s\000\012\014\012\002v1\022\006Secret\022\035\012\021\012\001s\022\000\032\000\""
	      "\000*\0002\0008\000B\000\022\006\012\001a\022\001b\032\000\032\000\"\000"),
	 "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},\"data\":{\"a\":"
	 "\"Yg==\"}}"},
	{"kubectl create configmap m --from-literal=a=b", "configmaps",
	 BODY("k8s\000\012\017\012\002v1\022\011ConfigMap\022\033\012\021\012\001m\022\000\032\000"
	      "\"\000*\0002\0008\000B\000\022\006\012\001a\022\001b\032\000\"\000"),
	 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"},\"data\":{"
	 "\"a\":\"b\"}}"},
	{"labels, a number that is not known, a truth", "configmaps",
	 BODY("k8s\000\022\023\012\017Z\013\012\001a\022\006drop.x\070\001\040\001"),
	 "{\"metadata\":{\"labels\":{\"a\":\"drop.x\"}},\"immutable\":true}"},
	{"no mark", "secrets", BODY("{\"kind\":\"Secret\"}"), NULL},
	{"a length beyond the end", "namespaces", BODY("k8s\0\n\x7fv1"), NULL},
	{"a kind that is not read", "pods", BODY("k8s\0"), NULL},
	{"nothing", "namespaces", BODY(""), NULL},
};

static void bodies(void **state)
{
	(void)state;
	FOREACH_ROW(struct body_row, rows)
	{
		struct api_error e = {0};
		cJSON *obj = NULL;
		int rc = protobuf_read(of(row->plural), row->body, row->len, &obj, &e);
		assert_int_equal(rc, row->want != NULL ? 0 : -1);
		if (rc != 0) {
			assert_int_equal(e.code, 400);
			continue;
		}
		char *got = cJSON_PrintUnformatted(obj);
		assert_string_equal(got, row->want);
		cJSON_free(got);
		cJSON_Delete(obj);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bodies)};
	return cmocka_run_group_tests_name("drop_sim_protobuf", tests, NULL, NULL);
}
