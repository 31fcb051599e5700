/*
 * What people and the supervisor see of a real process over scratch sockets: waiting,
 * refusing, becoming ready, stopping, how many threads it has, and what dropctl shows of it.
 */
#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fixture.h"
#include "ipc/proc.h"

/* ---- what people and the supervisor see ---- */

static void second_instance(void **state)
{
	(void)state;
	START(&t.answerer, "puller");
	child_expect(&t.answerer, "started");
	START(&t.extra, "puller");
	child_expect(&t.extra, "another drop-puller runs in");
	assert_int_equal(child_wait(&t.extra), PROC_EXIT_ENV);
	/* It did not take the sockets of the first away. */
	START(&t.asker, "reconciler", "--requests", "1");
	child_expect(&t.asker, "answer 0 201");
}

static void refused_folder(void **state)
{
	(void)state;
	assert_int_equal(chmod(t.scratch.dir, 0755), 0);
	START(&t.answerer, "puller");
	child_expect(&t.answerer, "mode 0755 lets others in; chmod 0700 it");
	assert_int_equal(child_wait(&t.answerer), PROC_EXIT_ENV);
}

static void wrong_usage(void **state)
{
	(void)state;
	START(&t.answerer, "puller", "--no-such");
	child_expect(&t.answerer, "drop-puller: unknown option \"--no-such\"");
	assert_int_equal(child_wait(&t.answerer), PROC_EXIT_USAGE);
}

static void sockets_are_ours_alone(void **state)
{
	(void)state;
	static const char *const roles[] = {"rep", "pub", "tap", "lock"};
	START(&t.bell, "watcher");
	child_expect(&t.bell, "started");
	for (size_t i = 0; i < ROWS(roles); i++) {
		char path[64];
		struct stat st;
		fixture_path("watcher", roles[i], path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
}

/* SIGTERM: turns go on until what drains has drained; a second one ends it. */
static void orderly_end(void **state)
{
	(void)state;
	START(&t.answerer, "puller", "--drain", "300ms");
	child_expect(&t.answerer, "started");
	assert_int_equal(child_end(&t.answerer, SIGTERM), PROC_EXIT_OK);
	child_expect(&t.answerer, "stopping");
	child_expect(&t.answerer, "draining");
	child_expect(&t.answerer, "done");
	START(&t.answerer, "puller", "--drain", "1h");
	child_expect(&t.answerer, "started");
	kill(t.answerer.pid, SIGTERM);
	child_expect(&t.answerer, "draining");
	assert_int_equal(child_end(&t.answerer, SIGINT), PROC_EXIT_OK);
}

/* What never drains ends after PROC_DRAIN_MS all the same. */
static void drain_ends(void **state)
{
	(void)state;
	START(&t.answerer, "puller", "--drain", "1h");
	child_expect(&t.answerer, "started");
	assert_int_equal(child_end(&t.answerer, SIGTERM), PROC_EXIT_OK);
}

static void readiness(void **state)
{
	(void)state;
	int fds[2];
	char env[32], byte[2];
	assert_int_equal(pipe(fds), 0);
	snprintf(env, sizeof(env), "NOTIFY_FD=%d", fds[1]);
	child_start(&t.asker, TESTPROC, (const char *const[]){"--socket-dir", t.scratch.dir, NULL},
		    (const char *const[]){"TEST_ROLE=reconciler", env, NULL});
	close(fds[1]);
	/* One byte, then the end: it closed its side. */
	assert_int_equal(read(fds[0], byte, sizeof(byte)), 1);
	assert_int_equal(read(fds[0], byte, sizeof(byte)), 0);
	close(fds[0]);
}

/* Alone it sleeps: no turn without a reason. */
/* ---- threads ---- */

static void threads_do_not_grow_with_cpus(void **state)
{
	(void)state;
	child_start(&t.extra, PLAIN_NNG, (const char *const[]){NULL},
		    (const char *const[]){"LD_PRELOAD=" FAKE_CPUS, NULL});
	assert_int_equal(child_wait(&t.extra), 0);
	assert_in_range(strtol(t.extra.seen.data, NULL, 10), 64, 1000);
	child_start(&t.answerer, TESTPROC,
		    (const char *const[]){"--socket-dir", t.scratch.dir, NULL},
		    (const char *const[]){"TEST_ROLE=puller", "LD_PRELOAD=" FAKE_CPUS,
					  "ASAN_OPTIONS=verify_asan_link_order=0", NULL});
	child_expect(&t.answerer, "started");
	print_message("# threads on 64 CPUs: %ld without the cap, %d with it\n",
		      strtol(t.extra.seen.data, NULL, 10), child_threads(&t.answerer));
	assert_in_range(child_threads(&t.answerer), 2, 12);
}

/* ---- tap ---- */

static void tap_shows_traffic(void **state)
{
	(void)state;
	child_start(&t.extra, DROPCTL,
		    (const char *const[]){"tap", "--socket-dir", t.scratch.dir, NULL}, NULL);
	START(&t.answerer, "puller");
	START(&t.bell, "watcher");
	child_expect(&t.extra, "\"process\":\"watcher\",\"direction\":\"sent\",\"peer\":null,"
			       "\"message\":{\"type\":\"doorbell\",\"from\":\"watcher\"");
	assert_int_equal(child_end(&t.bell, SIGKILL), 128 + SIGKILL);
	/* Its subscription may come later than its connection: ask until it has shown an answer. */
	for (int i = 0; !child_says(&t.extra, "pull_started", 200) && i < 100; i++) {
		child_done(&t.asker);
		START(&t.asker, "reconciler", "--requests", "1");
		child_expect(&t.asker, "answer 0 201");
	}
	assert_true(child_says(&t.extra, "pull_started", 0));
	assert_int_equal(child_end(&t.extra, SIGTERM), PROC_EXIT_OK);
	child_start(&t.extra, DROPCTL,
		    (const char *const[]){"stats", "puller", "--socket-dir", t.scratch.dir, NULL},
		    NULL);
	child_expect(&t.extra, "\"drop_messages_received_total\":");
	assert_int_equal(child_wait(&t.extra), PROC_EXIT_OK);
	/* Nobody listens any more: nothing is mirrored, nothing lost. */
	assert_int_equal(child_count(&t.extra, "tap_lost"), 0);
}

/* The supervisor changes the level of the log by a signal; nothing else of the process changes. */
static void log_level_by_signal(void **state)
{
	(void)state;
	START(&t.answerer, "puller");
	child_expect(&t.answerer, "started");
	/* A higher one is not told: it is above the new level. */
	assert_int_equal(kill(t.answerer.pid, LOG_SIGNAL(LOG_ERROR)), 0);
	assert_int_equal(kill(t.answerer.pid, LOG_SIGNAL(LOG_DEBUG)), 0);
	child_expect(&t.answerer, "log level changed level=debug");
	assert_int_equal(child_end(&t.answerer, SIGTERM), PROC_EXIT_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(second_instance),   TEST(refused_folder),
		TEST(wrong_usage),       TEST(sockets_are_ours_alone),
		TEST(orderly_end),       TEST(drain_ends),
		TEST(readiness),         TEST(threads_do_not_grow_with_cpus),
		TEST(tap_shows_traffic), TEST(log_level_by_signal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
