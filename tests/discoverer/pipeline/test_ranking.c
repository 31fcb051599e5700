/*
 * discoverer/pipeline/ranking.c and nodes.c, against values computed by hand (behaviour.md 55).
 */
#include "tests/unit.h"

#include <math.h>

#include "discoverer/pipeline/decimal.h"
#include "discoverer/pipeline/nodes.h"
#include "discoverer/pipeline/ranking.h"

#define NONE   NAN
#define IMAGES 3

static const struct ranking_part first[] = {{0, 1}};
static const struct ranking_part half_and_two[] = {{0, 0.5}, {1, 2}};
static const struct ranking_part exposure[] = {{0, 0}, {1, 0}, {2, 0}};

static const struct row {
	const char *name;
	struct ranking ranking;
	double numbers[IMAGES][3]; /* of images a, b, c */
	const char *want;          /* scores, "-" of one that is left out */
} rows[] = {
	{"raw", {.strategy = RANK_RAW}, {{0}}, "10 20 30"},
	{"waiting saved", {.strategy = RANK_WAITING_SAVED}, {{0}}, "10 20 30"},
	{"signal", {RANK_SIGNAL, first, 1, false, 0}, {{5}, {NONE}, {-2}}, "5 0 -2"},
	/* 0: 0..10; 1: 1..3. a: .5*0 + 2*1, b: .5*1 + 2*0, c: .5*.5 + 2*.5 */
	{"weighted sum",
	 {RANK_WEIGHTED_SUM, half_and_two, 2, false, 0},
	 {{0, 3}, {10, 1}, {5, 2}},
	 "2 0.5 1.25"},
	{"all equal count 1", {RANK_WEIGHTED_SUM, first, 1, false, 0}, {{7}, {7}, {7}}, "1 1 1"},
	/* 10..20; b is 0 before: (0 - 10) / 10 */
	{"missing is 0 before it is normalized",
	 {RANK_WEIGHTED_SUM, first, 1, false, 0},
	 {{10}, {NONE}, {20}},
	 "0 -1 1"},
	{"missing is left out",
	 {RANK_WEIGHTED_SUM, half_and_two, 2, true, 0},
	 {{0, 3}, {10, NONE}, {10, 1}},
	 "2 - 0.5"},
	{"a signal that no image has",
	 {RANK_WEIGHTED_SUM, half_and_two, 2, false, 0},
	 {{0, NONE}, {10, NONE}, {5, NONE}},
	 "0 0.5 0.25"},
	/* target * (1 - 1/4)^before * seconds: 8*.75^2*2, 8*1*2, 0 */
	{"model exposure",
	 {RANK_MODEL_EXPOSURE, exposure, 3, false, 4},
	 {{2, 8, 2}, {0, 8, 2}, {0, NONE, 2}},
	 "9 16 0"},
	{"no use before",
	 {RANK_MODEL_EXPOSURE, exposure, 3, false, 4},
	 {{NONE, 8, 2}, {NONE, 8, NONE}, {1, 8, 2}},
	 "16 0 12"},
	{"one node",
	 {RANK_MODEL_EXPOSURE, exposure, 3, false, 1},
	 {{1, 8, 2}, {0, 8, 2}, {3, 8, 2}},
	 "0 16 0"},
	{"no nodes count as one",
	 {RANK_MODEL_EXPOSURE, exposure, 3, false, 0},
	 {{1, 8, 2}, {0, 8, 2}, {3, 8, 2}},
	 "0 16 0"},
	{"less than one counts as one",
	 {RANK_MODEL_EXPOSURE, exposure, 3, false, 0.5},
	 {{1, 8, 2}, {0, 8, 2}, {3, 8, 2}},
	 "0 16 0"},
	{"many nodes",
	 {RANK_MODEL_EXPOSURE, exposure, 3, false, 1000000000},
	 {{1, 8, 2}, {0, 8, 2}, {3, 0, 2}},
	 "15.999999984 16 0"},
};

static void rule_55_scores(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct arena a = ARENA_INIT;
		struct ranked images[IMAGES];
		const char *text = "";
		for (size_t i = 0; i < IMAGES; i++)
			images[i] = (struct ranked){.numbers = row->numbers[i],
						    .raw = 10 * (double)(i + 1)};
		ranking_score(&row->ranking, images, IMAGES);
		for (size_t i = 0; i < IMAGES; i++)
			text = arena_printf(
				&a, "%s%s%s", text, i > 0 ? " " : "",
				images[i].out
					? "-"
					: decimal_text(round(images[i].score * 1e12) / 1e12, &a));
		assert_string_equal(text, row->want);
		arena_done(&a);
	}
}

static void rule_55_scores_stay_finite(void **state)
{
	(void)state;
	const struct ranking_part parts[] = {{0, 1e308}, {0, 1e308}};
	const struct ranking r = {RANK_WEIGHTED_SUM, parts, 2, false, 0};
	const double low = 0, high = 1;
	struct ranked images[] = {{.numbers = &low}, {.numbers = &high}};
	ranking_score(&r, images, 2);
	assert_true(isfinite(images[1].score));
	assert_true(images[1].score > images[0].score);
}

/* ---- nodes ---- */

#define REQ(k, o, ...)                                                                             \
	(struct selector_requirement)                                                              \
	{                                                                                          \
		.key = (k), .op = (o), .values = {                                                 \
			(const char *[]){__VA_ARGS__},                                             \
			sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)                     \
		}                                                                                  \
	}

static void rule_55_node_selector(void **state)
{
	(void)state;
	struct api_kv kv[] = {{"cpu", "16"}, {"odd", "x1"}, {"zone", "a"}};
	const struct api_map labels = {kv, 3};
	const struct node_row {
		const char *name;
		struct selector_requirement label, field;
		bool want;
	} nodes[] = {
		{"In", REQ("zone", "In", "b", "a"), {0}, true},
		{"not In", REQ("zone", "In", "b"), {0}, false},
		{"In of a label that is not there", REQ("x", "In", ""), {0}, false},
		{"NotIn", REQ("zone", "NotIn", "b"), {0}, true},
		{"NotIn of a label that is not there", REQ("x", "NotIn", "b"), {0}, true},
		{"not NotIn", REQ("zone", "NotIn", "a"), {0}, false},
		{"Exists", REQ("zone", "Exists", ""), {0}, true},
		{"not Exists", REQ("x", "Exists", ""), {0}, false},
		{"DoesNotExist", REQ("x", "DoesNotExist", ""), {0}, true},
		{"not DoesNotExist", REQ("zone", "DoesNotExist", ""), {0}, false},
		{"Gt as numbers", REQ("cpu", "Gt", "9"), {0}, true},
		{"not Gt", REQ("cpu", "Gt", "16"), {0}, false},
		{"Lt", REQ("cpu", "Lt", "17"), {0}, true},
		{"not Lt", REQ("cpu", "Lt", "9"), {0}, false},
		{"Gt of no number", REQ("odd", "Gt", "0"), {0}, false},
		{"Gt of two numbers", REQ("cpu", "Gt", "1", "2"), {0}, false},
		{"a name", {0}, REQ("metadata.name", "In", "n1"), true},
		{"another name", {0}, REQ("metadata.name", "In", "n2"), false},
		{"another field", {0}, REQ("metadata.uid", "Exists", ""), false},
		{"both hold", REQ("zone", "Exists", ""), REQ("metadata.name", "NotIn", "n2"), true},
		{"one holds", REQ("zone", "Exists", ""), REQ("metadata.name", "In", "n2"), false},
		{"nothing asked for", {0}, {0}, false},
		{"unknown operator", REQ("zone", "Near", "a"), {0}, false},
	};
	FOREACH_ROW(struct node_row, nodes)
	{
		struct selector_requirement label = row->label, field = row->field;
		struct selector_requirement never = REQ("x", "Exists", "");
		struct selector_term terms[] = {
			{.expressions = {&never, 1}},
			{.expressions = {&label, label.key != NULL},
			 .fields = {&field, field.key != NULL}},
		};
		const struct node_selector s = {{terms, 2}};
		assert_int_equal(selector_matches(&s, "n1", &labels), row->want);
	}
	assert_true(selector_matches(NULL, "n1", &labels));
	assert_false(selector_matches(&(struct node_selector){0}, "n1", &labels));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_55_scores),
		cmocka_unit_test(rule_55_scores_stay_finite),
		cmocka_unit_test(rule_55_node_selector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
