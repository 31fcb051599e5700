/* Manifests, tokens and faults of the pretend registries, as behaviour 35 and 36 ask for them. */
#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"

#include "sim/nodes/manifests.h"
#include "sim/nodes/registry.h"
#include "sim/play/registry_http.h"
#include "sim/play/sources.h"

#define HOST  "r.example:5000"
#define OWN   "/registries/" HOST "/v2/"
#define TOKEN "/registries/" HOST "/token"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define IMAGE "application/vnd.oci.image.manifest.v1+json"

static const char *both[] = {"linux/amd64", "linux/arm64"};
static struct sim_layer layers[] = {{"base", 3}, {"app", 2}};
static struct sim_image images[] = {
	{.ref = HOST "/a/plain:1", .size_mib = 7},
	{.ref = HOST "/a/both:1", .layers = {layers, ROWS(layers)}, .platforms = {both, 2}},
	{.ref = HOST "/a/private:1", .needs_secret = true},
	{.ref = "limited.example/x:1"},
	{.ref = "late.example/x:1"},
};
static struct sim_registry hosts[] = {
	{.host = "limited.example", .fault = "rate-limited"},
	{.host = "late.example", .fault = "timeout"},
};

static struct registries *made(void)
{
	const struct sim_scenario scenario = {.images = {images, ROWS(images)},
					      .registries = {hosts, ROWS(hosts)}};
	return registries_new(&scenario);
}

static struct sources_answer get(struct registries *r, const char *uri, const char *authorization,
				 struct arena *a, struct buf *out)
{
	const struct sources_request ask = {.method = "GET",
					    .uri = uri,
					    .host = "127.0.0.1:1",
					    .authorization = authorization,
					    .form = ""};
	struct sources_answer ret = {.type = "application/json"};
	assert_true(registry_http_own(uri));
	registry_http_answer(r, &ask, a, out, &ret);
	return ret;
}

static const struct row {
	const char *name, *uri, *authorization;
	int code;
	const char *type, *body, *challenge; /* parts of the latter two; NULL: none */
} rows[] = {
	{"an image", OWN "a/plain/manifests/1", NULL, 200, IMAGE, "\"size\":7340032}", NULL},
	{"an index", OWN "a/both/manifests/1", NULL, 200, INDEX,
	 "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}", NULL},
	{"at the mirror", "/v2/" HOST "/a/plain/manifests/1", NULL, 200, IMAGE, "7340032", NULL},
	{"tags", OWN "a/both/tags/list", NULL, 200, "application/json",
	 "{\"name\":\"a/both\",\"tags\":[\"1\"]}", NULL},
	{"the API is there", OWN, NULL, 200, "application/json", "{}", NULL},
	{"no such tag", OWN "a/plain/manifests/2", NULL, 404, "application/json", "NAME_UNKNOWN",
	 NULL},
	{"no such digest",
	 OWN "a/plain/manifests/"
	     "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	 NULL, 404, "application/json", "NAME_UNKNOWN", NULL},
	{"no name", OWN "A/manifests/1", NULL, 400, "application/json", "NAME_INVALID", NULL},
	{"no blob", OWN "a/plain/blobs/1", NULL, 404, "application/json", "NAME_UNKNOWN", NULL},
	{"no API", "/registries/" HOST "/v3/", NULL, 404, "application/json", "NAME_UNKNOWN", NULL},
	{"a login is wanted", OWN "a/private/manifests/1", NULL, 401, "application/json",
	 "UNAUTHORIZED",
	 "realm=\"http://127.0.0.1:1" TOKEN "\",scope=\"repository:a/private:pull\""},
	{"a token of anybody", OWN "a/private/manifests/1", "Bearer of-anybody", 401,
	 "application/json", "UNAUTHORIZED", "Bearer"},
	{"a token", OWN "a/private/manifests/1", "Bearer of-a-user", 200, IMAGE, "layers", NULL},
	{"a token for a user", TOKEN "?scope=x", "Basic eDp5", 200, "application/json", "of-a-user",
	 NULL},
	{"a token for anybody", TOKEN, NULL, 200, "application/json", "of-anybody", NULL},
	{"a limit", "/registries/limited.example/v2/x/manifests/1", NULL, 429, "application/json",
	 "TOOMANYREQUESTS", NULL},
	{"late", "/registries/late.example/v2/x/manifests/1", NULL, 504, "application/json",
	 "timeout", NULL},
};

static void answers(void **state)
{
	(void)state;
	struct registries *r = made();
	FOREACH_ROW(struct row, rows)
	{
		struct arena a = ARENA_INIT;
		struct buf out = {0};
		struct sources_answer got = get(r, row->uri, row->authorization, &a, &out);
		buf_add(&out, "", 1);
		assert_int_equal(got.code, row->code);
		assert_string_equal(got.type, row->type);
		assert_non_null(strstr(out.data, row->body));
		assert_int_equal(got.delay_ms > 0, row->code == 504);
		if (row->challenge == NULL)
			assert_null(got.challenge);
		else
			assert_non_null(strstr(got.challenge, row->challenge));
		buf_done(&out);
		arena_done(&a);
	}
	assert_false(registry_http_own("/api/v1/pods"));
	registries_free(r);
}

/* Appends what is there; its digest must be that of its bytes. */
static void fetch(struct registries *r, const char *target, const char *digest, struct buf *out)
{
	struct arena a = ARENA_INIT;
	char of_bytes[DIGEST_TEXT_MAX];
	buf_clear(out, SIZE_MAX);
	struct sources_answer got =
		get(r, arena_printf(&a, OWN "a/both/manifests/%s", target), NULL, &a, out);
	assert_int_equal(got.code, 200);
	manifest_digest(out, of_bytes);
	assert_string_equal(got.digest, of_bytes);
	if (digest != NULL)
		assert_string_equal(got.digest, digest);
	arena_done(&a);
}

/* 35. A node lists the digest that the tag has; the index names what can be fetched. */
static void digests(void **state)
{
	(void)state;
	struct registries *r = made();
	struct sim_manifest pulled;
	struct buf index = {0}, one = {0};
	struct err err;
	int64_t delay;
	assert_int_equal(
		registries_pull(r, HOST "/a/both:1", "linux/amd64", false, &pulled, &delay),
		PULL_FAULT_NONE);
	fetch(r, "1", pulled.content->digest, &index);
	fetch(r, pulled.content->digest, pulled.content->digest, &one);
	assert_string_equal(index.data, one.data);
	size_t named = 0;
	for (const char *at = index.data; (at = strstr(at, "sha256:")) != NULL; named++) {
		char digest[DIGEST_TEXT_MAX];
		snprintf(digest, sizeof(digest), "%s", at);
		fetch(r, digest, digest, &one);
		assert_non_null(strstr(one.data, "\"size\":3145728},"));
		assert_non_null(strstr(one.data, "\"size\":2097152}]"));
		at += strlen(digest);
	}
	assert_int_equal(named, 2);
	/* A tag that is pushed again means something else, and what it meant is still there. */
	assert_int_equal(registries_step(r,
					 &(struct sim_step){.what = "image-set",
							    .image = HOST "/a/both:1",
							    .size_mib = 9},
					 &err),
			 0);
	fetch(r, "1", NULL, &one);
	assert_string_not_equal(index.data, one.data);
	fetch(r, pulled.content->digest, pulled.content->digest, &one);
	assert_string_equal(index.data, one.data);
	buf_done(&index);
	buf_done(&one);
	registries_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(digests)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
