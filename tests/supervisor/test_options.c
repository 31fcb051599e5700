/* supervisor/options.c: each child is told what it knows, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "supervisor/options.h"

static bool has(char **argv, const char *text)
{
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, text) == 0)
			return true;
	return false;
}

static size_t count(char **argv)
{
	size_t n = 0;
	while (argv[n] != NULL)
		n++;
	return n;
}

static const struct supervisor_options all = {
	.socket_dir = "/s",
	.kubeconfig = "/k",
	.pod_namespace = "ns",
	.log_level = "debug",
	.log_format = "json",
	.leader_elect = false,
	.priority_class = "low",
	.bin_dir = "/b",
};

static void test_everyone(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	for (int p = 0; p < PROCESS_COUNT; p++) {
		char **argv = options_argv(&all, (enum process)p, "/b/x", &a);
		assert_string_equal(argv[0], "/b/x");
		assert_true(has(argv, "--socket-dir=/s"));
		assert_true(has(argv, "--kubeconfig=/k"));
		assert_true(has(argv, "--pod-namespace=ns"));
		assert_true(has(argv, "--log-level=debug"));
		assert_true(has(argv, "--log-format=json"));
		assert_false(has(argv, "--bin-dir=/b"));
		assert_int_equal(has(argv, "--leader-elect=false"), p == PROCESS_WATCHER);
		assert_int_equal(has(argv, "--priority-class=low"), p == PROCESS_PULLER);
	}
	arena_done(&a);
}

static void test_unset_is_left_out(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct supervisor_options some = all;
	some.kubeconfig = NULL;
	some.priority_class = NULL;
	some.leader_elect = true;
	assert_int_equal(count(options_argv(&some, PROCESS_PULLER, "x", &a)), 5);
	assert_true(has(options_argv(&some, PROCESS_WATCHER, "x", &a), "--leader-elect=true"));
	arena_done(&a);
}

static void test_what_changed(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const struct option_def *changed[OPTIONS_MAX];
	struct supervisor_options now = all, fresh = all;
	assert_int_equal(options_changed(&now, &fresh, changed, &a), 0);
	fresh.log_level = "warn";
	fresh.priority_class = NULL;
	fresh.leader_elect = true;
	assert_int_equal(options_changed(&now, &fresh, changed, &a), 3);
	assert_string_equal(changed[0]->name, "log-level");
	assert_string_equal(changed[1]->name, "leader-elect");
	assert_string_equal(changed[2]->name, "priority-class");
	assert_int_equal(option_change(changed[0]), OPTION_CHANGE_LIVE);
	assert_int_equal(option_change(changed[1]), OPTION_CHANGE_RESTART);
	options_take_live(&now, &fresh);
	assert_string_equal(now.log_level, "warn");
	assert_string_equal(now.priority_class, "low");
	assert_false(now.leader_elect);
	arena_done(&a);
}

/* What a live row holds must outlive the file it came from. */
static void test_live_texts_are_the_tables_own(void **state)
{
	(void)state;
	for (const struct option_def *d = supervisor_option_defs; d->name != NULL; d++)
		if (option_change(d) == OPTION_CHANGE_LIVE && d->type == OPT_STRING)
			assert_non_null(d->one_of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everyone),
		cmocka_unit_test(test_unset_is_left_out),
		cmocka_unit_test(test_what_changed),
		cmocka_unit_test(test_live_texts_are_the_tables_own),
	};
	return cmocka_run_group_tests_name("supervisor/options", tests, NULL, NULL);
}
