/*
 * supervisor/decide.c: every pair of the table, and stories of must 11 told as
 * rows of events with the order, the state and the wait that must follow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "supervisor/decide.h"

#define NOW 1000000

/* '-': impossible. Columns: start ready exit misuse due drain turn. */
static const char *const next_states[] = {
	[CHILD_STOPPED] = "S----O-",     [CHILD_STARTING] = "-RBO-L-",
	[CHILD_READY] = "--BBEL-",       [CHILD_SETTLED] = "--BB-L-",
	[CHILD_BACKING_OFF] = "----SO-", [CHILD_LINGERING] = "-LOO--T",
	[CHILD_TERMINATING] = "-TOOK--", [CHILD_KILLED] = "-KOO---",
};
static_assert(sizeof(next_states) / sizeof(next_states[0]) == CHILD_STATES, "a row a state");
static const char letters[] = {
	[CHILD_STOPPED] = 'O',     [CHILD_STARTING] = 'S',    [CHILD_READY] = 'R',
	[CHILD_SETTLED] = 'E',     [CHILD_BACKING_OFF] = 'B', [CHILD_LINGERING] = 'L',
	[CHILD_TERMINATING] = 'T', [CHILD_KILLED] = 'K',
};
static_assert(sizeof(letters) == CHILD_STATES, "a letter a state");

static void test_every_pair(void **state)
{
	(void)state;
	for (int s = 0; s < CHILD_STATES; s++)
		for (int e = 0; e < CHILD_EVENTS; e++) {
			struct child c = {.state = (enum child_state)s, .due_ms = NOW};
			enum child_order order =
				child_decide(&c, PROCESS_PULLER, (enum child_event)e, NOW);
			char want = next_states[s][e];
			print_message("# %s + %s\n", name_of(child_state_names, (size_t)s),
				      name_of(child_event_names, (size_t)e));
			if (want == '-') {
				assert_int_equal(order, ORDER_BUG);
				assert_int_equal(c.state, s);
				assert_int_equal(c.due_ms, NOW);
			} else {
				assert_int_not_equal(order, ORDER_BUG);
				assert_int_equal(letters[c.state], want);
			}
		}
}

struct step_row {
	enum child_event event;
	int64_t at_ms; /* after NOW */
	enum child_order order;
	enum child_state state;
	int64_t due_ms; /* after NOW; -1: none */
};

struct story {
	const char *name;
	const struct step_row *rows;
	size_t n;
};

static const struct step_row throttled[] = {
	{EVENT_START, 0, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 5, ORDER_NONE, CHILD_BACKING_OFF, 1005},
	{EVENT_DUE, 1005, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 1010, ORDER_NONE, CHILD_BACKING_OFF, 3010},
	{EVENT_DUE, 3010, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 3020, ORDER_NONE, CHILD_BACKING_OFF, 7020},
	{EVENT_DUE, 7020, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 7030, ORDER_NONE, CHILD_BACKING_OFF, 15030},
	{EVENT_DUE, 15030, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 15040, ORDER_GIVE_UP, CHILD_STOPPED, -1},
};
static const struct step_row ready_then_dead[] = {
	{EVENT_START, 0, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_READY, 10, ORDER_NONE, CHILD_READY, 10 + SETTLE_MS},
	{EVENT_EXIT, 20, ORDER_NONE, CHILD_BACKING_OFF, 120},
	{EVENT_DUE, 120, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_READY, 130, ORDER_NONE, CHILD_READY, 130 + SETTLE_MS},
	{EVENT_EXIT, 140, ORDER_NONE, CHILD_BACKING_OFF, 340},
	{EVENT_DUE, 340, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_READY, 350, ORDER_NONE, CHILD_READY, 350 + SETTLE_MS},
	{EVENT_EXIT, 360, ORDER_NONE, CHILD_BACKING_OFF, 760},
	{EVENT_DUE, 760, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_READY, 770, ORDER_NONE, CHILD_READY, 770 + SETTLE_MS},
	{EVENT_EXIT, 780, ORDER_NONE, CHILD_BACKING_OFF, 1580},
	{EVENT_DUE, 1580, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_READY, 1590, ORDER_NONE, CHILD_READY, 1590 + SETTLE_MS},
	{EVENT_EXIT, 1600, ORDER_GIVE_UP, CHILD_STOPPED, -1},
};
static const struct step_row settled_forgets[] = {
	{EVENT_START, 0, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 1, ORDER_NONE, CHILD_BACKING_OFF, 1001},
	{EVENT_DUE, 1001, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 1002, ORDER_NONE, CHILD_BACKING_OFF, 3002},
	{EVENT_DUE, 3002, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_READY, 3003, ORDER_NONE, CHILD_READY, 3003 + SETTLE_MS},
	{EVENT_DUE, 13003, ORDER_NONE, CHILD_SETTLED, -1},
	{EVENT_EXIT, 20000, ORDER_NONE, CHILD_BACKING_OFF, 20100},
};
static const struct step_row wrong_options[] = {
	{EVENT_START, 0, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_MISUSE, 1, ORDER_GIVE_UP, CHILD_STOPPED, -1},
};
/* The puller is second of all. */
#define PULLER_SHARE_MS (DRAIN_MS * 2 / PROCESS_COUNT)
static const struct step_row drained_by_force[] = {
	{EVENT_START, 0, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_DRAIN, 100, ORDER_NONE, CHILD_LINGERING, -1},
	{EVENT_READY, 110, ORDER_NONE, CHILD_LINGERING, -1},
	{EVENT_TURN, 200, ORDER_TERM, CHILD_TERMINATING, 100 + PULLER_SHARE_MS},
	{EVENT_READY, 210, ORDER_NONE, CHILD_TERMINATING, 100 + PULLER_SHARE_MS},
	{EVENT_DUE, 7000, ORDER_KILL, CHILD_KILLED, -1},
	{EVENT_EXIT, 7001, ORDER_NONE, CHILD_STOPPED, -1},
};
static const struct step_row drain_while_backing_off[] = {
	{EVENT_START, 0, ORDER_SPAWN, CHILD_STARTING, -1},
	{EVENT_EXIT, 1, ORDER_NONE, CHILD_BACKING_OFF, 1001},
	{EVENT_DRAIN, 2, ORDER_NONE, CHILD_STOPPED, -1},
};

#define STORY(rows)                                                                                \
	{                                                                                          \
#rows, rows, sizeof(rows) / sizeof((rows)[0])                                      \
	}
static const struct story stories[] = {
	STORY(throttled),     STORY(ready_then_dead),  STORY(settled_forgets),
	STORY(wrong_options), STORY(drained_by_force), STORY(drain_while_backing_off),
};

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct child c = {0};
		for (size_t k = 0; k < stories[i].n; k++) {
			const struct step_row *r = &stories[i].rows[k];
			print_message("# %s, step %zu\n", stories[i].name, k);
			assert_int_equal(child_decide(&c, PROCESS_PULLER, r->event, NOW + r->at_ms),
					 r->order);
			assert_int_equal(c.state, r->state);
			assert_int_equal(c.due_ms, r->due_ms < 0 ? CLOCK_NEVER : NOW + r->due_ms);
		}
	}
}

static void test_restarts_are_counted(void **state)
{
	(void)state;
	struct child c = {0};
	child_decide(&c, PROCESS_WATCHER, EVENT_START, NOW);
	assert_int_equal(c.restarts, 0);
	child_decide(&c, PROCESS_WATCHER, EVENT_EXIT, NOW);
	child_decide(&c, PROCESS_WATCHER, EVENT_DUE, NOW);
	assert_int_equal(c.restarts, 1);
}

/* The reconciler first, the watcher after all who write, each only when those before it are gone.
 */
static void test_drain_order(void **state)
{
	(void)state;
	static const enum process order[] = {PROCESS_RECONCILER, PROCESS_PULLER, PROCESS_DISCOVERER,
					     PROCESS_WATCHER, PROCESS_METRICSD};
	struct child children[PROCESS_COUNT] = {0};
	for (int p = 0; p < PROCESS_COUNT; p++)
		children[p].state = CHILD_LINGERING;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_int_equal(drain_next(children), order[i]);
		children[order[i]].state = CHILD_TERMINATING;
		assert_int_equal(drain_next(children), -1);
		children[order[i]].state = CHILD_KILLED;
		assert_int_equal(drain_next(children), -1);
		children[order[i]].state = CHILD_STOPPED;
	}
	assert_int_equal(drain_next(children), -1);
}

/* All die within DRAIN_MS, and the watcher keeps a share of it whatever the others do. */
static void test_drain_shares(void **state)
{
	(void)state;
	int64_t due_ms[PROCESS_COUNT];
	for (int p = 0; p < PROCESS_COUNT; p++) {
		struct child c = {.state = CHILD_SETTLED};
		child_decide(&c, (enum process)p, EVENT_DRAIN, NOW);
		child_decide(&c, (enum process)p, EVENT_TURN, NOW);
		due_ms[p] = c.due_ms - NOW;
		assert_true(due_ms[p] > 0 && due_ms[p] <= DRAIN_MS);
	}
	assert_true(due_ms[PROCESS_RECONCILER] < due_ms[PROCESS_PULLER]);
	assert_true(due_ms[PROCESS_PULLER] < due_ms[PROCESS_DISCOVERER]);
	assert_true(due_ms[PROCESS_DISCOVERER] < due_ms[PROCESS_WATCHER]);
	assert_true(due_ms[PROCESS_WATCHER] < due_ms[PROCESS_METRICSD]);
	assert_int_equal(due_ms[PROCESS_METRICSD], DRAIN_MS);
}

static void test_due(void **state)
{
	(void)state;
	struct child children[PROCESS_COUNT] = {0}; /* stopped: due_ms 0 does not count */
	assert_int_equal(children_due(children), CLOCK_NEVER);
	children[1] = (struct child){.state = CHILD_BACKING_OFF, .due_ms = NOW + 5};
	children[2] = (struct child){.state = CHILD_READY, .due_ms = NOW + 3};
	assert_int_equal(children_due(children), NOW + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair),           cmocka_unit_test(test_stories),
		cmocka_unit_test(test_restarts_are_counted), cmocka_unit_test(test_drain_order),
		cmocka_unit_test(test_drain_shares),         cmocka_unit_test(test_due),
	};
	return cmocka_run_group_tests_name("supervisor/decide", tests, NULL, NULL);
}
