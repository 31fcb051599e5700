/*
 * The life of a watch: perhaps initial events from a snapshot, then changes one after the
 * other, bookmarks in between. Invariant: a watch is in the ready queue or waits for its
 * timer or for a change of its resource.
 */
#include "sim/apiserver/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/timers.h"
#include "base/xalloc.h"

#include "sim/objects/api_error.h"
#include "sim/store/events.h"
#include "sim/apiserver/rest.h"
#include "sim/store/select.h"
#include "sim/store/snapshot.h"
#include "sim/store/impl.h"

struct watch {
	struct watches *all;
	void *owner;
	struct timer timer; /* first, for bookmarks, lag and the end */
	const struct resource *res, *home;
	char *ns, *name, *user_agent;
	struct selector *selector;
	bool selective;
	enum view_form form;
	uint64_t cursor; /* all changes up to it were sent or do not match */
	bool initial;    /* objects as of `cursor` are still to be sent, from after these on: */
	char *last_ns, *last_name;
	bool initial_end, bookmarks; /* bookmarks wanted */
	bool sent; /* an event went out: tables bring their columns in the first */
	bool ending;
	bool idle;                   /* no object of this resource has changed since the cursor */
	int64_t bookmark_ms, end_ms; /* boot ms */
	bool ready;
	LIST_ENTRY(watch) of_resource;
	TAILQ_ENTRY(watch) of_ready;
};

LIST_HEAD(watch_list, watch);
TAILQ_HEAD(watch_queue, watch);

struct watches {
	struct store *store;
	const struct faults *faults;
	struct watch_list *by_resource; /* of the stored form */
	struct watch_queue ready;
	struct timers timers;
	size_t n;
};

static void make_ready(struct watch *w)
{
	if (w->ready)
		return;
	w->ready = true;
	TAILQ_INSERT_TAIL(&w->all->ready, w, of_ready);
}

static void on_change(void *ctx, const struct change *change)
{
	struct watches *ws = ctx;
	struct watch *w;
	LIST_FOREACH(w, &ws->by_resource[change->res->index], of_resource)
	{
		if (w->idle)
			w->cursor = change->rv - 1;
		w->idle = false;
		make_ready(w);
	}
}

struct watches *watches_new(struct store *store, const struct faults *faults)
{
	struct watches *ws = xcalloc(1, sizeof(*ws));
	ws->store = store;
	ws->faults = faults;
	ws->by_resource = xcalloc(resources_n, sizeof(ws->by_resource[0]));
	TAILQ_INIT(&ws->ready);
	store_listen(store, on_change, ws);
	return ws;
}

void watches_free(struct watches *ws)
{
	if (ws == NULL)
		return;
	timers_done(&ws->timers);
	free(ws->by_resource);
	free(ws);
}

size_t watches_count(const struct watches *ws)
{
	return ws->n;
}

/* ---- opening ---- */

static int invalid(struct api_error *e, const char *field, const char *cause, const char *detail)
{
	static const struct resource options = {
		.group = "meta.k8s.io", .kind = "ListOptions", .plural = "listoptions"};
	return api_error_invalid(e, &options, "", field, cause, detail);
}

/* KEP-3157 (WatchList) and API concepts. */
static int check_options(const struct query *q, struct api_error *e)
{
	if (q->initial_given && strcmp(q->rv_match, "NotOlderThan") != 0) {
		invalid(e, "resourceVersionMatch", "FieldValueForbidden",
			"Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
			"NotOlderThan");
		if (q->rv_match[0] != '\0')
			snprintf(e->causes, sizeof(e->causes),
				 "[{\"reason\":\"FieldValueForbidden\",\"field\":"
				 "\"resourceVersionMatch\"},{\"reason\":\"FieldValueNotSupported\","
				 "\"field\":\"resourceVersionMatch\"}]");
		return -1;
	}
	if (!q->initial_given && q->rv_match[0] != '\0')
		return invalid(e, "resourceVersionMatch", "FieldValueForbidden",
			       "Forbidden: resourceVersionMatch is forbidden for watch unless "
			       "sendInitialEvents is provided");
	if (q->cont[0] != '\0')
		return invalid(e, "continue", "FieldValueForbidden",
			       "Forbidden: continue is forbidden for watch");
	return 0;
}

/* Where the stream starts: from a version, from now, or with what is there. */
static void start_at(struct watch *w, const struct query *q, uint64_t asked, int64_t stale_ms,
		     struct now now)
{
	const struct store *s = w->all->store;
	bool from = asked != 0 && !(q->initial_given && q->initial);
	w->initial = !from && (!q->initial_given || q->initial);
	w->cursor = from ? asked : store_rv(s);
	/* Without a version a consistent read is meant; any other may be as old as the fault. */
	if (w->initial && q->rv[0] != '\0' && stale_ms > 0) {
		uint64_t old = store_rv_at(s, now.boot_ms - stale_ms);
		w->cursor = old > asked ? old : asked;
	}
}

int watch_open(struct watches *ws, const struct target *t, enum view_form form,
	       const char *user_agent, int64_t stale_ms, struct now now, void *owner,
	       struct watch **ret, struct api_error *e)
{
	const struct query *q = &t->query;
	struct arena a = ARENA_INIT;
	struct selector *selector = NULL;
	uint64_t asked;
	int rc = check_options(q, e);
	if (rc == 0)
		rc = rest_version(ws->store, q->rv, &asked, e);
	if (rc == 0)
		rc = selector_parse(t->res, q->labels, q->fields, &a, &selector, e);
	if (rc == 0 && ws->n >= WATCHES_MAX)
		rc = api_error_set(e, 429, "TooManyRequests", "too many watches are open");
	if (rc != 0) {
		arena_done(&a);
		return -1;
	}
	struct watch *w = xcalloc(1, sizeof(*w));
	w->all = ws;
	w->owner = owner;
	w->res = t->res;
	w->home = store_home(t->res);
	w->ns = xstrdup(t->ns);
	w->name = xstrdup(t->name);
	w->user_agent = xstrdup(user_agent);
	w->selector = selector_keep(selector);
	w->selective = q->labels[0] != '\0' || q->fields[0] != '\0';
	w->form = form;
	start_at(w, q, asked, stale_ms, now);
	w->bookmarks = q->bookmarks;
	w->initial_end = w->initial && q->initial_given;
	w->bookmark_ms = now.boot_ms + WATCH_BOOKMARK_MS;
	w->end_ms =
		now.boot_ms +
		(q->timeout_s > 0
			 ? q->timeout_s * 1000
			 : WATCH_LEAST_MS + (int64_t)(store_random(ws->store) % WATCH_LEAST_MS));
	LIST_INSERT_HEAD(&ws->by_resource[w->home->index], w, of_resource);
	ws->n++;
	make_ready(w);
	arena_done(&a);
	*ret = w;
	return 0;
}

void watch_close(struct watch *w)
{
	struct watches *ws = w->all;
	LIST_REMOVE(w, of_resource);
	if (w->ready)
		TAILQ_REMOVE(&ws->ready, w, of_ready);
	timer_stop(&ws->timers, &w->timer);
	ws->n--;
	selector_free(w->selector);
	free(w->ns);
	free(w->name);
	free(w->user_agent);
	free(w->last_ns);
	free(w->last_name);
	free(w);
}

/* ---- what is sent ---- */

static bool match(const struct watch *w, const char *ns, const char *name, const char *node,
		  const struct text *t)
{
	return t != NULL && (w->ns[0] == '\0' || strcmp(ns, w->ns) == 0) &&
	       (w->name[0] == '\0' || strcmp(name, w->name) == 0) &&
	       (!w->selective || selector_match(w->selector, ns, name, node, t->json));
}

static void send_event(struct watch *w, const char *type, const struct text *t, struct now now,
		       struct buf *out)
{
	struct buf other = {0};
	view_event(w->form, w->res, type, events_text(w->home, w->res, t->json, &other), now,
		   !w->sent, out);
	w->sent = true;
	buf_done(&other);
}

static void send_expired(struct watch *w, struct now now, struct buf *out)
{
	struct api_error e;
	struct buf status = {0};
	api_error_expired(&e, w->cursor, store_oldest(w->all->store));
	view_error(&e, NULL, "", &status);
	view_event(VIEW_JSON, w->res, "ERROR", status.data, now, true, out);
	buf_done(&status);
	w->ending = true;
}

/* Objects as of the cursor; what is left waits for the next call. */
static void send_initial(struct watch *w, struct now now, size_t most, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct snapshot s;
	struct snapshot_item i;
	struct api_error e;
	if (snapshot_open(w->all->store, w->res, w->ns, w->cursor, w->last_ns, w->last_name, &a, &s,
			  &e) != 0) {
		send_expired(w, now, out);
		arena_done(&a);
		return;
	}
	bool more = false;
	while (!more && snapshot_next(&s, &i)) {
		if (match(w, i.ns, i.name, i.node, i.text))
			send_event(w, "ADDED", i.text, now, out);
		more = out->len >= most;
	}
	if (more) {
		free(w->last_ns);
		free(w->last_name);
		w->last_ns = xstrdup(i.ns);
		w->last_name = xstrdup(i.name);
	} else {
		w->initial = false;
		if (w->initial_end && w->bookmarks)
			view_bookmark(w->form, w->res, w->cursor, true, out);
	}
	arena_done(&a);
}

/* The event for a change as seen through the selectors: ADDED, MODIFIED, DELETED or none. */
static void send_change(struct watch *w, const struct change *c, struct now now, struct buf *out)
{
	if (c->res != w->home)
		return;
	bool before = match(w, c->ns, c->name, c->node, c->before);
	bool after = match(w, c->ns, c->name, c->node, c->after);
	if (after) {
		send_event(w, before ? "MODIFIED" : "ADDED", c->after, now, out);
	} else if (before) {
		struct text *last = text_with_rv(c->before, c->rv);
		send_event(w, "DELETED", last, now, out);
		text_unref(last);
	}
}

static int64_t lag_of(const struct watch *w)
{
	if (w->all->faults == NULL)
		return 0;
	struct fault_request r = {.verb = "watch",
				  .resource = w->res->plural,
				  .name = w->name,
				  .user_agent = w->user_agent};
	return faults_watch_lag(w->all->faults, &r);
}

/* Returns when to look at the next change that is held back; CLOCK_NEVER: none is. */
static int64_t send_changes(struct watch *w, struct now now, size_t most, struct buf *out)
{
	int64_t lag = lag_of(w);
	for (const struct change *c;
	     out->len < most && (c = store_change_after(w->all->store, w->cursor)) != NULL;) {
		int64_t due = c->at_ms + lag, look = now.boot_ms + WATCH_LAG_LOOK_MS;
		if (lag > 0 && due > now.boot_ms)
			return due < look ? due : look;
		w->cursor = c->rv;
		send_change(w, c, now, out);
	}
	w->idle = w->cursor == store_rv(w->all->store);
	return CLOCK_NEVER;
}

static void set_timer(struct watch *w, int64_t due)
{
	int64_t at = w->end_ms < due ? w->end_ms : due;
	if (w->bookmarks && w->bookmark_ms < at)
		at = w->bookmark_ms;
	timer_set(&w->all->timers, &w->timer, at);
}

bool watch_take(struct watch *w, struct now now, size_t most, struct buf *out)
{
	int64_t due = CLOCK_NEVER;
	if (w->ending)
		return true;
	if (w->idle)
		w->cursor = store_rv(w->all->store);
	if (w->initial)
		send_initial(w, now, most, out);
	if (!w->initial && !w->ending && w->cursor < store_oldest(w->all->store))
		send_expired(w, now, out);
	if (w->initial || w->ending)
		return w->ending;
	due = send_changes(w, now, most, out);
	if (w->bookmarks && (w->bookmark_ms <= now.boot_ms || w->end_ms <= now.boot_ms)) {
		view_bookmark(w->form, w->res, w->cursor, false, out);
		w->bookmark_ms = now.boot_ms + WATCH_BOOKMARK_MS;
	}
	if (w->end_ms <= now.boot_ms)
		w->ending = true;
	set_timer(w, due);
	return w->ending;
}

/* ---- who is next ---- */

static struct watch *watch_of_timer(struct timer *t)
{
	return (struct watch *)(void *)((char *)t - offsetof(struct watch, timer));
}

void *watches_ready(struct watches *ws, struct now now)
{
	for (struct timer *t; (t = timers_due(&ws->timers, now.boot_ms)) != NULL;) {
		timer_stop(&ws->timers, t);
		make_ready(watch_of_timer(t));
	}
	struct watch *w = TAILQ_FIRST(&ws->ready);
	if (w == NULL)
		return NULL;
	TAILQ_REMOVE(&ws->ready, w, of_ready);
	w->ready = false;
	return w->owner;
}

int64_t watches_next_ms(const struct watches *ws)
{
	return timers_next_ms(&ws->timers);
}

static bool listed(const struct api_strings *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], s) == 0)
			return true;
	return list->n == 0;
}

void watches_drop(struct watches *ws, const struct sim_api_fault *rule)
{
	struct watch *w;
	for (size_t i = 0; i < resources_n; i++)
		LIST_FOREACH(w, &ws->by_resource[i], of_resource)
		{
			if (!listed(&rule->resources, w->res->plural) ||
			    (rule->user_agent != NULL && strncmp(w->user_agent, rule->user_agent,
								 strlen(rule->user_agent)) != 0))
				continue;
			w->ending = true;
			make_ready(w);
		}
}
