/* What references mean, and the words when they cannot be had (recorded on a real kubelet). */
#include "tests/unit.h"

#include <string.h>

#include "sim/nodes/registry.h"

#define MIB (1024 * 1024)
#define REG "registry.example.com:5000"

static struct sim_layer shared[] = {{"base", 30}, {"app", 5}};
static struct sim_layer other[] = {{"base", 30}, {"tool", 7}};
static const char *arm[] = {"linux/arm64"};
static struct sim_image images[] = {
	{.ref = "nginx:1.25", .size_mib = 60},
	{.ref = REG "/team/app:v1", .layers = {shared, 2}},
	{.ref = REG "/team/copy:v9", .layers = {shared, 2}},
	{.ref = REG "/team/tool:v1", .layers = {other, 2}},
	{.ref = REG "/arm:1", .size_mib = 1, .platforms = {arm, 1}},
	{.ref = REG "/secret:1", .size_mib = 1, .needs_secret = true},
	{.ref = REG "/none:1", .size_mib = 1, .scratch = true},
};
static struct sim_registry hosts[] = {
	{.host = "down.example.com", .fault = "refused", .delay_ms = 70},
	{.host = "slow.example.com", .fault = "slow"},
};

static struct registries *made(bool any_image)
{
	const struct sim_scenario s = {.any_image = any_image,
				       .images = {images, ROWS(images)},
				       .registries = {hosts, ROWS(hosts)}};
	return registries_new(&s);
}

static enum pull_fault pull(struct registries *r, const char *ref, struct sim_manifest *m)
{
	int64_t delay;
	return registries_pull(r, ref, "linux/amd64", false, m, &delay);
}

static void which_exist(void **state)
{
	(void)state;
	static const struct row {
		const char *name, *ref;
		bool any;
		enum pull_fault want;
	} rows[] = {
		{"a row", "nginx:1.25", false, PULL_FAULT_NONE},
		{"its other spelling", "docker.io/library/nginx:1.25", false, PULL_FAULT_NONE},
		{"no row", "nginx:9", false, PULL_FAULT_NOT_FOUND},
		{"no row, but any image", "nginx:9", true, PULL_FAULT_NONE},
		{"wrong platform", REG "/arm:1", true, PULL_FAULT_NO_PLATFORM},
		{"needs a secret", REG "/secret:1", true, PULL_FAULT_UNAUTHORIZED},
		{"upper case", "UPPER/x:y", true, PULL_FAULT_INVALID_NAME},
		{"an image ID",
		 "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true,
		 PULL_FAULT_INVALID_NAME},
		{"host is down", "down.example.com/x:1", true, PULL_FAULT_REFUSED},
		{"host is slow", "slow.example.com/x:1", true, PULL_FAULT_SLOW},
	};
	FOREACH_ROW(struct row, rows)
	{
		struct registries *r = made(row->any);
		struct sim_manifest m;
		assert_int_equal(pull(r, row->ref, &m), row->want);
		registries_free(r);
	}
}

static void contents(void **state)
{
	(void)state;
	struct registries *r = made(true);
	struct sim_manifest a, b, c, d;
	assert_int_equal(pull(r, REG "/team/app:v1", &a), PULL_FAULT_NONE);
	assert_int_equal(pull(r, REG "/team/copy:v9", &b), PULL_FAULT_NONE);
	assert_int_equal(pull(r, REG "/team/tool:v1", &c), PULL_FAULT_NONE);
	assert_ptr_equal(a.content, b.content); /* the same layers are the same image */
	assert_string_not_equal(a.digest_name, b.digest_name);
	assert_true(a.content->layers[0].id == c.content->layers[0].id);
	assert_true(a.content->layers[1].id != c.content->layers[1].id);
	assert_int_equal(a.content->size, 35 * MIB);
	/* By its digest it is the same, and has no tag. */
	assert_int_equal(pull(r, a.digest_name, &d), PULL_FAULT_NONE);
	assert_ptr_equal(d.content, a.content);
	assert_ptr_equal(d.digest_name, a.digest_name);
	assert_null(d.tag_name);
	assert_string_equal(a.tag_name, REG "/team/app:v1");
	/* Made from a reference: always the same, and different from others. */
	struct registries *again = made(true);
	assert_int_equal(pull(r, "any:1", &a), PULL_FAULT_NONE);
	assert_int_equal(pull(again, "docker.io/library/any:1", &b), PULL_FAULT_NONE);
	assert_int_equal(pull(r, "any:2", &c), PULL_FAULT_NONE);
	assert_string_equal(a.content->digest, b.content->digest);
	assert_string_not_equal(a.content->digest, c.content->digest);
	assert_int_not_equal(a.content->size, c.content->size);
	assert_int_equal(strlen(a.content->digest), 7 + 64);
	registries_free(again);
	registries_free(r);
}

static void steps(void **state)
{
	(void)state;
	struct registries *r = made(true);
	struct sim_manifest old, new;
	struct err err;
	assert_int_equal(pull(r, "nginx:1.25", &old), PULL_FAULT_NONE);
	struct sim_step s = {.what = "image-set", .image = "nginx:1.25", .size_mib = 8};
	assert_int_equal(registries_step(r, &s, &err), 0);
	assert_int_equal(pull(r, "nginx:1.25", &new), PULL_FAULT_NONE);
	assert_int_equal(new.content->size, 8 * MIB);
	assert_string_not_equal(new.content->digest, old.content->digest);
	assert_int_equal(old.content->size, 60 * MIB); /* nodes still point at it */
	s.what = "image-remove";
	assert_int_equal(registries_step(r, &s, &err), 0);
	assert_int_equal(pull(r, "nginx:1.25", &new), PULL_FAULT_NOT_FOUND);
	s = (struct sim_step){.what = "registry-fault", .registry = "docker.io", .fault = "dns"};
	assert_int_equal(registries_step(r, &s, &err), 0);
	assert_int_equal(pull(r, "redis:7", &new), PULL_FAULT_DNS);
	s.end = true;
	assert_int_equal(registries_step(r, &s, &err), 0);
	assert_int_equal(pull(r, "redis:7", &new), PULL_FAULT_NONE);
	s = (struct sim_step){.what = "registry-heal", .registry = "down.example.com"};
	assert_int_equal(registries_step(r, &s, &err), 0);
	assert_int_equal(pull(r, "down.example.com/x:1", &new), PULL_FAULT_NONE);
	registries_free(r);
}

static void wrong_steps(void **state)
{
	(void)state;
	static const struct row {
		const char *name;
		struct sim_step step;
	} rows[] = {
		{"not ours", {.what = "node-join", .node = "n"}},
		{"no image", {.what = "image-set"}},
		{"a digest", {.what = "image-set", .image = "UPPER"}},
		{"no registry", {.what = "registry-heal"}},
		{"no such fault", {.what = "registry-fault", .registry = "x.io", .fault = "odd"}},
	};
	struct registries *r = made(true);
	FOREACH_ROW(struct row, rows)
	{
		struct err err = {0};
		assert_int_equal(registries_step(r, &row->step, &err), -1);
		assert_int_equal(err.cls, ERR_TERMINAL);
	}
	registries_free(r);
}

#define X    "x.example.com/a/b:1"
#define PULL "failed to pull and unpack image \"" X "\": "
#define RES  PULL "failed to resolve reference \"" X "\": "
#define HEAD RES "failed to do request: Head \"https://x.example.com/v2/a/b/manifests/1\": "

static void words(void **state)
{
	(void)state;
	static const struct row {
		const char *name;
		enum pull_fault fault;
		const char *ref, *want;
	} rows[] = {
		{"dns", PULL_FAULT_DNS, X, HEAD "dial tcp: lookup x.example.com: no such host"},
		{"refused, as recorded", PULL_FAULT_REFUSED, "127.0.0.1:1/x/y:1",
		 "failed to pull and unpack image \"127.0.0.1:1/x/y:1\": failed to resolve "
		 "reference "
		 "\"127.0.0.1:1/x/y:1\": failed to do request: Head "
		 "\"http://127.0.0.1:1/v2/x/y/manifests/1\": dial tcp 127.0.0.1:1: connect: "
		 "connection refused"},
		{"timeout", PULL_FAULT_TIMEOUT, X, HEAD "dial tcp x.example.com:443: i/o timeout"},
		{"tls", PULL_FAULT_TLS, X, HEAD "x509: certificate signed by unknown authority"},
		{"401", PULL_FAULT_UNAUTHORIZED, X,
		 RES "failed to authorize: failed to fetch anonymous token: unexpected status: 401 "
		     "Unauthorized"},
		{"403, as recorded", PULL_FAULT_FORBIDDEN, X,
		 RES "pulling from host x.example.com failed with status code [manifests 1]: 403 "
		     "Forbidden"},
		{"404, as recorded", PULL_FAULT_NOT_FOUND, X,
		 "rpc error: code = NotFound desc = " RES X ": not found"},
		{"429, as recorded", PULL_FAULT_RATE_LIMITED, X,
		 RES
		 "pulling from host x.example.com failed with status code [manifests 1]: 429 Too "
		 "Many Requests"},
		{"503, as recorded", PULL_FAULT_SERVER_ERROR, X,
		 RES "pulling from host x.example.com failed with status code [manifests 1]: 503 "
		     "Service Unavailable"},
		{"platform", PULL_FAULT_NO_PLATFORM, X,
		 "rpc error: code = NotFound desc = " PULL
		 "no match for platform in manifest: not found"},
		{"invalid, as recorded", PULL_FAULT_INVALID_NAME, "UPPER/x:y",
		 "failed to parse image reference \"UPPER/x:y\": invalid reference format: "
		 "repository name must be lowercase"},
		{"Docker Hub's host", PULL_FAULT_DNS, "nginx",
		 "failed to pull and unpack image \"docker.io/library/nginx:latest\": failed to "
		 "resolve reference \"docker.io/library/nginx:latest\": failed to do request: Head "
		 "\"https://registry-1.docker.io/v2/library/nginx/manifests/latest\": dial tcp: "
		 "lookup registry-1.docker.io: no such host"},
	};
	FOREACH_ROW(struct row, rows)
	{
		struct buf out = {0};
		pull_fault_text(dialect_find(NULL), row->fault, row->ref, &out);
		assert_string_equal(out.data, row->want);
		buf_done(&out);
	}
	assert_int_equal(pull_fault_find("tls"), PULL_FAULT_TLS);
	assert_int_equal(pull_fault_find("none"), PULL_FAULT_NONE);
	assert_int_equal(pull_fault_find("whatever"), -1);
}

/* Each dialect says what was recorded of that kubelet and runtime. Some runtimes have none. */
static void words_of_every_version(void **state)
{
	(void)state;
	static const struct {
		const char *name, *dialect, *which, *reason, *message, *image;
	} said[] = {
#include "tests/dialect_cases.inc"
	};
	static const struct {
		const char *which;
		enum pull_fault fault;
	} faults[] = {
		{"no-such-host", PULL_FAULT_DNS},          {"refused", PULL_FAULT_REFUSED},
		{"unauthorized", PULL_FAULT_UNAUTHORIZED}, {"forbidden", PULL_FAULT_FORBIDDEN},
		{"not-found", PULL_FAULT_NOT_FOUND},       {"limited", PULL_FAULT_RATE_LIMITED},
		{"unavailable", PULL_FAULT_SERVER_ERROR},
	};
	size_t compared = 0;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		for (size_t k = 0; k < sizeof(faults) / sizeof(faults[0]); k++) {
			const struct dialect *d = dialect_find(said[i].dialect);
			if (d == NULL || strcmp(said[i].which, faults[k].which) != 0)
				continue;
			struct buf out = {0};
			pull_fault_text(d, faults[k].fault, said[i].image, &out);
			assert_string_equal(out.data, said[i].message);
			buf_done(&out);
			compared++;
		}
	assert_true(compared >= 6 * sizeof(faults) / sizeof(faults[0]));
	assert_null(dialect_find("1.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_exist), cmocka_unit_test(contents),
		cmocka_unit_test(steps),       cmocka_unit_test(wrong_steps),
		cmocka_unit_test(words),       cmocka_unit_test(words_of_every_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
