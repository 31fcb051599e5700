/*
 * What machines read (behaviour.md 59): Reconciling, Stalled and PolicyResolved of a CachedImage,
 * and the status of a PullPolicy, with how often it is written.
 */
#include "tests/reconciler/core/stories.h"

#define S   1000
#define MIN (60 * S)

struct row {
	const char *name;
	void (*tell)(struct rig *r);
	const char *health; /* the condition that is there; NULL: none */
};

static void away(struct rig *r)
{
	no_node(r);
	rig_node_as(r, "b", "b", false, NULL, 1, "amd64");
}

static void no_platform(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_NO_PLATFORM);
}

/* One node has it: what another node says is not about the reference. */
static void one_node_only(struct rig *r)
{
	cached(r);
	rig_node(r, "b");
	rig_turn(r, 0);
	rig_pod(r, rig_start(r), POD_NOT_FOUND);
}

static void mended(struct rig *r)
{
	not_found(r);
	rig_settle(r);
	rig_turn(r, MIN);
	rig_pod(r, rig_start(r), POD_PULLED);
}

static const struct row rows[] = {
	{"cached", cached, NULL},
	{"pulling", pulling, "Reconciling"},
	{"its node is away", away, "Reconciling"},
	{"no node", no_node, "Stalled"},
	{"image not found", not_found, "Stalled"},
	{"no image for the platform", no_platform, "Stalled"},
	{"refused by the API server", refused, "Stalled"},
	{"a registry that is not there", no_host, "Reconciling"},
	{"timeout", timed_out, "Reconciling"},
	{"a fault of the node", evicted, "Reconciling"},
	{"one node of two", one_node_only, "Reconciling"},
	{"mended", mended, NULL},
};

/* Never both, and with the reason and message of Ready. */
static void rule_59_image(void **state)
{
	static const char *const types[] = {"Reconciling", "Stalled"};
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct rig r;
		rig_one_node(&r);
		row->tell(&r);
		rig_turn(&r, 0);
		rig_turn(&r, 3 * S);
		rig_written(&r);
		for (size_t i = 0; i < 2; i++) {
			const struct api_condition *c =
				api_condition_find(&r.api.conditions, types[i]);
			bool wanted = row->health != NULL && strcmp(row->health, types[i]) == 0;
			assert_int_equal(c != NULL, wanted);
			if (c == NULL)
				continue;
			assert_string_equal(c->status, "True");
			assert_string_equal(c->reason, rig_condition(&r, "Ready")->reason);
			assert_string_equal(c->message, rig_condition(&r, "Ready")->message);
		}
		assert_null(api_condition_find(&r.api.conditions, "PolicyResolved"));
		rig_done(&r);
	}
}

/* 20, 59. Since when it is so, also over a restart; a restart writes nothing. */
static void rules_20_59_transition(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_written(&r);
	int64_t pulling_s = rig_condition(&r, "Reconciling")->last_transition;
	rig_pod(&r, rig_start(&r), POD_NOT_FOUND);
	rig_turn(&r, 5 * S);
	rig_written(&r);
	int64_t stalled_s = rig_condition(&r, "Stalled")->last_transition;
	assert_int_equal(stalled_s, pulling_s + 5);
	rig_next_life(&r);
	rig_node(&r, "a");
	rig_lead(&r);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_writes, 0);
	assert_int_equal(rig_condition(&r, "Stalled")->last_transition, stalled_s);
	rig_done(&r);
}

static void put_policy(struct rig *r, const char *name, int64_t generation)
{
	struct pullpolicy p = {
		.meta = {.name = name, .uid = name, .generation = generation, .rv = 1},
		.spec = {.max_concurrent_nodes = generation,
			 .max_pulls_per_node = 2,
			 .pull_timeout = 30 * MIN},
		.status = r->policy};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

/* Told while it is so, with default pacing and Ready as else. */
static void rule_59_policy_of_nothing(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "nobody");
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	const struct api_condition *c = rig_condition(&r, "PolicyResolved");
	assert_string_equal(c->status, "False");
	assert_string_equal(c->reason, "PolicyNotFound");
	assert_non_null(strstr(c->message, "nobody"));
	/* Since when stays as it was when something else is written. */
	int64_t since_s = c->last_transition;
	rig_node(&r, "b");
	rig_turn(&r, MIN);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 3 * S);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_string_equal(r.api.ready, "2/2");
	assert_int_equal(rig_condition(&r, "PolicyResolved")->last_transition, since_s);
	assert_string_equal(rig_condition(&r, "Ready")->status, "True");
	assert_null(api_condition_find(&r.api.conditions, "Reconciling"));
	put_policy(&r, "nobody", 1);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_writes, 1);
	rig_written(&r);
	assert_null(api_condition_find(&r.api.conditions, "PolicyResolved"));
	core_gone(r.core, KIND_PULLPOLICY, "nobody", r.now);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_writes, 1);
	rig_written(&r);
	rig_condition(&r, "PolicyResolved");
	rig_done(&r);
}

/* An image that names no policy lacks none. */
static void rule_59_no_policy_named(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", NULL);
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_string_equal(rig_condition(&r, "Ready")->status, "True");
	assert_null(api_condition_find(&r.api.conditions, "PolicyResolved"));
	rig_done(&r);
}

static const struct api_condition *policy_condition(const struct rig *r, const char *type)
{
	return api_condition_find(&r->policy.conditions, type);
}

static void rule_59_policy_status(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, "p", 1);
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_int_equal(r.n_policy_writes, 1);
	assert_int_equal(r.policy.observed_generation, 1);
	const struct api_condition *c = policy_condition(&r, "Ready");
	assert_string_equal(c->status, "True");
	assert_string_equal(c->reason, "Valid");
	assert_string_equal(c->message, "Used by 1 image");
	assert_int_equal(c->observed_generation, 1);
	assert_null(policy_condition(&r, "Stalled"));
	int64_t since = c->last_transition;
	/* Another spec: at once. */
	put_policy(&r, "p", 2);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_int_equal(r.policy.observed_generation, 2);
	assert_int_equal(policy_condition(&r, "Ready")->last_transition, since);
	/* What the API server lets in no more is told, and followed as far as it goes. */
	put_policy(&r, "p", -3);
	rig_turn(&r, 0);
	rig_written(&r);
	c = policy_condition(&r, "Ready");
	assert_string_equal(c->status, "False");
	assert_string_equal(c->reason, "InvalidSpec");
	assert_non_null(strstr(c->message, "maxConcurrentNodes"));
	assert_string_equal(policy_condition(&r, "Stalled")->status, "True");
	rig_done(&r);
}

/* A hundred images, one a second: one write a minute, and the last number in the end. */
static void rule_59_policy_status_is_rarely_written(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, "p", 1);
	rig_lead(&r);
	for (int i = 0; i < 100; i++) {
		rig_image(&r, arena_printf(&r.keep, "i%d", i), "1", "p");
		rig_turn(&r, S);
	}
	rig_turn(&r, 2 * MIN);
	rig_written(&r);
	assert_in_range(r.n_policy_writes, 2, 4);
	assert_string_equal(policy_condition(&r, "Ready")->message, "Used by 100 images");
	/* What comes back is no change, nor does a restart write. */
	size_t before = r.n_policy_writes;
	put_policy(&r, "p", 1);
	rig_turn(&r, 5 * MIN);
	rig_written(&r);
	assert_int_equal(r.n_policy_writes, before);
	rig_done(&r);
}

/* No right, no subresource: ever more rarely. */
static void rule_59_policy_status_refused(void **state)
{
	struct rig r;
	size_t n = 0;
	(void)state;
	rig_new(&r);
	put_policy(&r, "p", 1);
	rig_lead(&r);
	for (int i = 0; i < 3600; i++) {
		rig_turn(&r, S);
		n += r.acts.n_policy_writes;
		if (r.acts.n_policy_writes != 0)
			core_policy_written(r.core, "p", "p", WRITE_FAILED, 0, r.now);
		r.acts.n_policy_writes = 0;
	}
	assert_in_range(n, 9, 16);
	rig_done(&r);
}

static void rule_59_policy_status_over_a_restart(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, "p", 1);
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_int_equal(r.n_policy_writes, 1);
	rig_restart(&r);
	put_policy(&r, "p", 1);
	rig_lead(&r);
	rig_turn(&r, MIN);
	assert_int_equal(r.acts.n_policy_writes, 0);
	rig_image(&r, "i", "1", "p");
	rig_turn(&r, MIN);
	rig_written(&r);
	assert_int_equal(r.n_policy_writes, 2);
	assert_string_equal(policy_condition(&r, "Ready")->message, "Used by 1 image");
	rig_done(&r);
}

static void put_suspended(struct rig *r, bool suspend, int64_t generation)
{
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p", .generation = generation, .rv = 1},
			       .spec = {.max_concurrent_nodes = 1,
					.max_pulls_per_node = 2,
					.pull_timeout = 30 * MIN,
					.suspend = suspend},
			       .status = r->policy};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

/* 50. Since when it is suspended is kept over other writes and over a restart, and ends with it. */
static void rules_50_59_suspended_since(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_suspended(&r, true, 1);
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_written(&r);
	int64_t since_s = policy_condition(&r, "Suspended")->last_transition;
	assert_int_equal(since_s, r.now.wall_s);
	rig_image(&r, "i", "1", "p");
	rig_turn(&r, 2 * MIN);
	rig_written(&r);
	assert_string_equal(policy_condition(&r, "Ready")->message, "Used by 1 image");
	assert_int_equal(policy_condition(&r, "Suspended")->last_transition, since_s);
	rig_restart(&r);
	put_suspended(&r, true, 1);
	rig_lead(&r);
	rig_turn(&r, 2 * MIN);
	rig_written(&r);
	assert_string_equal(policy_condition(&r, "Ready")->message, "Used by 0 images");
	assert_int_equal(policy_condition(&r, "Suspended")->last_transition, since_s);
	put_suspended(&r, false, 2);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_null(policy_condition(&r, "Suspended"));
	put_suspended(&r, true, 3);
	rig_turn(&r, MIN);
	rig_written(&r);
	assert_int_equal(policy_condition(&r, "Suspended")->last_transition, r.now.wall_s);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_59_image),
		cmocka_unit_test(rules_20_59_transition),
		cmocka_unit_test(rule_59_policy_of_nothing),
		cmocka_unit_test(rule_59_policy_status),
		cmocka_unit_test(rule_59_policy_status_is_rarely_written),
		cmocka_unit_test(rule_59_policy_status_refused),
		cmocka_unit_test(rule_59_policy_status_over_a_restart),
		cmocka_unit_test(rule_59_no_policy_named),
		cmocka_unit_test(rules_50_59_suspended_since),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
