/*
 * Decoding and encoding: what is skipped, what is refused and how the error names
 * it, defaults; the fixtures of tests/golden; and, over every table, that decoding
 * undoes encoding.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "api/kinds.h"
#include "api/tables.h"
#include "tests/api/random_obj.h"

struct decode_row {
	const char *name;
	const struct desc *d;
	const char *json;
	const char *want; /* what encode makes of it, or the text of the error */
};

/* The status integers that are always written (behaviour.md, preamble). */
#define ZEROS                                                                                      \
	"\"observedGeneration\":0,\"nodesTargeted\":0,\"nodesReady\":0,\"nodesPulling\":0,"        \
	"\"nodesSkipped\":0,"                                                                      \
	"\"consecutiveFailures\":0"

static const struct decode_row accepted[] = {
	{"unknown members and null are skipped", &cachedimage_spec_desc,
	 "{\"x\":[{}],\"image\":\"a\",\"tag\":null,\"policyRef\":null,\"tolerations\":null}",
	 "{\"image\":\"a\",\"imagePullPolicy\":\"Always\"}"},
	{"what is skipped is not read", &cachedimage_spec_desc,
	 "{\"x\":[1,{\"y\":tru}],\"image\":\"a\",\"y\":\"}\\\"]\",\"z\":-1.5e3}",
	 "{\"image\":\"a\",\"imagePullPolicy\":\"Always\"}"},
	{"skipped in lists, kept in maps", &cachedimage_spec_desc,
	 "{\"nodeSelector\":{\"x\":\"1\"},\"tolerations\":[{\"x\":{\"key\":\"b\"},\"key\":\"k\"}, "
	 "{\"x\":1}]}",
	 "{\"imagePullPolicy\":\"Always\",\"nodeSelector\":{\"x\":\"1\"},"
	 "\"tolerations\":[{\"key\":\"k\"},{}]}"},
	{"a name with an escape", &cachedimage_desc,
	 "{\"x\":0,\"spec\":{\"im\\u0061ge\":\"a\"},\"status\":null}",
	 "{\"spec\":{\"image\":\"a\",\"imagePullPolicy\":\"Always\"},\"status\":{" ZEROS "}}"},
	{"the first of a repeated key wins", &cachedimage_spec_desc,
	 "{\"image\":\"a\",\"image\":\"b\",\"nodeSelector\":{\"k\":\"1\",\"k\":\"2\"}}",
	 "{\"image\":\"a\",\"imagePullPolicy\":\"Always\",\"nodeSelector\":{\"k\":\"1\"}}"},
	{"names differ by case", &cachedimage_spec_desc, "{\"Image\":\"a\"}",
	 "{\"imagePullPolicy\":\"Always\"}"},
	{"maps are sorted, null is empty", &cachedimage_spec_desc,
	 "{\"nodeSelector\":{\"b\":\"1\",\"\":\"2\",\"a\":null}}",
	 "{\"imagePullPolicy\":\"Always\",\"nodeSelector\":{\"\":\"2\",\"a\":\"\",\"b\":\"1\"}}"},
	{"space around the object", &cachedimage_spec_desc, " \n{} \t\r\n",
	 "{\"imagePullPolicy\":\"Always\"}"},
	{"defaults of all types", &pullpolicy_spec_desc, "{}",
	 "{\"maxConcurrentNodes\":1,\"maxPullsPerNode\":2,\"minDelayBetweenPulls\":\"10s\","
	 "\"pullTimeout\":\"30m0s\"}"},
	{"an explicit zero is not the default", &pullpolicy_spec_desc,
	 "{\"minDelayBetweenPulls\":\"0s\",\"repullInterval\":\"0\"}",
	 "{\"maxConcurrentNodes\":1,\"maxPullsPerNode\":2,\"minDelayBetweenPulls\":\"0s\","
	 "\"pullTimeout\":\"30m0s\"}"},
	{"defaults inside objects and lists that are there", &pullpolicy_desc,
	 "{\"spec\":{\"failureBackoff\":{\"max\":\"1h\"}}}",
	 "{\"spec\":{\"maxConcurrentNodes\":1,\"maxPullsPerNode\":2,\"minDelayBetweenPulls\":"
	 "\"10s\",\"pullTimeout\":\"30m0s\",\"failureBackoff\":{\"initial\":\"30s\",\"max\":"
	 "\"1h0m0s\"}},\"status\":{\"observedGeneration\":0}}"},
	{"an absent embedded object gets its defaults", &pullpolicy_desc, "{}",
	 "{\"spec\":{\"maxConcurrentNodes\":1,\"maxPullsPerNode\":2,\"minDelayBetweenPulls\":"
	 "\"10s\",\"pullTimeout\":\"30m0s\"},\"status\":{\"observedGeneration\":0}}"},
	{"rule 19: status integers are written, zero included", &cachedimage_status_desc, "{}",
	 "{" ZEROS "}"},
	{"integers: the largest 32 bits and a float that is whole", &cachedimage_spec_desc,
	 "{\"priority\":-2147483648}", "{\"imagePullPolicy\":\"Always\",\"priority\":-2147483648}"},
	{"2^53 is exact", &api_meta_desc, "{\"generation\":9007199254740992}",
	 "{\"generation\":9007199254740992}"},
	{"1e3 is an integer", &api_meta_desc, "{\"generation\":1e3}", "{\"generation\":1000}"},
	{"rule 27: a score beyond 2^53 is clamped", &discoverypolicy_status_desc,
	 "{\"discoveredImages\":[{\"image\":\"a\",\"score\":-9223372036854775808}]}",
	 "{\"observedGeneration\":0,\"discoveredImages\":[{\"image\":\"a\",\"score\":-"
	 "9007199254740992}],\"imageCount\":0,"
	 "\"sourceCount\":0}"},
	{"resourceVersion to the last bit", &api_meta_desc,
	 "{\"resourceVersion\":\"18446744073709551615\"}",
	 "{\"resourceVersion\":\"18446744073709551615\"}"},
	{"dotted names step into objects", &pod_desc,
	 "{\"status\":{\"containerStatuses\":[{\"state\":{\"running\":{\"startedAt\":"
	 "\"2026-01-02T03:04:05Z\"}}}]},\"spec\":{\"nodeName\":\"n\"}}",
	 "{\"spec\":{\"nodeName\":\"n\"},\"status\":{\"containerStatuses\":[{\"state\":{"
	 "\"running\":{\"startedAt\":\"2026-01-02T03:04:05Z\"}}}]}}"},
	{"a name with a dot is no dotted name", &pod_desc,
	 "{\"spec.nodeName\":\"x\",\"spec\":{\"nodeName\":\"n\"}}",
	 "{\"spec\":{\"nodeName\":\"n\"}}"},
	{"the first of a repeated object wins, also below a dotted name", &pod_desc,
	 "{\"spec\":{},\"spec\":{\"nodeName\":\"n\"},\"status\":null,\"status\":{\"phase\":\"x\"}}",
	 "{}"},
	{"the first wins, null too", &cachedimage_spec_desc,
	 "{\"image\":\"a\",\"tag\":null,\"tag\":\"b\"}",
	 "{\"image\":\"a\",\"imagePullPolicy\":\"Always\"}"},
	{"escapes in names and texts", &cachedimage_spec_desc,
	 "{\"\\u0069mage\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"}",
	 "{\"image\":\"\\\"\\\\/\\b\\f\\n\\r\\t\u00e4\U0001f600\",\"imagePullPolicy\":\"Always\"}"},
	{"more elements than there is room for at first", &cachedimage_status_desc,
	 "{\"cachedNodes\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
	 "{\"observedGeneration\":0,\"nodesTargeted\":0,\"nodesReady\":0,\"nodesPulling\":0,"
	 "\"nodesSkipped\":0,"
	 "\"cachedNodes\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"],"
	 "\"consecutiveFailures\":0}"},
	{"null on the way of a dotted name", &pod_desc, "{\"status\":null,\"spec\":{}}", "{}"},
};

static const struct decode_row refused[] = {
	{"no JSON", &cachedimage_desc, "{", "CachedImage: not valid JSON"},
	{"nothing", &cachedimage_desc, "", "CachedImage: not valid JSON"},
	{"bytes behind", &cachedimage_desc, "{}x", "CachedImage: more after the object"},
	{"no JSON in what is read", &cachedimage_desc, "{\"x\":1,\"spec\":{\"image\":tru}}",
	 "CachedImage: not valid JSON"},
	{"what is skipped does not end", &cachedimage_desc, "{\"x\":[1,\"spec\":{}}",
	 "CachedImage: not valid JSON"},
	{"a comma too many", &cachedimage_desc, "{\"x\":1,}", "CachedImage: not valid JSON"},
	{"a comma too few", &cachedimage_desc, "{\"x\":1 \"y\":1}", "CachedImage: not valid JSON"},
	{"half a surrogate pair", &cachedimage_desc, "{\"metadata\":{\"name\":\"\\ud800\"}}",
	 "CachedImage: not valid JSON"},
	{"no object", &cachedimage_desc, "[]", "CachedImage: object: must be an object"},
	{"metadata", &cachedimage_desc, "{\"metadata\":{\"name\":1}}",
	 "CachedImage: metadata.name: must be a string"},
	{"element of a list", &cachedimage_desc, "{\"spec\":{\"tolerations\":[{},{\"key\":true}]}}",
	 "CachedImage: spec.tolerations[1].key: must be a string"},
	{"list of objects with null", &cachedimage_desc, "{\"spec\":{\"tolerations\":[null]}}",
	 "CachedImage: spec.tolerations[0]: must be an object"},
	{"list", &cachedimage_desc, "{\"spec\":{\"tolerations\":{}}}",
	 "CachedImage: spec.tolerations: must be a list"},
	{"list of strings", &cachedimage_desc, "{\"status\":{\"cachedNodes\":[\"a\",1]}}",
	 "CachedImage: status.cachedNodes[1]: must be a string"},
	{"map", &cachedimage_desc, "{\"spec\":{\"nodeSelector\":{\"a\":1}}}",
	 "CachedImage: spec.nodeSelector.a: must be a string"},
	{"name that is not UTF-8", &cachedimage_desc, "{\"metadata\":{\"name\":\"a\xff\"}}",
	 "CachedImage: metadata.name: must be UTF-8"},
	{"key that is not UTF-8", &cachedimage_desc,
	 "{\"spec\":{\"nodeSelector\":{\"\xff\":\"\"}}}",
	 "CachedImage: spec.nodeSelector: must be UTF-8"},
	{"map as a list", &cachedimage_desc, "{\"spec\":{\"nodeSelector\":[\"a\"]}}",
	 "CachedImage: spec.nodeSelector: must be an object of strings"},
	{"integer as text", &cachedimage_desc, "{\"spec\":{\"priority\":\"1\"}}",
	 "CachedImage: spec.priority: must be an integer"},
	{"fraction", &cachedimage_desc, "{\"spec\":{\"priority\":1.5}}",
	 "CachedImage: spec.priority: must be an integer, not a fraction"},
	{"beyond 32 bits", &cachedimage_desc, "{\"spec\":{\"priority\":2147483648}}",
	 "CachedImage: spec.priority: integer out of range"},
	{"below 32 bits", &cachedimage_desc, "{\"spec\":{\"priority\":-2147483649}}",
	 "CachedImage: spec.priority: integer out of range"},
	{"beyond 2^53", &cachedimage_desc, "{\"metadata\":{\"generation\":9007199254740994}}",
	 "CachedImage: metadata.generation: integer out of range"},
	{"infinite", &cachedimage_desc, "{\"metadata\":{\"generation\":1e999}}",
	 "CachedImage: metadata.generation: integer out of range"},
	{"boolean", &cachedimage_desc,
	 "{\"metadata\":{\"ownerReferences\":[{\"controller\":\"true\"}]}}",
	 "CachedImage: metadata.ownerReferences[0].controller: must be true or false"},
	{"time", &cachedimage_desc, "{\"status\":{\"lastPulledAt\":\"yesterday\"}}",
	 "CachedImage: status.lastPulledAt: must be a time such as 2006-01-02T15:04:05Z"},
	{"time as a number", &cachedimage_desc, "{\"status\":{\"lastPulledAt\":1}}",
	 "CachedImage: status.lastPulledAt: must be a time such as 2006-01-02T15:04:05Z"},
	{"duration", &pullpolicy_desc, "{\"spec\":{\"pullTimeout\":\"10\"}}",
	 "PullPolicy: spec.pullTimeout: must be a duration such as 1h30m or 10s"},
	{"labels", &node_desc, "{\"metadata\":{\"labels\":3}}",
	 "Node: metadata.labels: must be an object of strings"},
	{"resourceVersion in hex", &pod_desc, "{\"metadata\":{\"resourceVersion\":\"0x1\"}}",
	 "Pod: metadata.resourceVersion: must be a number in digits"},
	{"resourceVersion negative", &pod_desc, "{\"metadata\":{\"resourceVersion\":\"-1\"}}",
	 "Pod: metadata.resourceVersion: must be a number in digits"},
	{"resourceVersion beyond 64 bits", &pod_desc,
	 "{\"metadata\":{\"resourceVersion\":\"18446744073709551616\"}}",
	 "Pod: metadata.resourceVersion: must be a number in digits"},
	{"dotted name through a string", &pod_desc, "{\"spec\":\"x\"}",
	 "Pod: spec.nodeName: \"spec\" must be an object"},
};

static void test_accepted(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct buf out = {0};
	FOREACH_ROW(struct decode_row, accepted)
	{
		struct err err = {0};
		void *obj = arena_alloc(&a, row->d->size);
		int rc = desc_decode(row->d, row->json, strlen(row->json), true, &a, obj, &err);
		assert_string_equal(err.text, "");
		assert_int_equal(rc, 0);
		buf_clear(&out, 0);
		desc_encode(row->d, obj, &out);
		assert_string_equal(out.data, row->want);
	}
	buf_done(&out);
	arena_done(&a);
}

static void test_refused(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct decode_row, refused)
	{
		struct err err = {0};
		void *obj = arena_alloc(&a, row->d->size);
		assert_int_equal(
			desc_decode(row->d, row->json, strlen(row->json), true, &a, obj, &err), -1);
		assert_string_equal(err.text, row->want);
		assert_int_equal(err.cls, ERR_TERMINAL);
	}
	arena_done(&a);
}

/* The text is borrowed and need not end with a NUL. */
static void test_length_counts(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	static const char text[] = "{\"image\":\"a\"}{\"image\":\"b\"}";
	struct cachedimage_spec spec;
	assert_int_equal(desc_decode(&cachedimage_spec_desc, text, sizeof("{\"image\":\"a\"}") - 1,
				     false, &a, &spec, NULL),
			 0);
	assert_string_equal(spec.image, "a");
	assert_null(spec.image_pull_policy);
	arena_done(&a);
}

/* Not JSON, but read as cJSON reads it: the name ends there. No name of a table is read further. */
static void test_a_nul_in_a_name(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	static const char text[] = "{\"x\0y\":1,\"image\0.................\":\"a\",\"tag\":\"b\"}";
	struct cachedimage_spec spec;
	assert_int_equal(desc_decode(&cachedimage_spec_desc, text, sizeof(text) - 1, false, &a,
				     &spec, NULL),
			 0);
	assert_string_equal(spec.image, "a");
	assert_string_equal(spec.tag, "b");
	arena_done(&a);
}

static char *read_golden(struct arena *a, const char *kind, const char *suffix)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s.%s.json", getenv("GOLDEN_DIR"), kind, suffix);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	char *text = arena_alloc(a, 65536);
	size_t n = fread(text, 1, 65535, f);
	fclose(f);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	return text;
}

static void check_golden(int kind, const char *name)
{
	struct arena a = ARENA_INIT;
	unit_say(name);
	const char *in = read_golden(&a, name, "in");
	void *obj = arena_alloc(&a, kinds[kind].size);
	struct err err = {0};
	desc_decode(kinds[kind].desc, in, strlen(in), true, &a, obj, &err);
	assert_string_equal(err.text, "");
	struct buf out = {0};
	desc_encode(kinds[kind].desc, obj, &out);
	assert_string_equal(out.data, read_golden(&a, name, "ok"));
	buf_done(&out);
	arena_done(&a);
}

static void test_golden(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_COUNT; k++)
		check_golden(k, kinds[k].singular);
	check_golden(KIND_DISCOVERYPOLICY, "discoverypolicy-pipeline");
}

/* Over every kind: decode undoes encode; a clone outlives what it was made from. */
static void test_round_trip(void **state)
{
	(void)state;
	struct rng r = {.state = 1};
	struct arena a = ARENA_INIT, b = ARENA_INIT;
	for (int turn = 0; turn < 3000; turn++) {
		const struct desc *d = kinds[turn % KIND_COUNT].desc;
		void *obj = arena_alloc(&a, d->size), *back = arena_alloc(&b, d->size);
		random_object(&r, d, &a, obj);
		struct buf out = {0}, again = {0};
		desc_encode(d, obj, &out);
		struct err err = {0};
		desc_decode(d, out.data, out.len, false, &b, back, &err);
		assert_string_equal(err.text, "");
		assert_true(desc_equal(d, obj, back));
		void *clone = desc_clone(d, obj, &b);
		arena_reset(&a);
		desc_encode(d, clone, &again);
		assert_string_equal(out.data, again.data);
		assert_true(desc_equal(d, clone, back));
		buf_done(&out);
		buf_done(&again);
		arena_reset(&b);
	}
	arena_done(&a);
	arena_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_length_counts), cmocka_unit_test(test_a_nul_in_a_name),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
