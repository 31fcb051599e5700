/*
 * Keys that no table has: where they are, and what was perhaps meant.
 */
#include "tests/unit.h"

#include <string.h>

#include "api/tables.h"

static const struct known_row {
	const char *name;
	const struct desc *d;
	const char *json, *want; /* "": all known */
} rows[] = {
	{"all known", &cachedimage_spec_desc,
	 "{\"image\":\"a\",\"policyRef\":{\"name\":\"p\"},\"tolerations\":[{\"key\":\"k\"}]}", ""},
	{"keys of a map are free", &cachedimage_spec_desc, "{\"nodeSelector\":{\"any\":\"x\"}}",
	 ""},
	{"dotted names are levels", &node_desc,
	 "{\"status\":{\"nodeInfo\":{\"architecture\":\"a\"}},\"spec\":{\"taints\":[]}}", ""},
	{"another type is not our business", &cachedimage_spec_desc, "{\"policyRef\":[1]}", ""},
	{"a slip", &cachedimage_spec_desc, "{\"imgae\":\"a\"}",
	 "imgae: unknown key; did you mean image?"},
	{"another case", &cachedimage_spec_desc, "{\"policyref\":{}}",
	 "policyref: unknown key; did you mean policyRef?"},
	{"in an object", &cachedimage_spec_desc, "{\"policyRef\":{\"namespace\":\"x\"}}",
	 "policyRef.namespace: unknown key; there are name"},
	{"in a list", &cachedimage_spec_desc, "{\"tolerations\":[{},{\"efect\":\"\"}]}",
	 "tolerations[1].efect: unknown key; did you mean effect?"},
	{"in a level", &node_desc, "{\"status\":{\"nodeInfo\":{\"xyzzy\":1}}}",
	 "status.nodeInfo.xyzzy: unknown key; there are operatingSystem, architecture, "
	 "kubeletVersion"},
	{"no key at all", &cachedimage_spec_desc, "{\"\":1}",
	 "object: unknown key; there are image, tag, "},
	{"no object", &cachedimage_spec_desc, "[]", ""},
	{"no JSON", &cachedimage_spec_desc, "{", "CachedImageSpec: not valid JSON"},
};

static void what_is_known(void **state)
{
	(void)state;
	FOREACH_ROW(struct known_row, rows)
	{
		struct err err = {.text = ""};
		int rc = desc_known(row->d, row->json, strlen(row->json), &err);
		if (strncmp(err.text, row->want, strlen(row->want)) != 0)
			fail_msg("\"%s\" and not \"%s\"", err.text, row->want);
		assert_int_equal(rc, row->want[0] == '\0' ? 0 : -1);
		assert_true(rc == 0 || err.cls == ERR_TERMINAL);
	}
}

static void a_long_key_is_cut(void **state)
{
	(void)state;
	char json[4096];
	memset(json, 'x', sizeof(json));
	memcpy(json, "{\"", 2);
	memcpy(json + sizeof(json) - 4, "\":1}", 4);
	struct err err = {.text = ""};
	assert_int_equal(desc_known(&cachedimage_spec_desc, json, sizeof(json), &err), -1);
	assert_non_null(strstr(err.text, "unknown key; there are image"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known),
		cmocka_unit_test(a_long_key_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
