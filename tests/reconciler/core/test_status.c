/*
 * Every row of the condition table of a CachedImage (reference: Cached, InProgress,
 * PullFailed and kubelet's reasons; Pulling, Complete, Stalled, Idle), as a story and
 * what the status then says to the letter (behaviour.md 4, 9, 19, 20).
 */
#include "tests/reconciler/core/stories.h"

#define S   1000
#define MIN (60 * S)

struct row {
	const char *name;
	void (*tell)(struct rig *r);
	const char *phase, *ready;
	int64_t failures;
	struct {
		const char *status, *reason, *message;
	} is, progress; /* conditions Ready and PullProgress */
};

static void idle(struct rig *r)
{
	no_node(r);
	rig_node_as(r, "b", "b", false, NULL, 1, "amd64");
}

static void some_cached(struct rig *r)
{
	cached(r);
	rig_node_as(r, "b", "b", false, NULL, 1, "amd64");
}

static void odd(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_ODD);
	rig_turn(r, 2 * MIN);
}

/* Proven on a, failed on b, under way on c. */
static void failed_and_pulling(struct rig *r)
{
	cached(r);
	rig_node(r, "b");
	rig_node(r, "c");
	rig_turn(r, 0);
	assert_string_equal(rig_starts(r), "b c");
	struct core_start b = r->acts.starts[0];
	rig_pod(r, &b, POD_NOT_FOUND);
}

static void repulling(struct rig *r)
{
	cached(r);
	rig_turn(r, 0);
	rig_settle(r);
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 1, .repull_interval = 60 * S}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
	rig_turn(r, 61 * S);
	rig_pod(r, rig_start(r), POD_CREATING);
}

#define IDLE                                                                                       \
	{                                                                                          \
		"False", "Idle", "Waiting to start pulls"                                          \
	}
#define COMPLETE                                                                                   \
	{                                                                                          \
		"False", "Complete", "All pulls complete"                                          \
	}
#define STALLED                                                                                    \
	{                                                                                          \
		"False", "Stalled", "Pull stalled: 0/1 nodes ready, retrying with backoff"         \
	}

static const struct row rows[] = {
	{"no node", no_node, "Pending", "0/0", 0, {"False", "NoNodes", "0/0 nodes ready"}, IDLE},
	{"nothing started",
	 idle,
	 "Pending",
	 "0/1",
	 0,
	 {"False", "InProgress", "0/1 nodes ready; node b is not eligible: NotReady"},
	 IDLE},
	{"pulling",
	 pulling,
	 "Pulling",
	 "0/1",
	 0,
	 {"False", "InProgress", "0/1 nodes ready"},
	 {"True", "Pulling", "Actively pulling on 1 node(s), 0/1 complete"}},
	{"cached",
	 cached,
	 "Ready",
	 "1/1",
	 0,
	 {"True", "Cached", "Image cached on all 1 target nodes"},
	 COMPLETE},
	{"some cached",
	 some_cached,
	 "Pulling",
	 "1/2",
	 0,
	 {"False", "InProgress", "1/2 nodes ready; node b is not eligible: NotReady"},
	 IDLE},
	{"kubelet's reason",
	 not_found,
	 "Degraded",
	 "0/1",
	 1,
	 {"False", "ErrImagePull", "image not found"},
	 STALLED},
	{"the root cause",
	 no_host,
	 "Degraded",
	 "0/1",
	 1,
	 {"False", "ErrImagePull", "dns: cannot resolve h"},
	 STALLED},
	{"a reason that is none",
	 odd,
	 "Degraded",
	 "0/1",
	 1,
	 {"False", "PullFailed", "what is this"},
	 STALLED},
	{"timeout",
	 timed_out,
	 "Degraded",
	 "0/1",
	 1,
	 {"False", "Timeout", "the pull did not end within the policy's pullTimeout"},
	 STALLED},
	{"refused by the API server",
	 refused,
	 "Degraded",
	 "0/1",
	 0,
	 {"False", "PodRejected", "exceeded quota"},
	 STALLED},
	{"a fault of the node is not Degraded",
	 evicted,
	 "Pending",
	 "0/1",
	 1,
	 {"False", "InProgress", "0/1 nodes ready; Evicted on a: the node ended the pull pod"},
	 STALLED},
	{"Degraded beats Pulling",
	 failed_and_pulling,
	 "Degraded",
	 "1/3",
	 1,
	 {"False", "ErrImagePull", "image not found"},
	 {"True", "Pulling", "Actively pulling on 1 node(s), 1/3 complete"}},
	{"Ready while it is pulled again",
	 repulling,
	 "Ready",
	 "1/1",
	 0,
	 {"True", "Cached", "Image cached on all 1 target nodes"},
	 {"True", "Pulling", "Actively pulling on 1 node(s), 1/1 complete"}},
};

static void rules_4_19_20_conditions(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct rig r;
		rig_one_node(&r);
		row->tell(&r);
		/* What is not a change of phase may wait two seconds (21). */
		rig_turn(&r, 0);
		rig_turn(&r, 3 * S);
		rig_written(&r);
		assert_string_equal(r.api.phase, row->phase);
		assert_string_equal(r.api.ready, row->ready);
		assert_int_equal(r.api.consecutive_failures, row->failures);
		const struct api_condition *c = rig_condition(&r, "Ready");
		assert_string_equal(c->status, row->is.status);
		assert_string_equal(c->reason, row->is.reason);
		assert_string_equal(c->message, row->is.message);
		c = rig_condition(&r, "PullProgress");
		assert_string_equal(c->status, row->progress.status);
		assert_string_equal(c->reason, row->progress.reason);
		assert_string_equal(c->message, row->progress.message);
		rig_done(&r);
	}
}

/* 20. lastTransitionTime moves with status, and with nothing else. */
static void rule_20_transition(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_written(&r);
	int64_t ready = rig_condition(&r, "Ready")->last_transition;
	int64_t progress = rig_condition(&r, "PullProgress")->last_transition;
	rig_pod(&r, rig_start(&r), POD_NOT_FOUND);
	rig_turn(&r, 5 * S);
	rig_written(&r);
	/* Ready is False as before, for another reason; PullProgress turned False. */
	assert_string_equal(rig_condition(&r, "Ready")->reason, "ErrImagePull");
	assert_int_equal(rig_condition(&r, "Ready")->last_transition, ready);
	assert_int_equal(rig_condition(&r, "PullProgress")->last_transition, progress + 5);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_4_19_20_conditions),
		cmocka_unit_test(rule_20_transition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
