/* When status is written, and what it says (behaviour.md 4, 16, 19, 20, 21). */
#include "tests/reconciler/core/rig.h"

#define S 1000

static void rules_4_59_no_node_is_never_ready(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_image(&r, "i", "1", NULL);
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Pending");
	assert_string_equal(rig_condition(&r, "Ready")->status, "False");
	assert_string_equal(rig_condition(&r, "Ready")->reason, "NoNodes");
	assert_string_equal(rig_condition(&r, "Ready")->message, "0/0 nodes ready");
	rig_done(&r);
}

static void rules_19_20_ready(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Pulling");
	assert_string_equal(rig_condition(&r, "PullProgress")->status, "True");
	assert_string_equal(rig_condition(&r, "PullProgress")->message,
			    "Actively pulling on 1 node(s), 0/1 complete");
	int64_t since = rig_condition(&r, "Ready")->last_transition;
	rig_done(&r);

	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 5 * S);
	rig_written(&r);
	rig_turn(&r, 5 * S);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Ready");
	assert_string_equal(r.api.ready, "1/1");
	assert_string_equal(r.api.cached_image, "i:1");
	assert_string_equal(r.api.cached_nodes.at[0], "a");
	assert_string_equal(rig_condition(&r, "Ready")->message,
			    "Image cached on all 1 target nodes");
	assert_string_equal(rig_condition(&r, "PullProgress")->reason, "Complete");
	assert_true(rig_condition(&r, "Ready")->last_transition > since);
	rig_done(&r);
}

static void rule_21_pace(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_writes, 1);
	/* Same phase: not within two seconds. */
	rig_node(&r, "b");
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_writes, 0);
	assert_true(r.next_ms <= r.now.boot_ms + 1 * S);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_writes, 1);
	/* Nothing changed: nothing is written, and our own write is no news. */
	rig_written(&r);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.status = r.api;
	img.meta.rv = 100000;
	rig_put_image(&r, &img);
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_writes, 0);
	/* Somebody edits it: put right, and only that. */
	img.status.ready = "7/7";
	img.meta.rv = 100001;
	rig_put_image(&r, &img);
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_writes, 1);
	assert_string_equal(r.acts.writes[0].new->ready, "0/2");
	assert_null(r.acts.writes[0].old->ready);
	assert_string_equal(r.acts.writes[0].old->phase, r.acts.writes[0].new->phase);
	rig_done(&r);
}

static void rule_21_a_phase_is_written_at_once(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 100);
	assert_int_equal(r.acts.n_writes, 1);
	assert_string_equal(r.acts.writes[0].new->phase, "Ready");
	/* An old echo is not taken for an edit. */
	rig_written(&r);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.rv = 2;
	rig_put_image(&r, &img);
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_writes, 0);
	rig_done(&r);
}

/*
 * etcd was restored from an older backup: the same uid, a resourceVersion that starts lower. What a
 * list shows that began after our write was acknowledged is what there is.
 */
static void rule_21_restored_older_state(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 100);
	assert_int_equal(r.acts.n_writes, 1);
	rig_written(&r);
	int64_t acked_ms = r.now.boot_ms;
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.rv = 2;
	rig_put_image(&r, &img);
	/* A list that began before the answer may have been read before the write. */
	core_listed(r.core, acked_ms, r.now);
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_writes, 0);
	core_listed(r.core, acked_ms + 1, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_writes, 1);
	assert_string_equal(r.acts.writes[0].new->phase, "Ready");
	rig_written(&r);
	rig_turn(&r, 60 * S);
	core_listed(r.core, r.now.boot_ms - S, r.now);
	assert_int_equal(r.acts.n_writes, 0);
	rig_done(&r);
}

/* The same generation after a restore may be another spec. */
static void rule_16_another_spec_of_the_same_generation(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	rig_written(&r);
	rig_made(&r, s);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 100);
	rig_turn(&r, 10 * S);
	struct cachedimage img = rig_image_of("i", "2", "p");
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	assert_non_null(strstr(rig_start(&r)->pulls[0].reference, ":2"));
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_4_59_no_node_is_never_ready),
		cmocka_unit_test(rules_19_20_ready),
		cmocka_unit_test(rule_21_pace),
		cmocka_unit_test(rule_21_a_phase_is_written_at_once),
		cmocka_unit_test(rule_21_restored_older_state),
		cmocka_unit_test(rule_16_another_spec_of_the_same_generation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
