/* usage/pulled.c: which events are a kubelet's about an image, and what they say (behaviour 52). */
#include "tests/unit.h"

#include "base/buf.h"
#include "usage/pulled.h"

#define META                                                                                       \
	"\"metadata\":{\"name\":\"p.17\",\"namespace\":\"shop\",\"uid\":\"e1\","                   \
	"\"resourceVersion\":\"42\",\"creationTimestamp\":\"2026-03-01T10:00:00Z\"}"
#define POD                                                                                        \
	"\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":\"shop\",\"name\":\"p\",\"uid\":"      \
	"\"u1\",\"fieldPath\":\"spec.containers{web}\"}"
#define KUBELET "\"source\":{\"component\":\"kubelet\",\"host\":\"node-1\"}"
#define PULLED  "\"reason\":\"Pulled\""
#define THERE   "\"message\":\"Container image \\\"nginx:1\\\" already present on machine\""
#define TOOK                                                                                       \
	"\"message\":\"Successfully pulled image \\\"nginx:1\\\" in 1.5s (1m2s including "         \
	"waiting). Image size: 1000 bytes.\""
#define COMBINED                                                                                   \
	"\"message\":\"(combined from similar events): Container image \\\"nginx:1\\\" already "   \
	"present on machine\""

static const struct {
	const char *name;
	int rc;
	uint64_t count;
	bool combined, was_pulled;
	double seconds, waited, bytes;
	const char *container;
} rows[] = {
	{"{" META "," POD "," KUBELET "," PULLED "," THERE "}", 1, 1, false, false, -1, -1, -1,
	 "web"},
	{"{" META "," POD "," KUBELET "," PULLED "," TOOK ",\"count\":3}", 1, 3, false, true, 1.5,
	 62, 1000, "web"},
	{"{" META "," POD "," KUBELET "," PULLED "," COMBINED
	 ",\"count\":1,\"series\":{\"count\":12}}",
	 1, 12, true, false, -1, -1, -1, "web"},
	{"{" META "," POD "," KUBELET "," PULLED "," THERE ",\"count\":-5}", 1, 1, false, false, -1,
	 -1, -1, "web"},
	{"{" META "," POD "," KUBELET "," PULLED "," THERE ",\"count\":99999999999999999}", 1,
	 9007199254740992, false, false, -1, -1, -1, "web"},
	/* Not a kubelet's, not about a container's image. */
	{"{" META "," POD ",\"source\":{\"component\":\"me\",\"host\":\"node-1\"}," PULLED "," THERE
	 "}",
	 0},
	{"{" META "," POD "," PULLED "," THERE ",\"reportingComponent\":\"kubelet\"}", 0},
	{"{" META "," POD "," KUBELET ",\"reason\":\"Pulling\"," THERE "}", 0},
	{"{" META "," POD "," KUBELET "," PULLED ",\"message\":\"none\"}", 0},
	{"{" META "," POD "," KUBELET "," PULLED ",\"message\":\"image \\\"UPPER\\\"\"}", 0},
	{"{" META "," POD "," KUBELET "," PULLED "}", 0},
	{"{" META ",\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":\"other\"}," KUBELET
	 "," PULLED "," THERE "}",
	 0},
	{"{" META ",\"involvedObject\":{\"kind\":\"Node\",\"namespace\":\"shop\"}," KUBELET
	 "," PULLED "," THERE "}",
	 0},
	{"{" POD "," KUBELET "," PULLED "," THERE "}", 0},
	{"{}", 0},
	{"[]", -1},
	{"{\"reason\":7}", -1},
	{"", -1},
};

static void rule_52_what_is_read(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pulled p;
		struct err err;
		unit_say(rows[i].name);
		int rc = pulled_read(rows[i].name, strlen(rows[i].name), &a, &p, &err);
		assert_int_equal(rc, rows[i].rc);
		if (rc != 1)
			continue;
		assert_string_equal(p.image, "docker.io/library/nginx:1");
		assert_string_equal(p.node, "node-1");
		assert_string_equal(p.ns, "shop");
		assert_string_equal(p.uid, "e1");
		assert_string_equal(p.pod_uid, "u1");
		assert_string_equal(p.container, rows[i].container);
		assert_int_equal(p.rv, 42);
		assert_int_equal(p.created_s, 1772359200);
		assert_int_equal(p.count, rows[i].count);
		assert_int_equal(p.combined, rows[i].combined);
		assert_int_equal(p.was_pulled, rows[i].was_pulled);
		assert_true(p.seconds == rows[i].seconds && p.waited == rows[i].waited &&
			    p.bytes == rows[i].bytes);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule_52_what_is_read)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
