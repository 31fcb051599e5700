/*
 * State machine of a reflector: a table of state and event. Pure.
 *
 *   WATCHLIST --end bookmark--> WATCHING        PAGING --last page--> WATCHING
 *   WATCHLIST --refused, cut short--> PAGING    WATCHING --410--> a list
 *   WATCHING --any other end--> CHECKING        CHECKING --version not behind--> WATCHING
 *   CHECKING --version behind ours, or the server was away for long--> a list
 *
 * CHECKING asks the server for its present version before a watch goes on from ours: after etcd was
 * restored from a backup its versions start lower, and a watch from a version to come is silent.
 */
#ifndef DROP_KUBE_REFLECTOR_STEP_H
#define DROP_KUBE_REFLECTOR_STEP_H

#include <stdbool.h>

enum reflector_state { RS_WATCHLIST, RS_PAGING, RS_WATCHING, RS_CHECKING, RS_STATES };

enum reflector_event {
	RE_SYNCED,  /* the end bookmark, or the last page; CHECKING: the watch can go on */
	RE_MORE,    /* a page with more to come */
	RE_END,     /* the server ended the stream in good order */
	RE_GONE,    /* 410: the version or the continue token is too old, or of the future */
	RE_IDLE,    /* no byte for too long */
	RE_UNABLE,  /* 504: the server cannot answer as fresh as asked for */
	RE_BROKEN,  /* connection, 5xx, 429, 401, bytes that make no sense */
	RE_DENIED,  /* 403, 404 */
	RE_REFUSED, /* another 4xx */
	RE_EVENTS,
};

enum reflector_action {
	RA_NONE, /* cannot happen in this state */
	RA_STAY, /* go on with the same stream, which is a watch now */
	RA_NEXT_PAGE,
	RA_WATCH, /* from the last version, now */
	RA_CHECK, /* ask for the present version, now; then watch */
	RA_CHECK_LATER,
	RA_LIST,
	RA_LIST_LATER,
	RA_LIST_PAGED, /* now, without WatchList */
	RA_LIST_WHOLE, /* now, in one page, which cannot expire between pages */
};

/* Strikes after which a server is not asked for a WatchList any more. */
#define REFLECTOR_STRIKES_MAX 2
/* A server that was away for so long may be another one, with an older store: list again. */
#define REFLECTOR_OUTAGE_MS 5000
/* Watches that failed in a row before the version itself is doubted: list again. */
#define REFLECTOR_WATCH_FAILURES_MAX 5

struct reflector_step {
	enum reflector_action action;
	int strikes;  /* to add to what is held against the server's WatchList */
	bool trouble; /* worth telling */
};

/* failures: in a row, this event included if it is one. */
struct reflector_step reflector_step(enum reflector_state state, enum reflector_event event,
				     int failures);
/* The event that an HTTP status or a watch's ERROR code means. */
enum reflector_event reflector_event_of(int code);

#endif
