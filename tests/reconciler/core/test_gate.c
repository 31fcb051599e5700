/* Held nodes: when they open, and what becomes of their taints (behaviour 45, 46). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/held_nodes.h"

#define S 1000
#define D (8 * 60 * S)

struct machine { /* a node as it is put */
	const char *name, *uid;
	bool cold, foreign, unregistered, not_ready, not_ready_taint;
	int64_t created, since; /* unix seconds; 0: now */
	int64_t heartbeat;
};

static void put(struct rig *r, const struct machine *m)
{
	struct node_taint taints[4];
	struct node_condition c = {"Ready", m->not_ready ? "False" : "True", m->heartbeat,
				   m->since};
	struct node n = {
		.meta = {.name = m->name, .uid = m->uid, .created = m->created},
		.taints = {taints, 0},
		.conditions = {&c, 1},
		.os = "linux",
		.arch = "amd64",
	};
	if (n.meta.created == 0)
		n.meta.created = r->now.wall_s;
	if (c.since == 0)
		c.since = r->now.wall_s;
	if (m->cold)
		taints[n.taints.n++] = (struct node_taint){"cold", "x", "NoExecute"};
	if (m->foreign)
		taints[n.taints.n++] = (struct node_taint){"readiness.k8s.io/x", "", "NoSchedule"};
	if (m->unregistered)
		taints[n.taints.n++] =
			(struct node_taint){"karpenter.sh/unregistered", "", "NoExecute"};
	if (m->not_ready_taint)
		taints[n.taints.n++] =
			(struct node_taint){"node.kubernetes.io/not-ready", "", "NoSchedule"};
	core_put(r->core, KIND_NODE, &n, r->now);
}

static void put_image(struct rig *r, const char *name, bool gates, const char *tag,
		      int64_t generation)
{
	struct cachedimage img = rig_image_of(name, tag, "p");
	img.spec.gate_nodes = gates;
	img.meta.generation = generation;
	rig_put_image(r, &img);
}

static void hold(struct rig *r)
{
	core_hold_nodes(r->core, "cold", "readiness.k8s.io/x", D);
	rig_policy(r, "p", 9, 0);
}

/* Image i gates, image j does not; no node yet. */
static void begin(struct rig *r)
{
	rig_new(r);
	hold(r);
	put_image(r, "i", true, "1", 1);
	rig_lead(r);
	rig_turn(r, 0);
}

static const struct core_fact *fact(struct rig *r, enum core_fact_kind kind)
{
	for (size_t i = 0; i < r->acts.n_facts; i++)
		if (r->acts.facts[i].kind == kind)
			return &r->acts.facts[i];
	return NULL;
}

static void assert_opens(struct rig *r, const char *node)
{
	assert_int_equal(r->acts.n_opens, 1);
	assert_string_equal(r->acts.opens[0].node, node);
	assert_string_equal(r->acts.opens[0].keys, "cold");
}

static const struct machine cold = {.name = "a", .uid = "a1", .cold = true};
static const struct machine warm = {.name = "a", .uid = "a1"};

static void rule_45_it_opens_when_the_image_is_there(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	put(&r, &cold);
	rig_turn(&r, 0);
	const struct core_start *s =
		rig_start(&r); /* targeted though nothing tolerates the taint */
	assert_int_equal(r.acts.n_opens, 0);
	assert_int_equal(r.acts.starts[0].tolerations.n, 2);
	assert_string_equal(r.acts.starts[0].tolerations.at[0].key, "cold");
	assert_string_equal(r.acts.starts[0].tolerations.at[0].op, "Exists");
	assert_null(r.acts.starts[0].tolerations.at[0].effect);
	rig_pod(&r, s, POD_CREATING);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_opens, 0);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	assert_string_equal(r.acts.opens[0].node_uid, "a1");
	core_opened(r.core, "a", "a1", OPEN_REMOVED, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	const struct core_fact *f = fact(&r, FACT_NODE_OPENED);
	assert_non_null(f);
	assert_string_equal(f->reason, "ImagesReady");
	assert_string_equal(f->message, "1 of 1 gating images are there");
	assert_int_equal(f->took_ms, 5 * S);
	put(&r, &warm);
	rig_turn(&r, D);
	assert_int_equal(r.acts.n_opens, 0);
	assert_null(fact(&r, FACT_GATE_TIMED_OUT));
	rig_done(&r);
}

static void rule_45_without_gating_images_it_opens_at_once(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	hold(&r);
	put_image(&r, "i", false, "1", 1);
	put(&r, &cold);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0); /* nothing is decided before all is read */
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	rig_done(&r);
}

static void rule_45_it_opens_at_the_deadline(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	put(&r, &cold);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_CREATING);
	rig_turn(&r, 0);
	assert_true(r.next_ms <= r.now.boot_ms + D);
	rig_turn(&r, D - 1 * S);
	assert_int_equal(r.acts.n_opens, 0);
	rig_turn(&r, 1 * S);
	assert_opens(&r, "a");
	const struct core_fact *f = fact(&r, FACT_GATE_TIMED_OUT);
	assert_non_null(f);
	assert_string_equal(f->message, "1 missing: i (still pulling)");
	rig_done(&r);
}

/* Neither a restart nor a node that becomes Ready again postpones it for ever. */
static void rule_45_a_restart_and_a_flap(void **state)
{
	struct rig r;
	struct machine m = cold;
	(void)state;
	begin(&r);
	m.created = m.since = r.now.wall_s;
	put(&r, &m);
	rig_turn(&r, D - 60 * S);
	rig_restart(&r);
	hold(&r);
	put_image(&r, "i", true, "1", 1);
	put(&r, &m);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	m.not_ready = true;
	put(&r, &m);
	rig_turn(&r, 120 * S);
	assert_int_equal(r.acts.n_opens, 0);
	for (int64_t ms = 0; ms < D - 120 * S; ms += 60 * S) {
		m.not_ready = false;
		m.since = r.now.wall_s;
		put(&r, &m);
		rig_turn(&r, 60 * S);
		assert_int_equal(r.acts.n_opens, 0);
	}
	rig_turn(&r, 60 * S);
	assert_int_equal(r.now.boot_ms - RIG_BOOT_MS, 2 * D);
	assert_opens(&r, "a");
	rig_done(&r);
}

/* By five minutes; a heartbeat from the future tells it. The deadline counts from when it was
 * Ready. */
static void rule_45_a_clock_that_is_ahead(void **state)
{
	static const int64_t ready_ago_s[] = {0, 200};
	(void)state;
	for (size_t i = 0; i < ROWS(ready_ago_s); i++) {
		struct rig r;
		struct machine m = cold;
		begin(&r);
		m.created = r.now.wall_s - 220;
		m.heartbeat = r.now.wall_s + 300;
		m.since = m.heartbeat - ready_ago_s[i];
		put(&r, &m);
		rig_turn(&r, D - (ready_ago_s[i] + 1) * S);
		assert_int_equal(r.acts.n_opens, 0);
		rig_turn(&r, 1 * S);
		assert_opens(&r, "a");
		rig_done(&r);
	}
}

static void rule_45_what_cannot_come_is_not_waited_for(void **state)
{
	static const enum fate fates[] = {POD_NOT_FOUND, POD_NO_PLATFORM};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig r;
		begin(&r);
		put(&r, &cold);
		rig_turn(&r, 0);
		rig_pod(&r, rig_start(&r), fates[i]);
		rig_turn(&r, 0);
		assert_opens(&r, "a");
		assert_null(fact(&r, FACT_GATE_TIMED_OUT));
		rig_done(&r);
	}
	struct rig r;
	begin(&r);
	put(&r, &cold);
	rig_turn(&r, 0);
	core_started(r.core, rig_start(&r)->pod_name, START_REFUSED, "quota", r.now);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	rig_done(&r);
}

static void rule_45_a_registry_that_fails_is_waited_for(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	put(&r, &cold);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_NO_HOST);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	rig_done(&r);
}

static void rule_45_not_before_others_have_finished(void **state)
{
	struct rig r;
	struct machine m = cold;
	(void)state;
	begin(&r);
	m.unregistered = true;
	m.created = m.since = r.now.wall_s;
	put(&r, &m);
	rig_turn(&r, 3 * D);
	assert_int_equal(r.acts.n_opens, 0);
	assert_null(fact(&r, FACT_GATE_TIMED_OUT)); /* nothing is decided before */
	m.unregistered = false;
	put(&r, &m);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	assert_non_null(fact(&r, FACT_GATE_TIMED_OUT));
	rig_done(&r);
}

/* A kubelet registers NotReady and with the taint for that, so at first no image targets the node.
 */
static void rule_45_not_before_the_node_is_ready(void **state)
{
	struct rig r;
	struct machine m = cold;
	(void)state;
	begin(&r);
	m.created = m.since = r.now.wall_s;
	m.not_ready = m.not_ready_taint = true;
	put(&r, &m);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_opens, 0);
	m.not_ready = false; /* the condition changes before the taint goes */
	put(&r, &m);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_opens + r.acts.n_starts, 0);
	m.not_ready_taint = false;
	put(&r, &m);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	rig_done(&r);
	/* One that never becomes Ready is not locked either. */
	begin(&r);
	m.not_ready = m.not_ready_taint = true;
	put(&r, &m);
	rig_turn(&r, 2 * D - 1 * S);
	assert_int_equal(r.acts.n_opens, 0);
	rig_turn(&r, 1 * S);
	assert_opens(&r, "a");
	assert_string_equal(fact(&r, FACT_GATE_TIMED_OUT)->message,
			    "the node is not ready for images: NotReady");
	rig_done(&r);
}

static void rule_45_a_taint_of_somebody_else_is_never_removed(void **state)
{
	struct rig r;
	struct machine m = {.name = "a", .uid = "a1", .foreign = true};
	(void)state;
	begin(&r);
	put(&r, &m);
	rig_turn(&r, 0);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 3 * D);
	assert_int_equal(r.acts.n_opens, 0);
	rig_done(&r);
}

/* A tag that moves, or an image that begins to gate, does not hold an open node again. */
static void rule_46_an_open_node_stays_open(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	put(&r, &cold);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	put_image(&r, "i", true, "2", 2);
	core_opened(r.core, "a", "a1", OPEN_FAILED, r.now);
	rig_turn(&r, 1 * S);
	assert_opens(&r, "a");
	rig_done(&r);
}

static void rule_46_what_comes_back_is_removed_with_back_off(void **state)
{
	struct rig r;
	struct machine m = {.name = "a", .uid = "a1", .cold = true};
	(void)state;
	begin(&r);
	put_image(&r, "i", false, "1", 2);
	put(&r, &m);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	int64_t wait_ms = 1 * S;
	for (int i = 1; i <= 12; i++) {
		core_opened(r.core, "a", "a1", OPEN_REMOVED, r.now);
		rig_turn(&r, 0);
		assert_int_equal(fact(&r, FACT_GATE_CONTESTED) != NULL, i > 3);
		assert_int_equal(fact(&r, FACT_NODE_OPENED) != NULL, i == 1);
		put(&r, &warm);
		put(&r, &m); /* at once */
		rig_turn(&r, wait_ms - 1);
		assert_int_equal(r.acts.n_opens, 0);
		rig_turn(&r, 1);
		assert_opens(&r, "a");
		wait_ms = wait_ms * 2 < 300 * S ? wait_ms * 2 : 300 * S;
	}
	rig_done(&r);
}

static void rule_46_taints_that_changed_are_looked_at_again(void **state)
{
	struct rig r;
	struct machine m = cold;
	(void)state;
	begin(&r);
	put_image(&r, "i", false, "1", 2);
	put(&r, &cold);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	core_opened(r.core, "a", "a1", OPEN_CHANGED, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	m.unregistered = true; /* what changed: it may not open any more */
	put(&r, &m);
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_opens, 0);
	put(&r, &cold);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	/* Another machine has its name: the answer is not about it. */
	struct machine other = {.name = "a", .uid = "a2", .cold = true};
	put_image(&r, "i", true, "1", 3);
	put(&r, &other);
	core_opened(r.core, "a", "a1", OPEN_REMOVED, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	assert_null(fact(&r, FACT_NODE_OPENED));
	rig_done(&r);
}

static void rule_46_a_person_opens_it(void **state)
{
	struct rig r;
	struct arena a = ARENA_INIT;
	(void)state;
	begin(&r);
	put(&r, &cold);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	struct held_node *row = held_node(r.core, "a", r.now, &a);
	assert_string_equal(row->state, "Held");
	assert_string_equal(row->text, "0 of 1 gating images are there; 1 missing: i (still "
				       "pulling); opens in 8m00s at the latest");
	assert_int_equal(core_order_open(r.core, "b"), -1);
	assert_int_equal(core_order_open(r.core, NULL), 1);
	rig_turn(&r, 0);
	assert_opens(&r, "a");
	core_opened(r.core, "a", "a1", OPEN_REMOVED, r.now);
	assert_int_equal(core_order_open(r.core, "a"), 0);
	rig_turn(&r, 0);
	assert_string_equal(fact(&r, FACT_NODE_OPENED)->reason, "GateOpened");
	arena_done(&a);
	rig_done(&r);
}

static void put_under(struct rig *r, const char *name, bool gates, const char *policy)
{
	struct cachedimage img = rig_image_of(name, "1", policy);
	img.spec.gate_nodes = gates;
	rig_put_image(r, &img);
}

/* Both images are known to be pullable, else slow start would hold them back. */
static void prove(struct rig *r)
{
	static const struct machine first = {.name = "0", .uid = "0"};
	put(r, &first);
	for (int i = 0; i < 8; i++) {
		rig_turn(r, 10 * S);
		for (size_t k = r->acts.n_starts; k-- > 0;)
			rig_pod(r, &r->acts.starts[k], POD_PULLED);
	}
	rig_turn(r, 10 * S);
	assert_int_equal(r->acts.n_starts, 0);
}

static struct machine machine(const char *name, bool is_cold)
{
	return (struct machine){.name = name, .uid = name, .cold = is_cold};
}

/* The default policy: one node at a time, 10 s between two. It does not keep new nodes out. */
static void rule_46_the_policy_does_not_pace_held_nodes(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	hold(&r);
	put_under(&r, "i", true, NULL);
	put_under(&r, "j", true, NULL);
	put_under(&r, "k", false, NULL);
	rig_lead(&r);
	prove(&r);
	for (char name[] = "a"; *name <= 'c'; ++*name) {
		struct machine m = machine(arena_strdup(&r.keep, name), true);
		put(&r, &m);
	}
	/* Everything that they wait for, two at once on each; k is paced, and b is not its turn. */
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a b c a b c");
	/* They take no room from others: the next node may start at once. */
	struct machine d = machine("d", false);
	put(&r, &d);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "d d");
	struct machine e = machine("e", false);
	put(&r, &e);
	rig_turn(&r, 9 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* A node that was opened at the deadline is paced as all are. */
static void rule_46_what_is_left_is_paced_again(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	hold(&r);
	put_under(&r, "i", true, NULL);
	put_under(&r, "j", true, NULL);
	rig_lead(&r);
	prove(&r);
	struct pullpolicy none = {.meta = {.name = "q"}, .spec = {.max_held_nodes = 1}};
	core_put(r.core, KIND_PULLPOLICY, &none, r.now);
	put_under(&r, "l", true, "q");
	rig_turn(&r, 10 * S);
	for (size_t k = r.acts.n_starts; k-- > 0;)
		rig_pod(&r, &r.acts.starts[k], POD_PULLED);
	rig_turn(&r, 10 * S);
	for (char name[] = "a"; *name <= 'c'; ++*name) {
		struct machine m = machine(arena_strdup(&r.keep, name), true);
		put(&r, &m);
	}
	/* Of l one node at a time. */
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a b c a b c");
	for (size_t i = 0; i < 6; i++)
		rig_pod(&r, &r.acts.starts[i], POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_pod(&r, &r.acts.starts[0], POD_CREATING);
	rig_turn(&r, D);
	assert_int_equal(r.acts.n_opens, 3);
	assert_int_equal(r.acts.n_starts,
			 1); /* by maxConcurrentNodes, and no longer maxHeldNodes */
	size_t named = 0;
	for (size_t i = 0; i < r.acts.n_facts; i++)
		named += r.acts.facts[i].kind == FACT_GATE_TIMED_OUT &&
			 strcmp(r.acts.facts[i].message, "1 missing: l (maxHeldNodes)") == 0;
	assert_int_equal(named, 2);
	rig_done(&r);
}

/* After a restart a pod of a held node is counted apart again. */
static void rule_46_a_restart_counts_as_before(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	hold(&r);
	put_under(&r, "i", true, NULL);
	rig_lead(&r);
	struct machine a = machine("z", true), b = machine("b", false);
	put(&r, &a);
	rig_turn(&r, 0);
	const struct core_start *s = rig_start(&r);
	rig_restart(&r);
	hold(&r);
	put_under(&r, "i", true, NULL);
	put_under(&r, "k", false, NULL);
	put(&r, &a);
	put(&r, &b);
	r.keep_pods = true;
	rig_pod(&r, s, POD_CREATING);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r),
			    "b"); /* k: neither the node nor the delay of the pull on z counts */
	rig_done(&r);
}

/* At most so many writes at once; what finds no room waits. */
static void rule_46_room(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	put_image(&r, "i", false, "1", 2);
	for (char name[] = "a"; name[0] < 'a' + 9; name[0]++) {
		struct machine m = {.name = name, .uid = name, .cold = true};
		put(&r, &m);
	}
	size_t seen = 0;
	for (int i = 0; i < 3; i++) {
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_opens, i < 2 ? 4 : 1);
		seen += r.acts.n_opens;
	}
	assert_int_equal(seen, 9);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_45_it_opens_when_the_image_is_there),
		cmocka_unit_test(rule_45_without_gating_images_it_opens_at_once),
		cmocka_unit_test(rule_45_it_opens_at_the_deadline),
		cmocka_unit_test(rule_45_a_restart_and_a_flap),
		cmocka_unit_test(rule_45_a_clock_that_is_ahead),
		cmocka_unit_test(rule_45_what_cannot_come_is_not_waited_for),
		cmocka_unit_test(rule_45_a_registry_that_fails_is_waited_for),
		cmocka_unit_test(rule_45_not_before_others_have_finished),
		cmocka_unit_test(rule_45_not_before_the_node_is_ready),
		cmocka_unit_test(rule_45_a_taint_of_somebody_else_is_never_removed),
		cmocka_unit_test(rule_46_an_open_node_stays_open),
		cmocka_unit_test(rule_46_what_comes_back_is_removed_with_back_off),
		cmocka_unit_test(rule_46_taints_that_changed_are_looked_at_again),
		cmocka_unit_test(rule_46_a_person_opens_it),
		cmocka_unit_test(rule_46_the_policy_does_not_pace_held_nodes),
		cmocka_unit_test(rule_46_what_is_left_is_paced_again),
		cmocka_unit_test(rule_46_a_restart_counts_as_before),
		cmocka_unit_test(rule_46_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
