/* URLs of other servers (behaviour.md 28): what is one, what a relative one means, who is the same
 * place. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "kube/weburl.h"

static void what_is_a_url(void **state)
{
	(void)state;
	static const struct {
		const char *name, *want; /* NULL: refused */
	} rows[] = {
		{"http://prometheus:9090", "http://prometheus:9090/"},
		{"HTTPS://Mimir.Example.com/prom/", "https://mimir.example.com/prom/"},
		{"https://r.example:443/v2/", "https://r.example/v2/"},
		{"http://r.example:443/", "http://r.example:443/"},
		{"http://[::1]:5000", "http://[::1]:5000/"},
		{"http://user:p%40ss@r.example/x", "http://r.example/x"},
		{"http://r.example/a?b=c#d", "http://r.example/a?b=c"},
		{"ftp://r.example/", NULL},
		{"file:///etc/passwd", NULL},
		{"gopher://x/", NULL},
		{"r.example:5000", NULL},
		{"//r.example", NULL},
		{"http://", NULL},
		{"http:///x", "http://x/"}, /* curl says so, and it is curl that connects */
		{"http://r.example:99999/", NULL},
		{"http://r.example/a b", NULL},
		{"http://r.example/\r\nX: y", NULL},
		{"http://r.ex\tample/", NULL},
		{"", NULL},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		struct weburl url;
		struct err err = {0};
		int rc = weburl_parse(&a, row->name, &url, &err);
		assert_int_equal(rc, row->want != NULL ? 0 : -1);
		if (rc == 0)
			assert_string_equal(weburl_text(&a, &url), row->want);
		else
			assert_null(strstr(err.text, "p%40ss"));
		arena_done(&a);
	}
}

static void rule_29_users_are_read_and_never_shown(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct weburl url;
	struct err err;
	const char *text = "https://us%3Aer:p%40ss@r.example:5000/base/?token=x";
	assert_int_equal(weburl_parse(&a, text, &url, &err), 0);
	assert_string_equal(url.user, "us:er");
	assert_string_equal(url.password, "p@ss");
	assert_string_equal(weburl_shown(&a, text), "https://r.example:5000/base/");
	assert_string_equal(weburl_shown(&a, "https://r.example/"), "https://r.example");
	assert_string_equal(weburl_shown(&a, "https://us:pw@"), "?");
	assert_string_equal(weburl_shown(&a, NULL), "?");
	arena_done(&a);
}

static void rule_28_links_and_redirects(void **state)
{
	(void)state;
	static const struct {
		const char *name, *want;
		bool same;
	} rows[] = {
		{"/v2/a/tags/list?last=x", "https://r.example:5000/v2/a/tags/list?last=x", true},
		{"list?last=y", "https://r.example:5000/v2/a/tags/list?last=y", true},
		{"../../b", "https://r.example:5000/v2/b", true},
		{"https://r.example:5000/x", "https://r.example:5000/x", true},
		{"https://R.EXAMPLE:5000/x", "https://r.example:5000/x", true},
		{"https://us:pw@r.example:5000/x", "https://r.example:5000/x", true},
		{"https://r.example/x", "https://r.example/x", false},
		{"http://r.example:5000/x", "http://r.example:5000/x", false},
		{"https://other:5000/", "https://other:5000/", false},
		{"//other/x", "https://other/x", false},
		{"https://r.example:5000@other/", "https://other/", false},
		{"file:///etc/passwd", NULL, false},
		{"gopher://x/", NULL, false},
		{"/a b", NULL, false},
		{"/a\nb", NULL, false},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		const char *base = "https://r.example:5000/v2/a/tags/list?n=2";
		struct weburl from, to;
		struct err err;
		char *got = weburl_join(&a, base, row->name);
		if (row->want == NULL) {
			assert_null(got);
		} else {
			assert_string_equal(got, row->want);
			assert_int_equal(weburl_parse(&a, base, &from, &err), 0);
			assert_int_equal(weburl_parse(&a, got, &to, &err), 0);
			assert_int_equal(weburl_same_origin(&from, &to), row->same);
		}
		arena_done(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_url),
		cmocka_unit_test(rule_29_users_are_read_and_never_shown),
		cmocka_unit_test(rule_28_links_and_redirects),
	};
	return cmocka_run_group_tests_name("kube/weburl", tests, NULL, NULL);
}
