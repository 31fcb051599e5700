/*
 * See usage_saver.h. Part 0, which says up to which event the whole is, is written last: if we are
 * killed in between, events of a few minutes count twice in the demand, and none is lost.
 */
#include "discoverer/usage_saver.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"

#include "discoverer/discoverer.h"

#define WRITE_MS 10000
#define RETRY_MS 60000
#define LEAVE_MS 4000

static void write_part(struct usage_saver *s);

static void forget(struct usage_saver *s)
{
	uint64_t request = s->request;
	s->request = 0;
	if (request != 0)
		kube_cancel(s->d->kube, request);
	s->left = 0;
	s->write.create = false;
	for (size_t i = 0; i < STORED_PARTS; i++)
		buf_done(&s->parts[i]);
}

static void failed(struct usage_saver *s, const struct kube_answer *answer)
{
	bool refused = answer->code == 403;
	if (s->leaving) /* helm uninstall deletes the Role before the pod */
		LOG_AT(refused ? LOG_INFO : LOG_WARN, "usage not written before the end, ignoring",
		       LS("store", s->store), LN("code", answer->code),
		       LS("error", answer->message));
	else
		LOG_AT(refused && s->refused ? LOG_DEBUG : LOG_WARN, "usage not written, retrying",
		       LS("store", s->store), LN("code", answer->code),
		       LS("error", answer->message));
	s->refused = refused;
	s->next_ms = clock_boot_ms() + (refused ? SAVE_EVERY_MS : RETRY_MS);
	s->request = 0;
	forget(s);
}

static void on_written(void *ctx, const struct kube_answer *answer)
{
	struct usage_saver *s = ctx;
	if (s->request == 0) /* cancelled */
		return;
	s->request = 0;
	switch (stored_bytes_answered(&s->write, s->d->kube, s->d->env.pod_namespace, answer)) {
	case STORED_DONE:
		s->left--;
		s->refused = false;
		break;
	case STORED_FAILED:
		failed(s, answer);
		return;
	case STORED_AGAIN:
		break;
	}
	if (s->left > 0)
		write_part(s);
	else
		forget(s);
}

static void write_part(struct usage_saver *s)
{
	struct arena a = ARENA_INIT;
	int part = s->left - 1;
	s->request = stored_bytes_send(
		s->d->kube, s->d->env.pod_namespace, arena_printf(&a, "%s-%d", s->store, part),
		&s->write, &s->parts[part],
		leader_deadline(&s->d->lead.lease, clock_boot_ms() + WRITE_MS), on_written, s);
	arena_done(&a);
}

static void told(struct usage_waiter *w, const struct usage_told *told)
{
	struct usage_saver *s = (struct usage_saver *)w;
	s->next_ms = clock_boot_ms() + SAVE_EVERY_MS;
	if (!told->enabled || told->trouble != NULL || !lead_may(&s->d->lead, clock_boot_ms()))
		return;
	forget(s);
	free(s->store);
	s->store = xstrdup(told->store);
	for (size_t i = 0; i < STORED_PARTS; i++)
		buf_add(&s->parts[i], told->parts[i].data, told->parts[i].len);
	s->left = STORED_PARTS;
	write_part(s);
}

void usage_saver_init(struct usage_saver *s, struct discoverer *d)
{
	s->d = d;
	s->waiter.told = told;
}

void usage_saver_done(struct usage_saver *s)
{
	forget(s);
	free(s->store);
}

int64_t usage_saver_turn(struct usage_saver *s, bool may, int64_t now_ms)
{
	if (may != s->acting) {
		s->acting = may;
		s->next_ms = now_ms + SAVE_EVERY_MS;
		usage_reader_leave(&s->d->usage, &s->waiter);
		forget(s);
	}
	if (!may || s->waiter.waits || s->request != 0)
		return CLOCK_NEVER;
	if (now_ms < s->next_ms)
		return s->next_ms;
	usage_reader_want(&s->d->usage, &s->waiter);
	return now_ms;
}

bool usage_saver_leave(struct usage_saver *s, bool may, int64_t now_ms)
{
	if (!s->leaving) {
		s->leaving = true;
		s->leave_ms = now_ms + LEAVE_MS;
		if (may && s->acting && !s->waiter.waits)
			usage_reader_want(&s->d->usage, &s->waiter);
	}
	return !may || now_ms >= s->leave_ms || (!s->waiter.waits && s->request == 0);
}
