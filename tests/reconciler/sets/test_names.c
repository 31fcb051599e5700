/* Names of children (behaviour.md 23): what they look like, and when they carry a hash. */
#include "tests/unit.h"

#include <stdbool.h>
#include <string.h>

#include "reconciler/sets/sets.h"
#include "reconciler/sets/names.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define L50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static const struct name_row {
	const char *name, *set;
	struct image_entry image;
	const char *plain; /* NULL: something was lost */
} rows[] = {
	{"a tag", "dev-set", {"docker.io/library/alpine", "3.19", NULL}, "dev-set-alpine-3.19"},
	{"no tag", "s", {"r.example.com:5000/a/b", NULL, NULL}, "s-b-latest"},
	{"empty tag", "s", {"a/b", "", ""}, "s-b-latest"},
	{"no path", "s", {"nginx", "1.25-alpine", NULL}, "s-nginx-1.25-alpine"},
	{"a digest", "s", {"a/b", NULL, "sha256:" HEX}, "s-b-0123456789ab"},
	{"a port is no tag", "s", {"localhost:5000/x", "1", NULL}, "s-x-1"},
	{"a set with dots", "a.b", {"x", "1", NULL}, "a.b-x-1"},
	{"capitals", "s", {"x", "V1", NULL}, NULL},
	{"capitals after a dot", "s", {"x", "1.A", NULL}, NULL},
	{"underscore", "s", {"x", "1_2", NULL}, NULL},
	{"underscore in the path", "s", {"a/my__app", "1", NULL}, NULL},
	{"dot at a dash", "s", {"x", "1.-2", NULL}, NULL},
	{"two dots", "s", {"x", "1..2", NULL}, NULL},
	{"ends in a dash", "s", {"x", "1-", NULL}, NULL},
	{"no reference at all", "s", {"!!", "1", NULL}, NULL},
	{"empty last part", "s", {"a/", "1", NULL}, "s-image-1"},
	{"too long", L50 L50 L50, {"x/" L50 L50, "12", NULL}, NULL},
};

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 1123 subdomain, as the API server checks names. */
static bool valid_name(const char *s)
{
	size_t n = strlen(s);
	if (n == 0 || n > 253 || !alnum(s[0]) || !alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' && (!alnum(s[i - 1]) || !alnum(s[i + 1])))
			return false;
		if (!alnum(s[i]) && s[i] != '-' && s[i] != '.')
			return false;
	}
	return true;
}

static void rule_23_names(void **state)
{
	struct arena a = ARENA_INIT;
	(void)state;
	FOREACH_ROW(struct name_row, rows)
	{
		const char *plain = child_name(&a, row->set, "uid", &row->image, "normal", 0);
		if (row->plain == NULL)
			assert_null(plain);
		else
			assert_string_equal(plain, row->plain);
		assert_true(plain == NULL || valid_name(plain));
		for (unsigned i = 1; i < CHILD_NAMES_MAX; i++) {
			const char *hashed =
				child_name(&a, row->set, "uid", &row->image, "normal", i);
			assert_true(valid_name(hashed));
			assert_true(hashed[strlen(hashed) - 9] == '-');
		}
	}
	arena_done(&a);
}

static void rule_23_the_hash_tells_apart(void **state)
{
	struct arena a = ARENA_INIT;
	struct image_entry e = {"x", "1", NULL};
	(void)state;
	const char *one = child_name(&a, "s", "u1", &e, "docker.io/library/x:1", 1);
	assert_string_equal(child_name(&a, "s", "u1", &e, "docker.io/library/x:1", 1), one);
	assert_string_not_equal(child_name(&a, "s", "u1", &e, "docker.io/library/x:1", 2), one);
	assert_string_not_equal(child_name(&a, "s", "u1", &e, "quay.io/x:1", 1), one);
	assert_string_not_equal(child_name(&a, "s", "u2", &e, "docker.io/library/x:1", 1), one);
	arena_done(&a);
}

static void rule_23_labels_fit(void **state)
{
	struct arena a = ARENA_INIT;
	(void)state;
	assert_string_equal(child_label(&a, "dev-set"), "dev-set");
	const char *one = child_label(&a, L50 L50 "1"), *two = child_label(&a, L50 L50 "2");
	assert_int_equal(strlen(one), SET_LABEL_MAX);
	assert_string_not_equal(one, two);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_23_names),
		cmocka_unit_test(rule_23_the_hash_tells_apart),
		cmocka_unit_test(rule_23_labels_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
