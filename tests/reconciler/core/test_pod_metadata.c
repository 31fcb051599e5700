/* spec.podMetadata on its way to the pod (behaviour.md 57, 14, 16). */
#include "tests/reconciler/core/rig.h"

#define S 1000

static struct api_kv team = {"team", "a"}, other = {"team", "b"}, note = {"n", "v"};
static struct pod_metadata first = {.labels = {&team, 1}, .annotations = {&note, 1}};
static struct pod_metadata second = {.labels = {&other, 1}};

static void put(struct rig *r, struct pod_metadata *pods, int64_t generation)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.generation = generation;
	img.spec.pod_metadata = pods;
	rig_put_image(r, &img);
}

static void begin(struct rig *r)
{
	rig_new(r);
	r->keep_pods = true;
	rig_policy(r, "p", 9, 0);
	rig_node(r, "a");
	put(r, &first, 1);
	rig_lead(r);
	rig_turn(r, 0);
}

static void rule_57_it_is_in_the_start(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	const struct core_start *s = rig_start(&r);
	assert_string_equal(api_map_get(&s->pod_metadata.labels, "team"), "a");
	assert_string_equal(api_map_get(&s->pod_metadata.annotations, "n"), "v");
	rig_done(&r);
}

/* Another label is no reason to pull what is cached. */
static void rules_16_57_a_change_starts_no_pull(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	const struct core_start *s = rig_start(&r);
	rig_made(&r, s);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 2 * S);
	put(&r, &second, 2);
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 3600 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* The policy that refused the pod may accept the next one: it is tried at once. */
static void rules_14_57_a_change_ends_the_back_off(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	const struct core_start *s = rig_start(&r);
	core_started(r.core, s->pod_name, START_REFUSED, "every pod needs the label team", r.now);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_starts, 0);
	put(&r, &second, 2);
	rig_turn(&r, 0);
	assert_string_equal(api_map_get(&rig_start(&r)->pod_metadata.labels, "team"), "b");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_57_it_is_in_the_start),
		cmocka_unit_test(rules_16_57_a_change_starts_no_pull),
		cmocka_unit_test(rules_14_57_a_change_ends_the_back_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
