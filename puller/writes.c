/* The table of writes; linear searches over its few hundred rows. See writes.h. */
#include "puller/writes.h"

#include <stdlib.h>
#include <string.h>

static bool leads(const struct write *w)
{
	return w->state == WRITE_WAITING || w->state == WRITE_GOING;
}

/* The newest write of the pod that others can join or wait behind. */
static struct write *newest(struct writes *ws, const char *pod_name)
{
	struct write *found = NULL;
	for (size_t i = 0; i < WRITES_MAX; i++) {
		struct write *w = &ws->at[i];
		if (leads(w) && strcmp(w->pod_name, pod_name) == 0 &&
		    (found == NULL || w->order > found->order))
			found = w;
	}
	return found;
}

static bool same_request(const struct write *a, const struct write *b)
{
	return a->kind == b->kind && a->session == b->session &&
	       strcmp(a->pod_uid, b->pod_uid) == 0;
}

void write_sent(struct write *w)
{
	free(w->body);
	w->body = NULL;
}

struct write *writes_add(struct writes *ws, const struct write *request)
{
	struct write *w = ws->at;
	while (w < ws->at + WRITES_MAX && w->state != WRITE_FREE)
		w++;
	if (w == ws->at + WRITES_MAX)
		return NULL;
	struct write *before = newest(ws, request->pod_name);
	*w = *request;
	w->order = ++ws->arrived;
	w->next = NULL;
	if (before == NULL) {
		w->state = WRITE_GOING;
	} else if (!same_request(before, w)) {
		w->state = WRITE_WAITING;
	} else {
		w->state = WRITE_JOINED;
		write_sent(w);
		w->next = before->next;
		before->next = w;
	}
	return w;
}

static void release(struct write *w)
{
	free(w->body);
	*w = (struct write){.state = WRITE_FREE};
}

struct write *writes_end(struct writes *ws, struct write *w)
{
	char pod_name[POD_NAME_SIZE];
	memcpy(pod_name, w->pod_name, sizeof(pod_name));
	bool was_going = w->state == WRITE_GOING;
	for (struct write *next; w != NULL; w = next) {
		next = w->next;
		release(w);
	}
	struct write *oldest = NULL;
	for (size_t i = 0; was_going && i < WRITES_MAX; i++) {
		struct write *other = &ws->at[i];
		if (other->state == WRITE_WAITING && strcmp(other->pod_name, pod_name) == 0 &&
		    (oldest == NULL || other->order < oldest->order))
			oldest = other;
	}
	if (oldest != NULL)
		oldest->state = WRITE_GOING;
	return oldest;
}

struct write *writes_stranger(struct writes *ws, uint64_t session)
{
	for (size_t i = 0; i < WRITES_MAX; i++)
		if (ws->at[i].state == WRITE_WAITING && ws->at[i].session != session)
			return &ws->at[i];
	return NULL;
}

struct write *writes_waiting(struct writes *ws)
{
	for (size_t i = 0; i < WRITES_MAX; i++)
		if (ws->at[i].state == WRITE_WAITING)
			return &ws->at[i];
	return NULL;
}

bool writes_only_of(const struct writes *ws, uint64_t session)
{
	for (size_t i = 0; i < WRITES_MAX; i++)
		if (ws->at[i].state != WRITE_FREE && ws->at[i].session != session)
			return false;
	return true;
}

bool writes_idle(const struct writes *ws)
{
	for (size_t i = 0; i < WRITES_MAX; i++)
		if (ws->at[i].state != WRITE_FREE)
			return false;
	return true;
}

void writes_done(struct writes *ws)
{
	for (size_t i = 0; i < WRITES_MAX; i++)
		release(&ws->at[i]);
}
