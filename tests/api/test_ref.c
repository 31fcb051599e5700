/*
 * Image references: normal forms, hosts and repositories (behaviour.md 5, 16, 17,
 * 23), and what is no reference.
 */
#include "tests/unit.h"

#include <string.h>

#include "api/ref.h"
#include "base/hash.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct ref_row {
	const char *name;                       /* the reference */
	const char *normal, *host, *repository; /* all NULL: no reference */
};

static const struct ref_row rows[] = {
	{"nginx", "docker.io/library/nginx:latest", "docker.io", "docker.io/library/nginx"},
	{"nginx:1.25-alpine", "docker.io/library/nginx:1.25-alpine", "docker.io",
	 "docker.io/library/nginx"},
	{"team/app", "docker.io/team/app:latest", "docker.io", "docker.io/team/app"},
	{"docker.io/nginx", "docker.io/library/nginx:latest", "docker.io",
	 "docker.io/library/nginx"},
	{"docker.io/library/nginx", "docker.io/library/nginx:latest", "docker.io",
	 "docker.io/library/nginx"},
	{"index.docker.io/nginx:1", "docker.io/library/nginx:1", "docker.io",
	 "docker.io/library/nginx"},
	{"index.docker.io/team/app", "docker.io/team/app:latest", "docker.io",
	 "docker.io/team/app"},
	{"localhost/app", "localhost/app:latest", "localhost", "localhost/app"},
	{"localhost:5000/app", "localhost:5000/app:latest", "localhost:5000", "localhost:5000/app"},
	{"registry.example.com:5000/a/b/c:v1_2.3-x", "registry.example.com:5000/a/b/c:v1_2.3-x",
	 "registry.example.com:5000", "registry.example.com:5000/a/b/c"},
	{"127.0.0.1:5000/test/scratch:1", "127.0.0.1:5000/test/scratch:1", "127.0.0.1:5000",
	 "127.0.0.1:5000/test/scratch"},
	{"[2001:db8::1]:5000/app:1", "[2001:db8::1]:5000/app:1", "[2001:db8::1]:5000",
	 "[2001:db8::1]:5000/app"},
	{"nginx@sha256:" HEX, "docker.io/library/nginx@sha256:" HEX, "docker.io",
	 "docker.io/library/nginx"},
	{"nginx:1.25@sha256:" HEX, "docker.io/library/nginx@sha256:" HEX, "docker.io",
	 "docker.io/library/nginx"},
	{"h:5000/a@sha256:" HEX, "h:5000/a@sha256:" HEX, "h:5000", "h:5000/a"},
	{"a__b--c/e_f.g", "docker.io/a__b--c/e_f.g:latest", "docker.io", "docker.io/a__b--c/e_f.g"},
	{"UPPER.example.com/x", "UPPER.example.com/x:latest", "UPPER.example.com",
	 "UPPER.example.com/x"},
	{"nginx:_x", "docker.io/library/nginx:_x", "docker.io", "docker.io/library/nginx"},

	{"", NULL, NULL, NULL},
	{"UPPER/x:y", NULL, NULL, NULL},
	{"Nginx", NULL, NULL, NULL},
	{"nginx:", NULL, NULL, NULL},
	{"nginx:-x", NULL, NULL, NULL},
	{"nginx: 1", NULL, NULL, NULL},
	{"nginx:1:2", NULL, NULL, NULL},
	{"nginx@", NULL, NULL, NULL},
	{"nginx@sha256:abc", NULL, NULL, NULL},
	{"nginx@sha256:" HEX "0", NULL, NULL, NULL},
	{"nginx@sha512:" HEX, NULL, NULL, NULL},
	{"nginx@sha256:" HEX "@sha256:" HEX, NULL, NULL, NULL},
	{"sha256:" HEX, NULL, NULL, NULL}, /* 23: an image ID */
	{HEX, NULL, NULL, NULL},
	{"/nginx", NULL, NULL, NULL},
	{"a//b", NULL, NULL, NULL},
	{"a/", NULL, NULL, NULL},
	{"a/b/", NULL, NULL, NULL},
	{"a..b", NULL, NULL, NULL},
	{"a___b", NULL, NULL, NULL},
	{"-a", NULL, NULL, NULL},
	{"a-", NULL, NULL, NULL},
	{"http://registry.example.com/a", NULL, NULL, NULL},
	{"registry.example.com:port/a", NULL, NULL, NULL},
	{"registry.example.com:/a", NULL, NULL, NULL},
	{"registry..com/a", NULL, NULL, NULL},
	{"-registry.com/a", NULL, NULL, NULL},
	{"registry-.com/a", NULL, NULL, NULL},
	{"[2001:db8::1/a", NULL, NULL, NULL},
	{"docker.io/", NULL, NULL, NULL},
	{"a b", NULL, NULL, NULL},
	{"caf\xc3\xa9", NULL, NULL, NULL},
};

static void assert_text(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_non_null(got);
	if (want != NULL)
		assert_string_equal(got, want);
}

/*
 * A tag that was computed in seconds: with FNV-1a the name passed for nginx:1.25 on every node that
 * listed it, and nginx:1.25 was never pulled there.
 */
static void rule_18_a_forged_name_is_not_the_image(void **state)
{
	(void)state;
	static const char forged[] = "evil.example/x:acHaoGiVACZHX1Or90WdFqaWt8M4hNF3DPy";
	assert_true(hash_stable_str(HASH_STABLE_START, forged) ==
		    hash_stable_str(HASH_STABLE_START, "docker.io/library/nginx:1.25"));
	for (uint64_t k = 0; k < 2; k++) {
		ref_hash_seed((struct hash_key){{k, k}});
		assert_true(ref_hash(forged) != ref_hash("nginx:1.25"));
		assert_true(ref_hash("nginx:1.25") == ref_hash("docker.io/library/nginx:1.25"));
	}
	uint64_t one = ref_hash(forged);
	ref_hash_seed((struct hash_key){0});
	assert_true(ref_hash(forged) != one); /* the key decides */
}

static void test_rows(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct ref_row, rows)
	{
		assert_text(ref_normal(&a, row->name), row->normal);
		assert_true(ref_hash(row->name) ==
			    (row->normal != NULL ? hash_keyed((struct hash_key){0}, row->normal,
							      strlen(row->normal))
						 : 0));
		assert_text(ref_host(&a, row->name), row->host);
		assert_text(ref_repository(&a, row->name), row->repository);
		/* A normal form is its own normal form. */
		if (row->normal != NULL)
			assert_text(ref_normal(&a, row->normal), row->normal);
	}
	arena_done(&a);
}

static void test_limits(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	char text[600];
	memset(text, 'a', sizeof(text));
	/* The full name counts: docker.io/library/aaa... */
	size_t longest = 255 - strlen("docker.io/library/");
	text[longest] = '\0';
	assert_non_null(ref_normal(&a, text));
	text[longest] = 'a';
	text[longest + 1] = '\0';
	assert_null(ref_normal(&a, text));
	memcpy(text, "n:", 2);
	text[longest + 1] = 'a';
	text[2 + 128] = '\0';
	assert_non_null(ref_normal(&a, text));
	text[2 + 128] = 'a';
	text[2 + 129] = '\0';
	assert_null(ref_normal(&a, text));
	assert_null(ref_normal(&a, NULL));
	arena_done(&a);
}

/* 5: what goes into the pod. */
static void test_make(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	assert_string_equal(ref_make(&a, "nginx", NULL, NULL), "nginx:latest");
	assert_string_equal(ref_make(&a, "nginx", "", ""), "nginx:latest");
	assert_string_equal(ref_make(&a, "h:5000/a", "v1", NULL), "h:5000/a:v1");
	assert_string_equal(ref_make(&a, "nginx", "", "sha256:" HEX), "nginx@sha256:" HEX);
	assert_string_equal(ref_make(&a, "nginx", "1", "sha256:" HEX), "nginx@sha256:" HEX);
	arena_done(&a);
}

/* 19: imageID of the form repo@sha256:... */
static void test_digest(void **state)
{
	(void)state;
	assert_text(ref_digest("docker.io/library/nginx@sha256:" HEX), "sha256:" HEX);
	assert_text(ref_digest("docker-pullable://nginx@sha256:" HEX), "sha256:" HEX);
	assert_text(ref_digest("sha256:" HEX), NULL);
	assert_text(ref_digest("@sha256:" HEX), NULL);
	assert_text(ref_digest("nginx@sha256:abc"), NULL);
	assert_text(ref_digest("nginx:1"), NULL);
	assert_text(ref_digest(""), NULL);
	assert_text(ref_digest(NULL), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_18_a_forged_name_is_not_the_image),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
