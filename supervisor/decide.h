/*
 * When a child is started, stopped, killed or given up: a table of state and event. Pure: no clock,
 * no process, no file; supervise.c executes the actions (must 11).
 */
#ifndef DROP_SUPERVISOR_DECIDE_H
#define DROP_SUPERVISOR_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/names.h"

#include "supervisor/procs.def"

#define PROCESS_ENUM(NAME, name, rank, mib) PROCESS_##NAME,
enum process { PROCESSES(PROCESS_ENUM) PROCESS_COUNT };

/* First wait of a child that had been ready, and of one that died before: it is throttled. */
#define RETRY_FIRST_MS    100
#define THROTTLE_FIRST_MS 1000
/* Waits double up to here. */
#define RETRY_MAX_MS 10000
/* Ready for so long, a child counts as well: its earlier deaths are forgotten. */
#define SETTLE_MS 10000
/* So many deaths in a row without that, and the tree gives up: the kubelet takes over. */
#define DEATHS_MAX 5
/* From SIGTERM to the last SIGKILL, shared out over the children in their order. */
#define DRAIN_MS 10000

enum child_state {
	CHILD_STOPPED,     /* not running and not to be started */
	CHILD_STARTING,    /* running, has not said that it is ready */
	CHILD_READY,       /* has said so; due_ms: settles */
	CHILD_SETTLED,     /* ready for SETTLE_MS */
	CHILD_BACKING_OFF, /* dead; due_ms: starts again */
	CHILD_LINGERING,   /* running while the tree drains, its turn has not come */
	CHILD_TERMINATING, /* has SIGTERM; due_ms: is killed */
	CHILD_KILLED,      /* has SIGKILL, not yet reaped */
	CHILD_STATES,
};
extern const struct names child_state_names;

enum child_event {
	EVENT_START,  /* the tree starts */
	EVENT_READY,  /* its byte came on the notify pipe */
	EVENT_EXIT,   /* it is dead, or could not be started at all */
	EVENT_MISUSE, /* it died with the exit code for wrong usage: it will again */
	EVENT_DUE,    /* due_ms has come */
	EVENT_DRAIN,  /* the tree stops */
	EVENT_TURN,   /* those before it in the draining order are gone */
	CHILD_EVENTS,
};
extern const struct names child_event_names;

enum child_order {
	ORDER_NONE,
	ORDER_SPAWN,
	ORDER_TERM,
	ORDER_KILL,
	ORDER_GIVE_UP, /* drain the tree and exit non-zero */
	ORDER_BUG,     /* the table has no such transition; nothing was changed */
};

struct child {
	enum child_state state; /* zeroed: CHILD_STOPPED */
	unsigned deaths;        /* in a row, none of them settled */
	unsigned restarts;      /* starts after the first, for the status file */
	unsigned starts;
	int64_t due_ms;  /* boot ms of EVENT_DUE, or CLOCK_NEVER */
	int64_t kill_ms; /* draining: boot ms after which SIGTERM becomes SIGKILL */
};

const char *process_name(enum process p);

/* Moves the child on and says what to do now. */
enum child_order child_decide(struct child *c, enum process p, enum child_event event,
			      int64_t now_ms);
/* A process exists. */
bool child_alive(const struct child *c);

/* The child whose EVENT_TURN has come, or -1: it waits for others, or none is left. */
int drain_next(const struct child children[PROCESS_COUNT]);
/* The earliest due_ms. */
int64_t children_due(const struct child children[PROCESS_COUNT]);

#endif
