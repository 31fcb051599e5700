/* Whose fault, and who waits (behaviour.md 9 PodRejected, 14). */
#include "tests/reconciler/core/rig.h"
#include "api/pullpod.h"

#define S 1000

static const char *const names[] = {"n00", "n01", "n02", "n03", "n04", "n05", "n06", "n07",
				    "n08", "n09", "n10", "n11", "n12", "n13", "n14", "n15"};

static void many_nodes(struct rig *r, size_t n)
{
	rig_new(r);
	rig_policy(r, "p", 100, 0);
	for (size_t i = 0; i < n; i++)
		rig_node(r, names[i]);
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
}

static void rule_14_slow_start(void **state)
{
	struct rig r;
	(void)state;
	many_nodes(&r, 16);
	assert_int_equal(r.acts.n_starts, 1);
	struct core_start first = *rig_start(&r);
	rig_turn(&r, 1999);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 1);
	assert_int_equal(r.acts.n_starts, 1); /* two in flight */
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_starts, 2); /* four */
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_starts, 4); /* eight */
	rig_pod(&r, &first, POD_PULLED);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 8); /* the first success lifts the limit */
	rig_done(&r);
}

static void rule_14_a_bad_tag_costs_one_pod_a_retry(void **state)
{
	struct rig r;
	(void)state;
	many_nodes(&r, 16);
	size_t pods = 0;
	const char *last = "";
	/* Half an hour: 30 s, 60 s, 120 s, 240 s, then every 300 s: ten probes or so. */
	for (int i = 0; i < 1800; i++) {
		for (size_t k = 0; k < r.acts.n_starts; k++, pods++) {
			struct core_start s = r.acts.starts[k];
			assert_string_not_equal(s.node, last);
			last = arena_strdup(&r.keep, s.node);
			rig_made(&r, &s);
			rig_pod(&r, &s, POD_NOT_FOUND);
		}
		rig_turn(&r, 1 * S);
		rig_written(&r);
	}
	assert_in_range(pods, 7, 12);
	assert_string_equal(r.api.phase, "Degraded");
	assert_string_equal(rig_condition(&r, "Ready")->reason, "ErrImagePull");
	assert_string_equal(rig_condition(&r, "Ready")->message, "image not found");
	assert_int_equal(r.api.failed_nodes.n, pods);
	/* A changed spec clears it. */
	struct cachedimage img = rig_image_of("i", "2", "p");
	img.meta.generation = 2;
	img.meta.rv = 1000;
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 1);
	assert_string_equal(r.acts.starts[0].pulls[0].attempt, "0");
	rig_done(&r);
}

static void rule_14_a_proven_image_is_not_to_blame(void **state)
{
	struct rig r;
	(void)state;
	many_nodes(&r, 3);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "n01 n02");
	struct core_start bad = r.acts.starts[0], good = r.acts.starts[1];
	bad.pod_name = arena_strdup(&r.keep, bad.pod_name);
	rig_pod(&r, &bad, POD_NOT_FOUND);
	rig_pod(&r, &good, POD_PULLED);
	rig_turn(&r, 26 * S);
	assert_string_equal(rig_starts(&r), "");
	rig_written(&r);
	assert_string_equal(r.api.phase, "Degraded");
	rig_settle(&r);
	rig_turn(&r, 8 * S);
	assert_string_equal(rig_starts(&r), "n01"); /* its own back-off is over */
	assert_string_equal(r.acts.starts[0].pulls[0].attempt, "1");
	rig_done(&r);
}

static void rule_14_node_fault_concerns_one_node(void **state)
{
	struct rig r;
	(void)state;
	many_nodes(&r, 2);
	rig_pod(&r, rig_start(&r), POD_EVICTED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "n01");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	/* 19. It shows in the message and is not Degraded. */
	assert_string_equal(r.api.phase, "Pulling");
	assert_non_null(strstr(rig_condition(&r, "Ready")->message, "1/2 nodes ready; Evicted"));
	assert_int_equal(r.api.consecutive_failures, 1);
	rig_turn(&r, 2 * S);
	rig_settle(&r);
	rig_turn(&r, 30 * S);
	assert_string_equal(rig_starts(&r), "n00");
	rig_done(&r);
}

static void rule_14_platform(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 100, 0);
	rig_node_as(&r, "arm1", "arm1", true, NULL, 1, "arm64");
	rig_node_as(&r, "arm2", "arm2", true, NULL, 1, "arm64");
	rig_node(&r, "x86");
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "arm1");
	rig_pod(&r, rig_start(&r), POD_NO_PLATFORM);
	rig_turn(&r, 0);
	/* The other arm64 node waits, the other platform does not. */
	assert_string_equal(rig_starts(&r), "x86");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 20 * S);
	assert_string_equal(rig_starts(&r), "");
	rig_turn(&r, 14 * S);
	assert_int_equal(r.acts.n_starts, 1); /* one probe for both */
	rig_turn(&r, 14 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

static void rule_14_registry(void **state)
{
	struct rig r;
	(void)state;
	many_nodes(&r, 4);
	/* One node alone: its own trouble. */
	rig_pod(&r, rig_start(&r), POD_NO_HOST);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "n01");
	/* Two within a minute: the registry's, and images of that host wait. */
	rig_pod(&r, rig_start(&r), POD_NO_HOST);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 20 * S);
	assert_string_equal(rig_starts(&r), "");
	struct cachedimage other = rig_image_of("elsewhere", "1", "p");
	other.spec.image = "other.example.com/x";
	rig_put_image(&r, &other);
	rig_turn(&r, 0);
	assert_string_equal(r.acts.starts[0].pulls[0].image_name, "elsewhere");
	rig_turn(&r, 15 * S);
	size_t probes = 0;
	for (size_t i = 0; i < r.acts.n_starts; i++)
		if (strcmp(r.acts.starts[i].pulls[0].image_name, "elsewhere") != 0) {
			probes++;
			rig_pod(&r, &r.acts.starts[i], POD_PULLED);
		}
	assert_int_equal(probes, 1);
	rig_turn(&r, 0);
	assert_true(r.acts.n_starts > 1); /* it answered: all go on */
	rig_done(&r);
}

static void rule_9_refused(void **state)
{
	struct rig r;
	(void)state;
	many_nodes(&r, 4);
	core_started(r.core, rig_start(&r)->pod_name, START_REFUSED, "exceeded quota: pods=0",
		     r.now);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Degraded");
	assert_string_equal(rig_condition(&r, "Ready")->reason, "PodRejected");
	assert_string_equal(rig_condition(&r, "Ready")->message, "exceeded quota: pods=0");
	assert_int_equal(r.api.failed_nodes.n, 0); /* nobody's fault */
	rig_turn(&r, 20 * S);
	assert_string_equal(rig_starts(&r), "");
	rig_turn(&r, 12 * S);
	const struct core_start *probe = rig_start(&r);
	assert_string_equal(probe->pulls[0].attempt, "0");
	rig_made(&r, probe);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Pulling");
	rig_done(&r);
}

static void rule_9_time(void **state)
{
	struct rig r;
	(void)state;
	many_nodes(&r, 1);
	rig_pod(&r, rig_start(&r), POD_PENDING);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_true(r.next_ms <= r.now.boot_ms + 120 * S);
	rig_turn(&r, 120 * S);
	rig_written(&r);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	assert_string_equal(r.api.failed_nodes.at[0].reason, "NodeUnresponsive");
	assert_string_equal(r.api.phase, "Pending");
	rig_done(&r);
}

/* A server that answers nonsense may leave out the uid: an image without one is another image, a
 * pod without one is none. Found by tests/attack/hostile.py. */
static void rule_6_objects_without_a_uid(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_CREATING);
	struct api_kv labels[] = {{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
				  {PULLPOD_LABEL_IMAGE, s->pulls[0].image_name},
				  {PULLPOD_LABEL_NODE, s->node}};
	const struct pod pod = {.meta = {.name = s->pod_name, .labels = {labels, 3}},
				.node_name = s->node,
				.phase = "Pending"};
	core_put(r.core, KIND_POD, &pod, r.now);
	rig_turn(&r, S);
	assert_int_equal(r.acts.n_starts, 0); /* the pull is still known */
	struct cachedimage image = rig_image_of("i", "1", "p");
	image.meta.uid = NULL;
	core_put(r.core, KIND_CACHEDIMAGE, &image, r.now);
	core_put(r.core, KIND_CACHEDIMAGE, &image, r.now);
	rig_turn(&r, S);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_6_objects_without_a_uid),
		cmocka_unit_test(rule_14_slow_start),
		cmocka_unit_test(rule_14_a_bad_tag_costs_one_pod_a_retry),
		cmocka_unit_test(rule_14_a_proven_image_is_not_to_blame),
		cmocka_unit_test(rule_14_node_fault_concerns_one_node),
		cmocka_unit_test(rule_14_platform),
		cmocka_unit_test(rule_14_registry),
		cmocka_unit_test(rule_9_refused),
		cmocka_unit_test(rule_9_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
