/* Merge, filter, rank, cut and hysteresis (behaviour.md 26, 30, 31; removeAfter, maxShrinkPercent).
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "discoverer/image_list.h"
#include "discoverer/score.h"

/* "a=1 b=2" */
static void find(struct results *f, const char *text)
{
	char image[64];
	for (const char *p = text; *p != '\0';) {
		size_t n = strcspn(p, "=");
		snprintf(image, sizeof(image), "%.*s", (int)n, p);
		char *end;
		results_add(f, image, n, strtod(p + n + 1, &end));
		p = end + (*end == ' ');
	}
}

static void learn(struct source_images *m, const char *text, bool whole, int64_t remove_after,
		  size_t keep)
{
	struct results f = {0};
	find(&f, text);
	source_images_begin_round(m);
	source_images_update(m, &f, whole, remove_after, keep);
	results_done(&f);
}

static char *known_text(const struct source_images *m)
{
	static char text[1024];
	text[0] = '\0';
	for (size_t i = 0; i < m->n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%lld/%lld",
			 i > 0 ? " " : "", m->at[i].image, (long long)m->at[i].score,
			 (long long)m->at[i].missed);
	return text;
}

static char *list_text(const struct list *l)
{
	static char text[1024];
	text[0] = '\0';
	for (size_t i = 0; i < l->n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%lld%c",
			 i > 0 ? " " : "", l->at[i].image, (long long)l->at[i].score,
			 l->at[i].source[0]);
	return text;
}

static void rule_26_merge_rank_and_cut(void **state)
{
	(void)state;
	static const struct {
		const char *name, *prometheus, *registry, *filter;
		int64_t max;
		const char *want;
	} rows[] = {
		{"the highest score counts, and says whose it is", "a=5 b=1", "a=7 c=2", NULL, 50,
		 "a=7r c=2r b=1p"},
		{"equal scores: by name, the first source", "b=1 a=1", "a=1 c=1", NULL, 50,
		 "a=1p b=1p c=1r"},
		{"cut at maxImages", "a=1 b=2 c=3", "d=4", NULL, 2, "d=4r c=3p"},
		{"filtered before it is cut", "a1=9 b1=8 b2=7 b3=6", "", "^b", 2, "b1=8p b2=7p"},
		{"negative scores", "a=-1 b=-5", "", NULL, 50, "a=-1p b=-5p"},
		{"nothing", "", "", NULL, 50, ""},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		struct source_images p = {0}, r = {0};
		struct err err;
		struct list_rules rules = {.max_images = row->max, .max_shrink_percent = 100};
		assert_int_equal(regex_new(row->filter, &rules.filter, &err), 0);
		learn(&p, row->prometheus, true, 1, 50);
		learn(&r, row->registry, true, 1, 50);
		const struct list_source sources[] = {{&p, "prometheus"}, {&r, "registry"}};
		struct list list = list_make(sources, 2, &rules, &a);
		assert_string_equal(list_text(&list), row->want);
		regex_free(rules.filter);
		source_images_done(&p);
		source_images_done(&r);
		arena_done(&a);
	}
}

static void rule_26_remove_after(void **state)
{
	(void)state;
	static const struct step {
		const char *name, *answer;
		bool whole;
		int64_t after;
		const char *want;
	} rows[] = {
		{"first", "a=3 b=2", true, 1, "a=3/0 b=2/0"},
		{"default: gone with the first answer that lacks it", "a=4", true, 1, "a=4/0"},
		{"more", "a=4 b=1 c=1", true, 3, "a=4/0 b=1/0 c=1/0"},
		{"missed once", "a=4", true, 3, "a=4/0 b=1/1 c=1/1"},
		{"missed twice, one is back", "a=4 c=9", true, 3, "c=9/0 a=4/0 b=1/2"},
		{"rule 30: a part of a source failed, it only adds", "d=1", false, 3,
		 "d=1/0 c=9/0 a=4/0 b=1/2"},
		{"missed three times", "a=4", true, 3, "a=4/0 d=1/1 c=9/1"},
		{"nothing at all", "", true, 1, ""},
	};
	struct source_images m = {0};
	FOREACH_ROW(struct step, rows)
	{
		learn(&m, row->answer, row->whole, row->after, 50);
		assert_string_equal(known_text(&m), row->want);
	}
	learn(&m, "a=1 b=2 c=3", true, 1, 2);
	assert_string_equal(known_text(&m), "c=3/0 b=2/0");
	learn(&m, "a=1 b=2 c=3", true, 5, 1); /* outranked is not missing */
	assert_string_equal(known_text(&m), "c=3/0");
	source_images_done(&m);
}

/* One letter a part: w whole, a added, f failed, g gone; the images of part n begin with its digit.
 */
static void learn_parts(struct source_images *m, const char *parts, const char *text,
			int64_t remove_after)
{
	static const enum part_state states[] = {
		['w'] = PART_WHOLE, ['a'] = PART_ADDED, ['f'] = PART_FAILED, ['g'] = PART_GONE};
	struct results f = {0};
	results_parts(&f, strlen(parts));
	for (size_t i = 0; i < f.n_parts; i++)
		f.parts[i] = states[(unsigned char)parts[i]];
	char one[64];
	for (const char *p = text; *p != '\0';) {
		int n = (int)strcspn(p, " ");
		snprintf(one, sizeof(one), "%.*s", n, p);
		f.part = (size_t)(*p - '0');
		find(&f, one);
		p += n + (p[n] == ' ');
	}
	source_images_update(m, &f, strspn(parts, "w") == strlen(parts), remove_after, 50);
	results_done(&f);
}

static size_t digit_of(const void *ctx, const char *image)
{
	(void)ctx;
	return *image >= '0' && *image <= '9' ? (size_t)(*image - '0') : PART_UNKNOWN;
}

static void rule_30_parts_answer_and_fail_each_for_itself(void **state)
{
	(void)state;
	static const struct step {
		const char *name, *parts, *answer;
		int64_t after;
		bool round;
		const char *want;
	} rows[] = {
		{"both", "ww", "0a=1 0b=2 1a=1", 1, true, "0b=2/0 0a=1/0 1a=1/0"},
		{"one fails: the other loses what it lacks", "wf", "0c=9", 1, true,
		 "0c=9/0 1a=1/0"},
		{"and does so for long", "wf", "0d=9", 1, true, "0d=9/0 1a=1/0"},
		{"it is gone, not yet for good", "wg", "0d=9", 2, true, "0d=9/0 1a=1/1"},
		{"asked again in the same round: it does not count", "wg", "0d=9", 2, false,
		 "0d=9/0 1a=1/1"},
		{"the next round does", "wg", "0d=9", 2, true, "0d=9/0"},
		{"more of both", "ww", "0d=9 0e=8 1a=1", 3, true, "0d=9/0 0e=8/0 1a=1/0"},
		{"one did not come to its end: it adds", "aw", "0f=9 1a=1", 3, true,
		 "0f=9/0 1a=1/0 0d=9/0 0e=8/0"},
		{"a round in which one part counts late", "wf", "0f=9", 3, true,
		 "0f=9/0 1a=1/0 0d=9/1 0e=8/1"},
		{"", "ww", "0f=9", 3, false, "0f=9/0 1a=1/1 0d=9/1 0e=8/1"},
	};
	struct source_images m = {0};
	FOREACH_ROW(struct step, rows)
	{
		if (row->round)
			source_images_begin_round(&m);
		learn_parts(&m, row->parts, row->answer, row->after);
		assert_string_equal(known_text(&m), row->want);
	}
	source_images_done(&m);
}

/* After a restart the parts of images are not known; their source says which they are of. */
static void rule_30_parts_after_a_restart(void **state)
{
	(void)state;
	struct discovered_image was[] = {
		{"0a", 3, "registry"}, {"1a", 2, "registry"}, {"x", 1, "registry"}};
	struct discovered_images images = {was, 3};
	struct source_images m = {0};
	struct results f = {.part_of = digit_of};
	source_images_restore(&m, &images, "registry", 0);
	results_parts(&f, 2);
	f.parts[0] = PART_WHOLE;
	source_images_update(&m, &f, false, 1, 50);
	assert_string_equal(known_text(&m),
			    "1a=2/0"); /* x is of neither: whoever answers misses it */
	results_done(&f);
	source_images_done(&m);
}

static void rule_26_max_shrink(void **state)
{
	(void)state;
	static const struct {
		const char *name, *answer;
		int64_t percent;
		const char *filter, *want;
		size_t held;
	} rows[] = {
		{"no limit", "a=9", 100, NULL, "a=9p", 0},
		{"half", "a=9", 50, NULL, "a=9p b=8p", 1},
		{"a quarter", "a=9", 25, NULL, "a=9p b=8p c=7r", 2},
		{"a part of one is one", "a=9", 1, NULL, "a=9p b=8p c=7r", 2},
		{"none", "", 0, NULL, "a=10p b=8p c=7r d=6p", 4},
		{"it does not get shorter: nothing is held", "x=1 y=1 z=1 w=1", 0, NULL,
		 "w=1p x=1p y=1p z=1p", 0},
		{"the filter holds for those too", "", 0, "^[bd]", "b=8p d=6p", 2},
	};
	struct discovered_image old[] = {{"a", 10, "prometheus"},
					 {"b", 8, "prometheus"},
					 {"c", 7, "registry"},
					 {"d", 6, "prometheus"}};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		struct source_images p = {0};
		struct err err;
		struct list_rules rules = {
			.max_images = 4, .max_shrink_percent = row->percent, .old = {old, 4}};
		assert_int_equal(regex_new(row->filter, &rules.filter, &err), 0);
		learn(&p, row->answer, true, 1, 50);
		const struct list_source source = {&p, "prometheus"};
		struct list list = list_make(&source, 1, &rules, &a);
		assert_string_equal(list_text(&list), row->want);
		assert_int_equal(list.held, row->held);
		regex_free(rules.filter);
		source_images_done(&p);
		arena_done(&a);
	}
}

static void a_restart_goes_on_from_status(void **state)
{
	(void)state;
	struct discovered_image at[] = {{"a", 3, "prometheus"},
					{"b", 2, "registry"},
					{"c", 1, "somebody else"},
					{"d", 0, "registry:r.io"}};
	const struct discovered_images images = {at, 4};
	struct source_images m = {0};
	source_images_restore(&m, &images, NULL, 0); /* a source without a type: no crash */
	source_images_restore(&m, &images, "prometheus", 0);
	assert_string_equal(known_text(&m), "a=3/0 c=1/0");
	source_images_restore(&m, &images, "registry", 2);
	assert_string_equal(known_text(&m), "b=2/2 c=1/2 d=0/2");
	learn(&m, "x=1", true, 2, 50); /* they were of another spec: its first answer ends them */
	assert_string_equal(known_text(&m), "x=1/0");
	source_images_done(&m);
}

/* Whoever pushes a name that is made for it spoils that name and no other. */
static void rule_31_a_name_over_the_limit_is_left_out(void **state)
{
	(void)state;
	char hard[RESULTS_IMAGE_MAX + 1];
	struct regex *filter;
	struct err err;
	struct results f = {0};
	struct source_images m = {0};
	struct arena a = ARENA_INIT;
	memset(hard, 'a', RESULTS_IMAGE_MAX);
	hard[RESULTS_IMAGE_MAX] = '\0';
	assert_int_equal(regex_new("(a|aa)+[bc]|^a$", &filter, &err), 0);
	results_add(&f, hard, RESULTS_IMAGE_MAX, 1);
	results_add(&f, "a", 1, 1);
	results_add(&f, "b", 1, 1);
	results_filter(&f, filter);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.counts[DROP_filter_limit], 1);
	assert_int_equal(f.counts[DROP_image_filter], 1);
	source_images_update(&m, &f, true, 1, 50);
	const struct list_source source = {&m, "prometheus"};
	const struct list_rules rules = {
		.filter = filter, .max_images = 50, .max_shrink_percent = 100};
	struct list list = list_make(&source, 1, &rules, &a);
	assert_string_equal(list_text(&list), "a=1p");
	regex_free(filter);
	source_images_done(&m);
	results_done(&f);
	arena_done(&a);
}

static void answers_are_bounded(void **state)
{
	(void)state;
	struct results f = {.keep_dropped = true};
	char image[RESULTS_IMAGE_MAX + 2];
	for (size_t i = 0; i < RESULTS_MAX + 10; i++) {
		snprintf(image, sizeof(image), "r.io/i:%zu", i);
		results_add(&f, image, strlen(image), (double)i);
	}
	assert_int_equal(f.n, RESULTS_MAX);
	assert_int_equal(f.counts[DROP_too_many], 10);
	memset(image, 'x', sizeof(image));
	image[RESULTS_IMAGE_MAX + 1] = '\0';
	static const char *const bad[] = {"", "a b", "a\nb", "a\x7f", "a\xff", "a\tb"};
	for (size_t i = 0; i < ROWS(bad); i++)
		results_add(&f, bad[i], strlen(bad[i]), 1);
	results_add(&f, image, RESULTS_IMAGE_MAX + 1, 1);
	assert_int_equal(f.counts[DROP_unusable], ROWS(bad) + 1);
	/* With many signals there is room for fewer. */
	static const struct signal_rule rules64[64];
	results_done(&f);
	f = (struct results){.rules = rules64, .n_rules = 64};
	for (size_t i = 0; i < RESULTS_STATES_MAX / 64 + 10; i++) {
		snprintf(image, sizeof(image), "r.io/i:%zu", i);
		results_sample(&f, image, strlen(image), SERIES_VALUES,
			       &(struct sample){0, (double)i});
	}
	assert_int_equal(f.n, RESULTS_STATES_MAX / 64);
	assert_int_equal(f.counts[DROP_too_many], 10);
	assert_true(results_states(&f, &f.at[f.n - 1])[63].sum == (double)(f.n - 1));
	/* A list of long names has to fit an object. */
	struct source_images m = {0};
	struct arena a = ARENA_INIT;
	results_done(&f);
	for (size_t i = 0; i < 1000; i++) {
		snprintf(image, sizeof(image), "%04zu%0900d", i, 0);
		results_add(&f, image, strlen(image), 1);
	}
	source_images_update(&m, &f, true, 1, LIST_IMAGES_MAX);
	const struct list_source source = {&m, "registry"};
	const struct list_rules rules = {.max_images = 5000, .max_shrink_percent = 100};
	struct list list = list_make(&source, 1, &rules, &a);
	assert_true(list.n < 300 && list.n > 200);
	assert_int_equal(list.n + list.too_large, 1000);
	results_done(&f);
	source_images_done(&m);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_26_merge_rank_and_cut),
		cmocka_unit_test(rule_26_remove_after),
		cmocka_unit_test(rule_30_parts_answer_and_fail_each_for_itself),
		cmocka_unit_test(rule_30_parts_after_a_restart),
		cmocka_unit_test(rule_26_max_shrink),
		cmocka_unit_test(a_restart_goes_on_from_status),
		cmocka_unit_test(rule_31_a_name_over_the_limit_is_left_out),
		cmocka_unit_test(answers_are_bounded),
	};
	return cmocka_run_group_tests_name("discoverer/image_list", tests, NULL, NULL);
}
