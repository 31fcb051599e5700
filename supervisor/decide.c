/*
 * The table of the supervisor. Each transition names a step; a step changes the
 * counters and the timer of the child and yields an order. A pair that the table does
 * not have cannot happen: it is reported, and the child stays as it is.
 */
#include "supervisor/decide.h"

#include <assert.h>

#include "base/clock.h"

enum step {
	STEP_IMPOSSIBLE, /* zero: what no row mentions */
	STEP_STAY,       /* nothing but the next state */
	STEP_SPAWN,
	STEP_COUNT_DOWN, /* ready: SETTLE_MS from now it counts as well */
	STEP_SETTLE,
	STEP_RETRY,
	STEP_THROTTLE,
	STEP_GIVE_UP,
	STEP_LINGER,
	STEP_TERM,
	STEP_KILL,
};

struct transition {
	enum step step;
	enum child_state next;
};

static const struct transition table[][CHILD_EVENTS] =
	{
		[CHILD_STOPPED] =
			{
				[EVENT_START] = {STEP_SPAWN, CHILD_STARTING},
				[EVENT_DRAIN] = {STEP_STAY, CHILD_STOPPED},
			},
		[CHILD_STARTING] =
			{
				[EVENT_READY] = {STEP_COUNT_DOWN, CHILD_READY},
				[EVENT_EXIT] = {STEP_THROTTLE, CHILD_BACKING_OFF},
				[EVENT_MISUSE] = {STEP_GIVE_UP, CHILD_STOPPED},
				[EVENT_DRAIN] = {STEP_LINGER, CHILD_LINGERING},
			},
		[CHILD_READY] =
			{
				[EVENT_DUE] = {STEP_SETTLE, CHILD_SETTLED},
				[EVENT_EXIT] = {STEP_RETRY, CHILD_BACKING_OFF},
				[EVENT_MISUSE] = {STEP_RETRY, CHILD_BACKING_OFF},
				[EVENT_DRAIN] = {STEP_LINGER, CHILD_LINGERING},
			},
		[CHILD_SETTLED] =
			{
				[EVENT_EXIT] = {STEP_RETRY, CHILD_BACKING_OFF},
				[EVENT_MISUSE] = {STEP_RETRY, CHILD_BACKING_OFF},
				[EVENT_DRAIN] = {STEP_LINGER, CHILD_LINGERING},
			},
		[CHILD_BACKING_OFF] =
			{
				[EVENT_DUE] = {STEP_SPAWN, CHILD_STARTING},
				[EVENT_DRAIN] = {STEP_STAY, CHILD_STOPPED},
			},
		[CHILD_LINGERING] =
			{
				[EVENT_READY] = {STEP_STAY, CHILD_LINGERING},
				[EVENT_EXIT] = {STEP_STAY, CHILD_STOPPED},
				[EVENT_MISUSE] = {STEP_STAY, CHILD_STOPPED},
				[EVENT_TURN] = {STEP_TERM, CHILD_TERMINATING},
			},
		[CHILD_TERMINATING] =
			{
				[EVENT_READY] = {STEP_STAY, CHILD_TERMINATING},
				[EVENT_EXIT] = {STEP_STAY, CHILD_STOPPED},
				[EVENT_MISUSE] = {STEP_STAY, CHILD_STOPPED},
				[EVENT_DUE] = {STEP_KILL, CHILD_KILLED},
			},
		[CHILD_KILLED] =
			{
				[EVENT_READY] = {STEP_STAY, CHILD_KILLED},
				[EVENT_EXIT] = {STEP_STAY, CHILD_STOPPED},
				[EVENT_MISUSE] = {STEP_STAY, CHILD_STOPPED},
			},
};
static_assert(sizeof(table) / sizeof(table[0]) == CHILD_STATES, "a row a state");

static const char *const state_names[] = {
	[CHILD_STOPPED] = "stopped",
	[CHILD_STARTING] = "starting",
	[CHILD_READY] = "ready",
	[CHILD_SETTLED] = "settled",
	[CHILD_BACKING_OFF] = "backing-off",
	[CHILD_LINGERING] = "lingering",
	[CHILD_TERMINATING] = "terminating",
	[CHILD_KILLED] = "killed",
};
static_assert(sizeof(state_names) / sizeof(state_names[0]) == CHILD_STATES, "a name a state");
const struct names child_state_names = {state_names, CHILD_STATES};

static const char *const event_names[] = {
	[EVENT_START] = "start",   [EVENT_READY] = "ready", [EVENT_EXIT] = "exit",
	[EVENT_MISUSE] = "misuse", [EVENT_DUE] = "due",     [EVENT_DRAIN] = "drain",
	[EVENT_TURN] = "turn",
};
static_assert(sizeof(event_names) / sizeof(event_names[0]) == CHILD_EVENTS, "a name an event");
const struct names child_event_names = {event_names, CHILD_EVENTS};

#define PROCESS_NAME(NAME, name, rank, mib) [PROCESS_##NAME] = #name,
#define PROCESS_RANK(NAME, name, rank, mib) [PROCESS_##NAME] = (rank),
static const char *const process_names[] = {PROCESSES(PROCESS_NAME)};
static const int drain_ranks[] = {PROCESSES(PROCESS_RANK)};

const char *process_name(enum process p)
{
	return name_of(NAMES(process_names), p);
}

/* The wait after the child's n-th death in a row doubles from first_ms. */
static enum child_order back_off(struct child *c, int64_t first_ms, int64_t now_ms)
{
	c->deaths++;
	if (c->deaths >= DEATHS_MAX) {
		c->state = CHILD_STOPPED;
		return ORDER_GIVE_UP;
	}
	int64_t wait_ms = first_ms << (c->deaths - 1);
	c->due_ms = now_ms + (wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
	return ORDER_NONE;
}

static enum child_order take_step(struct child *c, enum process p, enum step step, int64_t now_ms)
{
	switch (step) {
	case STEP_SPAWN:
		c->restarts += c->starts > 0;
		c->starts++;
		return ORDER_SPAWN;
	case STEP_COUNT_DOWN:
		c->due_ms = now_ms + SETTLE_MS;
		return ORDER_NONE;
	case STEP_SETTLE:
		c->deaths = 0;
		return ORDER_NONE;
	case STEP_RETRY:
		return back_off(c, RETRY_FIRST_MS, now_ms);
	case STEP_THROTTLE:
		return back_off(c, THROTTLE_FIRST_MS, now_ms);
	case STEP_GIVE_UP:
		return ORDER_GIVE_UP;
	case STEP_LINGER:
		/* A share each, so that one that hangs leaves the watcher time for the lease. */
		c->kill_ms = now_ms + DRAIN_MS * (drain_ranks[p] + 1) / PROCESS_COUNT;
		return ORDER_NONE;
	case STEP_TERM:
		c->due_ms = c->kill_ms > now_ms ? c->kill_ms : now_ms;
		return ORDER_TERM;
	case STEP_KILL:
		return ORDER_KILL;
	case STEP_STAY:
	case STEP_IMPOSSIBLE:
		break;
	}
	return ORDER_NONE;
}

enum child_order child_decide(struct child *c, enum process p, enum child_event event,
			      int64_t now_ms)
{
	struct transition t = table[c->state][event];
	if (t.step == STEP_IMPOSSIBLE)
		return ORDER_BUG;
	/* A byte on the pipe of a child that is being killed must not put its death off. */
	if (t.next != c->state)
		c->due_ms = CLOCK_NEVER;
	c->state = t.next;
	return take_step(c, p, t.step, now_ms);
}

bool child_alive(const struct child *c)
{
	return c->state != CHILD_STOPPED && c->state != CHILD_BACKING_OFF;
}

int drain_next(const struct child children[PROCESS_COUNT])
{
	int first = -1;
	for (int p = 0; p < PROCESS_COUNT; p++)
		if (child_alive(&children[p]) && (first < 0 || drain_ranks[p] < drain_ranks[first]))
			first = p;
	return first >= 0 && children[first].state == CHILD_LINGERING ? first : -1;
}

int64_t children_due(const struct child children[PROCESS_COUNT])
{
	int64_t due_ms = CLOCK_NEVER;
	for (int p = 0; p < PROCESS_COUNT; p++)
		if (children[p].state != CHILD_STOPPED && children[p].due_ms < due_ms)
			due_ms = children[p].due_ms;
	return due_ms;
}
