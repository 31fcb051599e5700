/* The patch that removes startup taints: nothing else of the node may change (behaviour 46). */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "puller/node_patch.h"

#define NODE(taints)                                                                               \
	"{\"kind\":\"Node\",\"metadata\":{\"name\":\"n\",\"uid\":\"u1\"},\"spec\":{\"podCIDR\":"   \
	"\"x\"" taints "},\"status\":{\"taints\":[{\"key\":\"cold\"}]}}"
#define COLD   "{\"key\":\"cold\",\"value\":\"x\",\"effect\":\"NoSchedule\"}"
#define COLD_2 "{\"effect\":\"NoExecute\",\"key\":\"cold\",\"timeAdded\":\"2026-01-01T00:00:00Z\"}"
#define OTHER  "{\"key\":\"colder\",\"effect\":\"NoSchedule\",\"future\":{\"a\":[1,\"]\"]}}"

static void assert_patch(const char *node, const char *keys, enum node_patch want,
			 const char *before, const char *after)
{
	struct buf patch = {0};
	char text[1024];
	assert_int_equal(node_patch_open(node, strlen(node), "u1", keys, &patch), want);
	if (want != NODE_PATCH_MADE) {
		assert_int_equal(patch.len, 0);
		return;
	}
	snprintf(text, sizeof(text),
		 "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u1\"},"
		 "{\"op\":\"test\",\"path\":\"/spec/taints\",\"value\":%s},"
		 "{\"op\":\"replace\",\"path\":\"/spec/taints\",\"value\":%s}]",
		 before, after);
	assert_string_equal(patch.data, text);
	buf_done(&patch);
}

static void rule_46_other_taints_stay_byte_for_byte(void **state)
{
	(void)state;
	assert_patch(NODE(",\"taints\":[" COLD "]"), "cold", NODE_PATCH_MADE, "[" COLD "]", "[]");
	assert_patch(NODE(",\"taints\":[" OTHER "," COLD "]"), "cold", NODE_PATCH_MADE,
		     "[" OTHER "," COLD "]", "[" OTHER "]");
	assert_patch(NODE(",\"taints\":[" COLD "," OTHER "]"), "warm,cold", NODE_PATCH_MADE,
		     "[" COLD "," OTHER "]", "[" OTHER "]");
	/* Whatever its value and effect. */
	assert_patch(NODE(",\"taints\":[" COLD "," OTHER "," COLD_2 "]"), "cold", NODE_PATCH_MADE,
		     "[" COLD "," OTHER "," COLD_2 "]", "[" OTHER "]");
	assert_patch(NODE(",\"taints\": [ " COLD " , " OTHER " ]"), "cold", NODE_PATCH_MADE,
		     "[ " COLD " , " OTHER " ]", "[" OTHER "]");
}

/* Several that stay keep their commas; the beginning of a key is not the key. */
static void rule_46_several_others_stay(void **state)
{
	(void)state;
	assert_patch(NODE(",\"taints\":[" OTHER "," COLD "," OTHER "]"), "cold", NODE_PATCH_MADE,
		     "[" OTHER "," COLD "," OTHER "]", "[" OTHER "," OTHER "]");
	assert_patch(NODE(",\"taints\":[" COLD "]"), "colder", NODE_PATCH_NOTHING, NULL, NULL);
}

static void rule_46_nothing_to_remove(void **state)
{
	(void)state;
	assert_patch(NODE(""), "cold", NODE_PATCH_NOTHING, NULL, NULL);
	assert_patch(NODE(",\"taints\":[]"), "cold", NODE_PATCH_NOTHING, NULL, NULL);
	assert_patch(NODE(",\"taints\":[" OTHER "]"), "cold", NODE_PATCH_NOTHING, NULL, NULL);
	assert_patch(NODE(",\"taints\":[" COLD "]"), "", NODE_PATCH_NOTHING, NULL, NULL);
}

static void rule_46_another_node_is_left_alone(void **state)
{
	struct buf patch = {0};
	const char *node = NODE(",\"taints\":[" COLD "]");
	(void)state;
	assert_int_equal(node_patch_open(node, strlen(node), "u2", "cold", &patch),
			 NODE_PATCH_OTHER);
	assert_patch("", "cold", NODE_PATCH_BROKEN, NULL, NULL);
	assert_patch("[]", "cold", NODE_PATCH_BROKEN, NULL, NULL);
	/* Cut in the array: what is not seen would be removed. */
	assert_patch("{\"metadata\":{\"uid\":\"u1\"},\"spec\":{\"taints\":[" COLD "," OTHER, "cold",
		     NODE_PATCH_NOTHING, NULL, NULL);
	assert_patch("{\"metadata\":{\"uid\":\"u1\"},\"spec\":{\"taints\":[" COLD " " OTHER "]}}",
		     "cold", NODE_PATCH_BROKEN, NULL, NULL);
}

/* A JSON merge patch would replace the kubelet's conditions; the uid is a precondition. */
static void rule_47_one_condition(void **state)
{
	struct buf patch = {0};
	struct node_said said = {.reason = "Pulling", .message = "1 of \"2\"", .at_s = 0};
	(void)state;
	node_patch_say("u1", &said, &patch);
	assert_string_equal(patch.data,
			    "{\"metadata\":{\"uid\":\"u1\"},\"status\":{\"conditions\":[{\"type\":"
			    "\"drop.corewire.io/ImagesReady\",\"status\":\"False\",\"reason\":"
			    "\"Pulling\",\"message\":\"1 of \\\"2\\\"\",\"lastHeartbeatTime\":"
			    "\"1970-01-01T00:00:00Z\"}]}}");
	buf_done(&patch);
	said.status = said.turns = true;
	node_patch_say("u1", &said, &patch);
	assert_non_null(strstr(patch.data, "\"status\":\"True\""));
	assert_non_null(strstr(patch.data, ",\"lastTransitionTime\":\"1970-01-01T00:00:00Z\"}]}}"));
	buf_done(&patch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_46_other_taints_stay_byte_for_byte),
		cmocka_unit_test(rule_46_several_others_stay),
		cmocka_unit_test(rule_46_nothing_to_remove),
		cmocka_unit_test(rule_46_another_node_is_left_alone),
		cmocka_unit_test(rule_47_one_condition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
