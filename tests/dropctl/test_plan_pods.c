/*
 * In how many pods the pulls of a plan go (behaviour 42): images of one group on one node share,
 * others do not, and nodes without a row count by the pulls.
 */
#include "tests/unit.h"

#include <string.h>

#include "dropctl/plan_pods.h"

#define IMAGES 4

static const struct row {
	const char *name;
	struct {
		uint64_t together, per_pod, pulls;
		const char *nodes; /* a letter each: those with a row */
	} images[IMAGES];          /* as far as per_pod is not 0 */
	uint64_t pulls, pods;
	bool least;
} rows[] = {
	{"nothing", {{0}}, 0, 0, false},
	{"one image a pod", {{7, 1, 2, "ab"}, {7, 1, 2, "ab"}}, 4, 4, false},
	{"one image alone", {{7, 20, 3, "abc"}}, 3, 3, false},
	{"two images share", {{7, 20, 3, "abc"}, {7, 20, 3, "cba"}}, 6, 3, true},
	{"three fill a pod of two", {{7, 2, 1, "a"}, {7, 2, 1, "a"}, {7, 2, 1, "a"}}, 3, 2, true},
	{"each node fills its own",
	 {{7, 2, 2, "ab"}, {7, 2, 2, "ab"}, {7, 2, 2, "ab"}},
	 6,
	 4,
	 true},
	{"other nodes", {{7, 20, 1, "a"}, {7, 20, 1, "b"}}, 2, 2, true},
	{"other groups", {{7, 20, 1, "a"}, {8, 20, 1, "a"}}, 2, 2, false},
	{"rows that do not pull", {{7, 20, 1, "ab"}, {7, 20, 1, "cb"}}, 2, 2, true},
	{"an image that is there already", {{7, 20, 1, "a"}, {7, 20, 0, "a"}}, 1, 1, false},
	{"nodes without a row", {{7, 2, 9, "a"}, {7, 2, 9, "a"}, {7, 2, 9, "a"}}, 27, 14, true},
	{"as many as one image has", {{7, 20, 9, "a"}, {7, 20, 9, "b"}}, 18, 9, true},
};

static void add(struct plan_pods *all, const struct row *row, size_t i)
{
	struct msg_node_state states[4] = {{0}};
	char names[4][2] = {{0}};
	struct msg_planned m = {.pulls = row->images[i].pulls,
				.images_per_pod = row->images[i].per_pod,
				.together = row->images[i].together};
	m.nodes.at = states;
	m.nodes.n = strlen(row->images[i].nodes);
	for (size_t k = 0; k < m.nodes.n; k++) {
		names[k][0] = row->images[i].nodes[k];
		states[k].node = names[k];
	}
	plan_pods_add(all, &m);
}

static void rule_42_pods_of_a_plan(void **state)
{
	(void)state;
	for (size_t r = 0; r < ROWS(rows); r++) {
		struct plan_pods all = {0};
		unit_say(rows[r].name);
		for (size_t i = 0; i < IMAGES && rows[r].images[i].per_pod != 0; i++)
			add(&all, &rows[r], i);
		struct plan_total total = plan_pods_total(&all);
		assert_int_equal(total.pulls, rows[r].pulls);
		assert_int_equal(total.pods, rows[r].pods);
		assert_int_equal(total.least, rows[r].least);
		plan_pods_done(&all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_42_pods_of_a_plan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
