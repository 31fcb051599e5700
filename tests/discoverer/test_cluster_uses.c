/* discoverer/cluster_uses.c: what a source of type cluster takes from usage (behaviour 53). */
#include "tests/unit.h"

#include <math.h>

#include "api/ref.h"
#include "discoverer/cluster_uses.h"

#define HOUR  3600
#define BEGIN (20000 * (int64_t)86400 + 60)

static bool lists(void *ctx, const char *node, uint64_t hash)
{
	(void)ctx;
	(void)node;
	return hash != ref_hash("forged:1");
}

static uint64_t rv;

static void use(struct usage *u, struct arena *a, const char *image, const char *ns, double seconds,
		int64_t now_s)
{
	rv++;
	const struct pulled e = {
		.uid = arena_printf(a, "e%llu", (unsigned long long)rv),
		.rv = rv,
		.created_s = now_s,
		.count = 1,
		.ns = ns,
		.pod_uid = "p",
		.container = "c",
		.node = "n1",
		.image = ref_normal(a, image),
		.hash = ref_hash(image),
		.was_pulled = seconds > 0,
		.seconds = seconds,
		.bytes = 1e8,
	};
	/* That of a pull comes when its node lists the image. */
	usage_event(u, &e, now_s + (e.was_pulled ? 60 : 0));
}

/* web: 4 uses in shop and 1 in ci; db: 2 in shop, a day before; forged: no node has it. */
static struct usage *some_usage(struct arena *a)
{
	struct usage *u = usage_new("drop-system", lists, NULL);
	const struct node node = {.meta = {.name = "n1", .uid = "u1"}};
	usage_node_seen(u, &node, NULL);
	usage_list_begin(u, BEGIN - 30 * HOUR);
	usage_list_end(u);
	for (int i = 0; i < 2; i++)
		use(u, a, "db:1", "shop", i == 0 ? 4 : -1, BEGIN - 30 * HOUR);
	for (int64_t at = BEGIN - 30 * HOUR; at <= BEGIN; at += 300)
		usage_tick(u, at, true);
	for (int i = 0; i < 4; i++)
		use(u, a, "web:1", "shop", i == 0 ? 20 : -1, BEGIN);
	use(u, a, "web:1", "ci-7", -1, BEGIN);
	use(u, a, "forged:1", "ci-7", 3, BEGIN);
	return u;
}

static void rule_53_what_is_found(void **state)
{
	(void)state;
	static const char *shop[] = {"shop"}, *ci[] = {"ci-*"}, *other[] = {"other"};
	static const struct {
		const char *name;
		struct cluster_source spec;
		int images; /* web: 1, db: 2 */
		uint64_t uses;
	} rows[] = {
		{"all", {.min_namespaces = 0}, 3, 7},
		{"a namespace", {.namespaces = {shop, 1}}, 3, 7},
		{"a pattern", {.namespaces = {ci, 1}}, 1, 5},
		{"a pattern that is excluded", {.exclude_namespaces = {ci, 1}}, 3, 7},
		{"a namespace that is excluded", {.exclude_namespaces = {shop, 1}}, 1, 5},
		{"no namespace of that name", {.namespaces = {other, 1}}, 0, 0},
		{"two namespaces", {.min_namespaces = 2}, 1, 5},
		{"a day", {.lookback = 24 * HOUR * INT64_C(1000)}, 1, 5},
	};
	struct arena a = ARENA_INIT;
	struct usage *u = some_usage(&a);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct results r = {0};
		bool whole;
		unit_say(rows[i].name);
		uint64_t uses = cluster_uses(u, &rows[i].spec, BEGIN, &r, &whole);
		int found = results_has(&r, "docker.io/library/web:1") * 1 +
			    results_has(&r, "docker.io/library/db:1") * 2;
		assert_int_equal(found, rows[i].images);
		assert_int_equal(uses, rows[i].uses);
		assert_false(results_has(&r, "docker.io/library/forged:1"));
		assert_int_equal(whole, rows[i].spec.lookback != 0);
		assert_int_equal(r.parts[0], whole ? PART_WHOLE : PART_ADDED);
		results_done(&r);
	}
	usage_free(u);
	arena_done(&a);
}

static void rule_53_order_and_samples(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct usage *u = some_usage(&a);
	const struct signal_rule rules[] = {
		{.series = SERIES_VALUES, .method = METHOD_SUM},
		{.series = SERIES_VALUES, .method = METHOD_COUNT},
		{.series = SERIES_PULL_SECONDS, .method = METHOD_PERCENTILE, .percentile = 0.9},
		{.series = SERIES_IMAGE_BYTES, .method = METHOD_MAX},
		{.series = SERIES_VALUES,
		 .method = METHOD_SUM,
		 .window = WINDOW_SINCE,
		 .since_ms = (BEGIN - 2 * HOUR) * 1000},
	};
	struct results r = {.fractions = true, .rules = rules, .n_rules = ROWS(rules)};
	bool whole;
	cluster_uses(u, NULL, BEGIN, &r, &whole);
	const struct results_image *web = results_find(&r, "docker.io/library/web:1");
	const struct results_image *db = results_find(&r, "docker.io/library/db:1");
	assert_non_null(web);
	assert_non_null(db);
	assert_true(web->score > db->score && db->score > 0);
	const struct signal_state *s = results_states(&r, web), *d = results_states(&r, db);
	assert_true(signal_number(&rules[0], &s[0]) == 5);
	assert_true(signal_number(&rules[1], &s[1]) == 5);
	double p90 = signal_number(&rules[2], &s[2]);
	assert_true(p90 > 20 / 1.25 && p90 < 20 * 1.25);
	assert_true(signal_number(&rules[3], &s[3]) == 1e8);
	assert_true(signal_number(&rules[4], &s[4]) == 5);
	assert_true(isnan(signal_number(&rules[4], &d[4])));
	assert_true(signal_number(&rules[0], &d[0]) == 2);
	const double web_ms = web->score * 1000;
	results_done(&r);
	/* Scores of the form without signals are milliseconds. */
	struct results plain = {0};
	cluster_uses(u, NULL, BEGIN, &plain, &whole);
	assert_true(fabs(results_find(&plain, "docker.io/library/web:1")->score - web_ms) < 1);
	results_done(&plain);
	usage_free(u);
	arena_done(&a);
}

/* Events of the last minutes may be missing, not more; a share of the namespaces is that of the
 * value. A use is in the middle of its hour. */
static void rule_53_when_and_how_much(void **state)
{
	(void)state;
	static const char *ci[] = {"ci-*"};
	static const struct cluster_source day = {.lookback = 24 * HOUR * INT64_C(1000)},
					   shop = {.exclude_namespaces = {ci, 1}};
	const int64_t hour_ms = (BEGIN - 60) * 1000, minute_ms = 60 * 1000;
	const struct signal_rule rules[] = {
		{.series = SERIES_VALUES,
		 .method = METHOD_COUNT,
		 .window = WINDOW_SINCE,
		 .since_ms = hour_ms + 29 * minute_ms},
		{.series = SERIES_VALUES,
		 .method = METHOD_COUNT,
		 .window = WINDOW_SINCE,
		 .since_ms = hour_ms + 31 * minute_ms},
	};
	struct arena a = ARENA_INIT;
	struct usage *u = some_usage(&a);
	for (int late = 0; late < 2; late++) {
		struct results r = {0};
		bool whole;
		cluster_uses(u, &day, BEGIN + 599 + late, &r, &whole);
		assert_int_equal(whole, !late);
		results_done(&r);
	}
	struct results all = {.fractions = true, .rules = rules, .n_rules = ROWS(rules)};
	struct results part = {.fractions = true};
	bool whole;
	cluster_uses(u, NULL, BEGIN, &all, &whole);
	cluster_uses(u, &shop, BEGIN, &part, &whole);
	const struct results_image *web = results_find(&all, "docker.io/library/web:1");
	double ratio = results_find(&part, "docker.io/library/web:1")->score / web->score;
	assert_true(fabs(ratio - 0.8) < 0.001);
	const struct signal_state *s = results_states(&all, web);
	assert_true(signal_number(&rules[0], &s[0]) == 5);
	assert_true(isnan(signal_number(&rules[1], &s[1])));
	results_done(&all);
	results_done(&part);
	usage_free(u);
	arena_done(&a);
}

static void rule_53_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
		bool want;
	} rows[] = {
		{"shop", "shop", true},     {"shop", "shops", false},
		{"shop-*", "shop-1", true}, {"*", "", true},
		{"*", "x", true},           {"", "", true},
		{"", "x", false},           {"a*c", "abbc", true},
		{"a*c", "abcb", false},     {"*-ci-*", "x-ci-1", true},
		{"**", "x", true},          {"a*b*c", "a-b-b-c", true},
		{"*a", "ba", true},         {"*a", "ab", false},
		{"*ab", "aab", true},       {"*-1-*", "a-1b-1-c", true},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		unit_say(rows[i].name);
		assert_int_equal(cluster_name_matches(rows[i].name, rows[i].text), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_53_what_is_found),
		cmocka_unit_test(rule_53_order_and_samples),
		cmocka_unit_test(rule_53_when_and_how_much),
		cmocka_unit_test(rule_53_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
