/* What is read of registries about an image, where it is asked, as whom, and whether it may be
 * asked now (behaviour.md 35, 36). */
#include "tests/unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "discoverer/facts/endpoints.h"
#include "discoverer/facts/hosts.h"
#include "discoverer/registry/manifest.h"
#include "discoverer/registry/pull_logins.h"
#include "kube/base64.h"

#define HEX  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define D(x) "sha256:" HEX #x

static const struct manifest_row {
	const char *name, *text;
	bool bad, index;
	size_t entries;
	int64_t bytes;
} manifest_rows[] = {
	{.name = "an OCI index: two platforms, an attestation, one of unknown size",
	 .text = "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" D(
		 1) "\",\"size\":9,\"platform\":{"
		    "\"architecture\":\"amd64\",\"os\":\"linux\"}},{\"digest\":\"" D(
			    2) "\",\"platform\":{"
			       "\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}},{"
			       "\"digest\":\"" D(3) "\",\"platform\":{\"architecture\":\"unknown\","
						    "\"os\":\"unknown\"}},{\"digest\":\"" D(
							    4) "\"}]}",
	 .index = true,
	 .entries = 2},
	{.name = "an empty index", .text = "{\"manifests\":[]}", .index = true},
	{.name = "an image: the same layer twice counts once",
	 .text = "{\"schemaVersion\":2,\"config\":{\"digest\":\"" D(
		 1) "\",\"size\":100},\"layers\":[{"
		    "\"digest\":\"" D(2) "\",\"size\":1000},{\"size\":20,\"digest\":\"" D(
			    3) "\"},{\"digest\":\"" D(2) "\",\"size\":1000}]}",
	 .bytes = 1120},
	{.name = "layers before config",
	 .text = "{\"layers\":[{\"digest\":\"" D(2) "\",\"size\":7}],\"config\":{\"digest\":\"" D(
		 2) "\",\"size\":5}}",
	 .bytes = 12},
	{.name = "schema 1",
	 .text = "{\"schemaVersion\":1,\"fsLayers\":[{\"blobSum\":\"x\"}]}",
	 .bad = true},
	{.name = "an index and an image at once",
	 .text = "{\"manifests\":[],\"config\":{\"digest\":\"" D(2) "\",\"size\":5},\"layers\":[]}",
	 .bad = true},
	{.name = "the same, the other way round",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":5},\"layers\":[],\"manifests\":[]}",
	 .bad = true},
	{.name = "layers twice",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":5},\"layers\":[],\"layers\":[]}",
	 .bad = true},
	{.name = "a negative size",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":-5},\"layers\":[]}",
	 .bad = true},
	{.name = "a size that is no whole number",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":5e3},\"layers\":[]}",
	 .bad = true},
	{.name = "a size beyond belief",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":9999999999999999},\"layers\":[]}",
	 .bad = true},
	{.name = "a layer without a size",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":5},\"layers\":[{\"digest\":\"" D(
		 1) "\"}]}",
	 .bad = true},
	{.name = "a layer that is no object",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":5},\"layers\":[1]}",
	 .bad = true},
	{.name = "layers that are no list",
	 .text = "{\"config\":{\"digest\":\"" D(2) "\",\"size\":5},\"layers\":{}}",
	 .bad = true},
	{.name = "no config", .text = "{\"layers\":[]}", .bad = true},
	{.name = "an error of the registry", .text = "{\"errors\":[]}", .bad = true},
	{.name = "no object", .text = "[]", .bad = true},
	{.name = "cut off", .text = "{\"manifests\":[", .bad = true},
};

static void rule_35_manifests(void **state)
{
	(void)state;
	FOREACH_ROW(struct manifest_row, manifest_rows)
	{
		/* Whole, and byte by byte. */
		for (size_t step = 1; step <= 4096; step += 4095) {
			struct manifest *m = calloc(1, sizeof(*m));
			struct err err;
			bool ok = true;
			for (size_t i = 0, n = strlen(row->text); ok && i < n; i += step)
				ok = manifest_feed(m, row->text + i, n - i < step ? n - i : step,
						   &err) == 0;
			ok = ok && manifest_end(m, &err) == 0;
			assert_int_equal(ok, !row->bad);
			if (ok) {
				assert_int_equal(manifest_is_index(m), row->index);
				assert_int_equal(m->n_entries, row->entries);
				assert_int_equal(m->bytes, row->bytes);
			}
			if (row->entries == 2 && ok) {
				assert_string_equal(m->entries[0].arch, "amd64");
				assert_string_equal(m->entries[1].variant, "v7");
				assert_string_equal(m->entries[1].digest, D(2));
			}
			manifest_done(m);
			free(m);
		}
	}
}

static bool entries_ok(size_t n)
{
	struct manifest *m = calloc(1, sizeof(*m));
	struct buf text = {0};
	struct err err;
	buf_adds(&text, "{\"manifests\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(&text,
			 "%s{\"platform\":{\"os\":\"linux\",\"architecture\":\"a%zu\"},\"digest\":"
			 "\"" D(1) "\"}",
			 i > 0 ? "," : "", i);
	buf_adds(&text, "]}");
	bool ok = manifest_feed(m, text.data, text.len, &err) == 0 && manifest_end(m, &err) == 0 &&
		  m->n_entries == n;
	manifest_done(m);
	free(m);
	buf_done(&text);
	return ok;
}

static void rule_35_limits(void **state)
{
	(void)state;
	assert_true(entries_ok(MANIFEST_ENTRIES_MAX));
	assert_false(entries_ok(MANIFEST_ENTRIES_MAX + 1));
	assert_true(digest_valid(D(0)));
	assert_false(digest_valid("sha256:" HEX));
	assert_false(digest_valid("sha512:" HEX "0"));
	assert_false(digest_valid("sha256:" HEX "G"));
}

/* ---- where ---- */

static const struct endpoint_row {
	const char *name, *registries, *reference;
	const char *url, *image, *repository, *target; /* url NULL: no reference */
	bool local;
} endpoint_rows[] = {
	{"Docker Hub", NULL, "nginx", "https://registry-1.docker.io/", "docker.io/library/nginx",
	 "library/nginx", "latest", false},
	{"its old name", NULL, "index.docker.io/team/app:1", "https://registry-1.docker.io/",
	 "docker.io/team/app", "team/app", "1", false},
	{"a host with a port", NULL, "r.example:5000/team/app:1.2", "https://r.example:5000/",
	 "r.example:5000/team/app", "team/app", "1.2", false},
	{"a digest", NULL, "r.example/app:x@" D(1), "https://r.example/", "r.example/app", "app",
	 D(1), false},
	{"localhost is asked like any other, and refused by its address", NULL, "localhost:5000/a",
	 "https://localhost:5000/", "localhost:5000/a", "a", "latest", false},
	{"a mirror", "docker.io=https://mirror.example/hub", "nginx", "https://mirror.example/hub",
	 "docker.io/library/nginx", "library/nginx", "latest", true},
	{"http and local, as configured",
	 "a.example=https://b.example,localhost:5000=http://127.0.0.1:5000", "localhost:5000/a:t",
	 "http://127.0.0.1:5000/", "localhost:5000/a", "a", "t", true},
	{"no reference", NULL, "Nginx", NULL, NULL, NULL, NULL, false},
};

static void rule_36_endpoints(void **state)
{
	(void)state;
	FOREACH_ROW(struct endpoint_row, endpoint_rows)
	{
		struct arena a = ARENA_INIT;
		struct endpoints all = {0};
		struct endpoint e;
		struct err err;
		assert_int_equal(endpoints_parse(&all, row->registries, &err), 0);
		int rc = endpoint_find(&all, &a, row->reference, &e);
		assert_int_equal(rc, row->url != NULL ? 0 : -1);
		if (rc == 0) {
			assert_string_equal(weburl_text(&a, &e.home), row->url);
			assert_string_equal(e.image, row->image);
			assert_string_equal(e.repository, row->repository);
			assert_string_equal(e.target, row->target);
			assert_int_equal(e.named_by, row->local ? PEER_NOBODY : PEER_OTHER);
		}
		endpoints_done(&all);
		arena_done(&a);
	}
	static const char *const bad[] = {"r.example",       "=https://a",
					  "a=ftp://b",       "a=https://b;x=1",
					  "a=https://u:p@b", "a=https://b;ca=relative",
					  "a=https://b?x=1"};
	for (size_t i = 0; i < ROWS(bad); i++) {
		struct endpoints all = {0};
		struct err err;
		assert_int_equal(endpoints_parse(&all, bad[i], &err), -1);
		endpoints_done(&all);
	}
}

/* ---- as whom ---- */

static const struct match_row {
	const char *name, *key, *image;
	bool want;
} match_rows[] = {
	{"the host", "r.example", "r.example/team/app", true},
	{"another host", "q.example", "r.example/team/app", false},
	{"a part of a host", "example", "r.example/team/app", false},
	{"its first label", "r", "r.example/team/app", false},
	{"a label more", "r.example.org", "r.example/team/app", false},
	{"equal ports", "r.example:5000", "r.example:5000/app", true},
	{"a port that the image lacks", "r.example:5000", "r.example/app", false},
	{"a port that the key lacks", "r.example", "r.example:5000/app", false},
	{"443 is not the same as none", "r.example:443", "r.example/app", false},
	{"a path", "r.example/team", "r.example/team/app", true},
	{"a path is the beginning, not whole segments", "r.example/te", "r.example/team/app", true},
	{"another path", "r.example/team/b", "r.example/team/app", false},
	{"* is a label", "*.example", "r.example/app", true},
	{"* is one label", "*.example", "a.r.example/app", false},
	{"* is not none", "*.r.example", "r.example/app", false},
	{"* within a label", "r*.example", "reg.example/app", true},
	{"two of them", "*.*.amazonaws.com", "1.ecr.amazonaws.com/app", true},
	{"* is no port", "r.example:*", "r.example:5000/app", false},
	{"an address", "[fd00::1]:5000", "[fd00::1]:5000/app", true},
	{"another address", "[fd00::1]:5000", "[fd00::2]:5000/app", false},
};

static void rule_36_matches_as_kubelet(void **state)
{
	(void)state;
	FOREACH_ROW(struct match_row, match_rows)
	{
		assert_int_equal(pull_login_matches(row->key, row->image), row->want);
	}
}

#define NEW "kubernetes.io/dockerconfigjson"
#define OLD "kubernetes.io/dockercfg"

static const struct login_row {
	const char *name, *image;
	struct {
		const char *type, *config;
	} secrets[2];
	const char *users; /* in the order in which they are tried */
	bool bad;          /* the first Secret is refused */
} login_rows[] = {
	{"both types",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"username\":\"a\",\"password\":\"x\"}}}"},
	  {OLD, "{\"r.example\":{\"username\":\"b\",\"password\":\"x\"}}"}},
	 "a b",
	 false},
	{"auth is base64 and wins",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"https://r.example/v2/\":{\"auth\":\"dTpw\",\"username\":\"a\","
		"\"password\":\"x\"}}}"}},
	 "u",
	 false},
	{"several matches, in reverse order",
	 "r.example/team/app",
	 {{NEW,
	   "{\"auths\":{\"r.example\":{\"auth\":\"YTp4\"},\"r.example/team/app\":{\"auth\":"
	   "\"Yzp4\"},\"r.example/team\":{\"auth\":\"Yjp4\"},\"*.example\":{\"auth\":\"ZDp4\"},"
	   "\"q.example\":{\"auth\":\"ZTp4\"}}}"}},
	 "c b a d",
	 false},
	{"equal keys in the order of the secrets",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"https://r.example\":{\"auth\":\"Yjp4\"}}}"},
	  {NEW, "{\"auths\":{\"r.example/v1/\":{\"auth\":\"YTp4\"}}}"}},
	 "b a",
	 false},
	{"a path behind v2",
	 "r.example/team/app",
	 {{NEW, "{\"auths\":{\"https://r.example/v2/team\":{\"auth\":\"Yjp4\"}}}"}},
	 "b",
	 false},
	{"Docker Hub's usual key",
	 "docker.io/library/nginx",
	 {{NEW, "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"Yjp4\"}}}"}},
	 "b",
	 false},
	{"which yields to a better one",
	 "docker.io/library/nginx",
	 {{NEW, "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"Yjp4\"},\"docker.io\":{"
		"\"auth\":\"YTp4\"}}}"}},
	 "a",
	 false},
	{"and is for no other registry",
	 "r.example/nginx",
	 {{NEW, "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"Yjp4\"}}}"}},
	 "",
	 false},
	{"an identitytoken alone is no login",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"identitytoken\":\"t\"}}}"}},
	 "",
	 false},
	{"nothing to decode",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"auth\":\"!\"}}}"}},
	 "",
	 false},
	{"nothing to decode, and a name and password beside it",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"auth\":\"!\",\"username\":\"a\","
		"\"password\":\"x\"}}}"}},
	 "",
	 false},
	{"no user before the colon",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"auth\":\"Ong=\"}}}"}},
	 "",
	 false},
	{"a password with a colon",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"auth\":\"dTpwOnE=\"}}}"}},
	 "u",
	 false},
	{"a byte that ends no text",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"auth\":\"dTpwAHg=\"}}}"}},
	 "",
	 false},
	{"an empty username",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"username\":\"\",\"password\":\"x\"}}}"}},
	 "",
	 false},
	{"a key with http",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"http://r.example\":{\"auth\":\"Yjp4\"}}}"}},
	 "b",
	 false},
	{"an empty auth is none",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"auth\":\"\",\"username\":\"a\","
		"\"password\":\"x\"}}}"}},
	 "a",
	 false},
	{"an escaped key",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r\\u002eexample\":{\"auth\":\"Yjp4\"}}}"}},
	 "b",
	 false},
	{"broken behind the first entry: nothing of it",
	 "r.example/app",
	 {{NEW, "{\"auths\":{\"r.example\":{\"auth\":\"Yjp4\"},"}},
	 "",
	 false},
	{"no JSON", "r.example/app", {{NEW, "user:password"}}, "", false},
	{"another type",
	 "r.example/app",
	 {{"Opaque", "{\"auths\":{\"r.example\":{\"auth\":\"Yjp4\"}}}"}},
	 "",
	 true},
};

static char *secret_of(const char *type, const char *config)
{
	char *coded = base64_encode(config, strlen(config));
	struct buf json = {0};
	buf_addf(&json, "{\"type\":\"%s\",\"data\":{\"%s\":\"%s\"}}", type,
		 strcmp(type, OLD) == 0 ? ".dockercfg" : ".dockerconfigjson", coded);
	free(coded);
	return json.data;
}

static void rule_36_logins(void **state)
{
	(void)state;
	FOREACH_ROW(struct login_row, login_rows)
	{
		struct pull_logins l = {0};
		struct buf users = {0};
		struct err err;
		for (size_t i = 0; i < 2 && row->secrets[i].type != NULL; i++) {
			char *json = secret_of(row->secrets[i].type, row->secrets[i].config);
			int rc = pull_logins_add(&l, row->image, json, strlen(json), &err);
			assert_int_equal(rc, row->bad ? -1 : 0);
			free(json);
		}
		/* Where the configuration is, without the type that it belongs to. */
		static const char untyped[] =
			"{\"type\":\"Opaque\",\"data\":{\".dockercfg\":\"e30=\"}}";
		assert_int_equal(pull_logins_add(&l, row->image, untyped, strlen(untyped), &err),
				 -1);
		pull_logins_settle(&l);
		buf_adds(&users, "");
		for (size_t i = 0; i < l.n; i++)
			buf_addf(&users, "%s%s", i > 0 ? " " : "", l.at[i].auth.username);
		assert_string_equal(users.data != NULL ? users.data : "", row->users);
		assert_int_equal(l.n == 0, *row->users == '\0'); /* nobody has an empty name */
		buf_done(&users);
		pull_logins_done(&l);
	}
}

static void rule_36_many_logins(void **state)
{
	(void)state;
	struct pull_logins l = {0};
	struct buf json = {0};
	struct err err;
	buf_adds(&json, "{\"auths\":{");
	for (int i = 0; i < 40; i++)
		buf_addf(&json, "%s\"r.example/%.*s\":{\"username\":\"u%d\",\"password\":\"p\"}",
			 i > 0 ? "," : "", i, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i);
	buf_adds(&json, "}}");
	char *secret = secret_of(NEW, json.data);
	assert_int_equal(pull_logins_add(&l, "r.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
					 secret, strlen(secret), &err),
			 0);
	assert_int_equal(l.n, PULL_LOGINS_MAX);
	assert_string_equal(l.at[0].auth.username, "u39");
	assert_string_equal(l.at[PULL_LOGINS_MAX - 1].auth.username, "u32");
	free(secret);
	buf_done(&json);
	pull_logins_done(&l);
}

/* ---- now? ---- */

#define MINUTE (60 * 1000)

static void rule_35_hosts_that_fail(void **state)
{
	(void)state;
	struct hosts h = {0};
	int64_t now = 1000;
	assert_true(hosts_may(&h, "r.example", now));
	for (int64_t wait = MINUTE; wait < 64 * MINUTE; wait *= 2) {
		hosts_failed(&h, "r.example", now);
		hosts_failed(&h, "r.example", now); /* of a request that was under way, too */
		assert_true(hosts_may(&h, "q.example", now));
		assert_false(hosts_may(&h, "r.example", now + wait - 1));
		assert_true(hosts_may(&h, "r.example", now + wait));
		now += wait;
	}
	hosts_failed(&h, "r.example", now);
	assert_true(hosts_may(&h, "r.example", now + 60 * MINUTE));
	now += 60 * MINUTE;
	hosts_answered(&h, "r.example", "", "", now);
	hosts_failed(&h, "r.example", now);
	assert_true(hosts_may(&h, "r.example", now + MINUTE));
	hosts_held(&h, "q.example", 5 * MINUTE, now);
	assert_false(hosts_may(&h, "q.example", now + 5 * MINUTE - 1));
	hosts_held(&h, "q.example", 0, now); /* a shorter one does not shorten it */
	assert_false(hosts_may(&h, "q.example", now + 5 * MINUTE - 1));
	assert_true(hosts_may(&h, "q.example", now + 5 * MINUTE));
	/* Between a minute and six hours, whatever Retry-After says. */
	hosts_held(&h, "short.example", 0, now);
	assert_false(hosts_may(&h, "short.example", now + MINUTE - 1));
	assert_true(hosts_may(&h, "short.example", now + MINUTE));
	hosts_held(&h, "long.example", 2000 * (int64_t)MINUTE, now);
	assert_false(hosts_may(&h, "long.example", now + 360 * MINUTE - 1));
	assert_true(hosts_may(&h, "long.example", now + 360 * MINUTE));
	hosts_done(&h);
}

static void rule_35_gets_at_docker_hub(void **state)
{
	(void)state;
	struct hosts h = {0};
	const int64_t six_hours = 360 * MINUTE;
	for (int i = 0; i < HUB_GETS; i++)
		assert_true(hosts_take_get(&h, "docker.io", true, false, 1000 + i));
	assert_false(hosts_take_get(&h, "docker.io", true, false, 2000));
	assert_true(hosts_take_get(&h, "docker.io", false, false, 2000));
	for (int i = 0; i <= HUB_GETS; i++)
		assert_true(hosts_take_get(&h, "r.example", true, false, 2000 + i));
	assert_true(hosts_take_get(&h, "docker.io", true, false, 1000 + six_hours));
	assert_false(hosts_take_get(&h, "docker.io", true, false, 1000 + six_hours));
	hosts_answered(&h, "r.example", "100;w=21600", "50;w=21600", 3000);
	assert_true(hosts_take_get(&h, "r.example", false, false, 3000));
	hosts_answered(&h, "r.example", "100;w=21600", "49;w=21600", 3000);
	assert_false(hosts_take_get(&h, "r.example", false, false, 3000));
	assert_true(hosts_may(&h, "r.example", 3000));
	assert_true(hosts_take_get(&h, "r.example", false, false, 3000 + six_hours));
	hosts_done(&h);
}

/* Plans of many images: most is left to the images that are there. */
static void rule_35_gets_of_plans(void **state)
{
	(void)state;
	struct hosts h = {0};
	const int64_t six_hours = 360 * MINUTE;
	for (int i = 0; i < HUB_GETS_SPARED; i++)
		assert_true(hosts_take_get(&h, "docker.io", true, true, 1000 + i));
	assert_false(hosts_take_get(&h, "docker.io", true, true, 2000));
	for (int i = HUB_GETS_SPARED; i < HUB_GETS; i++)
		assert_true(hosts_take_get(&h, "docker.io", true, false, 2000 + i));
	assert_false(hosts_take_get(&h, "docker.io", true, false, 3000));
	assert_true(hosts_take_get(&h, "docker.io", true, true, 1000 + six_hours));
	/* By its headers: three quarters and more are left. */
	hosts_answered(&h, "r.example", "100;w=21600", "75;w=21600", 4000);
	assert_true(hosts_take_get(&h, "r.example", false, true, 4000));
	hosts_answered(&h, "r.example", "100;w=21600", "74;w=21600", 4000);
	assert_false(hosts_take_get(&h, "r.example", false, true, 4000));
	assert_true(hosts_take_get(&h, "r.example", false, false, 4000));
	assert_true(hosts_take_get(&h, "r.example", false, true, 4000 + six_hours));
	hosts_done(&h);
}

static void many_hosts(void **state)
{
	(void)state;
	struct hosts h = {0};
	char name[32];
	for (int i = 0; i < 3 * HOSTS_MAX; i++) {
		snprintf(name, sizeof(name), "r%d.example", i);
		hosts_failed(&h, name, i + 1);
	}
	assert_int_equal(h.n, HOSTS_MAX);
	assert_false(hosts_may(&h, name, 3 * HOSTS_MAX));
	assert_true(hosts_may(&h, "r0.example", 3 * HOSTS_MAX));
	hosts_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_35_manifests),
		cmocka_unit_test(rule_35_limits),
		cmocka_unit_test(rule_36_endpoints),
		cmocka_unit_test(rule_36_matches_as_kubelet),
		cmocka_unit_test(rule_36_logins),
		cmocka_unit_test(rule_36_many_logins),
		cmocka_unit_test(rule_35_hosts_that_fail),
		cmocka_unit_test(rule_35_gets_at_docker_hub),
		cmocka_unit_test(rule_35_gets_of_plans),
		cmocka_unit_test(many_hosts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
