/* See usage_reader.h. A waiter is in one of the two queues exactly while it waits. */
#include "discoverer/usage_reader.h"

#include <stdio.h>

#include "base/log.h"

#include "discoverer/discoverer.h"

#define ANSWER_MS 5000
/* Asked again while the watcher lists or is not there, ever more rarely, and given up after. */
#define AGAIN_FIRST_MS 250
#define AGAIN_MAX_MS   4000
#define PATIENT_MS     20000

void usage_reader_init(struct usage_reader *r, struct proc *p)
{
	r->proc = p;
	TAILQ_INIT(&r->now);
	TAILQ_INIT(&r->next);
}

static void forget_parts(struct usage_reader *r)
{
	for (size_t i = 0; i < STORED_PARTS; i++)
		buf_done(&r->parts[i]);
}

void usage_reader_done(struct usage_reader *r)
{
	forget_parts(r);
}

void usage_reader_want(struct usage_reader *r, struct usage_waiter *w)
{
	if (w->waits)
		return;
	w->waits = true;
	TAILQ_INSERT_TAIL(&r->next, w, link);
}

void usage_reader_leave(struct usage_reader *r, struct usage_waiter *w)
{
	struct usage_waiter *other;
	if (!w->waits)
		return;
	w->waits = false;
	TAILQ_FOREACH(other, &r->now, link)
	if (other == w) {
		TAILQ_REMOVE(&r->now, w, link);
		return;
	}
	TAILQ_REMOVE(&r->next, w, link);
}

/* ---- the end of a read ---- */

static void tell(struct usage_reader *r, const struct usage_told *told)
{
	struct usage_waiter *w;
	r->reading = r->asked = false;
	while ((w = TAILQ_FIRST(&r->now)) != NULL) {
		TAILQ_REMOVE(&r->now, w, link);
		w->waits = false;
		w->told(w, told);
	}
	forget_parts(r);
}

static void tell_trouble(struct usage_reader *r, bool enabled, const char *trouble)
{
	tell(r, &(struct usage_told){.enabled = enabled, .trouble = trouble, .store = r->store});
}

static void tell_all(struct usage_reader *r)
{
	struct usage_told told = {.enabled = true, .store = r->store, .parts = r->parts};
	struct usage_waiter *w;
	struct err err;
	bool wanted = false;
	TAILQ_FOREACH(w, &r->now, link)
	wanted |= w->wants_usage;
	if (wanted)
		told.usage = usage_new("", NULL, NULL);
	for (int i = 0; wanted && i < STORED_PARTS; i++)
		if (usage_restore(told.usage, i, r->parts[i].data, r->parts[i].len,
				  proc_now(r->proc), &err) < 0)
			log_warn("usage from the watcher cannot be read, ignoring", LN("part", i),
				 LS("error", err.text));
	tell(r, &told);
	usage_free(told.usage);
}

/* ---- questions and answers ---- */

static void begin(struct usage_reader *r, int64_t now_ms)
{
	TAILQ_CONCAT(&r->now, &r->next, link);
	r->reading = true;
	r->began_ms = now_ms;
	r->ask_ms = now_ms;
	r->again_ms = AGAIN_FIRST_MS;
	r->part = 0;
	r->snapshot = 0;
}

static int64_t ask_later(struct usage_reader *r, int64_t now_ms)
{
	r->ask_ms = now_ms + r->again_ms;
	r->again_ms = r->again_ms < AGAIN_MAX_MS / 2 ? 2 * r->again_ms : AGAIN_MAX_MS;
	return r->ask_ms;
}

static bool out_of_patience(const struct usage_reader *r, int64_t now_ms)
{
	return now_ms >= r->began_ms + PATIENT_MS;
}

static void restart(struct usage_reader *r, int64_t now_ms)
{
	forget_parts(r);
	r->part = 0;
	r->snapshot = 0;
	ask_later(r, now_ms);
}

int64_t usage_reader_turn(struct usage_reader *r, int64_t now_ms)
{
	struct err err;
	if (!r->reading && !TAILQ_EMPTY(&r->next))
		begin(r, now_ms);
	if (!r->reading || r->asked)
		return CLOCK_NEVER;
	if (now_ms < r->ask_ms)
		return r->ask_ms;
	struct msg_usage_get ask = {.snapshot = r->snapshot, .part = r->part};
	r->asked = proc_request(r->proc, PROC_WATCHER, MSG_usage_get, &ask, 0, now_ms + ANSWER_MS,
				&err) == 0;
	if (r->asked)
		return CLOCK_NEVER;
	if (!out_of_patience(r, now_ms))
		return ask_later(r, now_ms);
	tell_trouble(r, true, "the watcher cannot be reached");
	return now_ms; /* others may wait for the next read */
}

static void take_part(struct usage_reader *r, const struct msg_usage *m, int64_t now_ms)
{
	buf_add(&r->parts[r->part], m->data.data, m->data.len);
	r->snapshot = m->snapshot;
	r->part++;
	r->ask_ms = now_ms;
	if (r->part == STORED_PARTS)
		tell_all(r);
}

void on_usage(struct proc *p, const struct msg_in *in)
{
	struct usage_reader *r = &((struct discoverer *)proc_state(p))->usage;
	const struct msg_usage *m = in->body;
	int64_t now_ms = proc_now(p).boot_ms;
	r->asked = false;
	if (!r->reading)
		return;
	if (m != NULL && m->store != NULL)
		snprintf(r->store, sizeof(r->store), "%s", m->store);
	if (m != NULL && !m->enabled)
		tell_trouble(r, false,
			     "usage is disabled: set the chart's usage.enabled (--usage)");
	else if (m != NULL && m->listed && m->snapshot != 0)
		take_part(r, m, now_ms);
	else if (m != NULL && m->trouble != NULL && !m->listed)
		tell_trouble(r, true, m->trouble);
	else if (out_of_patience(r, now_ms))
		tell_trouble(r, true, "the events of kubelets are not listed yet");
	else
		restart(r, now_ms);
}
