/*
 * Each field of a CachedImage's status is written, and a restart takes it back from there
 * (behaviour 16, 19): by the table, so that a new field that nobody fills or adopts fails here.
 */
#include "tests/reconciler/core/rig.h"

#include "api/tables.h"
#include "api/walk.h"

#define S       1000
#define EVERY_S 3600
#define DIGEST  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void policy(struct rig *r)
{
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 9,
					.max_pulls_per_node = 2,
					.pull_timeout = 30 * 60 * S,
					.repull_interval = EVERY_S * S}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

static void lists(struct rig *r, const char *node)
{
	const struct rig_listed images[] = {
		{{"docker.io/library/i:1", "docker.io/library/i@" DIGEST}, 1000},
		{{"small:1"}, 10},
		{{NULL}, 0}};
	rig_node_lists(r, node, r->now.wall_s, images);
}

static void tell(struct rig *r, const char *digest)
{
	struct image_platform platform = {"linux/amd64", 1000};
	const struct core_told told = {.known = digest != NULL,
				       .digest = digest,
				       .platforms = {&platform, digest != NULL},
				       .text = "it is down",
				       .code = 503};
	assert_int_equal(r->acts.n_checks, 1);
	core_told(r->core, "i", "i", "i:1", &told, r->now);
}

/* Shows the pods of the last turn's starts. */
static void pods(struct rig *r, enum fate fate)
{
	size_t n;
	const struct core_start *starts = rig_all_starts(r, &n);
	for (size_t i = 0; i < n; i++)
		rig_pod(r, &starts[i], fate);
}

/* There is nothing for its platform. */
static void other_node(struct rig *r)
{
	rig_node_as(r, "d", "d", true, NULL, RIG_WALL_S - 100000, "arm64");
}

/* Nodes a to d are there, and what they list. */
static void nodes(struct rig *r)
{
	lists(r, "a");
	lists(r, "b");
	rig_node(r, "c");
	other_node(r);
}

/* a and b have it, c fails, d is left out, the registry has answered once more, and once not. */
static void live(struct rig *r)
{
	rig_new(r);
	core_allow_checks(r->core, true);
	policy(r);
	rig_node(r, "a");
	rig_node(r, "b");
	other_node(r);
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
	tell(r, DIGEST);
	rig_turn(r, 0);
	pods(r, POD_PULLED);
	rig_turn(r, 0);
	pods(r, POD_PULLED);
	rig_turn(r, 100 * S);
	nodes(r);
	rig_turn(r, 0);
	assert_int_equal(r->acts.n_resolves, 1);
	core_resolved(r->core, "i", "i", "i:1", true, DIGEST);
	assert_string_equal(rig_starts(r), "c");
	pods(r, POD_NOT_FOUND);
	rig_turn(r, EVERY_S * S);
	tell(r, DIGEST);
	pods(r, POD_NOT_FOUND);
	rig_turn(r, EVERY_S * S);
	tell(r, NULL);
	pods(r, POD_NOT_FOUND);
	rig_turn(r, 0);
	assert_string_equal(rig_starts(r), "c a b"); /* c again; a and b as there was no answer */
}

static bool filled(const struct field *f, const void *obj)
{
	bool list = f->type == F_MAP || f->type == F_STRINGS || f->type == F_LIST;
	return list ? get_list(f, obj).n != 0
		    : (f->type == F_BOOL ? get_bool(f, obj) : get_rv(f, obj) != 0);
}

static void check_filled(const struct desc *d, const void *obj)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		if (!filled(f, obj))
			fail_msg("%s.%s is not filled", d->name, f->json);
		if (f->type == F_OBJECT || f->type == F_INLINE)
			check_filled(f->sub, get_sub(f, obj));
		for (size_t k = 0; f->type == F_LIST && k < get_list(f, obj).n; k++)
			check_filled(f->sub, list_item(f, get_list(f, obj), k));
	}
}

static void rules_16_19_each_field_is_written_and_adopted(void **state)
{
	struct rig r;
	size_t n;
	(void)state;
	live(&r);
	const struct core_start *running = rig_all_starts(&r, &n);
	pods(&r, POD_PENDING);
	rig_turn(&r, 10 * S);
	rig_turn(&r, 10 * S);
	check_filled(&cachedimage_status_desc, &r.api);
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_restart(&r);
	core_allow_checks(r.core, true);
	policy(&r);
	nodes(&r);
	img.status = r.api;
	rig_put_image(&r, &img);
	for (size_t i = 0; i < n; i++)
		rig_pod(&r, &running[i], POD_PENDING);
	rig_lead(&r);
	for (int i = 0; i < 3; i++) {
		rig_turn(&r, 3 * S);
		struct buf patch = {0};
		if (r.acts.n_writes != 0 &&
		    desc_diff(&cachedimage_status_desc, &r.api, r.acts.writes[0].new, &patch))
			fail_msg("not adopted: %s", patch.data);
		assert_int_equal(r.acts.n_writes, 0);
	}
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_16_19_each_field_is_written_and_adopted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
