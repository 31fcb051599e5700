/*
 * What the registry tells of a new reference: nothing waits long for it (behaviour.md 35), what is
 * there already needs no pod (38, 17a), nodes without an image for their platform are left out
 * (39).
 */
#include "tests/reconciler/core/rig.h"

#include <stdlib.h>

#include "reconciler/explain/explain.h"

#define S   1000
#define HEX "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OLD "sha256:0" HEX
#define NEW "sha256:1" HEX

static void node(struct rig *r, const char *name, const char *arch)
{
	rig_node_as(r, name, name, true, NULL, RIG_WALL_S - 100000, arch);
}

/* The node says now that its tag is this digest. */
static void lists(struct rig *r, const char *name, const char *digest)
{
	const char *full = arena_printf(&r->keep, "docker.io/library/i@%s", digest);
	const struct rig_listed images[] = {
		{{"docker.io/library/i:1", full}, 1000}, {{"small:1"}, 10}, {{NULL}, 0}};
	rig_node_lists(r, name, r->now.wall_s, images);
}

static void begin(struct rig *r)
{
	rig_new(r);
	core_allow_checks(r->core, true);
	rig_policy(r, "p", 9, 0);
}

static void lead(struct rig *r)
{
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
}

/* "linux/amd64 windows/amd64": of an index; "": of none; NULL: not told. */
static void tell(struct rig *r, const char *digest, const char *platforms, int64_t bytes)
{
	struct core_told told = {.known = digest != NULL,
				 .digest = digest,
				 .is_public = true,
				 .text = "it is down",
				 .code = digest != NULL ? 0 : 503};
	char *rest = arena_strdup(&r->keep, platforms);
	told.platforms.at = arena_array(&r->keep, 8, sizeof(*told.platforms.at));
	for (char *end = rest; rest != NULL; rest = end) {
		size_t n = strcspn(rest, " ");
		end = rest[n] == ' ' ? rest + n + 1 : NULL;
		rest[n] = '\0';
		told.platforms.at[told.platforms.n++] = (struct image_platform){rest, bytes};
	}
	core_told(r->core, "i", "i", "i:1", &told, r->now);
	rig_turn(r, 0);
}

static void pull_starts(struct rig *r)
{
	size_t n = r->acts.n_starts;
	struct core_start *starts = arena_memdup(&r->keep, r->acts.starts, n * sizeof(*starts));
	for (size_t i = 0; i < n; i++)
		rig_pod(r, &starts[i], POD_PULLED);
}

static void written(struct rig *r)
{
	rig_turn(r, 3 * S);
	rig_turn(r, 3 * S);
	rig_written(r);
}

static void next_life(struct rig *r)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_restart(r);
	core_allow_checks(r->core, true);
	rig_policy(r, "p", 9, 0);
	img.status = r->api;
	rig_put_image(r, &img);
}

/* ---- 35 ---- */

static void rule_35_what_is_asked(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "amd64");
	lead(&r);
	/* One platform: the digest alone, and nothing waits for it. */
	assert_int_equal(r.acts.n_checks, 1);
	assert_false(r.acts.checks[0].platforms);
	assert_int_equal(r.acts.checks[0].n_sized, 0);
	assert_string_equal(rig_starts(&r), "a");
	tell(&r, OLD, NULL, 0);
	assert_int_equal(r.acts.n_checks, 0);
	node(&r, "b", "arm64");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 1);
	assert_true(r.acts.checks[0].platforms);
	assert_null(r.acts.checks[0].have);
	tell(&r, OLD, NULL, 0); /* its budget does not allow it */
	node(&r, "c", "arm64");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 0); /* too soon after the last */
	rig_turn(&r, 11 * 60 * S);
	node(&r, "d", "arm64");
	rig_turn(&r, 0);
	node(&r, "e", "arm64");
	tell(&r, OLD, "linux/arm64", 0);
	written(&r);
	assert_int_equal(r.api.registry->platforms.n, 1);
	rig_done(&r);
}

/* Of no node that it is for, of a digest on nodes of one platform, or where it is forbidden. */
static void rule_35_what_is_not_asked(void **state)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	struct api_kv label = {"none", "has-it"};
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "amd64");
	img.spec.node_selector = (struct api_map){&label, 1};
	rig_put_image(&r, &img);
	struct cachedimage by_digest = rig_image_of("j", NULL, "p");
	by_digest.spec.digest = OLD;
	rig_put_image(&r, &by_digest);
	struct cachedimage never = rig_image_of("k", "1", "p");
	never.spec.image_pull_policy = "Never";
	rig_put_image(&r, &never);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 0);
	rig_done(&r);
}

/* Platforms decide: pulls wait for the answer, and not for longer than five seconds. */
static void rule_35_nothing_waits_long(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "amd64");
	node(&r, "b", "arm64");
	lead(&r);
	assert_int_equal(r.acts.n_starts, 0);
	assert_true(r.next_ms <= r.now.boot_ms + 5 * S);
	rig_turn(&r, 4 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 1 * S);
	assert_string_equal(rig_starts(&r), "a");
	pull_starts(&r);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

static void rule_35_no_answer_holds_nothing(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "amd64");
	node(&r, "b", "arm64");
	lead(&r);
	assert_int_equal(r.acts.n_starts, 0);
	tell(&r, NULL, NULL, 0);
	assert_string_equal(rig_starts(&r), "a");
	written(&r);
	assert_string_equal(r.api.registry->message, "it is down (HTTP 503)");
	rig_done(&r);
}

/* ---- 38 ---- */

static void rule_38_there_already(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	lists(&r, "a", OLD);
	lists(&r, "b", NEW);
	node(&r, "c", "amd64");
	lead(&r);
	/* c does not list it: it has nothing to wait for. */
	assert_string_equal(rig_starts(&r), "c");
	pull_starts(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	tell(&r, NEW, NULL, 0);
	assert_int_equal(r.acts.avoided, 1);
	assert_string_equal(rig_starts(&r), "a");
	written(&r);
	assert_string_equal(r.api.ready, "2/3");
	assert_int_equal(r.api.cached_nodes.n, 2);
	assert_string_equal(r.api.cached_nodes.at[0], "b");
	assert_string_equal(r.api.resolved_digest, NEW);
	/* Later the answer is too old, and another is asked for. */
	rig_turn(&r, 10 * 60 * S);
	lists(&r, "d", NEW);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 1);
	assert_int_equal(r.acts.n_starts, 0);
	tell(&r, NEW, NULL, 0);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.acts.avoided, 1);
	rig_done(&r);
}

static void rule_38_no_answer(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	lists(&r, "a", OLD);
	lead(&r);
	assert_int_equal(r.acts.n_starts, 0);
	tell(&r, NULL, NULL, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

static void put_strict(struct rig *r, const char *name)
{
	struct node_condition c = {"Ready", "True", r->now.wall_s};
	struct node_image image = {.size = 1000};
	const char *names[] = {"docker.io/library/i:1", "docker.io/library/i@" NEW};
	struct node n = {.meta = {.name = name, .uid = name, .created = RIG_WALL_S - 100000},
			 .conditions = {&c, 1},
			 .images = {&image, 1},
			 .os = "linux",
			 .arch = "amd64",
			 .kubelet_version = "v1.35.0"};
	image.names.at = arena_memdup(&r->keep, names, sizeof(names));
	image.names.n = 2;
	node_trim(&n, &r->keep);
	core_put(r->core, KIND_NODE, &n, r->now);
}

/* Kubelets from 1.35 on give it to us only if it is public: of a tag, and of what is fixed. */
static void rule_17a_the_registry_tells_that_it_is_public(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct cachedimage img = rig_image_of("i", "1", "p");
		struct rig r;
		begin(&r);
		put_strict(&r, "a");
		img.spec.image_pull_policy = i < 2 ? "Always" : "IfNotPresent";
		rig_put_image(&r, &img);
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_checks, 1);
		assert_int_equal(r.acts.n_starts, 0);
		struct core_told told = {.known = true, .digest = NEW, .is_public = i % 2 == 0};
		core_told(r.core, "i", "i", "i:1", &told, r.now);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, i % 2);
		assert_int_equal(r.acts.avoided, 1 - i % 2);
		rig_done(&r);
	}
}

/* ---- 39 ---- */

static const struct left_row {
	const char *name, *platforms, *arch, *out; /* of nodes a (amd64) and b: those left out */
} left_rows[] = {
	{"nothing for it", "linux/amd64", "arm64", "b"},
	{"both", "linux/amd64 linux/arm64", "arm64", ""},
	{"arm64 runs arm", "linux/arm/v7", "arm64", "a"},
	{"amd64 runs 386", "linux/386", "arm64", "b"},
	{"a variant", "linux/arm64/v8", "arm64", "a"},
	{"another system", "windows/amd64", "arm64", "ab"},
	{"a node that does not tell", "linux/amd64", NULL, ""},
	{"no index", "", "arm64", ""},
	{"others", "linux/s390x linux/amd64", "arm64", "b"},
};

static void rule_39_which_nodes(void **state)
{
	(void)state;
	FOREACH_ROW(struct left_row, left_rows)
	{
		struct rig r;
		const char *out = "";
		begin(&r);
		node(&r, "a", "amd64");
		node(&r, "b", row->arch);
		lead(&r);
		tell(&r, NEW, row->platforms, 0);
		for (const char *name = "a"; name != NULL; name = *name == 'a' ? "b" : NULL)
			if (explain_pair(r.core, "i", name, r.now, &r.keep)->reason ==
			    EXPLAIN_PLATFORM)
				out = arena_printf(&r.keep, "%s%s", out, name);
		assert_string_equal(out, row->out);
		written(&r);
		assert_int_equal(r.api.nodes_skipped, strlen(out));
		assert_int_equal(r.api.nodes_targeted, 2 - strlen(out));
		rig_done(&r);
	}
}

static void rule_39_left_out(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "amd64");
	node(&r, "b", "arm64");
	node(&r, "c", "arm64");
	lead(&r);
	tell(&r, NEW, "linux/amd64 linux/386", 7);
	assert_string_equal(rig_starts(&r), "a");
	pull_starts(&r);
	written(&r);
	assert_string_equal(r.api.ready, "1/1");
	assert_string_equal(r.api.phase, "Ready");
	assert_int_equal(r.api.nodes_skipped, 2);
	assert_string_equal(rig_condition(&r, "Ready")->message,
			    "Image cached on all 1 target nodes");
	assert_string_equal(rig_condition(&r, "PlatformsMatched")->status, "False");
	assert_string_equal(rig_condition(&r, "PlatformsMatched")->message,
			    "2 nodes left out: image is linux/amd64 and linux/386 only");
	int64_t since = rig_condition(&r, "PlatformsMatched")->last_transition;
	assert_int_equal(r.api.registry->platforms.n, 2);
	assert_int_equal(r.api.registry->platforms.at[1].bytes, 7);
	/* Another life knows it from the status: nothing is pulled; it asks whether it still is so. */
	rig_turn(&r, 60 * S);
	next_life(&r);
	node(&r, "a", "amd64");
	node(&r, "b", "arm64");
	node(&r, "c", "arm64");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts + r.acts.n_writes, 0);
	assert_int_equal(r.acts.n_checks, 1);
	assert_string_equal(r.acts.checks[0].have, NEW);
	node(&r, "d", "arm64");
	written(&r);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.api.nodes_skipped, 3);
	assert_int_equal(rig_condition(&r, "PlatformsMatched")->last_transition, since);
	rig_done(&r);
}

/* What the tag is now has more platforms, or nobody knows which: they are pulled there. */
static void rule_39_the_tag_moves(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pullpolicy p = {
			.meta = {.name = "p"},
			.spec = {.max_concurrent_nodes = 9, .repull_interval = 3600 * S}};
		struct rig r;
		begin(&r);
		core_put(r.core, KIND_PULLPOLICY, &p, r.now);
		node(&r, "a", "amd64");
		node(&r, "b", "arm64");
		lead(&r);
		tell(&r, OLD, "linux/amd64", 0);
		pull_starts(&r);
		rig_turn(&r, 100 * S);
		lists(&r, "a", OLD);
		rig_turn(&r, 3600 * S);
		assert_int_equal(r.acts.n_checks, 1);
		assert_true(r.acts.checks[0].platforms);
		assert_string_equal(r.acts.checks[0].have, OLD);
		tell(&r, NEW, i == 0 ? "linux/amd64 linux/arm64" : NULL, 0);
		assert_string_equal(rig_starts(&r), "b a");
		written(&r);
		assert_int_equal(r.api.nodes_skipped, 0);
		assert_null(api_condition_find(&r.api.conditions, "PlatformsMatched"));
		rig_done(&r);
	}
}

/* Who has it stays targeted, whatever the registry says; once it is lost there, no more. */
static void rule_39_who_has_it_stays(void **state)
{
	static const struct rig_listed larger[] = {{{"j:1"}, 10}, {{NULL}, 0}};
	struct rig r;
	(void)state;
	begin(&r);
	core_allow_checks(r.core, false);
	lists(&r, "a", OLD);
	lead(&r);
	assert_string_equal(rig_starts(&r), "a");
	pull_starts(&r);
	rig_turn(&r, 0);
	core_allow_checks(r.core, true);
	node(&r, "b", "arm64");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 1);
	tell(&r, NEW, "linux/arm64", 0);
	assert_string_equal(rig_starts(&r), "b");
	pull_starts(&r);
	written(&r);
	assert_string_equal(r.api.ready, "2/2");
	rig_turn(&r, 100 * S);
	rig_node_lists(&r, "a", r.now.wall_s, larger);
	written(&r);
	assert_string_equal(r.api.ready, "1/1");
	assert_int_equal(r.api.nodes_skipped, 1);
	rig_done(&r);
}

/* The tag moves to something without its platform: a repull there could only fail. */
static void rule_39_no_repull_that_can_only_fail(void **state)
{
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 9, .repull_interval = 3600 * S}};
	struct rig r;
	(void)state;
	begin(&r);
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	lists(&r, "a", OLD);
	node(&r, "b", "arm64");
	lead(&r);
	tell(&r, OLD, "linux/arm64 linux/amd64", 0);
	assert_string_equal(rig_starts(&r), "b");
	pull_starts(&r);
	written(&r);
	assert_string_equal(r.api.ready, "2/2");
	rig_turn(&r, 100 * S);
	lists(&r, "a", OLD);
	rig_turn(&r, 3600 * S);
	/* b does not list it, and gets its pod by rule 15. */
	assert_string_equal(rig_starts(&r), "b");
	pull_starts(&r);
	tell(&r, NEW, "linux/arm64", 0);
	written(&r);
	assert_string_equal(r.api.ready, "2/2");
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* What leaves nodes out is asked again: the tag may have got their platform. */
static void rule_39_asked_again(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "amd64");
	node(&r, "b", "arm64");
	lead(&r);
	tell(&r, OLD, "linux/amd64", 0);
	pull_starts(&r);
	for (int i = 0; i < 29; i++) {
		rig_turn(&r, 60 * S);
		assert_int_equal(r.acts.n_checks, 0);
	}
	assert_true(r.next_ms <= r.now.boot_ms + 120 * S);
	rig_turn(&r, 120 * S);
	assert_int_equal(r.acts.n_checks, 1);
	assert_string_equal(r.acts.checks[0].have, OLD);
	tell(&r, NEW, "linux/amd64 linux/arm64", 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

static void rule_39_no_platform(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "arm64");
	node(&r, "b", "s390x");
	lead(&r);
	tell(&r, NEW, "linux/amd64", 0);
	assert_int_equal(r.acts.n_starts, 0);
	for (size_t i = 0; i < r.acts.n_facts; i++)
		assert_int_not_equal(r.acts.facts[i].kind, FACT_NO_NODES);
	written(&r);
	assert_string_equal(r.api.ready, "0/0");
	assert_int_equal(r.api.nodes_skipped, 2);
	assert_string_equal(rig_condition(&r, "Ready")->status, "False");
	assert_string_equal(rig_condition(&r, "Ready")->reason, "NoPlatform");
	assert_string_equal(rig_condition(&r, "Ready")->message,
			    "no image for linux/arm64: image is linux/amd64 only");
	assert_string_equal(rig_condition(&r, "Stalled")->reason, "NoPlatform");
	/* A node that it is for. */
	node(&r, "c", "amd64");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "c");
	rig_done(&r);
}

/* Another reference: what was told is about the old one. */
static void rule_39_another_reference(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	node(&r, "a", "amd64");
	node(&r, "b", "arm64");
	lead(&r);
	tell(&r, NEW, "linux/amd64", 0);
	struct cachedimage img = rig_image_of("i", "2", "p");
	img.meta.generation = 2;
	img.meta.rv = 1000;
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 1);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_starts, 1);
	written(&r);
	assert_int_equal(r.api.nodes_skipped, 0);
	assert_int_equal(r.api.nodes_targeted, 2);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_35_what_is_asked),
		cmocka_unit_test(rule_35_what_is_not_asked),
		cmocka_unit_test(rule_35_nothing_waits_long),
		cmocka_unit_test(rule_35_no_answer_holds_nothing),
		cmocka_unit_test(rule_38_there_already),
		cmocka_unit_test(rule_38_no_answer),
		cmocka_unit_test(rule_17a_the_registry_tells_that_it_is_public),
		cmocka_unit_test(rule_39_which_nodes),
		cmocka_unit_test(rule_39_left_out),
		cmocka_unit_test(rule_39_the_tag_moves),
		cmocka_unit_test(rule_39_who_has_it_stays),
		cmocka_unit_test(rule_39_no_repull_that_can_only_fail),
		cmocka_unit_test(rule_39_asked_again),
		cmocka_unit_test(rule_39_no_platform),
		cmocka_unit_test(rule_39_another_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
