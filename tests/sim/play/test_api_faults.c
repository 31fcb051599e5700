/*
 * Which request a rule strikes, how often, and that the same seed strikes the same ones.
 */
#include "tests/unit.h"

#include <string.h>

#include "sim/play/api_faults.h"
#include "sim/play/tally.h"

static const char *const create_delete[] = {"create", "delete"};
static const char *const pods[] = {"pods", "pods/status"};

static struct sim_api_fault rule(const char *kind)
{
	return (struct sim_api_fault){.kind = kind, .percent = 100};
}

static uint64_t add(struct faults *f, const struct sim_api_fault *row)
{
	uint64_t id = 0;
	struct err err = {.text = ""};
	if (faults_add(f, row, &id, &err) != 0)
		fail_msg("%s", err.text);
	return id;
}

static const struct match_row {
	const char *name;
	struct sim_api_fault rule;
	struct fault_request request;
	bool struck;
} matches[] = {
	{"everything", {.kind = "reset"}, {"get", "nodes", "a", "x/1"}, true},
	{"a verb of the list",
	 {.kind = "reset", .verbs = {(const char **)create_delete, 2}},
	 {"delete", "pods", "", "x"},
	 true},
	{"another verb",
	 {.kind = "reset", .verbs = {(const char **)create_delete, 2}},
	 {"patch", "pods", "", "x"},
	 false},
	{"the subresource is another resource",
	 {.kind = "reset", .resources = {(const char **)pods, 1}},
	 {"patch", "pods/status", "", "x"},
	 false},
	{"unless it is listed",
	 {.kind = "reset", .resources = {(const char **)pods, 2}},
	 {"patch", "pods/status", "", "x"},
	 true},
	{"a name", {.kind = "reset", .name = "a"}, {"get", "pods", "a", "x"}, true},
	{"another name", {.kind = "reset", .name = "a"}, {"get", "pods", "b", "x"}, false},
	{"how a client begins",
	 {.kind = "reset", .user_agent = "drop-"},
	 {"get", "pods", "b", "drop-puller/1"},
	 true},
	{"another client",
	 {.kind = "reset", .user_agent = "drop-"},
	 {"get", "pods", "b", "kubectl"},
	 false},
	{"no client's name",
	 {.kind = "reset", .user_agent = "drop-"},
	 {"get", "pods", "b", NULL},
	 false},
	{"stale lists: lists",
	 {.kind = "stale-list", .delay_ms = 1},
	 {"list", "pods", "", ""},
	 true},
	{"stale lists: nothing else",
	 {.kind = "stale-list", .delay_ms = 1},
	 {"get", "pods", "a", ""},
	 false},
	{"open watches are not requests",
	 {.kind = "lag-watch", .delay_ms = 1},
	 {"watch", "pods", "", ""},
	 false},
};

static void which_requests(void **state)
{
	(void)state;
	FOREACH_ROW(struct match_row, matches)
	{
		struct faults *f = faults_new(1);
		add(f, &row->rule);
		bool struck = faults_pick(f, &row->request).kind != API_FAULT_NONE;
		assert_int_equal(struck, row->struck);
		faults_free(f);
	}
}

static const struct fault_request any = {"get", "pods", "a", "x"};

static void what_it_does(void **state)
{
	(void)state;
	struct faults *f = faults_new(1);
	struct sim_api_fault row = rule("status");
	row.limit = 1;
	row.code = 429;
	row.retry_after_s = 3;
	add(f, &row);
	row = rule("status");
	row.limit = 1;
	add(f, &row);
	row = rule("slow");
	row.delay_ms = 250;
	add(f, &row);
	struct fault first = faults_pick(f, &any), second = faults_pick(f, &any),
		     third = faults_pick(f, &any);
	assert_int_equal(first.kind, API_FAULT_STATUS);
	assert_int_equal(first.code, 429);
	assert_int_equal(first.retry_after_s, 3);
	assert_int_equal(second.code, 500);
	assert_int_equal(third.kind, API_FAULT_SLOW);
	assert_int_equal(third.delay_ms, 250);
	assert_int_equal(third.code, 0);
	assert_int_equal(faults_picked(f)[API_FAULT_STATUS], 2);
	assert_int_equal(faults_picked(f)[API_FAULT_SLOW], 1);
	faults_free(f);
}

static void removed_and_cleared(void **state)
{
	(void)state;
	struct faults *f = faults_new(1);
	struct sim_api_fault reset = rule("reset"), hang = rule("hang");
	uint64_t first = add(f, &reset), second = add(f, &hang);
	assert_int_not_equal(first, second);
	faults_remove(f, 99);
	faults_remove(f, first);
	assert_int_equal(faults_pick(f, &any).kind, API_FAULT_HANG);
	faults_clear(f);
	assert_int_equal(faults_pick(f, &any).kind, API_FAULT_NONE);
	faults_free(f);
}

static void watches_lag(void **state)
{
	(void)state;
	struct faults *f = faults_new(1);
	struct sim_api_fault row = rule("lag-watch");
	struct fault_request pods_watch = {"watch", "pods", "", "drop-watcher/1"},
			     nodes_watch = {"watch", "nodes", "", "drop-watcher/1"};
	row.resources = (struct api_strings){(const char **)pods, 1};
	row.delay_ms = 5000;
	uint64_t id = add(f, &row);
	row.delay_ms = 100;
	add(f, &row);
	assert_int_equal(faults_watch_lag(f, &pods_watch), 5000);
	assert_int_equal(faults_watch_lag(f, &nodes_watch), 0);
	faults_remove(f, id);
	assert_int_equal(faults_watch_lag(f, &pods_watch), 100);
	faults_free(f);
}

static size_t strikes(uint64_t seed, int percent, unsigned char *pattern, size_t n)
{
	struct faults *f = faults_new(seed);
	struct sim_api_fault row = rule("reset");
	size_t struck = 0;
	row.percent = percent;
	add(f, &row);
	for (size_t i = 0; i < n; i++) {
		pattern[i] = faults_pick(f, &any).kind == API_FAULT_RESET;
		struck += pattern[i];
	}
	faults_free(f);
	return struck;
}

static void dice(void **state)
{
	(void)state;
	unsigned char a[2000], b[2000];
	size_t first = strikes(5, 30, a, sizeof(a)), again = strikes(5, 30, b, sizeof(b));
	assert_int_equal(first, again);
	assert_memory_equal(a, b, sizeof(a));
	assert_in_range(first, 500, 700);
	strikes(6, 30, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(strikes(5, 100, a, sizeof(a)), sizeof(a));
}

static void bounded(void **state)
{
	(void)state;
	struct faults *f = faults_new(1);
	struct sim_api_fault row = rule("reset"), wrong = rule("sad");
	uint64_t id;
	struct err err;
	assert_int_equal(faults_add(f, &wrong, &id, &err), -1);
	assert_string_equal(err.text, "no fault of the API is called sad");
	for (int i = 0; i < SIM_FAULTS_MAX; i++)
		add(f, &row);
	assert_int_equal(faults_add(f, &row, &id, &err), -1);
	assert_int_equal(err.cls, ERR_TERMINAL);
	faults_free(f);
}

static void requests_are_counted(void **state)
{
	(void)state;
	struct tally *t = tally_new();
	struct fault_request puller = {"create", "pods", "", "drop-puller/0.1 (x)"},
			     kubectl = {"get", "pods", "a", "kubectl/v1"},
			     nobody = {"get", "pods", "", NULL};
	tally_count(t, &puller);
	tally_count(t, &puller);
	tally_count(t, &kubectl);
	tally_count(t, &nobody);
	assert_int_equal(t->total, 4);
	assert_int_equal(t->n, 3);
	assert_string_equal(t->rows[0].client, "drop-puller");
	assert_int_equal(tally_of(t, "drop-"), 2);
	assert_int_equal(tally_of(t, ""), 4);
	tally_free(t);
}

static void many_clients_share_a_row(void **state)
{
	(void)state;
	struct tally *t = tally_new();
	char agent[32];
	for (int i = 0; i < 2 * TALLY_ROWS_MAX; i++) {
		snprintf(agent, sizeof(agent), "client-%d/1", i);
		tally_count(t, &(struct fault_request){"get", "pods", "", agent});
	}
	assert_int_equal(t->n, TALLY_ROWS_MAX);
	assert_int_equal(tally_of(t, ""), 2 * TALLY_ROWS_MAX);
	assert_int_equal(tally_of(t, "others"), TALLY_ROWS_MAX + 1);
	tally_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_requests),
		cmocka_unit_test(what_it_does),
		cmocka_unit_test(removed_and_cleared),
		cmocka_unit_test(watches_lag),
		cmocka_unit_test(dice),
		cmocka_unit_test(bounded),
		cmocka_unit_test(requests_are_counted),
		cmocka_unit_test(many_clients_share_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
