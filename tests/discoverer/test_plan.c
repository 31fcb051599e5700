/*
 * discoverer/plan.c and image_list.c: a spec of the pipeline form, from its JSON to the status;
 * what of it is not valid; and what is kept over outages and restarts (behaviour.md 55).
 */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "api/tables.h"
#include "base/buf.h"

#include "discoverer/discovery_status.h"
#include "discoverer/plan.h"

#define PROM(name)                                                                                 \
	"{\"name\":\"" name                                                                        \
	"\",\"type\":\"prometheus\",\"prometheus\":{\"endpoint\":\"http://p\",\"query\":\"q\"}}"
#define LOKI                                                                                       \
	"{\"name\":\"events\",\"type\":\"loki\",\"loki\":{\"endpoint\":\"http://"                  \
	"l\",\"query\":\"q\","                                                                     \
	"\"parser\":{\"type\":\"kubernetesEvents\"}}}"
#define LINES                                                                                      \
	"{\"name\":\"lines\",\"type\":\"loki\",\"loki\":{\"endpoint\":\"http://"                   \
	"l\",\"query\":\"q\"}}"
#define TAGS                                                                                       \
	"{\"name\":\"tags\",\"type\":\"registry\",\"registry\":{\"url\":\"http://r\","             \
	"\"repositories\":[\"a\"]}}"
#define QUERIES "\"queries\":[" PROM("usage") "," LOKI "," LINES "," TAGS "]"
#define SUM(n, of)                                                                                 \
	"{\"name\":\"" n "\",\"query\":\"" of                                                      \
	"\",\"type\":\"aggregate\",\"aggregate\":{\"method\":\"sum\"}}"
#define SIGNAL(of, type, block)                                                                    \
	"{" QUERIES ",\"signals\":[{\"name\":\"s\",\"query\":\"" of "\",\"type\":\"" type          \
	"\",\"" type "\":" block "}]}"
#define RANKED(ranking) "{" QUERIES ",\"signals\":[" SUM("s", "usage") "],\"ranking\":" ranking "}"

static const struct discoverypolicy_spec *spec_of(const char *json, struct arena *a)
{
	struct discoverypolicy_spec *spec = arena_alloc(a, sizeof(*spec));
	struct err err;
	if (desc_decode(&discoverypolicy_spec_desc, json, strlen(json), true, a, spec, &err) < 0)
		fail_msg("%s", err.text);
	return spec;
}

static const struct bad_row {
	const char *name, *json, *want; /* of the error; "": none */
} bad[] = {
	{"nothing", "{}", "there is no query: set sources or queries"},
	{"both forms", "{\"sources\":[{\"type\":\"registry\"}]," QUERIES "}",
	 "set sources, or queries with signals and ranking, and not both"},
	{"signals alone", "{\"signals\":[" SUM("s", "x") "]}", "there is no query"},
	{"queries alone", "{" QUERIES "}", ""},
	{"two queries of a name", "{\"queries\":[" PROM("a") "," PROM("a") "]}",
	 "two queries are named a"},
	{"two signals of a name",
	 "{" QUERIES ",\"signals\":[" SUM("s", "usage") "," SUM("s", "usage") "]}",
	 "two signals are named s"},
	{"unknown query", "{" QUERIES ",\"signals\":[" SUM("s", "x") "]}",
	 "signal s: there is no query x"},
	{"unknown type", "{\"queries\":[{\"name\":\"a\",\"type\":\"file\"}]}", "queries[0].type"},
	{"no name", "{\"queries\":[{\"type\":\"loki\"}]}", "queries[0].name"},
	{"aggregate", SIGNAL("tags", "aggregate", "{\"method\":\"max\"}"), ""},
	{"unknown method", SIGNAL("usage", "aggregate", "{\"method\":\"mode\"}"), "method"},
	{"hours",
	 SIGNAL("usage", "timeWeightedAggregate",
		"{\"method\":\"sum\",\"timezone\":\"Europe/Berlin\",\"defaultWeight\":\"300m\","
		"\"windows\":[{\"startHour\":22,\"endHour\":6,\"weight\":-1}]}"),
	 ""},
	{"unknown zone",
	 SIGNAL("usage", "timeWeightedAggregate",
		"{\"method\":\"sum\",\"timezone\":\"Mars/North\","
		"\"windows\":[{\"startHour\":0,\"endHour\":6,\"weight\":1}]}"),
	 "signal s: timezone: unknown time zone Mars/North"},
	{"a weight that is none",
	 SIGNAL("usage", "timeWeightedAggregate",
		"{\"method\":\"sum\",\"windows\":[{\"startHour\":0,\"endHour\":6,"
		"\"weight\":\"much\"}]}"),
	 "weight"},
	{"hours of tags",
	 SIGNAL("tags", "timeWeightedAggregate",
		"{\"method\":\"sum\",\"windows\":[{\"startHour\":0,\"endHour\":6,\"weight\":1}]}"),
	 "signal s: query tags has no times"},
	{"hours of lines",
	 SIGNAL("lines", "timeWeightedAggregate",
		"{\"method\":\"sum\",\"windows\":[{\"startHour\":0,\"endHour\":6,\"weight\":1}]}"),
	 ""},
	{"relative window",
	 SIGNAL("usage", "windowAggregate", "{\"method\":\"sum\",\"relativeWindow\":\"2h\"}"), ""},
	{"a window of each day",
	 SIGNAL("usage", "windowAggregate",
		"{\"method\":\"sum\",\"window\":{\"start\":\"23:30\",\"end\":\"00:30\"}}"),
	 ""},
	{"no window", SIGNAL("usage", "windowAggregate", "{\"method\":\"sum\"}"),
	 "signal s: set relativeWindow or window, and not both"},
	{"both windows",
	 SIGNAL("usage", "windowAggregate",
		"{\"method\":\"sum\",\"relativeWindow\":\"2h\","
		"\"window\":{\"start\":\"23:30\",\"end\":\"00:30\"}}"),
	 "signal s: set relativeWindow or window, and not both"},
	{"an empty window",
	 SIGNAL("usage", "windowAggregate",
		"{\"method\":\"sum\",\"window\":{\"start\":\"08:00\",\"end\":\"08:00\"}}"),
	 "signal s: window: start and end are the same"},
	{"no time of day",
	 SIGNAL("usage", "windowAggregate",
		"{\"method\":\"sum\",\"window\":{\"start\":\"8\",\"end\":\"24:00\"}}"),
	 "start"},
	{"events", SIGNAL("events", "eventPullTime", "{\"statistic\":\"p95\"}"), ""},
	{"events of lines", SIGNAL("lines", "eventPullTime", "{\"statistic\":\"p95\"}"),
	 "signal s: query lines has no events"},
	{"events of a prometheus", SIGNAL("usage", "eventPullTime", "{\"statistic\":\"p95\"}"),
	 "signal s: query usage has no events"},
	{"no block",
	 "{" QUERIES ",\"signals\":[{\"name\":\"s\",\"query\":\"usage\",\"type\":\"aggregate\"}]}",
	 "signal s: the block aggregate is missing"},
	{"rank by a signal", RANKED("{\"strategy\":\"signal\",\"signal\":\"s\"}"), ""},
	{"unknown signal", RANKED("{\"strategy\":\"signal\",\"signal\":\"x\"}"),
	 "ranking: there is no signal x"},
	{"no signal", RANKED("{\"strategy\":\"signal\"}"), "ranking: there is no signal"},
	{"unknown strategy", RANKED("{\"strategy\":\"luck\"}"), "ranking.strategy"},
	{"no member", RANKED("{\"strategy\":\"weightedSum\"}"),
	 "ranking: the member weightedSum is missing"},
	{"unknown signal of a term",
	 RANKED("{\"strategy\":\"weightedSum\",\"weightedSum\":{\"terms\":[{\"signal\":\"x\","
		"\"weight\":1}]}}"),
	 "ranking: weightedSum.terms[0]: there is no signal x"},
	{"unknown signal of an exposure",
	 RANKED("{\"strategy\":\"modelExposure\",\"modelExposure\":{\"preWindowUsageSignal\":\"s\","
		"\"targetWindowUsageSignal\":\"s\",\"pullTimeSignal\":\"x\"}}"),
	 "ranking: modelExposure: there is no signal x"},
};

static void rule_55_what_is_not_valid(void **state)
{
	(void)state;
	FOREACH_ROW(struct bad_row, bad)
	{
		struct arena a = ARENA_INIT;
		struct plan plan;
		struct err err = {0};
		int rc = plan_make(spec_of(row->json, &a), &a, &plan, &err);
		if (*row->want == '\0' && rc < 0)
			fail_msg("%s", err.text);
		assert_int_equal(rc, *row->want == '\0' ? 0 : -1);
		if (rc < 0 && strstr(err.text, row->want) == NULL)
			fail_msg("%s", err.text);
		arena_done(&a);
	}
}

/* ---- from samples to the status ---- */

#define TWO                                                                                        \
	"{\"queries\":[" PROM("usage") "," LOKI "],\"signals\":[" SUM(                             \
		"used", "usage") ","                                                               \
				 "{\"name\":\"seconds\",\"query\":\"events\",\"type\":"            \
				 "\"eventPullTime\",\"eventPullTime\":"                            \
				 "{\"statistic\":\"p50\"}}," SUM(                                  \
					 "unused", "usage") "],\"maxImages\":3,\"ranking\":"

/* Samples of a query: "a=1 a=2 b=3"; what: 'w' a whole answer, 'a' one that only adds. */
static void learn(const struct plan *plan, const struct discoverypolicy_spec *spec, size_t query,
		  const char *samples, char what, struct source_images *m)
{
	struct arena a = ARENA_INIT;
	struct results f = {.fractions = true};
	struct signal_rule *rules;
	struct err err;
	assert_int_equal(plan_rules(&spec->signals, &plan->queries.at[query], 0, &a, &rules,
				    &f.n_rules, &err),
			 0);
	f.rules = rules;
	for (const char *p = samples; *p != '\0';) {
		char image[16], *end;
		size_t n = strcspn(p, "=");
		snprintf(image, sizeof(image), "%.*s", (int)n, p);
		const struct sample s = {0, strtod(p + n + 1, &end)};
		results_sample(&f, image, n, query == 1 ? SERIES_PULL_SECONDS : SERIES_VALUES, &s);
		p = end + (*end == ' ');
	}
	source_images_begin_round(m);
	source_images_update(m, &f, what == 'w', 1, RESULTS_MAX);
	results_done(&f);
	arena_done(&a);
}

static struct discovered_images images_of(const struct plan *plan, struct source_images *known,
					  int64_t max, int64_t nodes, struct arena *a)
{
	const struct list_source sources[] = {{&known[0], "prometheus", plan->of[0].signals},
					      {&known[1], "loki", plan->of[1].signals}};
	struct list_rules rules = {.max_images = max, .max_shrink_percent = 100};
	struct ranking ranking;
	plan_list_rules(plan, nodes, &ranking, &rules);
	struct list list = list_make(sources, 2, &rules, a);
	return plan_images(plan, &list, a);
}

/* "1 a 0.5 used=3 seconds=2|..." */
static const char *text_of(const struct discovered_images *images, struct arena *a)
{
	const char *text = "";
	for (size_t i = 0; i < images->n; i++) {
		const struct discovered_image *image = &images->at[i];
		text = arena_printf(a, "%s%s%lld %s %s", text, i > 0 ? "|" : "",
				    (long long)image->rank, image->image, image->final_score);
		for (size_t k = 0; k < image->signals.n; k++)
			text = arena_printf(a, "%s %s=%s", text, image->signals.at[k].name,
					    image->signals.at[k].value);
		assert_null(image->source);
	}
	return text;
}

static const struct run_row {
	const char *name, *ranking;
	int64_t nodes;
	const char *usage, *events, *want;
} runs[] = {
	{"no ranking: the highest raw value of any query", "null}", 0, "a=1 a=2 b=3", "b=1 c=2.5",
	 "1 b 3|2 c 2.5|3 a 2"},
	{"a signal", "{\"strategy\":\"signal\",\"signal\":\"used\"}}", 0, "a=1 a=2.5 b=3",
	 "b=1 c=9", "1 a 3.5 used=3.5|2 b 3 used=3|3 c 0"},
	{"ties by name, cut after", "{\"strategy\":\"signal\",\"signal\":\"used\"}}", 0,
	 "d=1 c=1 b=1 a=1", "", "1 a 1 used=1|2 b 1 used=1|3 c 1 used=1"},
	{"a weighted sum over two queries",
	 "{\"strategy\":\"weightedSum\",\"weightedSum\":{\"terms\":[{\"signal\":\"used\","
	 "\"weight\":1},"
	 "{\"signal\":\"seconds\",\"weight\":\"500m\"}]}}}",
	 0, "a=0 b=10 c=5", "a=20 b=10 c=0 c=30",
	 "1 b 1 used=10 seconds=10|2 c 0.75 used=5 seconds=15|3 a 0.5 used=0 seconds=20"},
	{"without those that lack a signal",
	 "{\"strategy\":\"weightedSum\",\"weightedSum\":{\"missingSignal\":\"drop\",\"terms\":["
	 "{\"signal\":\"used\",\"weight\":1},{\"signal\":\"seconds\",\"weight\":1}]}}}",
	 0, "a=0 b=10", "a=20 c=1", "1 a 1 used=0 seconds=20"},
	{"model exposure, Ready nodes",
	 "{\"strategy\":\"modelExposure\",\"modelExposure\":{\"preWindowUsageSignal\":\"unused\","
	 "\"targetWindowUsageSignal\":\"used\",\"pullTimeSignal\":\"seconds\"}}}",
	 2, "a=1 b=2", "a=8 b=8",
	 "1 a 4 used=1 seconds=8 unused=1|2 b 4 used=2 seconds=8 unused=2"},
	{"model exposure, a count",
	 "{\"strategy\":\"modelExposure\",\"modelExposure\":{\"nodes\":{\"count\":4},"
	 "\"preWindowUsageSignal\":\"unused\",\"targetWindowUsageSignal\":\"used\","
	 "\"pullTimeSignal\":\"seconds\"}}}",
	 2, "a=1", "a=8", "1 a 6 used=1 seconds=8 unused=1"},
	{"model exposure, a selector wins over the count",
	 "{\"strategy\":\"modelExposure\",\"modelExposure\":{\"nodes\":{\"count\":4,\"selector\":"
	 "{\"nodeSelectorTerms\":[{}]}},\"preWindowUsageSignal\":\"unused\","
	 "\"targetWindowUsageSignal\":\"used\",\"pullTimeSignal\":\"seconds\"}}}",
	 2, "a=1", "a=8", "1 a 4 used=1 seconds=8 unused=1"},
	{"model exposure, the count if the selector matches none",
	 "{\"strategy\":\"modelExposure\",\"modelExposure\":{\"nodes\":{\"count\":4,\"selector\":"
	 "{\"nodeSelectorTerms\":[{}]}},\"preWindowUsageSignal\":\"unused\","
	 "\"targetWindowUsageSignal\":\"used\",\"pullTimeSignal\":\"seconds\"}}}",
	 0, "a=1", "a=8", "1 a 6 used=1 seconds=8 unused=1"},
	{"nothing", "{\"strategy\":\"signal\",\"signal\":\"used\"}}", 0, "", "", ""},
};

static void rule_55_from_samples_to_status(void **state)
{
	(void)state;
	FOREACH_ROW(struct run_row, runs)
	{
		struct arena a = ARENA_INIT;
		struct plan plan;
		struct err err;
		struct source_images known[2] = {{{0}}};
		const struct discoverypolicy_spec *spec =
			spec_of(arena_printf(&a, "%s%s", TWO, row->ranking), &a);
		if (plan_make(spec, &a, &plan, &err) < 0)
			fail_msg("%s", err.text);
		learn(&plan, spec, 0, row->usage, 'w', &known[0]);
		learn(&plan, spec, 1, row->events, 'w', &known[1]);
		struct discovered_images images =
			images_of(&plan, known, spec->max_images, row->nodes, &a);
		assert_string_equal(text_of(&images, &a), row->want);
		source_images_done(&known[0]);
		source_images_done(&known[1]);
		arena_done(&a);
	}
}

/* A query that fails keeps its numbers; a restart takes them from the status. */
static void rule_55_outage_and_restart(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct plan plan;
	struct err err;
	struct source_images known[2] = {{{0}}};
	const struct discoverypolicy_spec *spec =
		spec_of(TWO "{\"strategy\":\"weightedSum\",\"weightedSum\":{\"terms\":[{\"signal\":"
			    "\"used\",\"weight\":1},{\"signal\":\"seconds\",\"weight\":1}]}}}",
			&a);
	assert_int_equal(plan_make(spec, &a, &plan, &err), 0);
	learn(&plan, spec, 0, "a=0 b=10", 'w', &known[0]);
	learn(&plan, spec, 1, "a=3 b=2", 'w', &known[1]);
	struct discovered_images was = images_of(&plan, known, 3, 0, &a);
	/* The names belong to the sources, which are read again. */
	for (size_t i = 0; i < was.n; i++)
		was.at[i].image = arena_strdup(&a, was.at[i].image);
	assert_string_equal(text_of(&was, &a), "1 a 1 used=0 seconds=3|2 b 1 used=10 seconds=2");
	/* One answers anew, the other not. */
	learn(&plan, spec, 0, "b=1 c=2", 'w', &known[0]);
	struct discovered_images now = images_of(&plan, known, 3, 0, &a);
	assert_string_equal(text_of(&now, &a),
			    "1 a 0 seconds=3|2 b 0 used=1 seconds=2|3 c -1 used=2");
	/* Started again, nobody answers. */
	for (size_t i = 0; i < 2; i++)
		source_images_restore_signals(&known[i], &was, plan.of[i].names, plan.of[i].n);
	now = images_of(&plan, known, 3, 0, &a);
	assert_string_equal(text_of(&now, &a), "1 a 1 used=0 seconds=3|2 b 1 used=10 seconds=2");
	/* One answers without b: the other, which knew b, too, has not answered yet. */
	learn(&plan, spec, 0, "a=1", 'w', &known[0]);
	now = images_of(&plan, known, 3, 0, &a);
	assert_int_equal(now.n, 2);
	learn(&plan, spec, 1, "a=1", 'w', &known[1]);
	now = images_of(&plan, known, 3, 0, &a);
	assert_string_equal(text_of(&now, &a), "1 a 2 used=1 seconds=1");
	source_images_done(&known[0]);
	source_images_done(&known[1]);
	arena_done(&a);
}

static void rule_55_status(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct plan plan;
	struct err err;
	const struct discoverypolicy_spec *spec =
		spec_of(TWO "{\"strategy\":\"signal\",\"signal\":\"used\"}}", &a);
	assert_int_equal(plan_make(spec, &a, &plan, &err), 0);
	const struct source_view views[] = {
		{.fault = FAULT_TIMEOUT, .text = "prometheus http://p: timeout"},
		{.note = "", .warning = "only the newest 50000 lines were read"}};
	struct signal_value value = {"used", "2"};
	struct discovered_image image = {
		.image = "a", .rank = 1, .final_score = "2", .signals = {&value, 1}};
	const struct status_facts facts = {.sources = views,
					   .n = 2,
					   .queries = &plan.queries,
					   .images = {&image, 1},
					   .synced = true,
					   .now_s = 1700000000};
	const struct discoverypolicy_status none = {0};
	struct discoverypolicy_status s = status_make(&facts, &none, &a);
	struct buf json = {0};
	desc_encode(&discoverypolicy_status_desc, &s, &json);
	const char *const want[] = {
		"\"discoveredImages\":[{\"image\":\"a\",\"rank\":1,\"finalScore\":\"2\","
		"\"signals\":"
		"[{\"name\":\"used\",\"value\":\"2\"}]}]",
		"{\"name\":\"usage\",\"type\":\"prometheus\",\"status\":\"failed\",\"message\":"
		"\"prometheus http://p: timeout\"}",
		"{\"name\":\"events\",\"type\":\"loki\",\"status\":\"success\",\"message\":"
		"\"only the newest 50000 lines were read\"}",
		"\"reason\":\"PartiallyFailed\"",
	};
	for (size_t i = 0; i < ROWS(want); i++)
		if (strstr(json.data, want[i]) == NULL)
			fail_msg("%s is not in %s", want[i], json.data);
	assert_null(strstr(json.data, "\"score\""));
	assert_null(strstr(json.data, "\"reason\":\"Synced\""));
	buf_done(&json);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_55_what_is_not_valid),
		cmocka_unit_test(rule_55_from_samples_to_status),
		cmocka_unit_test(rule_55_outage_and_restart),
		cmocka_unit_test(rule_55_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
