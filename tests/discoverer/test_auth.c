/* Secrets: which keys, what is wrong with them, and what leaves them (behaviour.md 29). */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "kube/base64.h"

#include "discoverer/auth.h"
#include "discoverer/tokens.h"

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

static void rule_29_headers(void **state)
{
	(void)state;
	static const struct {
		const char *name, *pairs[12], *bearer, *want;
	} rows[] = {
		{"nothing", {NULL}, NULL, ""},
		{"token", {"token", "T0ken"}, NULL, "Authorization: Bearer T0ken|"},
		{"an editor's line break",
		 {"token", "T0ken\n"},
		 NULL,
		 "Authorization: Bearer T0ken|"},
		{"basic",
		 {"username", "u", "password", "p:w"},
		 NULL,
		 "Authorization: Basic dTpwOnc=|"},
		{"both: basic wins",
		 {"token", "T", "username", "u", "password", "p"},
		 NULL,
		 "Authorization: Basic dTpw|"},
		{"a fetched token beats both",
		 {"username", "u", "password", "p"},
		 "F",
		 "Authorization: Bearer F|"},
		{"headers",
		 {"headers.X-Scope-OrgID", "t1", "headers.X-A", "b"},
		 NULL,
		 "X-Scope-OrgID: t1|X-A: b|"},
		{"a header of its own",
		 {"headers.Authorization", "Key k"},
		 NULL,
		 "Authorization: Key k|"},
		{"and one that yields",
		 {"headers.authorization", "Key k", "token", "T"},
		 NULL,
		 "Authorization: Bearer T|"},
		{"what is not ours", {"other", "x", "header.x", "y"}, NULL, ""},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct auth a = {0};
		struct err err = {0};
		struct buf out = {0};
		char *json = secret(row->pairs);
		buf_adds(&out, "");
		assert_int_equal(auth_read(&a, "s", json, strlen(json), &err), 0);
		assert_string_equal(a.version, "17");
		const char *const *lines = auth_lines(&a, row->bearer);
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
	struct auth a = {0};
	struct err err;
	char *json = secret(pairs);
	assert_int_equal(auth_read(&a, "s", json, strlen(json), &err), 0);
	auth_lines(&a, "fetched-token");
	auth_lines(&a, NULL);
	assert_true(auth_leaks(&a, "you said pass-w0rd"));
	assert_true(auth_leaks(&a, "Basic dXNlcjpwYXNzLXcwcmQ= is wrong"));
	assert_true(auth_leaks(&a, "X-Key: k3yk3y"));
	assert_true(auth_leaks(&a, "token fetched-token expired"));
	assert_false(auth_leaks(&a, "user unknown"));
	auth_done(&a);
	free(json);
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
	for (int i = 0; i < TOKENS_MAX + 5; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		tokens_put(&t, key, "T", 100, 2000);
		assert_string_equal(tokens_get(&t, "k0", 2000), "T"); /* in use: it stays */
	}
	assert_int_equal(t.n, TOKENS_MAX);
	assert_null(tokens_get(&t, "k1", 2000));
	tokens_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_29_headers),
		cmocka_unit_test(rule_29_bad_keys_are_named_and_never_shown),
		cmocka_unit_test(rule_29_an_echo_is_noticed),
		cmocka_unit_test(rule_28_tokens_are_kept_while_good),
	};
	return cmocka_run_group_tests_name("discoverer/auth", tests, NULL, NULL);
}
