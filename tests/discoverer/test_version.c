/* discoverer/registry/version.c: versions in tags, and semver's order of them (behaviour.md 55). */
#include "tests/unit.h"

#include <string.h>

#include "discoverer/regex.h"
#include "discoverer/registry/version.h"

static const char *text_of(const struct version *v)
{
	static char text[128];
	text[0] = '\0';
	for (size_t i = 0; i < v->n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu",
			 i > 0 ? "." : "", (unsigned long long)v->part[i]);
	if (v->pre != NULL)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "-%.*s", (int)v->pre_len,
			 v->pre);
	return text;
}

static void rule_55_versions_in_tags(void **state)
{
	(void)state;
	static const struct {
		const char *name, *want;
	} rows[] = {
		{"1.2.3", "1.2.3"},
		{"v1.2.3", "1.2.3"},
		{"V2", "2"},
		{"42", "42"},
		{"1.2.3-rc.1+build.5", "1.2.3-rc.1"},
		{"1.25-alpine", "1.25-alpine"},
		{"2024.01.02", "2024.1.2"},
		{"app-1.2.3", "1.2.3"},
		{"release_v1.10.0-beta", "1.10.0-beta"},
		{"alpine3.19", "3.19"},
		{"latest", ""},
		{"v", ""},
		{"arm64-v8", ""},
		{"sha-0f3c", ""},
		{"1.", ""},
		{"1.2.", "1.2"},
		{"1.2.3.4.5.6.7", ""},
		{"1.2-", "1.2"},
		{"9999999999999999999.1", ""},
		{"", ""},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct version v;
		bool found = version_find(row->name, &v);
		assert_string_equal(text_of(&v), row->want);
		assert_int_equal(found, *row->want != '\0');
	}
}

/* From the oldest to the newest: each is older than all after it. */
static void rule_55_order_of_versions(void **state)
{
	(void)state;
	static const char *const order[] = {"none",        "0.1",           "0.9.9",
					    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
					    "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
					    "1.0.0-rc.1",  "v1.0.0",        "1.0.1",
					    "1.9.0",       "1.10.0",        "app-2.0.0-rc.1",
					    "2.0.0+b",     "2.0.1-alpine",  "2.0.1",
					    "10",          "20240101"};
	for (size_t i = 0; i < ROWS(order); i++)
		for (size_t k = 0; k < ROWS(order); k++) {
			struct version a, b;
			version_find(order[i], &a);
			version_find(order[k], &b);
			int got = version_order(&a, &b);
			if ((got < 0) != (i < k) || (got > 0) != (i > k))
				fail_msg("%s and %s: %d", order[i], order[k], got);
		}
}

static void rule_55_equal_versions(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"1.0", "v1.0.0"},
					       {"1.0.0+a", "1.0.0+b"},
					       {"x-1.2", "1.2"},
					       {"one", "two"},
					       {"1.0-rc.01", "1.0-rc.1"}};
	for (size_t i = 0; i < ROWS(pairs); i++) {
		struct version a, b;
		version_find(pairs[i][0], &a);
		version_find(pairs[i][1], &b);
		assert_int_equal(version_order(&a, &b), 0);
	}
}

static void rule_55_version_pattern(void **state)
{
	(void)state;
	static const struct {
		const char *name, *tag, *group; /* name: the expression */
	} rows[] = {
		{"^build-([0-9]+)-", "build-17-x", "17"},
		{"^build-([0-9]+)-", "17", NULL},
		{"(?:a|b)-(.*)", "b-1.2", "1.2"},
		{"x(y)?", "x", NULL},
		/* It would go back for ever: it ends. */
		{"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
		 NULL},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct regex *r;
		struct err err;
		const char *text;
		size_t len;
		assert_int_equal(regex_new_group(row->name, &r, &err), 0);
		bool found = regex_group(r, row->tag, &text, &len);
		assert_int_equal(found, row->group != NULL);
		if (found) {
			assert_int_equal(len, strlen(row->group));
			assert_memory_equal(text, row->group, len);
		}
		regex_free(r);
	}
	static const char *const bad[] = {"v", "(a)(b)", "(?:a)", "((a))", "(", NULL, ""};
	for (size_t i = 0; i < ROWS(bad); i++) {
		struct regex *r;
		struct err err;
		assert_int_equal(regex_new_group(bad[i], &r, &err), -1);
		assert_null(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_55_versions_in_tags),
		cmocka_unit_test(rule_55_order_of_versions),
		cmocka_unit_test(rule_55_equal_versions),
		cmocka_unit_test(rule_55_version_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
