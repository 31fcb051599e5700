/*
 * A table of series by (uid, type, reason), in the order of their last fact, so that the
 * first is the one that was silent longest. A series waits for a write at most once: in
 * `waiting` for its turn in the second, or on its timer for the end of the minute.
 */
#include "reconciler/events/events.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/timers.h"
#include "base/utf8.h"
#include "base/xalloc.h"

#include "reconciler/rules/list.h"

#define SECOND_MS 1000
/* What failed is tried again after this. */
#define AGAIN_MS 2000
/* Hex digits of a name's hash, and the dot before them. */
#define SUFFIX_CHARS 17

struct series {
	char *key, *name; /* in the table; of the Event, NULL: none was made yet */
	enum kind kind;
	char *object, *uid, *reason, *note;
	bool warning;
	int64_t count, sent_count, written_count; /* facts; told in the write on its way; told */
	int64_t first_s, last_s, heard_ms, written_ms;
	bool in_flight;
	unsigned tries;
	struct timer timer;
	struct link all, waiting;
};

struct events {
	struct map series, by_name;
	struct link all, waiting; /* all: in the order of the last fact */
	size_t n_waiting;
	struct timers timers;
	int64_t recent[EVENTS_A_SECOND]; /* boot ms of the last writes, a ring */
	size_t n_writes;
	uint64_t made, dropped;
	struct arena scratch;
};

struct events *events_new(void)
{
	struct events *e = xcalloc(1, sizeof(*e));
	list_init(&e->all);
	list_init(&e->waiting);
	return e;
}

static void stop_waiting(struct events *e, struct series *s)
{
	e->n_waiting -= !list_alone(&s->waiting);
	list_remove(&s->waiting);
}

static void forget_name(struct events *e, struct series *s)
{
	if (s->name != NULL)
		map_del(&e->by_name, s->name);
	free(s->name);
	s->name = NULL;
	s->written_count = 0;
	s->in_flight = false;
}

static void series_free(struct events *e, struct series *s)
{
	stop_waiting(e, s);
	list_remove(&s->all);
	timer_stop(&e->timers, &s->timer);
	forget_name(e, s);
	map_del(&e->series, s->key);
	free(s->key);
	free(s->object);
	free(s->uid);
	free(s->reason);
	free(s->note);
	free(s);
}

void events_free(struct events *e)
{
	if (e == NULL)
		return;
	while (!list_alone(&e->all))
		series_free(e, LIST_MEMBER(e->all.next, struct series, all));
	map_done(&e->series);
	map_done(&e->by_name);
	timers_done(&e->timers);
	arena_done(&e->scratch);
	free(e);
}

uint64_t events_dropped(const struct events *e)
{
	return e->dropped;
}

static char *cut(struct arena *a, const char *text, size_t max)
{
	return arena_strndup(a, text != NULL ? text : "", utf8_cut(text != NULL ? text : "", max));
}

/* A name that no other life of ours has used for another event. */
static void make_name(struct events *e, struct series *s, struct now now)
{
	uint64_t h = hash_stable_str(hash_stable_str(HASH_STABLE_START, s->uid), s->reason);
	uint64_t salt[] = {(uint64_t)now.boot_ms, (uint64_t)now.wall_s, e->made++};
	h = hash_stable_bytes(h, salt, sizeof(salt));
	const char *head = cut(&e->scratch, s->object, API_NAME_MAX - SUFFIX_CHARS - 1);
	size_t len = strlen(head);
	while (len > 0 && (head[len - 1] == '-' || head[len - 1] == '.'))
		len--;
	s->name = xstrdup(arena_printf(&e->scratch, "%.*s.%016" PRIx64, (int)len, head, h));
	map_put(&e->by_name, s->name, s);
}

static void wait_for_turn(struct events *e, struct series *s)
{
	if (s->in_flight || !list_alone(&s->waiting))
		return;
	timer_stop(&e->timers, &s->timer);
	if (e->n_waiting == EVENTS_WAITING_MAX) {
		e->dropped++;
		return;
	}
	list_append(&e->waiting, &s->waiting);
	e->n_waiting++;
}

/* Is there something to tell, and when? */
static void settle(struct events *e, struct series *s, struct now now)
{
	if (s->in_flight || s->count == s->written_count || !list_alone(&s->waiting))
		return;
	if (s->written_count == 0)
		wait_for_turn(e, s);
	else if (now.boot_ms >= s->written_ms + EVENTS_REPEAT_MS)
		wait_for_turn(e, s);
	else
		timer_set(&e->timers, &s->timer, s->written_ms + EVENTS_REPEAT_MS);
}

static struct series *series_new(struct events *e, const char *key, const struct event_fact *fact,
				 struct now now)
{
	struct series *s = xcalloc(1, sizeof(*s));
	s->key = xstrdup(key);
	s->kind = fact->kind;
	s->object = xstrdup(fact->name);
	s->uid = xstrdup(fact->uid);
	s->warning = fact->warning;
	s->reason = xstrdup(cut(&e->scratch, fact->reason, EVENT_REASON_MAX));
	s->note = xstrdup(cut(&e->scratch, fact->note, EVENT_NOTE_MAX));
	s->first_s = now.wall_s;
	list_init(&s->all);
	list_init(&s->waiting);
	map_put(&e->series, s->key, s);
	return s;
}

/* The series that was silent longest: over, or in the way of a new one. */
static void make_room(struct events *e, struct now now)
{
	while (!list_alone(&e->all)) {
		struct series *s = LIST_MEMBER(e->all.next, struct series, all);
		bool full = e->series.count >= EVENTS_SERIES_MAX;
		if (!full && (now.boot_ms < s->heard_ms + EVENTS_IDLE_MS || s->in_flight))
			return;
		e->dropped += s->count != s->written_count;
		series_free(e, s);
	}
}

void events_add(struct events *e, const struct event_fact *fact, struct now now)
{
	const char *key = arena_printf(&e->scratch, "%s %c %s", fact->uid,
				       fact->warning ? 'W' : 'N', fact->reason);
	struct series *s = map_get(&e->series, key);
	if (s == NULL || now.boot_ms >= s->heard_ms + EVENTS_IDLE_MS)
		make_room(e, now);
	s = map_get(&e->series, key);
	if (s == NULL)
		s = series_new(e, key, fact, now);
	s->count++;
	s->last_s = now.wall_s;
	s->heard_ms = now.boot_ms;
	list_append(&e->all, &s->all);
	settle(e, s, now);
	arena_reset(&e->scratch);
}

/* ---- a turn ---- */

static struct event_write write_of(struct events *e, struct series *s, struct now now,
				   struct arena *a)
{
	stop_waiting(e, s);
	if (s->name == NULL)
		make_name(e, s, now);
	s->in_flight = true;
	s->sent_count = s->count;
	s->written_ms = now.boot_ms;
	return (struct event_write){
		.repeat = s->written_count != 0,
		.name = arena_strdup(a, s->name),
		.fact =
			{
				.kind = s->kind,
				.name = arena_strdup(a, s->object),
				.uid = arena_strdup(a, s->uid),
				.warning = s->warning,
				.reason = arena_strdup(a, s->reason),
				.note = arena_strdup(a, s->note),
			},
		.count = s->count,
		.first_s = s->first_s,
		.last_s = s->last_s,
	};
}

/* How many may be written now: of any second's writes there are no more than that. */
static size_t quota(const struct events *e, struct now now)
{
	size_t n = 0;
	for (size_t i = 0; i < EVENTS_A_SECOND; i++)
		n += e->recent[i] + SECOND_MS <= now.boot_ms;
	return n;
}

int64_t events_turn(struct events *e, struct now now, size_t room, struct arena *a,
		    struct event_actions *ret)
{
	struct timer *t;
	*ret = (struct event_actions){0};
	while ((t = timers_due(&e->timers, now.boot_ms)) != NULL) {
		timer_stop(&e->timers, t);
		wait_for_turn(e, LIST_MEMBER(t, struct series, timer));
	}
	size_t left = quota(e, now);
	left = left < room ? left : room;
	ret->writes = arena_array(a, left, sizeof(*ret->writes));
	while (ret->n_writes < left && !list_alone(&e->waiting)) {
		struct series *s = LIST_MEMBER(e->waiting.next, struct series, waiting);
		ret->writes[ret->n_writes++] = write_of(e, s, now, a);
		e->recent[e->n_writes++ % EVENTS_A_SECOND] = now.boot_ms;
	}
	arena_reset(&e->scratch);
	int64_t next = timers_next_ms(&e->timers);
	int64_t second = e->recent[e->n_writes % EVENTS_A_SECOND] + SECOND_MS;
	/* With room left it is the second that is full. */
	if (!list_alone(&e->waiting) && ret->n_writes < room && second < next)
		next = second;
	return next;
}

void events_answered(struct events *e, const char *name, enum event_result result, struct now now)
{
	struct series *s = map_get(&e->by_name, name);
	if (s == NULL || !s->in_flight)
		return;
	s->in_flight = false;
	switch (result) {
	case EVENT_WRITTEN:
		s->written_count = s->sent_count;
		s->tries = 0;
		break;
	case EVENT_GONE:
		forget_name(e, s);
		s->first_s = s->last_s;
		s->count = 1;
		break;
	case EVENT_FAILED:
		if (++s->tries < EVENTS_TRIES_MAX) {
			timer_set(&e->timers, &s->timer, now.boot_ms + AGAIN_MS);
			return;
		}
		/* fall through */
	case EVENT_REFUSED:
		e->dropped++;
		series_free(e, s);
		return;
	}
	settle(e, s, now);
}

void events_forget(struct events *e)
{
	while (!list_alone(&e->all)) {
		struct series *s = LIST_MEMBER(e->all.next, struct series, all);
		e->dropped += !list_alone(&s->waiting);
		series_free(e, s);
	}
}
