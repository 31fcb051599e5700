/*
 * The limits as our own code checks them: the same rows as tests/e2e/crd_cases.json
 * has for the API server, where no CEL is needed (behaviour.md 33).
 */
#include "tests/unit.h"

#include <string.h>

#include "api/kinds.h"
#include "api/tables.h"

struct validate_row {
	const char *name;
	const struct desc *d;
	const char *json;
	const char *want; /* NULL: valid */
};

#define HEX64      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SPEC(rest) "{\"spec\":{\"image\":\"nginx\"" rest "}}"
#define COND(status, reason)                                                                       \
	"{\"conditions\":[{\"type\":\"Ready\",\"status\":\"" status "\",\"reason\":\"" reason      \
	"\","                                                                                      \
	"\"message\":\"\",\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"}]}"

static const struct validate_row rows[] = {
	{"33: the least", &cachedimage_desc, SPEC(""), NULL},
	{"33: digest", &cachedimage_desc, SPEC(",\"digest\":\"sha256:" HEX64 "\""), NULL},
	{"33: empty digest counts as unset", &cachedimage_desc, SPEC(",\"digest\":\"\""), NULL},
	{"33: digest too long", &cachedimage_desc, SPEC(",\"digest\":\"sha256:" HEX64 "a\""),
	 "spec.digest: malformed; must match " API_DIGEST_PATTERN},
	{"33: no image", &cachedimage_desc, "{\"spec\":{}}", "spec.image: missing; it is required"},
	{"33: empty image", &cachedimage_desc, "{\"spec\":{\"image\":\"\"}}",
	 "spec.image: missing; it is required"},
	{"33: tag too long", &cachedimage_desc, SPEC(",\"tag\":\"" HEX64 HEX64 "a\""),
	 "spec.tag: too long; at most 128 characters"},
	{"characters, not bytes", &cachedimage_desc,
	 SPEC(",\"tag\":\"" HEX64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "\xe2\x82\xac\""),
	 NULL},
	{"33: enum", &cachedimage_desc, SPEC(",\"imagePullPolicy\":\"always\""),
	 "spec.imagePullPolicy: unknown value; use one of Always, IfNotPresent, Never"},
	{"33: name of a reference", &cachedimage_desc, SPEC(",\"policyRef\":{}"),
	 "spec.policyRef.name: missing; it is required"},
	{"33: in a list", &cachedimage_desc, SPEC(",\"tolerations\":[{},{\"effect\":\"NoFun\"}]"),
	 "spec.tolerations[1].effect: unknown value; use one of NoSchedule, PreferNoSchedule, "
	 "NoExecute"},
	{"33: defaults are valid", &pullpolicy_desc, "{}", NULL},
	{"33: maxConcurrentPulls 0", &pullpolicy_desc, "{\"spec\":{\"maxConcurrentPulls\":0}}",
	 NULL},
	{"33: maxConcurrentNodes 0", &pullpolicy_desc, "{\"spec\":{\"maxConcurrentNodes\":0}}",
	 "spec.maxConcurrentNodes: out of range; use 1 to 2147483647"},
	{"33: negative count", &pullpolicy_desc, "{\"spec\":{\"maxConcurrentPulls\":-1}}",
	 "spec.maxConcurrentPulls: out of range; use 0 to 2147483647"},
	{"33: negative duration", &pullpolicy_desc, "{\"spec\":{\"repullInterval\":\"-1s\"}}",
	 "spec.repullInterval: negative; use 0s or a longer duration"},
	{"55: neither form: the discoverer says it", &discoverypolicy_desc, "{\"spec\":{}}", NULL},
	{"55: an hour of the day", &discoverypolicy_desc,
	 "{\"spec\":{\"signals\":[{\"name\":\"s\",\"query\":\"q\",\"type\":"
	 "\"timeWeightedAggregate\","
	 "\"timeWeightedAggregate\":{\"method\":\"sum\",\"windows\":[{\"startHour\":24,\"endHour\":"
	 "24,"
	 "\"weight\":1}]}}]}}",
	 "spec.signals[0].timeWeightedAggregate.windows[0].startHour: out of range; use 0 to 23"},
	{"33: no repository", &discoverypolicy_desc,
	 "{\"spec\":{\"sources\":[{\"type\":\"registry\",\"registry\":{\"url\":\"u\","
	 "\"repositories\":[]}}]}}",
	 "spec.sources[0].registry.repositories: missing; it is required"},
	{"27: steps", &discoverypolicy_desc,
	 "{\"spec\":{\"sources\":[{\"type\":\"prometheus\",\"prometheus\":{\"endpoint\":\"e\","
	 "\"query\":\"q\",\"step\":\"1d\"}},{\"type\":\"prometheus\",\"prometheus\":{\"endpoint\":"
	 "\"e\",\"query\":\"q\",\"step\":\"30\"}}]}}",
	 NULL},
	{"20: condition", &cachedimage_status_desc, COND("True", "Cached"), NULL},
	{"20: status of a condition", &cachedimage_status_desc, COND("Perhaps", "Cached"),
	 "conditions[0].status: unknown value; use one of True, False, Unknown"},
	{"20: reason of a condition", &cachedimage_status_desc, COND("True", "not a word"),
	 "conditions[0].reason: malformed; must match ^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"},
};

static void test_rows(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct validate_row, rows)
	{
		void *obj = arena_alloc(&a, row->d->size);
		struct err err = {0};
		assert_int_equal(
			desc_decode(row->d, row->json, strlen(row->json), true, &a, obj, &err), 0);
		int rc = desc_validate(row->d, obj, &err);
		assert_string_equal(err.text, row->want != NULL ? row->want : "");
		assert_int_equal(rc, row->want != NULL ? -1 : 0);
	}
	arena_done(&a);
}

/* behaviour.md 19: at most 100. */
static void test_items(void **state)
{
	(void)state;
	struct failed_node nodes[FAILED_NODES_MAX + 1];
	for (size_t i = 0; i < ROWS(nodes); i++)
		nodes[i] = (struct failed_node){.node = "n", .attempts = 1};
	struct cachedimage_status s = {.failed_nodes = {nodes, FAILED_NODES_MAX}};
	struct err err = {0};
	assert_int_equal(desc_validate(&cachedimage_status_desc, &s, &err), 0);
	s.failed_nodes.n++;
	assert_int_equal(desc_validate(&cachedimage_status_desc, &s, &err), -1);
	assert_string_equal(err.text, "failedNodes: too many; at most 100");
}

/* An object built by hand gets what the API server would have given it. */
static void test_default(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct failure_backoff backoff = {.max = 1000};
	struct pullpolicy p = {.spec = {.failure_backoff = &backoff, .max_pulls_per_node = 7}};
	desc_default(&pullpolicy_desc, &p, &a);
	assert_int_equal(p.spec.max_concurrent_nodes, 1);
	assert_int_equal(p.spec.max_concurrent_pulls, 0);
	assert_int_equal(p.spec.max_pulls_per_node, 7);
	assert_int_equal(p.spec.min_delay_between_pulls, 10 * 1000);
	assert_int_equal(p.spec.pull_timeout, 30 * 60 * 1000);
	assert_int_equal(backoff.initial, 30 * 1000);
	assert_int_equal(backoff.max, 1000);
	struct cachedimage c = {0};
	desc_default(&cachedimage_desc, &c, &a);
	assert_string_equal(c.spec.image_pull_policy, "Always");
	assert_null(c.spec.policy_ref);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
