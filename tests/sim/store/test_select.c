/*
 * Selectors: what matches, and what is refused in the words of a real 1.34 server.
 */
#include "tests/unit.h"

#include <string.h>

#include "api/crd.h"
#include "sim/store/select.h"

static const char pod[] =
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\","
	"\"labels\":{\"app\":\"drop\",\"n\":\"5\",\"empty\":\"\",\"a.b/c\":\"d\"},\"annotations\":{"
	"\"labels\":\"{\\\"x\\\":1}\"}},\"spec\":{\"nodeName\":\"n1\",\"hostNetwork\":true},"
	"\"status\":{\"phase\":\"Running\"}}";

static const struct match_row {
	const char *labels, *fields;
	bool match;
} matches[] = {
	{"", "", true},
	{NULL, NULL, true},
	{"app=drop", NULL, true},
	{"app==drop", NULL, true},
	{" app = drop , n ", NULL, true},
	{"app=other", NULL, false},
	{"app!=drop", NULL, false},
	{"nope!=drop", NULL, true},
	{"app", NULL, true},
	{"!app", NULL, false},
	{"!nope", NULL, true},
	{"app in (a, drop)", NULL, true},
	{"app in (a,b)", NULL, false},
	{"app notin (a,b)", NULL, true},
	{"app notin (drop)", NULL, false},
	{"nope notin (drop)", NULL, true},
	{"nope in (drop)", NULL, false},
	{"n>4,n<6", NULL, true},
	{"n>5", NULL, false},
	{"app>1", NULL, false},
	{"empty=", NULL, true},
	{"empty in ()", NULL, true},
	{"empty in (,)", NULL, true},
	{"app in ()", NULL, false},
	{"empty=,app", NULL, true},
	{"a.b/c=d", NULL, true},
	{"in=x", NULL, false},
	{"!in", NULL, true},
	{"x", NULL, false},
	{NULL, "metadata.name=p", true},
	{NULL, "metadata.name==p,metadata.namespace!=x", true},
	{NULL, "metadata.name!=p", false},
	{NULL, "spec.nodeName=n1", true},
	{NULL, "spec.nodeName=", false},
	{NULL, "spec.hostNetwork=true", true},
	{NULL, "status.phase!=Succeeded,status.phase!=Failed", true},
	{NULL, "status.podIP=", true},
	{NULL, "metadata.name=a\\,b", false},
	{NULL, ",", true},
	{"app=drop", "status.phase=Running", true},
	{"app=drop", "status.phase=Failed", false},
};

static void what_matches(void **state)
{
	(void)state;
	const struct resource *r = resource_find("", "v1", "pods");
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const struct match_row *m = &matches[i];
		struct arena a = ARENA_INIT;
		struct api_error e = {0};
		struct selector *s = NULL;
		if (selector_parse(r, m->labels, m->fields, &a, &s, &e) != 0)
			fail_msg("%s; %s: %s", m->labels, m->fields, e.message);
		struct selector *kept = selector_keep(s);
		if (selector_match(s, "ns", "p", "n1", pod) != m->match)
			fail_msg("%s; %s", m->labels, m->fields);
		arena_done(&a); /* a kept one does not need it */
		assert_int_equal(selector_match(kept, "ns", "p", "n1", pod), m->match);
		/* Without the node at hand the text says it. */
		assert_int_equal(selector_match(kept, "ns", "p", NULL, pod), m->match);
		selector_free(kept);
	}
	selector_free(NULL);
}

static void an_object_without_labels(void **state)
{
	(void)state;
	static const char bare[] = "{\"metadata\":{\"name\":\"labels\"},\"labels\":{\"a\":\"b\"}}";
	const struct resource *r = resource_find("", "v1", "nodes");
	struct arena a = ARENA_INIT;
	struct api_error e;
	struct selector *s;
	assert_int_equal(selector_parse(r, "a=b", "", &a, &s, &e), 0);
	assert_false(selector_match(s, "", "labels", NULL, bare));
	assert_int_equal(selector_parse(r, "!a", "spec.unschedulable=false", &a, &s, &e), 0);
	assert_true(selector_match(s, "", "labels", NULL, bare));
	arena_done(&a);
}

#define LONG "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" /* 64 */
#define R    "unable to parse requirement: "

static const struct refusal_row {
	const char *plural, *labels, *fields, *message;
} refusals[] = {
	{"pods", "a in (b", NULL, R "found '', expected: ',' or ')'"},
	{"pods", "!", NULL, R "found '', expected: identifier"},
	{"pods", "a b", NULL, R "found 'b', expected: in, notin, =, ==, !=, gt, lt"},
	{"pods", "a exists", NULL, R "found 'exists', expected: in, notin, =, ==, !=, gt, lt"},
	{"pods", "a(b)", NULL, R "found '(', expected: in, notin, =, ==, !=, gt, lt"},
	{"pods", "a=a b", NULL, "found 'b', expected: ',' or 'end of string'"},
	{"pods", "a=" LONG, NULL,
	 R "values[0][a]: Invalid value: \"" LONG "\": must be no more than 63 characters"},
	{"pods", "a,,b", NULL, "found ',', expected: identifier after ','"},
	{"pods", "a,!b,", NULL, "found '', expected: identifier after ','"},
	{"pods", ",", NULL, "found ',', expected: !, identifier, or 'end of string'"},
	{"pods", "a>x", NULL,
	 R
	 "values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"},
	{"pods", "a in b", NULL, R "found 'b' expected: '('"},
	{"pods", "a/=d", NULL,
	 R "<nil>: Invalid value: \"a/\": name part must be non-empty; name part must consist of "
	   "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
	   "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
	   "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"},
	{"pods", NULL, "spec.foo=bar", "field label not supported: spec.foo"},
	{"pods", NULL, "metadata.name",
	 "invalid selector: 'metadata.name'; can't understand 'metadata.name'"},
	{"pods", NULL, "a\\x=b", "field label not supported: a\\x"},
	{"nodes", NULL, "metadata.namespace=x", "field label not supported: metadata.namespace"},
	{"nodes", NULL, "spec.nodeName=x", "field label not supported: spec.nodeName"},
};

static void what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal_row *row = &refusals[i];
		struct arena a = ARENA_INIT;
		struct api_error e = {0};
		struct selector *s;
		const struct resource *r = resource_find("", "v1", row->plural);
		if (selector_parse(r, row->labels, row->fields, &a, &s, &e) == 0)
			fail_msg("%s; %s: accepted", row->labels, row->fields);
		assert_int_equal(e.code, 400);
		assert_string_equal(e.reason, "BadRequest");
		assert_string_equal(e.message, row->message);
		arena_done(&a);
	}
}

static void events_are_found_by_either_name(void **state)
{
	(void)state;
	static const char event[] = "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{},"
				    "\"involvedObject\":{\"name\":\"x\",\"kind\":\"CachedImage\"},"
				    "\"reason\":\"PullStarted\"}";
	struct arena a = ARENA_INIT;
	struct api_error e;
	struct selector *s;
	assert_int_equal(selector_parse(resource_find("", "v1", "events"), NULL,
					"involvedObject.name=x,involvedObject.namespace=,reason="
					"PullStarted",
					&a, &s, &e),
			 0);
	assert_true(selector_match(s, "default", "e", NULL, event));
	assert_int_equal(selector_parse(resource_find("events.k8s.io", "v1", "events"), NULL,
					"regarding.kind!=CachedImage", &a, &s, &e),
			 0);
	assert_false(selector_match(s, "default", "e", NULL, event));
	arena_done(&a);
}

/* The paths that the CRD names are selected by, with the value found there. */
static void fields_of_our_crds(void **state)
{
	(void)state;
	static const char object[] =
		"{\"spec\":{\"image\":\"v\",\"tag\":\"v\",\"policyRef\":{\"name\":\"v\"},"
		"\"discoveryPolicyRef\":{\"name\":\"v\"}},\"status\":{\"phase\":\"v\"}}";
	size_t n = 0;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const char *const *path = crd_selectable((enum kind)kind);
		for (; path != NULL && *path != NULL; path++, n++) {
			struct arena a = ARENA_INIT;
			struct api_error e = {0};
			struct selector *s;
			unit_say(*path);
			assert_int_equal(
				selector_parse(resource_find(kinds[kind].group, kinds[kind].version,
							     kinds[kind].plural),
					       NULL, arena_printf(&a, "%s=v", *path), &a, &s, &e),
				0);
			assert_true(selector_match(s, "", "name", NULL, object));
			assert_false(selector_match(s, "", "name", NULL, "{}"));
			arena_done(&a);
		}
		if (kinds[kind].ours)
			assert_string_equal(resource_find(kinds[kind].group, kinds[kind].version,
							  kinds[kind].plural)
						    ->short_name,
					    kinds[kind].short_name);
	}
	assert_in_range(n, 7, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matches),
		cmocka_unit_test(an_object_without_labels),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(events_are_found_by_either_name),
		cmocka_unit_test(fields_of_our_crds),
	};
	return cmocka_run_group_tests_name("drop_sim_select", tests, NULL, NULL);
}
