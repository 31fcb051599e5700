/* Bytes a second under one policy (behaviour 40). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/core/byte_rate.h"
#include "reconciler/core/sizes.h"

#define S  1000
#define MB INT64_C(1000000)

static void put_policy(struct rig *r, const char *rate)
{
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 100,
					.max_pulls_per_node = 100,
					.max_bytes_per_second = rate}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

static void put_image(struct rig *r, const char *name)
{
	struct cachedimage img = rig_image_of(name, "1", "p");
	img.spec.image_pull_policy = "IfNotPresent";
	rig_put_image(r, &img);
}

struct sized {
	const char *name; /* of the image */
	int64_t bytes;
};

/* Node z lists them, and so has them; nodes a, b, ... do not. */
static void put_nodes(struct rig *r, int n, const struct sized *images)
{
	struct rig_listed list[8] = {0};
	for (int i = 0; images[i].name != NULL; i++) {
		list[i].names[0] = arena_printf(&r->keep, "%s:1", images[i].name);
		list[i].size = images[i].bytes;
	}
	rig_node_lists(r, "z", r->now.wall_s, list);
	for (int i = 0; i < n; i++)
		rig_node(r, arena_printf(&r->keep, "%c", 'a' + i));
}

static int64_t bytes_of(const struct sized *images, const char *name)
{
	while (strcmp(images->name, name) != 0)
		images++;
	return images->bytes;
}

struct run { /* what has started so far, and when */
	int64_t at_ms[256], bytes[256];
	int n;
};

/* Each pull succeeds at once. */
static void play(struct rig *r, const struct sized *images, int64_t ms, struct run *run)
{
	for (int64_t end_ms = r->now.boot_ms + ms; r->now.boot_ms < end_ms;) {
		for (size_t i = 0; i < r->acts.n_starts; i++) {
			const struct core_start *s = &r->acts.starts[i];
			run->at_ms[run->n] = r->now.boot_ms;
			run->bytes[run->n++] = bytes_of(images, s->pulls[0].image_name);
		}
		size_t n = r->acts.n_starts;
		struct core_start *starts =
			arena_memdup(&r->keep, r->acts.starts, n * sizeof(*starts));
		for (size_t i = 0; i < n; i++) {
			starts[i].pod_name = arena_strdup(&r->keep, starts[i].pod_name);
			rig_pod(r, &starts[i], POD_PULLED);
		}
		rig_turn(r, 10);
	}
}

/* From any start on: what started before a later one was paid for by then. */
static void check_pace(const struct run *run, int64_t bytes_per_s)
{
	for (int i = 0; i < run->n; i++) {
		int64_t bytes = 0;
		for (int k = i + 1; k < run->n; k++) {
			int64_t ms = run->at_ms[k] - run->at_ms[i];
			bytes += run->bytes[k - 1] * 999 / 1000; /* presence_size */
			if (bytes > (ms + BYTE_RATE_LATE_US / 1000) * bytes_per_s / 1000)
				fail_msg("%d bytes in %d ms", (int)bytes, (int)ms);
		}
	}
}

static const struct sized few[] = {{"i", 100 * MB}, {NULL, 0}};
static const struct sized mixed[] = {{"big", 1000 * MB}, {"i", 100 * MB}, {"j", 37 * MB},
				     {"k", 5 * MB},      {"l", 5 * MB},   {NULL, 0}};

static void rule_40_one_at_a_time_at_the_rate(void **state)
{
	struct rig r;
	struct run run = {.n = 0};
	(void)state;
	rig_new(&r);
	put_policy(&r, "10M");
	put_image(&r, "i");
	put_nodes(&r, 4, few);
	rig_lead(&r);
	rig_turn(&r, 0);
	play(&r, few, 60 * S, &run);
	assert_int_equal(run.n, 4);
	for (int i = 1; i < run.n; i++) {
		assert_true(run.at_ms[i] - run.at_ms[i - 1] >= 9940);
		assert_true(run.at_ms[i] - run.at_ms[i - 1] <= 10020);
	}
	rig_done(&r);
}

/* Never ahead by more than one pull, and not slower than it must be. */
static void rule_40_sizes_of_all_kinds(void **state)
{
	struct rig r;
	struct run run = {.n = 0};
	int64_t bytes = 0, took_ms;
	(void)state;
	rig_new(&r);
	put_policy(&r, "100M");
	for (const struct sized *s = mixed; s->name != NULL; s++)
		put_image(&r, s->name);
	put_nodes(&r, 12, mixed);
	rig_lead(&r);
	rig_turn(&r, 0);
	play(&r, mixed, 300 * S, &run);
	assert_int_equal(run.n, 5 * 12);
	check_pace(&run, 100 * MB);
	for (int i = 0; i + 1 < run.n; i++)
		bytes += run.bytes[i];
	took_ms = run.at_ms[run.n - 1] - run.at_ms[0];
	assert_true(took_ms * 100 * MB / S <= bytes * 101 / 100);
	rig_done(&r);
}

/* A policy that had nothing to do has saved nothing up. */
static void rule_40_no_credit_for_idleness(void **state)
{
	struct rig r;
	struct run run = {.n = 0};
	(void)state;
	rig_new(&r);
	put_policy(&r, "100M");
	put_image(&r, "i");
	put_nodes(&r, 1, mixed);
	rig_lead(&r);
	rig_turn(&r, 0);
	play(&r, mixed, 600 * S, &run);
	assert_int_equal(run.n, 1);
	put_image(&r, "j");
	put_image(&r, "k");
	rig_node(&r, "b");
	rig_node(&r, "c");
	rig_turn(&r, 0);
	play(&r, mixed, 60 * S, &run);
	assert_int_equal(run.n, 9);
	check_pace(&run, 100 * MB);
	rig_done(&r);
}

static void rule_40_unknown_sizes(void **state)
{
	static const struct sized none[] = {{NULL, 0}};
	struct rig r;
	(void)state;
	/* Nobody knows anything. */
	rig_new(&r);
	put_policy(&r, "64Mi");
	rig_node(&r, "a");
	rig_node(&r, "b");
	put_nodes(&r, 0, none);
	put_image(&r, "i");
	put_image(&r, "j");
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_made(&r, rig_start(&r));
	rig_turn(&r, 3940);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.next_ms, RIG_BOOT_MS + 4 * S); /* SIZE_ASSUMED */
	rig_turn(&r, 60);
	rig_made(&r, rig_start(&r));
	/* The mean of the known ones. */
	rig_node_lists(&r, "y", r.now.wall_s,
		       (struct rig_listed[]){{{"k:1"}, 64 << 20}, {{"l:1"}, 192 << 20}, {{0}, 0}});
	put_image(&r, "k");
	put_image(&r, "l");
	struct cachedimage odd = rig_image_of("0", "1", "p");
	odd.spec.priority = -1;
	rig_put_image(&r, &odd);
	rig_turn(&r, 4 * S);
	assert_string_equal(rig_start(&r)->pulls[0].image_name, "0");
	int64_t at_ms = r.now.boot_ms;
	rig_turn(&r, 1);
	assert_true(r.next_ms >= at_ms + 1995 && r.next_ms <= at_ms + 2000);
	rig_done(&r);
}

static void rule_40_a_changed_policy_holds_at_once(void **state)
{
	struct rig r;
	struct run run = {.n = 0};
	(void)state;
	rig_new(&r);
	put_policy(&r, "1M");
	put_image(&r, "i");
	put_nodes(&r, 4, few);
	rig_lead(&r);
	rig_turn(&r, 0);
	play(&r, few, 30 * S, &run);
	assert_int_equal(run.n, 1);
	put_policy(&r, "10M");
	rig_turn(&r, 0);
	play(&r, few, 9 * S, &run);
	assert_int_equal(run.n, 2);
	put_policy(&r, NULL);
	rig_turn(&r, 0);
	play(&r, few, 100, &run);
	assert_int_equal(run.n, 4);
	rig_done(&r);
}

/* A new leader goes on where the last one stopped: by the live pod, or by lastAttemptedAt. */
static void rule_40_a_new_leader_has_no_full_allowance(void **state)
{
	(void)state;
	for (int with_pod = 0; with_pod < 2; with_pod++) {
		struct rig r;
		rig_new(&r);
		put_policy(&r, "10M");
		put_image(&r, "i");
		put_nodes(&r, 3, few);
		rig_lead(&r);
		rig_turn(&r, 0);
		const struct core_start *s = rig_start(&r);
		rig_pod(&r, s, POD_CREATING);
		rig_turn(&r, 3 * S);
		rig_turn(&r, 0);
		struct cachedimage img = rig_image_of("i", "1", "p");
		img.spec.image_pull_policy = "IfNotPresent";
		img.status = r.api;
		assert_int_equal(img.status.last_attempted_at, RIG_WALL_S);
		if (with_pod)
			img.status.last_attempted_at = 0;
		rig_restart(&r);
		put_policy(&r, "10M");
		rig_put_image(&r, &img);
		put_nodes(&r, 3, few);
		r.now.wall_s = RIG_WALL_S;
		if (with_pod)
			rig_pod(&r, s, POD_CREATING);
		r.now.wall_s = RIG_WALL_S + 3;
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, 0);
		assert_true(r.next_ms <= r.now.boot_ms + 8 * S);
		for (int i = 0; i < 69; i++, rig_turn(&r, 100))
			assert_int_equal(r.acts.n_starts, 0);
		for (int i = 0; i < 12 && r.acts.n_starts == 0; i++)
			rig_turn(&r, 100);
		assert_int_equal(r.acts.n_starts, 1);
		rig_done(&r);
	}
}

/* A start that was not made is asked for again, and pays again: it may be made late. */
static void rule_40_asked_again(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	r.keep_pods = true;
	put_policy(&r, "100M");
	put_image(&r, "i");
	put_nodes(&r, 2, few);
	rig_lead(&r);
	rig_turn(&r, 0);
	const struct core_start *s = rig_start(&r);
	core_started(r.core, s->pod_name, START_FAILED, "no", r.now);
	rig_turn(&r, 5 * S);
	assert_string_equal(rig_start(&r)->pod_name, s->pod_name);
	rig_pod(&r, s, POD_PULLED);
	core_started(r.core, s->pod_name, START_MADE, "", r.now);
	rig_turn(&r, 900);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 100);
	assert_string_equal(rig_start(&r)->node, "b");
	rig_done(&r);
}

/* A start as late as loops are loses nothing of the rate. Of what an earlier leader started, read
 * in any order, that counts which is paid for last. */
static void rule_40_what_is_paid_for_when(void **state)
{
	struct policy p = {.bytes_per_s = MB};
	(void)state;
	byte_rate_pay(&p, MB, 5 * S);
	assert_int_equal(byte_rate_free_ms(&p), 6 * S);
	byte_rate_pay(&p, MB, 6 * S + BYTE_RATE_LATE_US / 1000 - 1);
	assert_int_equal(byte_rate_free_ms(&p), 7 * S);
	byte_rate_pay(&p, MB, 7 * S + BYTE_RATE_LATE_US / 1000 + 1);
	assert_int_equal(byte_rate_free_ms(&p), 8 * S + BYTE_RATE_LATE_US / 1000 + 1);
	byte_rate_remember(&p, 3 * MB, 9 * S);
	byte_rate_remember(&p, MB, 9 * S + 500);
	assert_int_equal(byte_rate_free_ms(&p), 12 * S);
	/* A part of a millisecond is not over before the whole. */
	byte_rate_pay(&p, 1, 20 * S);
	assert_int_equal(byte_rate_free_ms(&p), 20 * S + 1);
	/* No number of bytes is more than can be counted. */
	byte_rate_pay(&p, UINT64_MAX, 30 * S);
	assert_int_equal(byte_rate_free_ms(&p),
			 30 * S + (int64_t)((SIZE_LARGEST * 1000 + MB - 1) / MB));
}

static void rule_40_what_was_pulled_and_what_was_avoided(void **state)
{
	struct rig r;
	uint64_t pulled = 0, avoided = 0;
	(void)state;
	rig_new(&r);
	put_policy(&r, NULL);
	put_image(&r, "i");
	put_nodes(&r, 1, few);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.avoided, 1);
	avoided = r.acts.avoided_bytes;
	assert_true(avoided > 99 * MB && avoided <= 100 * MB);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	for (size_t i = 0; i < r.acts.n_facts; i++)
		pulled += r.acts.facts[i].kind == FACT_PULL_SUCCEEDED ? r.acts.facts[i].bytes : 0;
	assert_true(pulled > 99 * MB && pulled <= 100 * MB);
	assert_int_equal(r.acts.avoided_bytes, 0);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_40_one_at_a_time_at_the_rate),
		cmocka_unit_test(rule_40_sizes_of_all_kinds),
		cmocka_unit_test(rule_40_no_credit_for_idleness),
		cmocka_unit_test(rule_40_unknown_sizes),
		cmocka_unit_test(rule_40_a_changed_policy_holds_at_once),
		cmocka_unit_test(rule_40_a_new_leader_has_no_full_allowance),
		cmocka_unit_test(rule_40_asked_again),
		cmocka_unit_test(rule_40_what_is_paid_for_when),
		cmocka_unit_test(rule_40_what_was_pulled_and_what_was_avoided),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
