/* Templates, headers, durations, scores and expressions (behaviour.md 27, 28, 31). */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

#include "discoverer/fault.h"
#include "discoverer/registry/headers.h"
#include "discoverer/promtime.h"
#include "discoverer/regex.h"
#include "discoverer/score.h"
#include "discoverer/template.h"

static void rule_28_templates(void **state)
{
	(void)state;
	static const struct {
		const char *source, *want; /* NULL: refused */
	} rows[] = {
		{TEMPLATE_DEFAULT, "r:5000/team/app:v1"},
		{"{{ .Registry }}/{{.Repository  }}@{{\t.Tag\n}}", "r:5000/team/app@v1"},
		{"mirror/{{.Repository}}:{{.Tag}}-x", "mirror/team/app:v1-x"},
		{"a {{- .Tag -}} b", "av1b"},
		{"a {{-\t.Tag}} b", "av1 b"},
		{"{{.Tag}}}}", "v1}}"},
		{"plain", "plain"},
		{"", ""},
		{"{{.Digest}}", NULL},
		{"{{.tag}}", NULL},
		{"{{Tag}}", NULL},
		{"{{.Tag", NULL},
		{"{{}}", NULL},
		{"{{-}}", NULL},
		{"{{-.Tag}}", NULL},
		{"{{.Tag-}}", NULL},
		{"{{.Tag | printf}}", NULL},
		{"{{/* c */}}", NULL},
		{"{{\"x\"}}", NULL},
		{"{{.Tag .Tag}}", NULL},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct template t;
		struct err err;
		struct buf out = {0};
		unit_say(rows[i].source);
		buf_adds(&out, "");
		bool ok = template_parse(rows[i].source, &t, &err) == 0;
		assert_int_equal(ok, rows[i].want != NULL);
		if (ok) {
			template_render(&t, "r:5000", "team/app", "v1", &out);
			assert_string_equal(out.data, rows[i].want);
		}
		buf_done(&out);
	}
}

static void rule_28_next_pages(void **state)
{
	(void)state;
	static const struct {
		const char *header, *want;
	} rows[] = {
		{"</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "/v2/a/tags/list?n=2&last=b"},
		{"<u>;rel=next", "u"},
		{"<u> ; title=\"a;, b\" ; REL = \"prev Next\"", "u"},
		{"<a>; rel=prev, <b>; rel=\"next\"", "b"},
		{"<a,b>; rel=next", "a,b"},
		{"<a>; rel=prev; rel=next", NULL},
		{"<a>; rel=nextish", NULL},
		{"<a>", NULL},
		{"<a; rel=next", NULL},
		{"<a>; rel=\"next", NULL},
		{"a; rel=next", "a"},
		{"/v2/a/tags/list?n=2&last=b; rel=\"next\"", "/v2/a/tags/list?n=2&last=b"},
		{"a; rel=prev, b;rel=next", "b"},
		{"; rel=next", NULL},
		{"<>; rel=next", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct arena a = ARENA_INIT;
		unit_say(rows[i].header);
		char *got = link_next(&a, rows[i].header);
		if (rows[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].want);
		arena_done(&a);
	}
}

static void rule_28_challenges(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		bool basic, bearer;
		const char *realm, *service, *scope;
	} rows[] = {
		{"Bearer realm=\"https://a/token\",service=\"s\",scope=\"repository:x:pull,push\"",
		 false, true, "https://a/token", "s", "repository:x:pull,push"},
		{"bearer Realm=https://a/t , SERVICE = s", false, true, "https://a/t", "s", NULL},
		{"Basic realm=\"x\", Bearer realm=\"y\"", true, true, "y", NULL, NULL},
		{"Bearer realm=\"y\", Basic realm=\"x\"", true, true, "y", NULL, NULL},
		{"Bearer realm=\"1\", Bearer realm=\"2\"", false, true, "1", NULL, NULL},
		{"Basic realm=\"x\"", true, false, NULL, NULL, NULL},
		{"Negotiate, Basic", true, false, NULL, NULL, NULL},
		{"Bearer", false, true, NULL, NULL, NULL},
		{"Bearer realm=\"unclosed", false, true, NULL, NULL, NULL},
		{"Bearer realm=\"a\\\"b\"", false, true, "a\"b", NULL, NULL},
		{"realm=\"x\"", false, false, NULL, NULL, NULL},
		{"", false, false, NULL, NULL, NULL},
		{",,=\"", false, false, NULL, NULL, NULL},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct arena a = ARENA_INIT;
		struct challenge c = challenge_parse(&a, rows[i].header);
		unit_say(rows[i].header);
		assert_int_equal(c.basic, rows[i].basic);
		assert_int_equal(c.bearer, rows[i].bearer);
		const char *const pairs[][2] = {{c.realm, rows[i].realm},
						{c.service, rows[i].service},
						{c.scope, rows[i].scope}};
		for (size_t k = 0; k < 3; k++)
			if (pairs[k][1] == NULL)
				assert_null(pairs[k][0]);
			else
				assert_string_equal(pairs[k][0], pairs[k][1]);
		arena_done(&a);
	}
}

static void rule_27_steps(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {
		{"5m", 300000},
		{"1d", 86400000},
		{"30", 30000},
		{"0.5", 500},
		{".5", 500},
		{"1h30m", 5400000},
		{"1.5h", 5400000},
		{"10ms", 10},
		{"1w", 604800000},
		{"1y", 31536000000},
		{"1d12h", 129600000},
		{"", -1},
		{"m", -1},
		{"5x", -1},
		{"5m3", -1},
		{"-5m", -1},
		{"1e3", -1},
		{"1..5", -1},
		{"5.", -1},
		{"0", -1},
		{"0s", -1},
		{"999999y", -1},
		{"5 m", -1},
		{"1.2.3s", -1},
		{"99999999999999999999999999999999999999999", -1},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = -1;
		unit_say(rows[i].text);
		assert_int_equal(promtime_parse(rows[i].text, &ms), rows[i].ms < 0 ? -1 : 0);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void rule_27_scores(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t want;
	} rows[] = {
		{"5", true, 5},
		{"5.99", true, 5},
		{"-5.99", true, -5},
		{"1e3", true, 1000},
		{"NaN", true, 0},
		{"Inf", true, SCORE_MAX},
		{"+Inf", true, SCORE_MAX},
		{"-Inf", true, -SCORE_MAX},
		{"1e400", true, SCORE_MAX},
		{"9007199254740993", true, SCORE_MAX},
		{"-1e308", true, -SCORE_MAX},
		{"nan", false, 0},
		{"inf", false, 0},
		{"infinity", false, 0},
		{"0x1p3", false, 0},
		{"5 ", false, 0},
		{"", false, 0},
		{"--5", false, 0},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		double value = 0;
		unit_say(rows[i].text);
		bool ok = score_parse(rows[i].text, strlen(rows[i].text), &value);
		assert_int_equal(ok, rows[i].ok);
		assert_int_equal(score_integer(value), rows[i].want);
	}
}

static void rule_31_expressions(void **state)
{
	(void)state;
	struct regex *r;
	struct err err;
	assert_int_equal(regex_new(NULL, &r, &err), 0);
	assert_null(r);
	assert_int_equal(regex_match(r, "anything"), REGEX_YES);
	static const struct {
		const char *pattern, *text;
		int want;
	} rows[] = {
		{"^v[0-9]+\\.", "v1.2", 1},
		{"^v[0-9]+\\.", "xv1.2", 0},
		{"team/.*", "r.io/team/app:1", 1},
		{"(?i)ALPINE", "x-alpine", 1},
		{"^\xc3\xa9+$", "\xc3\xa9\xc3\xa9", 1},
		{"a|b", "c", 0},
		{"^a\\b|(?<=v)1|^(?!.*rc).*x$", "v1", 1},
		{"^(?!.*(rc|beta)).*$", "v1-rc1", 0},
		{"^(?!.*(rc|beta)).*$", "v1", 1},
		{"^(?>a+)b|a++c", "aac", 1},
		{"(*FAIL)|[(*]|\\Q(*THEN)\\E", "(", 1},
		{"^(x(?1)?y)$", "xxyy", 1}, /* a group used again */
		{"a",
		 "\xff"
		 "a",
		 0}, /* no UTF-8 */
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		unit_say(rows[i].pattern);
		assert_int_equal(regex_new(rows[i].pattern, &r, &err), 0);
		assert_int_equal(regex_match(r, rows[i].text), rows[i].want);
		regex_free(r);
	}
	static const char *const bad[] = {"(((", "[a", "*", "a{2,1}", "(?<n>a)(?<n>b)", "\\C"};
	for (size_t i = 0; i < ROWS(bad); i++) {
		unit_say(bad[i]);
		assert_int_equal(regex_new(bad[i], &r, &err), -1);
		assert_non_null(strstr(err.text, "at offset"));
		assert_null(r);
	}
}

/* What the algorithm cannot do is said when the policy is read. */
static void rule_31_unsupported(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *why;
	} rows[] = {
		{"(a)\\1", "back-references"},
		{"(?<n>a)\\k<n>", "back-references"},
		{"(a)\\g{-1}", "back-references"},
		{"(a)?(?(1)b|c)", "conditions on a group"},
		{"a\\Kb", "\\K"},
		{"a(*SKIP)b", "verbs"},
		{"(*ACCEPT)", "verbs"},
		{"x|(*PRUNE:n)b", "verbs"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct regex *r;
		struct err err;
		unit_say(rows[i].pattern);
		assert_int_equal(regex_new(rows[i].pattern, &r, &err), -1);
		assert_non_null(strstr(err.text, rows[i].why));
		assert_non_null(strstr(err.text, "not supported"));
		assert_null(r);
	}
}

/* Expressions that backtrack for ever elsewhere, on a tag and on a name of the greatest length. */
static void rule_31_catastrophes(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *unit;
		size_t len;
		enum regex_answer want;
	} rows[] = {
		{"^v?(\\d+\\.?)+(-[a-z]+)?$", "1", 128, REGEX_NO}, /* the "!" at the end */
		{"^(a+)+$", "a", 128, REGEX_NO},
		{"(a|aa)+$", "a", 128, REGEX_NO},
		{"^(([a-z])+.)+[A-Z]([a-z])+$", "a", 1024, REGEX_NO},
		{"^(?=(a+)+$)", "a", 40, REGEX_NO},
		{"(a|aa)+[bc]", "a", 1024, REGEX_OVER},
		{"(a+)+[bc]", "a", 1024, REGEX_OVER},
		{"(?=(a|aa)+[bc])", "a", 1024, REGEX_OVER},
		{"^(x(?1)?[yz])", "x", 1024, REGEX_OVER}, /* too deep */
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct regex *r;
		struct err err;
		char text[1025];
		unit_say(rows[i].pattern);
		for (size_t k = 0; k < rows[i].len; k++)
			text[k] = rows[i].unit[0];
		memcpy(text + rows[i].len - 1, "!", 2);
		assert_int_equal(regex_new(rows[i].pattern, &r, &err), 0);
		assert_int_equal(regex_match(r, text), rows[i].want);
		regex_free(r);
	}
}

/* When many names are made to be slow, those that are not still get their right answer. */
static void rule_31_time_of_all(void **state)
{
	(void)state;
	struct regex *r;
	struct err err;
	char hard[1025];
	struct timespec t;
	memset(hard, 'a', 1024);
	hard[1024] = '\0';
	assert_int_equal(regex_new("(a+)+[bc]|^registry\\.example/[a-z]+/app:v\\d+$", &r, &err), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	int64_t began_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	for (int i = 0; i < 300; i++) {
		assert_int_equal(regex_match(r, hard), REGEX_OVER);
		assert_int_equal(regex_match(r, "registry.example/team/app:v12"), REGEX_YES);
		assert_int_equal(regex_match(r, "registry.example/team/app:latest"), REGEX_NO);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	int64_t took_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - began_ms;
	/* Without a limit of all: 300 * REGEX_TEXT_MAX_US = 6 s. Under a sanitizer all is slower.
	 */

	assert_true(took_ms < 4000);
	regex_free(r);
}

static void rule_30_reasons(void **state)
{
	(void)state;
	static const struct {
		int code;
		const char *reason;
	} rows[] = {{401, "Unauthorized"}, {403, "Forbidden"},   {404, "NotFound"},
		    {500, "ServerError"},  {503, "ServerError"}, {504, "Timeout"},
		    {400, "SyncFailed"},   {429, "SyncFailed"},  {301, "SyncFailed"}};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_string_equal(fault_reason(fault_of_code(rows[i].code)), rows[i].reason);
	assert_string_equal(fault_reason(fault_of_end(FETCH_DNS)), "DNSError");
	assert_string_equal(fault_reason(fault_of_end(FETCH_REFUSED)), "ConnectionRefused");
	assert_string_equal(fault_reason(fault_of_end(FETCH_TIMEOUT)), "Timeout");
	assert_string_equal(fault_reason(fault_of_end(FETCH_TLS)), "TLSError");
	assert_string_equal(fault_reason(fault_of_end(FETCH_GARBLED)), "InvalidResponse");
	assert_string_equal(fault_reason(fault_of_end(FETCH_BROKEN)), "SyncFailed");
	char clean[FAULT_TEXT_MAX + 1];
	fault_clean(clean, " a\r\nb\x01\x7f  c\xff\xc3\xa9 ");
	assert_string_equal(clean, "a b c\xc3\xa9 ");
	/* C1, zero width and what turns the direction of text; not the letters beside them. */
	fault_clean(clean, "a\xc2\x85"
			   "b\xe2\x80\xae"
			   "c\xe2\x80\x8b"
			   "d\xef\xbb\xbf\xc2\xa0\xe2\x80\xaf");
	assert_string_equal(clean, "a b c d \xc2\xa0\xe2\x80\xaf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_28_templates),    cmocka_unit_test(rule_28_next_pages),
		cmocka_unit_test(rule_28_challenges),   cmocka_unit_test(rule_27_steps),
		cmocka_unit_test(rule_27_scores),       cmocka_unit_test(rule_31_expressions),
		cmocka_unit_test(rule_31_catastrophes), cmocka_unit_test(rule_31_unsupported),
		cmocka_unit_test(rule_31_time_of_all),  cmocka_unit_test(rule_30_reasons),
	};
	return cmocka_run_group_tests_name("discoverer/text", tests, NULL, NULL);
}
