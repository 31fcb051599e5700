/*
 * Reviews tokens by the API server: authentication, then authorization. Invariant: there is at most
 * one review per token at a time, however many requests use it, and the token is wiped once it is
 * sent.
 */
#include "metricsd/metricsd.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"

#include "metricsd/review_json.h"

struct question { /* lives from the first request to the last answer */
	struct proc *p;
	struct review *review;
};

static const char *const result_names[] = {
	[ACCESS_UNKNOWN] = "failed",
	[ACCESS_ALLOWED] = "allowed",
	[ACCESS_UNAUTHORIZED] = "unauthorized",
	[ACCESS_FORBIDDEN] = "forbidden",
};

static void end(struct question *q, enum access said)
{
	struct metricsd *m = proc_state(q->p);
	struct access_key key = q->review->key;
	q->review->used = false;
	metric_add(proc_metrics(q->p), METRIC_reviews_total, 1, LABELS(result_names[said]));
	if (said == ACCESS_UNKNOWN)
		requests_not_reviewed(q->p, &key);
	else
		access_remember(&m->access, &key, said, clock_boot_ms());
	free(q);
}

static void send(struct question *q, const char *path, struct buf *body, kube_done_fn done)
{
	struct metricsd *m = proc_state(q->p);
	const struct kube_request req = {
		.method = KUBE_POST,
		.lane = KUBE_WRITE,
		.path = path,
		.body = body->data,
		.body_len = body->len,
		.deadline_ms = clock_boot_ms() + REVIEW_MS,
	};
	kube_send(m->kube, &req, done, q);
}

static void fail(struct question *q, const char *what, const struct kube_answer *answer)
{
	log_warn("token review failed", LS("request", what), LN("code", answer->code),
		 LS("error", answer->message));
	end(q, ACCESS_UNKNOWN);
}

static bool is_2xx(int code)
{
	return code >= 200 && code < 300;
}

static void on_access(void *ctx, const struct kube_answer *answer)
{
	struct question *q = ctx;
	int allowed = is_2xx(answer->code) ? review_allowed(answer->body, answer->len) : -1;
	if (allowed < 0)
		fail(q, "SubjectAccessReview", answer);
	else
		end(q, allowed ? ACCESS_ALLOWED : ACCESS_FORBIDDEN);
}

static void on_token(void *ctx, const struct kube_answer *answer)
{
	struct question *q = ctx;
	struct buf body = {0};
	int known =
		is_2xx(answer->code) ? review_access_body(&body, answer->body, answer->len) : -1;
	if (known < 0)
		fail(q, "TokenReview", answer);
	else if (known == 0)
		end(q, ACCESS_UNAUTHORIZED);
	else
		send(q, REVIEW_ACCESS_PATH, &body, on_access);
	buf_done(&body);
}

static void wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

/* A free review for this request's token; NULL: it has to wait. */
static struct review *find_room(struct metricsd *m, const struct request *v)
{
	struct review *room = NULL;
	size_t strangers = 0, of_address = 0;
	for (size_t i = 0; i < REVIEWS_MAX; i++) {
		const struct review *r = &m->reviews[i];
		if (!r->used)
			room = &m->reviews[i];
		strangers += r->used && !r->known;
		of_address += r->used && !r->known && strcmp(r->peer, v->peer) == 0;
	}
	if (!v->known && (strangers >= REVIEWS_STRANGER_MAX || of_address >= REVIEWS_ADDRESS_MAX))
		return NULL;
	return room;
}

bool review_ask(struct proc *p, struct request *v)
{
	struct metricsd *m = proc_state(p);
	for (size_t i = 0; i < REVIEWS_MAX; i++)
		if (m->reviews[i].used && access_same(&m->reviews[i].key, &v->key))
			return true;
	if (v->token == NULL)
		return false;
	struct review *room = find_room(m, v);
	if (room == NULL)
		return true;
	struct buf body = {0};
	struct question *q = xcalloc(1, sizeof(*q));
	*room = (struct review){.used = true, .key = v->key, .known = v->known};
	memcpy(room->peer, v->peer, sizeof(room->peer));
	*q = (struct question){p, room};
	review_token_body(&body, v->token);
	send(q, REVIEW_TOKEN_PATH, &body, on_token);
	explicit_bzero(body.data, body.len);
	buf_done(&body);
	wipe(&v->token);
	return true;
}
