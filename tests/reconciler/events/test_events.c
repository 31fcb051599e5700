/* Events (behaviour.md 22): series, the minute, the ten a second, bounds, answers; their texts. */
#include "tests/unit.h"

#include <string.h>

#include "reconciler/events/event_text.h"
#include "reconciler/events/events.h"

#define S 1000

struct story {
	struct events *e;
	struct now now;
	struct arena turn;
	struct event_actions acts;
	int64_t next_ms;
};

static struct story begin(void)
{
	return (struct story){.e = events_new(), .now = {1000000, 1700000000}};
}

static void end(struct story *s)
{
	events_free(s->e);
	arena_done(&s->turn);
}

static void add(struct story *s, const char *uid, const char *reason, const char *note)
{
	struct event_fact f = {
		.kind = KIND_CACHEDIMAGE, .name = uid, .uid = uid, .reason = reason, .note = note};
	events_add(s->e, &f, s->now);
}

static size_t turn(struct story *s, int64_t ms, size_t room)
{
	s->now.boot_ms += ms;
	s->now.wall_s = 1700000000 + (s->now.boot_ms - 1000000) / 1000;
	arena_reset(&s->turn);
	s->next_ms = events_turn(s->e, s->now, room, &s->turn, &s->acts);
	return s->acts.n_writes;
}

static void answer(struct story *s, enum event_result result)
{
	for (size_t i = 0; i < s->acts.n_writes; i++)
		events_answered(s->e, s->acts.writes[i].name, result, s->now);
}

static void rule_22_first_creates_repeats_count(void **state)
{
	struct story s = begin();
	(void)state;
	add(&s, "a", "PullStarted", "on n1");
	assert_int_equal(turn(&s, 0, 4), 1);
	const struct event_write *w = &s.acts.writes[0];
	assert_false(w->repeat);
	assert_int_equal(w->count, 1);
	assert_string_equal(w->fact.note, "on n1");
	assert_memory_equal(w->name, "a.", 2);
	char name[64];
	snprintf(name, sizeof(name), "%s", w->name);
	answer(&s, EVENT_WRITTEN);
	for (int i = 0; i < 30; i++) {
		add(&s, "a", "PullStarted", "on n2");
		assert_int_equal(turn(&s, S, 4), 0);
	}
	assert_int_equal(turn(&s, 29 * S, 4), 0);
	assert_int_equal(s.next_ms, s.now.boot_ms + S);
	assert_int_equal(turn(&s, S, 4), 1);
	w = &s.acts.writes[0];
	assert_true(w->repeat);
	assert_int_equal(w->count, 31);
	assert_string_equal(w->name, name);
	assert_int_equal(w->first_s, 1700000000);
	assert_int_equal(w->last_s, 1700000029);
	answer(&s, EVENT_WRITTEN);
	/* Nothing new: nothing is written. */
	assert_int_equal(turn(&s, 120 * S, 4), 0);
	assert_int_equal(s.next_ms, CLOCK_NEVER);
	end(&s);
}

static void rule_22_identity(void **state)
{
	struct story s = begin();
	struct event_fact warning = {.kind = KIND_CACHEDIMAGE,
				     .name = "a",
				     .uid = "a",
				     .warning = true,
				     .reason = "PullStarted",
				     .note = ""};
	(void)state;
	add(&s, "a", "PullStarted", "");
	add(&s, "a", "PullSucceeded", "");
	add(&s, "b", "PullStarted", "");
	events_add(s.e, &warning, s.now);
	add(&s, "a", "PullStarted", "another note is no other event");
	assert_int_equal(turn(&s, 0, 9), 4);
	/* What came before the first write is in it. */
	assert_int_equal(s.acts.writes[0].count, 2);
	assert_false(s.acts.writes[0].repeat);
	for (size_t i = 1; i < 4; i++)
		assert_string_not_equal(s.acts.writes[0].name, s.acts.writes[i].name);
	end(&s);
}

static void add_many(struct story *s, int first, int n)
{
	for (int i = first; i < first + n; i++) {
		char uid[16];
		snprintf(uid, sizeof(uid), "u%d", i);
		add(s, uid, "PullStarted", "");
	}
}

static void rule_22_ten_a_second(void **state)
{
	struct story s = begin();
	size_t total = 0;
	(void)state;
	add_many(&s, 0, 35);
	size_t at[30];
	for (size_t i = 0; i < 30; i++) {
		total += at[i] = turn(&s, i == 0 ? 0 : 100, 4);
		answer(&s, EVENT_WRITTEN);
		/* In any ten of these tenths. */
		for (size_t k = i < 10 ? 0 : i - 9, sum = 0; k <= i; k++)
			assert_true((sum += at[k]) <= 10);
	}
	assert_int_equal(total, 30);
	assert_true(s.next_ms <= s.now.boot_ms + S);
	assert_int_equal(events_dropped(s.e), 0);
	end(&s);
}

static void rule_22_room_is_the_callers(void **state)
{
	struct story s = begin();
	(void)state;
	add_many(&s, 0, 9);
	assert_int_equal(turn(&s, 0, 4), 4);
	assert_int_equal(turn(&s, 0, 0), 0);
	/* No room: nothing but an answer changes that. */
	assert_int_equal(s.next_ms, CLOCK_NEVER);
	end(&s);
}

static void rule_22_drops_are_counted(void **state)
{
	struct story s = begin();
	(void)state;
	add_many(&s, 0, EVENTS_WAITING_MAX + 7);
	assert_int_equal(events_dropped(s.e), 7);
	/* Ten a second cannot be had by waiting longer either. */
	for (int i = 0; i < 300; i++) {
		turn(&s, 100, 100);
		answer(&s, EVENT_WRITTEN);
	}
	add_many(&s, 1000, EVENTS_SERIES_MAX * 2);
	assert_true(events_dropped(s.e) >= EVENTS_SERIES_MAX);
	end(&s);
}

static void rule_22_texts_are_cut(void **state)
{
	struct story s = begin();
	char note[3000], reason[400];
	(void)state;
	memset(note, 'x', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	memcpy(note + EVENT_NOTE_MAX - 1, "\xc3\xa4", 2); /* not through the middle */
	memset(reason, 'R', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	add(&s, "a", reason, note);
	assert_int_equal(turn(&s, 0, 1), 1);
	assert_int_equal(strlen(s.acts.writes[0].fact.note), EVENT_NOTE_MAX - 1);
	assert_int_equal(strlen(s.acts.writes[0].fact.reason), EVENT_REASON_MAX);
	end(&s);
}

static void rule_22_answers(void **state)
{
	struct story s = begin();
	char name[64];
	(void)state;
	add(&s, "a", "PullStarted", "");
	turn(&s, 0, 1);
	snprintf(name, sizeof(name), "%s", s.acts.writes[0].name);
	/* Unknown: the same again, by the same name, a few times. */
	for (int i = 1; i < EVENTS_TRIES_MAX; i++) {
		answer(&s, EVENT_FAILED);
		assert_int_equal(turn(&s, 1999, 1), 0);
		assert_int_equal(turn(&s, 1, 1), 1);
		assert_string_equal(s.acts.writes[0].name, name);
	}
	answer(&s, EVENT_FAILED);
	assert_int_equal(turn(&s, 60 * S, 1), 0);
	assert_int_equal(events_dropped(s.e), 1);
	/* A repeat of an event that has expired makes a new one. */
	add(&s, "a", "PullStarted", "");
	turn(&s, 0, 1);
	answer(&s, EVENT_WRITTEN);
	add(&s, "a", "PullStarted", "");
	turn(&s, 60 * S, 1);
	assert_true(s.acts.writes[0].repeat);
	answer(&s, EVENT_GONE);
	assert_int_equal(turn(&s, 0, 1), 1);
	assert_false(s.acts.writes[0].repeat);
	assert_int_equal(s.acts.writes[0].count, 1);
	answer(&s, EVENT_REFUSED);
	assert_int_equal(turn(&s, 60 * S, 1), 0);
	assert_int_equal(events_dropped(s.e), 2);
	end(&s);
}

static void rule_22_a_series_ends(void **state)
{
	struct story s = begin();
	(void)state;
	add(&s, "a", "PullStarted", "first");
	turn(&s, 0, 1);
	answer(&s, EVENT_WRITTEN);
	turn(&s, EVENTS_IDLE_MS, 1);
	add(&s, "a", "PullStarted", "second");
	assert_int_equal(turn(&s, 0, 1), 1);
	assert_false(s.acts.writes[0].repeat);
	assert_string_equal(s.acts.writes[0].fact.note, "second");
	end(&s);
}

static void rule_32_forgotten_with_the_lead(void **state)
{
	struct story s = begin();
	(void)state;
	add_many(&s, 0, 12);
	turn(&s, 0, 4);
	events_forget(s.e);
	answer(&s, EVENT_WRITTEN);
	assert_int_equal(turn(&s, 60 * S, 4), 0);
	assert_int_equal(events_dropped(s.e), 8);
	end(&s);
}

static const struct text_row {
	const char *name;
	struct core_fact fact;
	bool warning;
	const char *reason, *note;
} texts[] = {
	{"started",
	 {.kind = FACT_PULL_STARTED, .node = "n1"},
	 false,
	 "PullStarted",
	 "Pulling the image on node n1"},
	{"succeeded",
	 {.kind = FACT_PULL_SUCCEEDED, .node = "n1", .took_ms = 1234},
	 false,
	 "PullSucceeded",
	 "Pulled the image on node n1 in 1.2 s"},
	{"failed",
	 {.kind = FACT_PULL_FAILED,
	  .node = "n1",
	  .reason = "ErrImagePull",
	  .message = "image not found"},
	 true,
	 "ErrImagePull",
	 "Pulling the image failed on node n1: image not found"},
	{"failed for a reason that is none",
	 {.kind = FACT_PULL_FAILED, .node = "n1", .reason = "no word"},
	 true,
	 "PullFailed",
	 "Pulling the image failed on node n1"},
	{"refused",
	 {.kind = FACT_POD_REFUSED,
	  .node = "n1",
	  .reason = "PodRejected",
	  .message = "exceeded quota"},
	 true,
	 "PodRejected",
	 "The API server refused the pull pod on node n1: exceeded quota"},
	{"evicted",
	 {.kind = FACT_EVICTED, .node = "n1"},
	 false,
	 "Evicted",
	 "The image was removed on node n1"},
	{"rule 11",
	 {.kind = FACT_POLICY_NOT_FOUND, .message = "p"},
	 true,
	 "PolicyNotFound",
	 "The PullPolicy does not exist; using the default policy: p"},
	{"rule 4",
	 {.kind = FACT_NO_NODES},
	 true,
	 "NoNodes",
	 "No node matches nodeSelector and tolerations"},
};

static void rule_22_reasons(void **state)
{
	struct arena a = ARENA_INIT;
	(void)state;
	FOREACH_ROW(struct text_row, texts)
	{
		struct core_fact fact = row->fact;
		fact.image = "i";
		fact.image_uid = "u";
		struct event_fact f = event_of_image(&fact, &a);
		assert_int_equal(f.kind, KIND_CACHEDIMAGE);
		assert_string_equal(f.name, "i");
		assert_string_equal(f.uid, "u");
		assert_int_equal(f.warning, row->warning);
		assert_string_equal(f.reason, row->reason);
		assert_string_equal(f.note, row->note);
	}
	struct set_fact set = {"s", "u", "DiscoveryPolicyNotFound", "d"};
	struct event_fact f = event_of_set(&set, &a);
	assert_int_equal(f.kind, KIND_CACHEDIMAGESET);
	assert_true(f.warning);
	assert_string_equal(f.reason, "DiscoveryPolicyNotFound");
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_22_first_creates_repeats_count),
		cmocka_unit_test(rule_22_identity),
		cmocka_unit_test(rule_22_ten_a_second),
		cmocka_unit_test(rule_22_room_is_the_callers),
		cmocka_unit_test(rule_22_drops_are_counted),
		cmocka_unit_test(rule_22_texts_are_cut),
		cmocka_unit_test(rule_22_answers),
		cmocka_unit_test(rule_22_a_series_ends),
		cmocka_unit_test(rule_32_forgotten_with_the_lead),
		cmocka_unit_test(rule_22_reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
