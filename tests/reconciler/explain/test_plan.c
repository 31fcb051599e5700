/* Which images of a plan may share a pod (behaviour 42). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/explain.h"

/* Each differs from the first in one thing. */
static void rule_42_what_may_share_a_pod(void **state)
{
	struct rig r;
	struct api_name_ref secrets[] = {{.name = "s"}, {.name = "t"}};
	struct api_kv notes[] = {{"team", "a"}, {"team", "b"}};
	struct pod_metadata metadata = {.annotations = {&notes[0], 1}};
	struct pod_metadata another = {.annotations = {&notes[1], 1}}, none = {0};
	struct cachedimage first = rig_image_of("x", "1", "p"), other = first;
	(void)state;
	rig_one_node(&r);
#define POD_OF(image) explain_plan_pods(r.core, &(image), &r.keep)
	assert_int_equal(POD_OF(first).images_per_pod, 1);
	other.spec.image = "docker.io/library/y";
	other.spec.pod_metadata = &none;
	assert_true(POD_OF(first).together == POD_OF(other).together);
	other.spec.image = "registry.example/y";
	assert_true(POD_OF(first).together != POD_OF(other).together);
	other = first;
	other.spec.policy_ref = NULL;
	assert_true(POD_OF(first).together != POD_OF(other).together);
	other = first;
	other.spec.image_pull_secrets = (struct api_name_refs){&secrets[0], 1};
	assert_true(POD_OF(first).together != POD_OF(other).together);
	first.spec.image_pull_secrets = (struct api_name_refs){&secrets[1], 1};
	assert_true(POD_OF(first).together != POD_OF(other).together);
	other = first;
	other.spec.pod_metadata = &metadata;
	assert_true(POD_OF(first).together != POD_OF(other).together);
	first.spec.pod_metadata = &another;
	assert_true(POD_OF(first).together != POD_OF(other).together);
#undef POD_OF
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_42_what_may_share_a_pod),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
