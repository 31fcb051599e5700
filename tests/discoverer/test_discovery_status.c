/* Conditions, schedule and the right to act (behaviour.md 26, 30, 31, 32). */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "discoverer/discovery_status.h"
#include "discoverer/lead.h"
#include "discoverer/schedule.h"

#define OK                                                                                         \
	{                                                                                          \
		FAULT_NONE, "", NULL                                                               \
	}

static const struct {
	const char *name;
	struct source_view sources[3];
	size_t n, images, unusable;
	const char *spec_error, *ready, *reason, *message, *healthy, *health_message;
} rows[] = {
	{"all fine",
	 {OK, OK},
	 2,
	 3,
	 0,
	 NULL,
	 "True",
	 "Synced",
	 "Discovered 3 images",
	 "True",
	 "All discovery sources responded successfully"},
	{"fine and empty",
	 {OK},
	 1,
	 0,
	 0,
	 NULL,
	 "True",
	 "Synced",
	 "Discovered 0 images",
	 "True",
	 "All discovery sources responded successfully"},
	{"names left out",
	 {OK},
	 1,
	 3,
	 2,
	 NULL,
	 "True",
	 "Synced",
	 "Discovered 3 images, left out 2 names that are not image references",
	 "True",
	 "All discovery sources responded successfully"},
	{"fine and empty, and the sources say why",
	 {OK, {FAULT_NONE, "", "p http://a: the query has no series"}, {FAULT_NONE, "", "q: none"}},
	 3,
	 0,
	 0,
	 NULL,
	 "True",
	 "Synced",
	 "Discovered 0 images: p http://a: the query has no series; q: none",
	 "True",
	 "All discovery sources responded successfully"},
	{"a note of one source that has none does not matter",
	 {OK, {FAULT_NONE, "", "p: none"}},
	 2,
	 1,
	 0,
	 NULL,
	 "True",
	 "Synced",
	 "Discovered 1 images",
	 "True",
	 "All discovery sources responded successfully"},
	{"some failed",
	 {OK, {FAULT_DNS, "x: no such host"}},
	 2,
	 3,
	 0,
	 NULL,
	 "True",
	 "PartiallyFailed",
	 "Discovered 3 images, but some sources failed: 1",
	 "False",
	 "One or more sources failed to respond: DNSError: x: no such host"},
	{"some failed, the others are empty",
	 {OK, {FAULT_DNS, "x"}},
	 2,
	 0,
	 0,
	 NULL,
	 "True",
	 "PartiallyFailed",
	 "Discovered 0 images, but some sources failed: 1",
	 "False",
	 "One or more sources failed to respond: DNSError: x"},
	{"all failed, the list is kept",
	 {{FAULT_TLS, "a"}, {FAULT_TIMEOUT, "b"}},
	 2,
	 3,
	 0,
	 NULL,
	 "True",
	 "PartiallyFailed",
	 "Discovered 3 images, but some sources failed: 2",
	 "False",
	 "One or more sources failed to respond: TLSError: a; Timeout: b"},
	{"nothing to show",
	 {{FAULT_NOT_FOUND, "x: HTTP 404"}},
	 1,
	 0,
	 0,
	 NULL,
	 "False",
	 "NotFound",
	 "x: HTTP 404",
	 "False",
	 "One or more sources failed to respond: NotFound: x: HTTP 404"},
	{"the first reason",
	 {{FAULT_REFUSED, "a"}, {FAULT_DNS, "b"}},
	 2,
	 0,
	 0,
	 NULL,
	 "False",
	 "ConnectionRefused",
	 "a; and 1 more",
	 "False",
	 "One or more sources failed to respond: ConnectionRefused: a; DNSError: b"},
	{"rule 31",
	 {OK},
	 1,
	 3,
	 0,
	 "imageFilter: bad",
	 "False",
	 "InvalidSpec",
	 "imageFilter: bad",
	 NULL,
	 NULL},
};

/* Each reason that nobody chose; what a filter or topX leaves out is no news. */
static void rule_30_what_is_left_out(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const struct discoverypolicy_status none = {0};
	struct source_view view = OK;
	struct status_facts facts = {.sources = &view, .n = 1, .too_large = 9};
	for (int why = 0; why < DROP_REASONS_COUNT; why++)
		facts.left_out[why] = (size_t)why + 1;
	struct discoverypolicy_status s = status_make(&facts, &none, &a);
	char want[400];
	snprintf(
		want, sizeof(want),
		"Discovered 0 images, left out %d names that are not image references, left out %d "
		"names for which the filter exceeded its limits, left out %d names beyond the "
		"limit of a source, left out 9 that exceed the size limit of the object",
		DROP_unusable + 1, DROP_filter_limit + 1, DROP_too_many + 1);
	assert_string_equal(api_condition_find(&s.conditions, "Ready")->message, want);
	arena_done(&a);
}

static void rule_30_conditions(void **state)
{
	(void)state;
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		struct discovered_image images[3] = {
			{"a", 3, "registry"}, {"b", 2, "registry"}, {"c", 1, "registry"}};
		const struct discoverypolicy_status none = {0};
		struct status_facts facts = {.sources = row->sources,
					     .n = row->n,
					     .spec_error = row->spec_error,
					     .images = {images, row->images},
					     .left_out = {[DROP_unusable] = row->unusable},
					     .synced = true,
					     .generation = 7,
					     .now_s = 1000};
		struct discoverypolicy_status s = status_make(&facts, &none, &a);
		const struct api_condition *ready = api_condition_find(&s.conditions, "Ready");
		const struct api_condition *healthy =
			api_condition_find(&s.conditions, "SourceHealthy");
		assert_string_equal(ready->status, row->ready);
		assert_string_equal(ready->reason, row->reason);
		assert_string_equal(ready->message, row->message);
		assert_int_equal(ready->observed_generation, 7);
		assert_int_equal(ready->last_transition, 1000);
		assert_int_equal(s.source_count, row->n);
		if (row->healthy == NULL) {
			assert_null(healthy);
			assert_int_equal(s.last_sync_time, 0);
			arena_done(&a);
			continue;
		}
		assert_string_equal(healthy->status, row->healthy);
		assert_string_equal(healthy->reason,
				    *row->healthy == 'T' ? "AllSourcesHealthy" : "SourceError");
		assert_string_equal(healthy->message, row->health_message);
		assert_int_equal(s.image_count, row->images);
		assert_int_equal(s.last_sync_time, 1000);
		arena_done(&a);
	}
}

static void rule_30_transitions(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct discovered_image image = {"a", 3, "registry"};
	struct api_condition others[] = {{.type = "Theirs", .status = "True"}};
	struct discoverypolicy_status s = {.conditions = {others, 1}};
	struct source_view ok = OK, bad = {FAULT_DNS, "x"};
	struct status_facts facts = {
		.sources = &ok, .n = 1, .images = {&image, 1}, .synced = true, .now_s = 10};
	s = status_make(&facts, &s, &a);
	facts.now_s = 20;
	facts.sources = &bad;
	facts.synced = false;
	s = status_make(&facts, &s, &a); /* still True, for another reason */
	assert_int_equal(api_condition_find(&s.conditions, "Ready")->last_transition, 10);
	assert_string_equal(api_condition_find(&s.conditions, "Ready")->reason, "PartiallyFailed");
	assert_int_equal(api_condition_find(&s.conditions, "SourceHealthy")->last_transition, 20);
	assert_int_equal(s.last_sync_time, 10); /* nothing has answered */
	facts.spec_error = "imageFilter: bad";
	facts.now_s = 30;
	facts.images.n = 0;
	s = status_make(&facts, &s, &a);
	assert_int_equal(api_condition_find(&s.conditions, "Ready")->last_transition, 30);
	assert_int_equal(api_condition_find(&s.conditions, "SourceHealthy")->last_transition, 20);
	assert_int_equal(s.discovered_images.n, 1); /* rule 31: nothing is dropped */
	assert_int_equal(s.conditions.n, 4);        /* and Stalled (59) */
	assert_string_equal(s.conditions.at[0].type, "Theirs");
	arena_done(&a);
}

static void rule_30_a_message_is_bounded(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const struct discoverypolicy_status none = {0};
	struct source_view views[100];
	for (size_t i = 0; i < ROWS(views); i++)
		views[i] = (struct source_view){FAULT_DNS,
						"a long story about a name that is not known"};
	struct status_facts facts = {.sources = views, .n = ROWS(views)};
	struct discoverypolicy_status s = status_make(&facts, &none, &a);
	for (size_t i = 0; i < s.conditions.n; i++)
		assert_true(strlen(s.conditions.at[i].message) <= STATUS_MESSAGE_MAX);
	arena_done(&a);
}

static void rule_26_30_schedule(void **state)
{
	(void)state;
	for (uint64_t random = 0; random < 2000; random += 7) {
		int64_t wait = schedule_interval(1800000, random * 1000003);
		assert_in_range(wait, 1620000, 1980000);
		assert_in_range(schedule_interval(0, random), 900, 1100);
		assert_in_range(schedule_retry(1, 1800000, 0, random * 31), 4500, 5500);
		assert_in_range(schedule_retry(2, 1800000, 0, random * 31), 9000, 11000);
		assert_in_range(schedule_retry(1000000, 1800000, 0, random * 31), 1620000, 1980000);
		assert_in_range(schedule_retry(3, 2000, 0, random * 31), 1800, 2200);
		/* Retry-After, within the interval. */
		assert_int_equal(schedule_retry(1, 1800000, 60000, random), 60000);
		assert_int_equal(schedule_retry(1, 1800000, INT64_MAX / 2, random), 1800000);
		/* Synced 600 s ago: the rest of the interval. */
		wait = schedule_resume(1000, true, 1800000, 1600, random * 1000003);
		assert_in_range(wait, 1020000, 1380000);
		/* Overdue, failing, or from a clock that was ahead: soon, but not all at once. */
		assert_in_range(schedule_resume(1000, true, 1800000, 9000, random), 0, SPREAD_MS);
		assert_in_range(schedule_resume(1000, false, 1800000, 1001, random), 0, SPREAD_MS);
		assert_in_range(schedule_resume(9000, true, 1800000, 1000, random), 0, SPREAD_MS);
	}
}

/* Also where nothing was asked, as the spec is wrong. */
static void rule_59_observed_generation(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const struct discoverypolicy_status old = {.observed_generation = 6};
	struct status_facts facts = {.generation = 7, .now_s = 1000};
	assert_int_equal(status_make(&facts, &old, &a).observed_generation, 7);
	facts.spec_error = "imageFilter is no expression";
	assert_int_equal(status_make(&facts, &old, &a).observed_generation, 7);
	arena_done(&a);
}

/* 50. The list and what was said of it stay; without a list, Ready says why there is none. */
static void rule_50_suspended(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct discovered_image image = {"a", 3, "registry"};
	struct source_view ok = OK, silent = {FAULT_TIMEOUT, "it has not answered yet"};
	const struct discoverypolicy_status none = {0};
	struct status_facts facts = {.sources = &ok,
				     .n = 1,
				     .images = {&image, 1},
				     .synced = true,
				     .generation = 1,
				     .now_s = 10};
	struct discoverypolicy_status s = status_make(&facts, &none, &a);
	facts = (struct status_facts){
		.sources = &silent, .n = 1, .suspended = true, .generation = 2, .now_s = 20};
	s = status_make(&facts, &s, &a);
	assert_int_equal(s.observed_generation, 2);
	assert_int_equal(s.discovered_images.n, 1);
	assert_int_equal(s.image_count, 1);
	assert_int_equal(s.last_sync_time, 10);
	assert_string_equal(api_condition_find(&s.conditions, "Ready")->status, "True");
	assert_string_equal(api_condition_find(&s.conditions, "SourceHealthy")->status, "True");
	assert_int_equal(api_condition_find(&s.conditions, "Suspended")->last_transition, 20);
	assert_null(api_condition_find(&s.conditions, "Reconciling"));
	facts.now_s = 30;
	s = status_make(&facts, &s, &a);
	assert_int_equal(api_condition_find(&s.conditions, "Suspended")->last_transition, 20);
	facts = (struct status_facts){
		.sources = &ok, .n = 1, .images = {&image, 1}, .generation = 3, .now_s = 40};
	s = status_make(&facts, &s, &a);
	assert_null(api_condition_find(&s.conditions, "Suspended"));
	facts.suspended = true;
	s = status_make(&facts, &none, &a);
	assert_string_equal(api_condition_find(&s.conditions, "Ready")->reason, "Suspended");
	assert_non_null(api_condition_find(&s.conditions, "Reconciling"));
	facts.spec_error = "imageFilter: bad"; /* 31 */
	s = status_make(&facts, &none, &a);
	assert_string_equal(api_condition_find(&s.conditions, "Ready")->reason, "InvalidSpec");
	assert_non_null(api_condition_find(&s.conditions, "Suspended"));
	arena_done(&a);
}

/* Ready, and the other condition: its type, reason and message; NULL: there is none. */
static const struct health_row {
	const char *name;
	struct source_view sources[2];
	size_t n, images;
	const char *spec_error;
	const char *ready, *type, *reason, *message;
} healths[] = {
	{"all well", {OK, OK}, 2, 3, NULL, "True", NULL, NULL, NULL},
	{"nothing found", {OK}, 1, 0, NULL, "True", NULL, NULL, NULL},
	{"one fails for a while", {OK, {FAULT_DNS, "b"}}, 2, 3, NULL, "True", NULL, NULL, NULL},
	{"all fail, a list is kept",
	 {{FAULT_DNS, "a"}, {FAULT_TIMEOUT, "b"}},
	 2,
	 3,
	 NULL,
	 "True",
	 "Reconciling",
	 "DNSError",
	 "No source has answered: a"},
	{"all fail",
	 {{FAULT_SERVER, "a"}},
	 1,
	 0,
	 NULL,
	 "False",
	 "Reconciling",
	 "ServerError",
	 "No source has answered: a"},
	{"a login that is refused",
	 {OK, {FAULT_UNAUTHORIZED, "b"}},
	 2,
	 3,
	 NULL,
	 "True",
	 "Stalled",
	 "Unauthorized",
	 "b"},
	{"no Secret",
	 {{FAULT_NO_SECRET, "Secret s does not exist"}},
	 1,
	 0,
	 NULL,
	 "False",
	 "Stalled",
	 "SyncFailed",
	 "Secret s does not exist"},
	{"a wrong spec",
	 {OK},
	 1,
	 3,
	 "imageFilter: bad",
	 "False",
	 "Stalled",
	 "InvalidSpec",
	 "imageFilter: bad"},
};

static void has_health(const struct discoverypolicy_status *s, const struct health_row *row)
{
	static const char *const types[] = {"Reconciling", "Stalled"};
	assert_string_equal(api_condition_find(&s->conditions, "Ready")->status, row->ready);
	assert_non_null(api_condition_find(&s->conditions, "Theirs"));
	for (size_t i = 0; i < 2; i++) {
		const struct api_condition *c = api_condition_find(&s->conditions, types[i]);
		bool wanted = row->type != NULL && strcmp(row->type, types[i]) == 0;
		assert_int_equal(c != NULL, wanted);
		if (c == NULL)
			continue;
		assert_string_equal(c->status, "True");
		assert_string_equal(c->reason, row->reason);
		assert_string_equal(c->message, row->message);
		assert_int_equal(c->observed_generation, 7);
	}
}

/* Each row twice, from what was left: lastTransitionTime moves with the condition only (20). */
static void rules_20_59_health(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct api_condition theirs[] = {{.type = "Theirs", .status = "True"}};
	struct discovered_image images[3] = {{"a", 3, "registry"}};
	struct discoverypolicy_status s = {.conditions = {theirs, 1}};
	int64_t now_s = 1000;
	FOREACH_ROW(struct health_row, healths)
	{
		struct status_facts facts = {.sources = row->sources,
					     .n = row->n,
					     .images = {images, row->images},
					     .spec_error = row->spec_error,
					     .generation = 7,
					     .now_s = ++now_s};
		s = status_make(&facts, &s, &a);
		has_health(&s, row);
		facts.now_s = ++now_s;
		s = status_make(&facts, &s, &a);
		has_health(&s, row);
		if (row->type != NULL)
			assert_true(api_condition_find(&s.conditions, row->type)->last_transition <
				    now_s);
	}
	arena_done(&a);
}

static void heard(struct lead *l, uint64_t term, int64_t until_ms, int64_t now_ms)
{
	lead_changed(l, leader_heard(&l->lease, now_ms, term, until_ms, now_ms), now_ms);
}

static void rule_32_lead(void **state)
{
	(void)state;
	struct lead l = {0};
	assert_false(lead_may(&l, 0));
	heard(&l, 1, 1000, 100);
	assert_int_equal(lead_demand(&l), 100);
	lead_read(&l, 99); /* listed before the lease was held */
	assert_false(lead_may(&l, 200));
	lead_read(&l, 100);
	assert_true(lead_may(&l, 200));
	assert_int_equal(lead_demand(&l), 0);
	heard(&l, 1, 2000, 900); /* renewed: nothing has to be read again */
	assert_true(lead_may(&l, 1500));
	assert_false(lead_may(&l, 2000));
	leader_lapsed(&l.lease, 2000);
	heard(&l, 1, 4000, 2500); /* late: another may have written in between */
	assert_false(lead_may(&l, 2600));
	lead_read(&l, 2500);
	assert_true(lead_may(&l, 2600));
	heard(&l, 2, 5000, 2700);
	assert_false(lead_may(&l, 2800));
	heard(&l, 0, 0, 2900);
	assert_int_equal(lead_demand(&l), 0);
	lead_read(&l, 3000);
	assert_false(lead_may(&l, 3000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_30_what_is_left_out),
		cmocka_unit_test(rule_30_conditions),
		cmocka_unit_test(rules_20_59_health),
		cmocka_unit_test(rule_30_transitions),
		cmocka_unit_test(rule_30_a_message_is_bounded),
		cmocka_unit_test(rule_26_30_schedule),
		cmocka_unit_test(rule_59_observed_generation),
		cmocka_unit_test(rule_50_suspended),
		cmocka_unit_test(rule_32_lead),
	};
	return cmocka_run_group_tests_name("discoverer/discovery_status", tests, NULL, NULL);
}
