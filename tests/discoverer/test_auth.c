/* Secrets: which keys, what is wrong with them, and what leaves them (behaviour.md 29). */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "kube/base64.h"

#include "discoverer/registry/auth.h"
#include "discoverer/registry/dockerconfig.h"
#include "discoverer/registry/tokens.h"

/* {"key": "value"} pairs, NULL-terminated, as the API server would send them. */
static char *secret(const char *const *pairs)
{
	struct buf b = {0};
	buf_adds(&b,
		 "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"resourceVersion\":\"17\"},"
		 "\"data\":{");
	for (size_t i = 0; pairs[i] != NULL; i += 2) {
		char *text = base64_encode(pairs[i + 1], strlen(pairs[i + 1]));
		buf_addf(&b, "%s\"%s\":\"%s\"", i > 0 ? "," : "", pairs[i], text);
		free(text);
	}
	buf_adds(&b, "},\"type\":\"Opaque\"}");
	return b.data;
}

static const struct header_row {
	const char *name, *pairs[12];
	enum auth_how how;
	const char *token, *want;
} header_rows[] = {
	{"nothing", {NULL}, AUTH_OWN, NULL, ""},
	{"token", {"token", "T0ken"}, AUTH_OWN, NULL, "Authorization: Bearer T0ken|"},
	{"an editor's line break",
	 {"token", "T0ken\n"},
	 AUTH_OWN,
	 NULL,
	 "Authorization: Bearer T0ken|"},
	{"basic",
	 {"username", "u", "password", "p:w"},
	 AUTH_OWN,
	 NULL,
	 "Authorization: Basic dTpwOnc=|"},
	{"a password of several lines",
	 {"username", "u", "password", "{\n\t1\r\n}\n"},
	 AUTH_OWN,
	 NULL,
	 "Authorization: Basic dTp7CgkxDQp9|"},
	{"both: basic wins",
	 {"token", "T", "username", "u", "password", "p"},
	 AUTH_OWN,
	 NULL,
	 "Authorization: Basic dTpw|"},
	{"a fetched token beats both",
	 {"username", "u", "password", "p"},
	 AUTH_TOKEN,
	 "F",
	 "Authorization: Bearer F|"},
	{"not before it is asked for",
	 {"username", "u", "password", "p", "headers.X-A", "b", "headers.Authorization", "k"},
	 AUTH_NOBODY,
	 NULL,
	 "X-A: b|"},
	{"for another origin the token alone",
	 {"username", "u", "password", "p", "headers.X-A", "b"},
	 AUTH_AWAY,
	 "F",
	 "Authorization: Bearer F|"},
	{"for a token server the user alone",
	 {"token", "T", "username", "u", "password", "p", "headers.X-A", "b"},
	 AUTH_USER,
	 NULL,
	 "Authorization: Basic dTpw|"},
	{"of whom there may be none", {"token", "T"}, AUTH_USER, NULL, ""},
	{"headers",
	 {"headers.X-Scope-OrgID", "t1", "headers.X-A", "b"},
	 AUTH_OWN,
	 NULL,
	 "X-Scope-OrgID: t1|X-A: b|"},
	{"a header of its own",
	 {"headers.Authorization", "Key k"},
	 AUTH_OWN,
	 NULL,
	 "Authorization: Key k|"},
	{"and one that yields",
	 {"headers.authorization", "Key k", "token", "T"},
	 AUTH_OWN,
	 NULL,
	 "Authorization: Bearer T|"},
	{"what is not ours", {"other", "x", "header.x", "y"}, AUTH_OWN, NULL, ""},
};

static void rule_29_headers(void **state)
{
	(void)state;
	FOREACH_ROW(struct header_row, header_rows)
	{
		struct auth a = {0};
		struct err err = {0};
		struct buf out = {0};
		char *json = secret(row->pairs);
		buf_adds(&out, "");
		assert_int_equal(auth_read(&a, "s", json, strlen(json), &err), 0);
		assert_string_equal(a.version, "17");
		const char *const *lines = auth_lines(&a, row->how, row->token);
		assert_ptr_equal(lines, auth_lines(&a, row->how, row->token)); /* made once */
		for (size_t i = 0; lines[i] != NULL; i++)
			buf_addf(&out, "%s|", lines[i]);
		assert_string_equal(out.data, row->want);
		auth_done(&a);
		buf_done(&out);
		free(json);
	}
}

static void rule_29_bad_keys_are_named_and_never_shown(void **state)
{
	(void)state;
	static const struct {
		const char *name, *json, *want;
	} rows[] = {
		{"not base64", "{\"data\":{\"token\":\"s3cr3t!\"}}",
		 "key token of Secret s is not base64"},
		{"no text", "{\"data\":{\"token\":7}}", "key token of Secret s is not base64"},
		{"empty", "{\"data\":{\"password\":\"\"}}", "key password of Secret s is empty"},
		{"a line break inside", "{\"data\":{\"token\":\"czNjCnIzdA==\"}}",
		 "control characters"},
		{"user alone", "{\"data\":{\"username\":\"dQ==\"}}",
		 "has username but no password"},
		{"password alone", "{\"data\":{\"password\":\"dQ==\"}}",
		 "has password but no username"},
		{"no PEM", "{\"data\":{\"ca.crt\":\"dQ==\"}}", "key ca.crt of Secret s is not PEM"},
		{"certificate alone", "{\"data\":{\"tls.crt\":\"LS0tLS1CRUdJTiA=\"}}",
		 "tls.crt but no tls.key"},
		{"framing", "{\"data\":{\"headers.Content-Length\":\"dQ==\"}}",
		 "no header that may be set"},
		{"host", "{\"data\":{\"headers.host\":\"dQ==\"}}", "no header that may be set"},
		{"no name", "{\"data\":{\"headers.\":\"dQ==\"}}", "no header that may be set"},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct auth a = {0};
		struct err err = {0};
		assert_int_equal(auth_read(&a, "s", row->json, strlen(row->json), &err), -1);
		assert_non_null(strstr(err.text, row->want));
		assert_null(strstr(err.text, "s3c"));
		auth_done(&a);
	}
}

static void rule_29_an_echo_is_noticed(void **state)
{
	(void)state;
	static const char *const pairs[] = {"username",      "user",   "password", "pass-w0rd",
					    "headers.X-Key", "k3yk3y", NULL};
	static const char long_token[] = "a-token-that-is-longer-than-what-is-shown-of-it";
	struct auth a = {0};
	struct err err;
	char *json = secret(pairs);
	assert_int_equal(auth_read(&a, "s", json, strlen(json), &err), 0);
	auth_lines(&a, AUTH_TOKEN, "fetched-token");
	auth_lines(&a, AUTH_TOKEN, long_token);
	auth_lines(&a, AUTH_OWN, NULL);
	assert_true(auth_leaks(&a, "you said pass-w0rd"));
	assert_true(auth_leaks(&a, "Basic dXNlcjpwYXNzLXcwcmQ= is wrong"));
	assert_true(auth_leaks(&a, "X-Key: k3yk3y"));
	assert_true(auth_leaks(&a, "token fetched-token expired"));
	assert_true(auth_leaks(&a, "token (longer-than-what-is-shown cut"));
	assert_false(auth_leaks(&a, "user unknown"));
	auth_done(&a);
	free(json);
}

/* A header of its own need not have a scheme. */
static void rule_29_an_odd_header_is_no_trap(void **state)
{
	(void)state;
	static const char *const pairs[] = {"headers.Authorization", "0ddity", NULL};
	struct auth a = {0};
	struct err err;
	char *json = secret(pairs);
	assert_int_equal(auth_read(&a, "s", json, strlen(json), &err), 0);
	auth_lines(&a, AUTH_OWN, NULL);
	assert_true(auth_leaks(&a, "what is 0ddity?"));
	assert_false(auth_leaks(&a, "no"));
	auth_done(&a);
	free(json);
}

static void rule_29_a_secret_without_our_keys(void **state)
{
	(void)state;
	static const struct {
		const char *name, *pairs[4];
		bool docker;
		const char *want; /* NULL: it has what is needed */
	} rows[] = {
		{"none of ours", {"user", "u"}, false, "none of the keys that are read: token, "},
		{"nothing at all", {NULL}, true, ".dockerconfigjson"},
		{"a docker configuration for Prometheus",
		 {".dockerconfigjson", "{}"},
		 false,
		 "is for sources of type registry"},
		{"and for a registry", {".dockerconfigjson", "{}"}, true, NULL},
		{"the older one", {".dockercfg", "{}"}, true, NULL},
		{"one key", {"ca.crt", "-----BEGIN CERTIFICATE-----"}, false, NULL},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct auth a = {0};
		struct err err = {0};
		char *json = secret(row->pairs);
		assert_int_equal(auth_read(&a, "s", json, strlen(json), &err), 0);
		assert_int_equal(auth_check(&a, "s", row->docker, &err), row->want ? -1 : 0);
		if (row->want != NULL)
			assert_non_null(strstr(err.text, row->want));
		auth_done(&a);
		free(json);
	}
}

#define AUTH_OF(user) "{\"auth\":\"" user "\"}"

static const struct docker_row {
	const char *name, *auths, *url, *repository, *want; /* "user:password", or an error */
} docker_rows[] = {
	{"by host", "\"r.io\":" AUTH_OF("YTpi"), "https://r.io", "x", "a:b"},
	{"with a scheme and a version", "\"https://r.io/v1/\":" AUTH_OF("YTpi"), "https://r.io",
	 "x", "a:b"},
	{"Docker Hub", "\"https://index.docker.io/v1/\":" AUTH_OF("YTpi"),
	 "https://registry-1.docker.io", "library/x", "a:b"},
	{"another port", "\"r.io:5000\":" AUTH_OF("YTpi"), "https://r.io", "x",
	 "no entry for r.io"},
	{"its port", "\"r.io:5000\":" AUTH_OF("YTpi"), "http://r.io:5000", "x", "a:b"},
	{"the port that is meant", "\"r.io:443\":" AUTH_OF("YTpi"), "https://r.io", "x", "a:b"},
	{"a label", "\"*.r.io\":" AUTH_OF("YTpi"), "https://eu.r.io", "x", "a:b"},
	{"not two labels", "\"*.r.io\":" AUTH_OF("YTpi"), "https://a.b.r.io", "x", "no entry for"},
	{"not a part of the name", "\"r.io\":" AUTH_OF("YTpi"), "https://r.io.evil.example", "x",
	 "no entry for"},
	{"by path", "\"r.io/team\":" AUTH_OF("YTpi"), "https://r.io", "team/x", "a:b"},
	{"whole segments", "\"r.io/team\":" AUTH_OF("YTpi"), "https://r.io", "teams/x",
	 "no entry for"},
	{"the closer one", "\"r.io\":" AUTH_OF("YTpi") ",\"r.io/team\":" AUTH_OF("Yzpk"),
	 "https://r.io", "team/x", "c:d"},
	{"in words", "\"r.io\":{\"username\":\"a\",\"password\":\"b\\u0026\"}", "https://r.io", "x",
	 "a:b&"},
	{"auth wins", "\"r.io\":{\"username\":\"x\",\"password\":\"y\",\"auth\":\"YTpi\"}",
	 "https://r.io", "x", "a:b"},
	{"no base64", "\"r.io\":" AUTH_OF("!"), "https://r.io", "x", "no user and password"},
	{"no colon", "\"r.io\":" AUTH_OF("YQ=="), "https://r.io", "x", "no user and password"},
	{"an identity token", "\"r.io\":{\"identitytoken\":\"s3cr3t\"}", "https://r.io", "x",
	 "identitytoken is not supported"},
	{"broken", "\"r.io\":", "https://r.io", "x", "no entry for"},
};

static void rule_29_docker_configurations(void **state)
{
	(void)state;
	FOREACH_ROW(struct docker_row, docker_rows)
	{
		for (int old = 0; old < 2; old++) {
			struct auth a = {0};
			struct arena mem = ARENA_INIT;
			struct weburl url;
			struct err err = {0};
			const char *one = row->repository;
			struct api_strings repositories = {&one, 1};
			char *text =
				arena_printf(&mem, old ? "{%s}" : "{\"auths\":{%s}}", row->auths);
			struct fetch_bytes bytes = {text, strlen(text)};
			assert_int_equal(weburl_parse(&mem, row->url, &url, &err), 0);
			if (old)
				a.docker_cfg = bytes;
			else
				a.docker_config = bytes;
			bool ok = docker_login(&a, "s", &url, &repositories, &err) == 0;
			const char *got =
				ok ? arena_printf(&mem, "%s:%s", a.username, a.password) : err.text;
			assert_non_null(strstr(got, row->want));
			assert_null(strstr(got, "s3cr3t"));
			auth_done(&a);
			arena_done(&mem);
		}
	}
}

static void rule_28_tokens_are_kept_while_good(void **state)
{
	(void)state;
	struct tokens t = {0};
	char key[32];
	tokens_put(&t, "a", "A", 100, 1000);
	tokens_put(&t, "b", "B", 0, 1000);
	assert_string_equal(tokens_get(&t, "a", 90999), "A");
	assert_null(tokens_get(&t, "a", 91000));
	assert_string_equal(tokens_get(&t, "b", 54999), "B");
	assert_null(tokens_get(&t, "b", 55000));
	tokens_put(&t, "a", "A2", 999999, 1000);
	assert_null(tokens_get(&t, "a", 1000 + TOKEN_LIFE_MAX_S * 1000));
	tokens_drop(&t, "a");
	assert_null(tokens_get(&t, "a", 1000));
	assert_int_equal(t.bytes, 1);
	for (int i = 0; i < TOKENS_MAX + 5; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		tokens_put(&t, key, "T", 100, 2000);
		assert_string_equal(tokens_get(&t, "k0", 2000), "T"); /* in use: it stays */
	}
	assert_int_equal(t.n, TOKENS_MAX);
	assert_null(tokens_get(&t, "k1", 2000));
	char *huge = malloc(TOKENS_BYTES_MAX);
	memset(huge, 'T', TOKENS_BYTES_MAX - 1);
	huge[TOKENS_BYTES_MAX - 1] = '\0';
	tokens_put(&t, "huge", huge, 100, 2000); /* all of them together are bounded */
	assert_non_null(tokens_get(&t, "huge", 2000));
	assert_true(t.bytes <= TOKENS_BYTES_MAX);
	free(huge);
	tokens_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_29_headers),
		cmocka_unit_test(rule_29_bad_keys_are_named_and_never_shown),
		cmocka_unit_test(rule_29_an_echo_is_noticed),
		cmocka_unit_test(rule_29_an_odd_header_is_no_trap),
		cmocka_unit_test(rule_29_a_secret_without_our_keys),
		cmocka_unit_test(rule_29_docker_configurations),
		cmocka_unit_test(rule_28_tokens_are_kept_while_good),
	};
	return cmocka_run_group_tests_name("discoverer/auth", tests, NULL, NULL);
}
