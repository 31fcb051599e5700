/*
 * The table. A cell that is missing cannot happen.
 */
#include "kube/reflector_step.h"

#define STRIKE_OUT REFLECTOR_STRIKES_MAX

static const struct reflector_step steps[RS_STATES][RE_EVENTS] =
	{
		[RS_WATCHLIST] =
			{
				[RE_SYNCED] = {RA_STAY},
				/* Ended or silent before the bookmark: it does not know WatchList,
				   or cannot now. */
				[RE_END] = {RA_LIST_PAGED, .strikes = 1},
				[RE_IDLE] = {RA_LIST_PAGED, .strikes = 1},
				[RE_UNABLE] = {RA_LIST_PAGED, .strikes = 1},
				[RE_REFUSED] = {RA_LIST_PAGED, .strikes = STRIKE_OUT},
				[RE_GONE] = {RA_LIST_LATER},
				[RE_BROKEN] = {RA_LIST_LATER, .trouble = true},
				[RE_DENIED] = {RA_LIST_LATER, .trouble = true},
			},
		[RS_PAGING] =
			{
				[RE_SYNCED] = {RA_WATCH},
				[RE_MORE] = {RA_NEXT_PAGE},
				[RE_GONE] = {RA_LIST_WHOLE},
				[RE_IDLE] = {RA_LIST_LATER, .trouble = true},
				[RE_UNABLE] = {RA_LIST_LATER, .trouble = true},
				[RE_BROKEN] = {RA_LIST_LATER, .trouble = true},
				[RE_DENIED] = {RA_LIST_LATER, .trouble = true},
				[RE_REFUSED] = {RA_LIST_LATER, .trouble = true},
			},
		[RS_WATCHING] =
			{
				[RE_END] = {RA_CHECK},
				[RE_GONE] = {RA_LIST},
				[RE_IDLE] = {RA_CHECK, .trouble = true},
				[RE_UNABLE] = {RA_CHECK_LATER, .trouble = true},
				[RE_BROKEN] = {RA_CHECK_LATER, .trouble = true},
				[RE_DENIED] = {RA_LIST_LATER, .trouble = true},
				[RE_REFUSED] = {RA_LIST_LATER, .trouble = true},
			},
		[RS_CHECKING] =
			{
				[RE_SYNCED] = {RA_WATCH},
				[RE_GONE] = {RA_LIST},
				[RE_IDLE] = {RA_CHECK_LATER, .trouble = true},
				[RE_UNABLE] = {RA_CHECK_LATER, .trouble = true},
				[RE_BROKEN] = {RA_CHECK_LATER, .trouble = true},
				[RE_DENIED] = {RA_LIST_LATER, .trouble = true},
				[RE_REFUSED] = {RA_LIST_LATER, .trouble = true},
			},
};

struct reflector_step reflector_step(enum reflector_state state, enum reflector_event event,
				     int failures)
{
	struct reflector_step step = steps[state][event];
	if (step.action == RA_CHECK_LATER && failures >= REFLECTOR_WATCH_FAILURES_MAX)
		step.action = RA_LIST_LATER;
	/* Told to come back at once again and again: some rest in between. */
	if (failures > 1 && step.action == RA_CHECK)
		step.action = RA_CHECK_LATER;
	if (failures > 1 && (step.action == RA_LIST || step.action == RA_LIST_WHOLE))
		step.action = RA_LIST_LATER;
	return step;
}

enum reflector_event reflector_event_of(int code)
{
	switch (code) {
	case 410:
		return RE_GONE;
	case 403:
	case 404:
		return RE_DENIED;
	case 504:
		return RE_UNABLE;
	case 401:
	case 408:
	case 429:
		return RE_BROKEN;
	default:
		return code >= 400 && code < 500 ? RE_REFUSED : RE_BROKEN;
	}
}
