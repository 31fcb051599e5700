/* A server's own words about a failure, as real servers send them (behaviour.md 30). */
#include "tests/unit.h"

#include <string.h>

#include "discoverer/answer_words.h"

#define HTML "<!DOCTYPE html>\n<html>\n<head>\n  <title>Sign in \xc2\xb7 GitLab</title>"

static const struct row {
	const char *what, *content_type, *body, *want;
} rows[] = {
	{"nothing", NULL, "", ""},
	{"blanks", "text/plain", " \r\n\t", ""},
	/* JSON */
	{"distribution", "application/json",
	 "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication required\","
	 "\"detail\":null}]}\n",
	 "authentication required"},
	{"a code alone", NULL, "{\"errors\":[{\"code\":\"DENIED\"}]}", "DENIED"},
	{"Docker Hub's token server", NULL, "{\"details\":\"incorrect username or password\"}",
	 "incorrect username or password"},
	{"GitLab", NULL, "{\"message\":\"403 Forbidden\"}", "403 Forbidden"},
	{"Prometheus", NULL,
	 "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"invalid parameter\"}",
	 "bad_data: invalid parameter"},
	{"members in another order", NULL,
	 "{\"error\":\"invalid parameter\",\"errorType\":\"bad_data\",\"status\":\"error\"}",
	 "bad_data: invalid parameter"},
	{"Google", NULL,
	 "{\"error\":{\"code\":403,\"message\":\"Permission denied on resource\","
	 "\"status\":\"PERMISSION_DENIED\"}}",
	 "Permission denied on resource"},
	{"RFC 9457", NULL,
	 "{\"title\":\"Not entitled\",\"detail\":\"no pull for you\",\"status\":403}",
	 "no pull for you"},
	{"AWS", NULL, "{\"__type\":\"X\",\"Message\":\"token has expired\"}", "token has expired"},
	{"OAuth 2", NULL, "{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}",
	 "invalid_grant"},
	{"a list of texts", NULL, "{\"errors\":[\"first\",\"second\"]}", "first"},
	{"a text", NULL, "\"not today\"", "not today"},
	{"empty before others", NULL, "{\"message\":\"\",\"details\":\"why\"}", "why"},
	{"the better one comes last", NULL,
	 "{\"title\":\"T\",\"errors\":[{\"code\":\"C\",\"message\":\"M\"}]}", "M"},
	{"cut off", NULL, "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\",\"deta", "no"},
	{"no known member", NULL, "{\"status\":500,\"token\":\"abc\"}", ""},
	{"broken", NULL, "{\"message:", ""},
	{"JSON whatever its type", "text/plain", "{\"message\":\"m\"}", "m"},
	/* text */
	{"Thanos", "text/plain", "no store matched for query\n", "no store matched for query"},
	{"the first line", NULL, "\n\n  too many outstanding requests\r\nmore\n",
	 "too many outstanding requests"},
	{"a BOM", NULL, "\xef\xbb\xbfhello", "hello"},
	{"control characters", NULL,
	 "a\x1b[31mb\x07\tc\xc2\x9b"
	 "d\xe2\x80\xae"
	 "e",
	 "a [31mb c d e"},
	{"control characters of JSON", NULL, "{\"message\":\"a\\u001b[2Jb\\nc\\u202ed\"}",
	 "a [2Jb c d"},
	{"cut inside a letter", NULL, "caf\xc3", "caf"},
	{"no text", NULL, "\x1f\x8b\x08\xff\xfe\xfd\xfc junk", ""},
	/* pages */
	{"a login page", NULL, HTML "</head>",
	 "got an HTML page from https://h/ (\"Sign in \xc2\xb7 GitLab\")"},
	{"a page without a title", "text/html; charset=utf-8", "<div>x</div>",
	 "got an HTML page from https://h/"},
	{"a page by its type alone", "Text/HTML", "", "got an HTML page from https://h/"},
	{"cut in its title", NULL, "<html><title>Bad Gatew",
	 "got an HTML page from https://h/ (\"Bad Gatew\")"},
	{"text that calls itself a page", "text/html", "denied: no such user\n",
	 "denied: no such user"},
	{"nginx", NULL,
	 "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>",
	 "got an HTML page from https://h/ (\"400 The plain HTTP request was sent to HTTPS "
	 "port\")"},
	{"XML", "application/xml",
	 "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Access "
	 "Denied</Message></Error>",
	 "Access Denied"},
	{"other XML", NULL, "<feed/>", "got an XML document"},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[FAULT_TEXT_MAX + 1];
		const struct answer a = {rows[i].content_type, "https://h/", rows[i].body,
					 strlen(rows[i].body)};
		answer_words(out, &a);
		if (strcmp(out, rows[i].want) != 0)
			fail_msg("%s: \"%s\", want \"%s\"", rows[i].what, out, rows[i].want);
		assert_int_equal(answer_is_html(&a), strncmp(rows[i].want, "got an HTML", 11) == 0);
	}
}

/* Whatever comes: one line within the bound, also of NULs and of a body that is all one line. */
static void test_bounds(void **state)
{
	static char body[64 * 1024];
	static const char *const begins[] = {
		"",   "{\"message\":\"", "<title>", "<html><title>", "<message>",
		"\"", "\xef\xbb\xbf"};
	static const char fills[] = {'x', '\0', '\n', '<', '\x80', '"', '{'};
	(void)state;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		for (size_t k = 0; k < sizeof(fills); k++) {
			char out[FAULT_TEXT_MAX + 1];
			size_t n = strlen(begins[i]);
			memset(body, fills[k], sizeof(body));
			memcpy(body, begins[i], n);
			answer_words(out, &(struct answer){.body = body, .len = sizeof(body)});
			assert_true(strlen(out) <= FAULT_TEXT_MAX);
			for (const char *p = out; *p != '\0'; p++)
				assert_true((unsigned char)*p >= ' ');
		}
	char out[FAULT_TEXT_MAX + 1];
	answer_words(out, &(struct answer){0});
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
