/* How a registry is asked: who logs in where, which page is next, which names are asked for, and
 * what a failure says (behaviour.md 28 to 31). */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "discoverer/failure.h"
#include "discoverer/registry/login.h"
#include "discoverer/pages.h"
#include "discoverer/registry/repository.h"

static const struct login_row {
	const char *name;
	struct refusal refusal;
	enum login_next want;
} login_rows[] = {
	{"a challenge, anonymously",
	 {.code = 401, .home = true, .bearer = true, .challenged = true},
	 LOGIN_ASK_TOKEN},
	{"a challenge, with a user",
	 {.code = 401, .home = true, .bearer = true, .challenged = true, .has_user = true},
	 LOGIN_ASK_TOKEN},
	{"a challenge, with a token of the Secret",
	 {.code = 401, .home = true, .bearer = true, .challenged = true, .has_token = true},
	 LOGIN_OWN},
	{"which was refused: as anybody",
	 {.code = 401,
	  .home = true,
	  .bearer = true,
	  .challenged = true,
	  .has_token = true,
	  .sent = AUTH_OWN,
	  .own_tried = true},
	 LOGIN_ASK_TOKEN},
	{"a challenge of another origin: the Secret's token stays here",
	 {.code = 401, .bearer = true, .challenged = true, .has_token = true},
	 LOGIN_ASK_TOKEN},
	{"a stale token, challenged",
	 {.code = 401,
	  .home = true,
	  .bearer = true,
	  .challenged = true,
	  .sent = AUTH_TOKEN,
	  .cached = true},
	 LOGIN_ASK_TOKEN},
	{"a stale token, without a challenge",
	 {.code = 401, .home = true, .sent = AUTH_TOKEN, .cached = true, .has_user = true},
	 LOGIN_FORGET},
	{"a fresh token is refused",
	 {.code = 401, .home = true, .bearer = true, .challenged = true, .sent = AUTH_TOKEN},
	 LOGIN_GIVE_UP},
	{"a fresh token is refused, and Basic offered",
	 {.code = 401,
	  .home = true,
	  .bearer = true,
	  .basic = true,
	  .challenged = true,
	  .sent = AUTH_TOKEN,
	  .has_user = true},
	 LOGIN_OWN},
	{"Basic",
	 {.code = 401, .home = true, .basic = true, .challenged = true, .has_user = true},
	 LOGIN_OWN},
	{"Basic, and there is no user",
	 {.code = 401, .home = true, .basic = true, .challenged = true},
	 LOGIN_GIVE_UP},
	{"Basic was refused",
	 {.code = 401,
	  .home = true,
	  .basic = true,
	  .challenged = true,
	  .has_user = true,
	  .sent = AUTH_OWN,
	  .own_tried = true},
	 LOGIN_GIVE_UP},
	{"no challenge at all", {.code = 401, .home = true, .has_user = true}, LOGIN_OWN},
	{"another scheme is no reason for Basic",
	 {.code = 401, .home = true, .challenged = true, .has_user = true},
	 LOGIN_GIVE_UP},
	{"hidden from strangers", {.code = 404, .home = true, .has_user = true}, LOGIN_OWN},
	{"forbidden to strangers", {.code = 403, .home = true, .has_token = true}, LOGIN_OWN},
	{"not there, for a known one",
	 {.code = 404, .home = true, .has_user = true, .sent = AUTH_TOKEN},
	 LOGIN_GIVE_UP},
	{"not there, for anybody", {.code = 404, .home = true}, LOGIN_GIVE_UP},
	{"another origin wants Basic: not there, but at home",
	 {.code = 401, .basic = true, .challenged = true, .has_user = true},
	 LOGIN_OWN_HOME},
	{"once",
	 {.code = 401, .basic = true, .challenged = true, .has_user = true, .own_tried = true},
	 LOGIN_GIVE_UP},
	{"a login page elsewhere", {.code = 0, .has_user = true}, LOGIN_OWN_HOME},
	{"another origin, and there is no login", {.code = 403}, LOGIN_GIVE_UP},
	{"enough",
	 {.code = 401, .home = true, .bearer = true, .challenged = true, .tries = LOGIN_TRIES_MAX},
	 LOGIN_GIVE_UP},
};

static void rule_28_logins(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(login_rows); i++) {
		unit_say(login_rows[i].name);
		assert_int_equal(login_next(&login_rows[i].refusal), login_rows[i].want);
	}
}

static void rule_28_pages(void **state)
{
	(void)state;
	static const struct {
		const char *name, *query, *link;
		size_t tags, news;
		bool counted;
		enum page_next want;
		const char *next;
	} rows[] = {
		{"the last", "n=1000", "", 999, 999, true, PAGE_END, NULL},
		{"linked", "n=1000", "</v2/a/tags/list?n=9&last=b>; rel=\"next\"", 9, 9, true,
		 PAGE_MORE, "n=9&last=b"},
		{"another host and scheme", NULL,
		 "<http://b.example/v2/a/tags/list?last=b>; rel=next", 1, 1, false, PAGE_MORE,
		 "last=b"},
		{"another prefix", NULL, "</v2/a/tags/list?last=b>; rel=next", 1, 1, false,
		 PAGE_MORE, "last=b"},
		{"the query alone", NULL, "<?next_page=x>; rel=next", 1, 1, false, PAGE_MORE,
		 "next_page=x"},
		{"without brackets", NULL, "/v2/a/tags/list?last=b; rel=\"next\"", 1, 1, false,
		 PAGE_MORE, "last=b"},
		{"an empty page may be linked", "n=1000", "<?last=b>; rel=next", 0, 0, true,
		 PAGE_MORE, "last=b"},
		{"no query", "n=1000", "</v2/a/tags/list>; rel=next", 1, 1, true, PAGE_BAD, NULL},
		{"to itself", "last=b", "<?last=b>; rel=next", 1, 1, true, PAGE_BAD, NULL},
		{"no URL of ours", "n=1000", "<file:///etc/x?last=b>; rel=next", 1, 1, true,
		 PAGE_BAD, NULL},
		{"cut at n", "n=1000", "", PAGE_TAGS, PAGE_TAGS, true, PAGE_MORE,
		 "n=1000&last=z%2B1"},
		{"cut at n, and the server knows no last", "n=1000&last=z%2B1", "", PAGE_TAGS, 0,
		 true, PAGE_END, NULL},
		{"as many by chance", NULL, "", PAGE_TAGS, PAGE_TAGS, false, PAGE_END, NULL},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		struct weburl list;
		struct err err;
		const char *next = NULL;
		assert_int_equal(
			weburl_parse(&a, "https://r.example/prefix/v2/a/tags/list", &list, &err),
			0);
		const struct page page = {&list,     row->query, row->link,   row->tags,
					  row->news, "z+1",      row->counted};
		assert_int_equal(page_next(&a, &page, &next), row->want);
		if (row->next != NULL)
			assert_string_equal(next, row->next);
		arena_done(&a);
	}
}

static void rule_28_names_of_repositories(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{"nginx", true},
		{"library/nginx", true},
		{"a.b/c_d/e--f", true},
		{"Team/App", true},
		{"ghcr.io/org/app", true},
		{"...", true},
		{"", false},
		{"/a", false},
		{"a/", false},
		{"a//b", false},
		{"..", false},
		{".", false},
		{"../../../admin", false},
		{"a/../b", false},
		{"a/./b", false},
		{"a:1", false},
		{"r.io:5000/a", false},
		{"https://r.io/a", false},
		{"a@sha256:0", false},
		{"a b", false},
		{"a%2e", false},
		{"a?n=1", false},
		{"a#", false},
		{"a\\b", false},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct err err;
		unit_say(rows[i].name);
		assert_int_equal(repository_check(rows[i].name, &err), rows[i].ok ? 0 : -1);
	}
	struct arena a = ARENA_INIT;
	struct weburl url;
	struct err err;
	assert_int_equal(weburl_parse(&a, "https://r.example/p/?x=1", &url, &err), 0);
	url = repository_url(&a, &url, "team/app", "tags/list");
	assert_string_equal(weburl_text(&a, &url), "https://r.example/p/v2/team/app/tags/list");
	arena_done(&a);
}

static void rule_30_hints(void **state)
{
	(void)state;
	static const struct {
		const char *url, *name, *words, *want;
	} rows[] = {
		{"https://r.example/v2/", "a/b", "HTTP 404", "leave /v2 out"},
		{"https://r.example/x/v2", "a/b", "HTTP 404", "leave /v2 out"},
		{"https://ghcr.io", "ghcr.io/org/app", "HTTP 404",
		 "leave it out of repositories: org/app"},
		{"https://r.example", "localhost/app", "HTTP 404",
		 "leave it out of repositories: app"},
		{"http://r.example", "a",
		 "HTTP 400: Client sent an HTTP request to an HTTPS server.",
		 "the port serves https"},
		{"https://registry-1.docker.io", "nginx", "HTTP 401", "library/nginx"},
		{"https://docker.io", "nginx", "HTTP 404", "library/nginx"},
		{"https://r.example", "nginx", "HTTP 404", ""},
		{"https://registry-1.docker.io", "org/app", "HTTP 404", ""},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct arena a = ARENA_INIT;
		struct weburl url;
		struct err err;
		unit_say(rows[i].url);
		assert_int_equal(weburl_parse(&a, rows[i].url, &url, &err), 0);
		const char *got = repository_hint(&a, &url, rows[i].name, rows[i].words);
		assert_non_null(strstr(got, rows[i].want));
		assert_int_equal(*got == '\0', *rows[i].want == '\0');
		arena_done(&a);
	}
}

static void rule_30_failures_in_words(void **state)
{
	(void)state;
	static const char oci[] = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\"}]}";
	static const char page[] = "<!doctype html><title>Log in</title>";
	const struct {
		const char *name;
		struct fetch_result result;
		const char *what;
		enum fault fault;
		const char *want;
	} rows[] = {
		{"a refusal",
		 {.code = 403, .body = oci, .len = sizeof(oci) - 1},
		 NULL,
		 FAULT_FORBIDDEN,
		 "HTTP 403: no"},
		{"after a redirect",
		 {.code = 404, .redirected = true, .body = ""},
		 NULL,
		 FAULT_NOT_FOUND,
		 "HTTP 404 (redirected to https://b.example/x)"},
		{"a page",
		 {.code = 503, .html = true, .body = page, .len = sizeof(page) - 1},
		 NULL,
		 FAULT_SERVER,
		 "HTTP 503: got an HTML page from https://b.example/x (\"Log in\")"},
		{"a page instead of an answer",
		 {.end = FETCH_GARBLED, .html = true, .text = "", .redirected = true, .body = ""},
		 "not valid JSON: a",
		 FAULT_INVALID,
		 "got an HTML page from https://b.example/x"},
		{"no list",
		 {.code = 200, .body = "", .redirected = true},
		 "not a list of tags: a",
		 FAULT_INVALID,
		 "not a list of tags: a (redirected to https://b.example/x)"},
		{"no answer",
		 {.end = FETCH_DNS, .text = "cannot resolve host b.example", .body = ""},
		 NULL,
		 FAULT_DNS,
		 "cannot resolve host b.example"},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct fetch_result result = row->result;
		char text[ERR_TEXT_MAX];
		result.url = "https://u:p@b.example/x?token=secret";
		assert_int_equal(failure_of(&result, row->what, text), row->fault);
		assert_string_equal(text, row->want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_28_logins),
		cmocka_unit_test(rule_28_pages),
		cmocka_unit_test(rule_28_names_of_repositories),
		cmocka_unit_test(rule_30_hints),
		cmocka_unit_test(rule_30_failures_in_words),
	};
	return cmocka_run_group_tests_name("discoverer/registry", tests, NULL, NULL);
}
