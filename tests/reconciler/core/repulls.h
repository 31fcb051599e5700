/*
 * The beginning of the stories of repulls that the registry makes needless (behaviour 37): image i
 * on nodes a, b and c, and what registry and nodes say of it.
 */
#ifndef DROP_TESTS_RECONCILER_CORE_REPULLS_H
#define DROP_TESTS_RECONCILER_CORE_REPULLS_H

#include "tests/reconciler/core/rig.h"

#define S   1000
#define HEX "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OLD "sha256:0" HEX
#define NEW "sha256:1" HEX

/* Seconds between pulls. */
#define EVERY_S 3600

static inline void policy_every(struct rig *r, int64_t every_s, int64_t nodes, const char *mode,
				const char *checks)
{
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = nodes,
					.max_pulls_per_node = 2,
					.pull_timeout = 30 * 60 * 1000,
					.repull_interval = every_s * 1000,
					.repull_mode = mode,
					.registry_checks = checks}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

static inline void policy(struct rig *r, int64_t nodes, const char *mode, const char *checks)
{
	policy_every(r, EVERY_S, nodes, mode, checks);
}

/* The node says now that its tag is this digest. */
static inline void lists(struct rig *r, const char *node, const char *digest)
{
	const char *name = arena_printf(&r->keep, "docker.io/library/i@%s", digest);
	const struct rig_listed images[] = {
		{{"docker.io/library/i:1", name}, 1000}, {{"small:1"}, 10}, {{NULL}, 0}};
	rig_node_lists(r, node, r->now.wall_s, images);
}

static inline void all_list(struct rig *r, const char *digest)
{
	lists(r, "a", digest);
	lists(r, "b", digest);
	lists(r, "c", digest);
}

/* What the last turn started succeeds. */
static inline void pull_starts(struct rig *r)
{
	size_t n;
	const struct core_start *starts = rig_all_starts(r, &n);
	for (size_t i = 0; i < n; i++)
		rig_pod(r, &starts[i], POD_PULLED);
}

static inline void tell(struct rig *r, const char *digest, bool is_public)
{
	const struct core_told told = {.known = digest != NULL,
				       .digest = digest,
				       .is_public = is_public,
				       .text = "it is down",
				       .code = digest != NULL ? 0 : 503};
	core_told(r->core, "i", "i", "i:1", &told, r->now);
}

static inline bool fact(const struct rig *r, enum core_fact_kind kind)
{
	for (size_t i = 0; i < r->acts.n_facts; i++)
		if (r->acts.facts[i].kind == kind)
			return true;
	return false;
}

/* Three nodes have pulled the tag, the first of them alone, and list it a while later. */
static inline void begin(struct rig *r)
{
	rig_new(r);
	core_allow_checks(r->core, true);
	policy(r, 9, NULL, NULL);
	rig_node(r, "a");
	rig_node(r, "b");
	rig_node(r, "c");
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
	assert_string_equal(rig_starts(r), "a");
	assert_int_equal(r->acts.n_checks, 1); /* 35: the reference is new */
	tell(r, OLD, false);
	pull_starts(r);
	rig_turn(r, 0);
	assert_false(fact(r, FACT_TAG_MOVED));
	assert_string_equal(rig_starts(r), "b c");
	pull_starts(r);
	rig_turn(r, 3 * S);
	rig_turn(r, 100 * S);
	all_list(r, OLD);
	rig_turn(r, 0);
	assert_int_equal(r->acts.n_starts + r->acts.n_checks, 0);
}

/* Time passes until the repull is due, and one question is asked. */
static inline void due(struct rig *r)
{
	rig_turn(r, EVERY_S * S);
	assert_int_equal(r->acts.n_checks, 1);
	assert_string_equal(r->acts.checks[0].reference, "i:1");
	/* An answer that another image has got half a minute ago is as good. */
	assert_int_equal(r->acts.checks[0].after_ms, r->now.boot_ms - 30 * S);
	assert_int_equal(r->acts.n_starts, 0);
}

#endif
