/* The pretend registries' tags and the pretend Prometheus, as rule 27 and 28 ask them. */
#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"

#include "sim/nodes/registry.h"
#include "sim/play/sources.h"

#define REPO    "r.example/a/b"
#define TAGS    "/v2/" REPO "/tags/list"
#define METRICS "/prometheus/api/v1/query"

static struct sim_image images[] = {
	{.ref = REPO ":3"},
	{.ref = REPO ":1"},
	{.ref = REPO ":2"},
	{.ref = REPO "c:9"},
	{.ref = "docker.io/library/redis:7"},
	{.ref = "gone.example/x:1"},
};
static struct sim_registry hosts[] = {
	{.host = "docker.io", .fault = "rate-limited"},
	{.host = "gone.example", .fault = "timeout"},
};
static struct sim_metric metrics[] = {{"r.example/a/b:1", 7}, {"odd\"name", 0}};
static const struct sim_metrics series = {metrics, ROWS(metrics)};

static const struct row {
	const char *name, *uri, *form;
	int code;
	const char *body, *link; /* a part of it; the header, or NULL */
} rows[] = {
	{"the API is there", "/v2/", "", 200, "{}", NULL},
	{"all tags", TAGS, "", 200, "{\"name\":\"" REPO "\",\"tags\":[\"1\",\"2\",\"3\"]}", NULL},
	{"a page", TAGS "?n=2", "", 200, "{\"name\":\"" REPO "\",\"tags\":[\"1\",\"2\"]}",
	 "</v2/" REPO "/tags/list?last=2&n=2>; rel=\"next\""},
	{"the last page", TAGS "?last=2&n=2", "", 200, "{\"name\":\"" REPO "\",\"tags\":[\"3\"]}",
	 NULL},
	{"a page of just the rest", TAGS "?n=3", "", 200,
	 "{\"name\":\"" REPO "\",\"tags\":[\"1\",\"2\",\"3\"]}", NULL},
	{"after the last", TAGS "?last=3", "", 200, "{\"name\":\"" REPO "\",\"tags\":[]}", NULL},
	{"no such repository", "/v2/r.example/a/tags/list", "", 404, "\"NAME_UNKNOWN\"", NULL},
	{"not a number", TAGS "?n=x", "", 400, "\"NAME_INVALID\"", NULL},
	{"no page at all", TAGS "?n=0", "", 400, "\"NAME_INVALID\"", NULL},
	{"another question", "/v2/" REPO "/blobs/1", "", 404, "\"errors\"", NULL},
	{"a registry's fault", "/v2/docker.io/library/redis/tags/list", "", 429,
	 "\"TOOMANYREQUESTS\"", NULL},
	{"one that times out", "/v2/gone.example/x/tags/list", "", 504, "\"UNAVAILABLE\"", NULL},
	{"an instant", METRICS "?query=up", "", 200,
	 "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{"
	 "\"image\":\"r.example/a/b:1\"},\"value\":[12.500,\"7\"]},{\"metric\":{\"image\":\"odd\\"
	 "\"name\"},\"value\":[12.500,\"0\"]}]}}",
	 NULL},
	{"a range, posted", METRICS "_range", "query=up%7B%7D&start=10&end=11&step=0.5", 200,
	 "\"matrix\",\"result\":[{\"metric\":{\"image\":\"r.example/a/b:1\"},\"values\":[[10.000,"
	 "\"7\"],[10.500,\"7\"],[11.000,\"7\"]]}",
	 NULL},
	{"without a query", METRICS "?time=1", "", 400, "\"bad_data\"", NULL},
	{"a range without an end", METRICS "_range?query=up&start=1&step=1", "", 400,
	 "\"bad_data\"", NULL},
	{"a range backwards", METRICS "_range?query=up&start=2&end=1&step=1", "", 400,
	 "\"bad_data\"", NULL},
	{"a step of nothing", METRICS "_range?query=up&start=1&end=2&step=0", "", 400,
	 "\"bad_data\"", NULL},
	{"too many points", METRICS "_range?query=up&start=0&end=99999&step=1", "", 400,
	 "11,000 points", NULL},
	{"another path", "/prometheus/api/v1/labels", "", 404, "404", NULL},
};

static void answers(void **state)
{
	(void)state;
	const struct sim_scenario scenario = {.images = {images, ROWS(images)},
					      .registries = {hosts, ROWS(hosts)}};
	struct registries *r = registries_new(&scenario);
	const struct sources s = {r, &series};
	FOREACH_ROW(struct row, rows)
	{
		struct arena a = ARENA_INIT;
		struct buf out = {0};
		const struct sources_request ask = {
			.uri = row->uri, .form = row->form, .wall_us = 12500000};
		assert_true(sources_own(row->uri));
		struct sources_answer got = sources_answer(&s, &ask, &a, &out);
		buf_add(&out, "", 1);
		assert_int_equal(got.code, row->code);
		assert_non_null(strstr(out.data, row->body));
		if (row->link == NULL)
			assert_null(got.link);
		else
			assert_string_equal(got.link, row->link);
		assert_int_equal(got.delay_ms > 0, row->code == 504);
		buf_done(&out);
		arena_done(&a);
	}
	assert_false(sources_own("/api/v1/pods"));
	registries_free(r);
}

/* A step that pushes a tag or removes one is seen at the next question. */
static void steps(void **state)
{
	(void)state;
	const struct sim_scenario scenario = {.images = {images, ROWS(images)}};
	struct registries *r = registries_new(&scenario);
	struct arena a = ARENA_INIT;
	struct api_strings tags;
	int64_t delay;
	struct err err;
	assert_int_equal(
		registries_step(r, &(struct sim_step){.what = "image-set", .image = REPO ":4"},
				&err),
		0);
	assert_int_equal(
		registries_step(r, &(struct sim_step){.what = "image-remove", .image = REPO ":1"},
				&err),
		0);
	assert_int_equal(registries_tags(r, REPO, &a, &tags, &delay), PULL_FAULT_NONE);
	assert_int_equal(tags.n, 3);
	assert_string_equal(tags.at[0], "2");
	assert_string_equal(tags.at[2], "4");
	arena_done(&a);
	registries_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(steps)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
