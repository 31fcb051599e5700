/*
 * A process that is told to kill itself after its second effect: it does if it was built with
 * DROP_CRASH_POINTS, and only then. meson.build makes both.
 */
#include "tests/unit.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/effect.h"

#ifdef DROP_CRASH_POINTS
#define CRASHES true
#else
#define CRASHES false
#endif

/* What waitpid says of a process of that name after so many effects. */
static int life(const char *name, int effects)
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		effect_init(name);
		for (int i = 0; i < effects; i++)
			effect_count();
		_exit(effect_total() == (uint64_t)effects ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void dies_where_it_is_told_to(void **state)
{
	(void)state;
	setenv("DROP_CRASH_PROC", "puller", 1);
	setenv("DROP_CRASH_AFTER", "2", 1);
	int dead = life("puller", 3);
	assert_int_equal(CRASHES, WIFSIGNALED(dead) && WTERMSIG(dead) == SIGKILL);
	if (!CRASHES)
		assert_int_equal(dead, 0);
	assert_int_equal(life("puller", 1), 0);
	assert_int_equal(life("watcher", 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(dies_where_it_is_told_to)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
