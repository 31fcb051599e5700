/*
 * kube_send(): requests with a complete answer, their queue, retries and deadlines. A request is
 * WAITING for a place on its lane, SENT, or in BACK_OFF; its one timer ends the back-off or, in the
 * other states, enforces the attempt's limit and the deadline. Invariant: done is called exactly
 * once, after the request left all lists.
 */
#include "kube/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/effect.h"
#include "base/xalloc.h"

#include "kube/retry.h"
#include "kube/api_status.h"

/* An attempt without an answer for so long is made again on a new connection. */
#define ATTEMPT_MS 15000

enum request_state { WAITING, SENT, BACK_OFF };

struct request {
	struct kube *kube;
	uint64_t id;
	enum request_state state;
	struct kube_request what; /* strings are owned */
	kube_done_fn done;
	void *ctx;
	struct transfer *transfer; /* SENT */
	struct alarm alarm;
	int attempts;
	bool renewed; /* a 401 was answered with new credentials once */
	bool fresh;   /* the last attempt hung: use another connection */
	int64_t sent_ms;
	TAILQ_ENTRY(request) of_all, of_waiting;
};

static void request_free(struct request *r)
{
	free((char *)r->what.path);
	free((char *)r->what.body);
	free((char *)r->what.content_type);
	free((char *)r->what.accept);
	free(r);
}

static void unlink_request(struct request *r)
{
	struct kube *k = r->kube;
	timer_stop(&k->timers, &r->alarm.timer);
	if (r->state == WAITING)
		TAILQ_REMOVE(&k->waiting, r, of_waiting);
	if (r->state == SENT && r->what.lane == KUBE_WRITE)
		k->writing--;
	if (r->transfer != NULL)
		transport_stop(r->transfer);
	TAILQ_REMOVE(&k->all, r, of_all);
	k->pending--;
}

static void end(struct request *r, const struct kube_answer *answer)
{
	unlink_request(r);
	r->done(r->ctx, answer);
	request_free(r);
}

static void end_without_answer(struct request *r, const char *why)
{
	end(r, &(struct kube_answer){.body = "",
				     .reason = "",
				     .message = why,
				     .sent_ms = r->sent_ms,
				     .attempts = r->attempts});
}

static void start_waiting(struct kube *k);

/* SENT is over: puts the request into BACK_OFF until at_ms. */
static void back_off(struct request *r, int64_t at_ms)
{
	struct kube *k = r->kube;
	if (r->what.lane == KUBE_WRITE)
		k->writing--;
	r->state = BACK_OFF;
	r->transfer = NULL;
	k->counters.retries++;
	timer_set(&k->timers, &r->alarm.timer, at_ms);
	start_waiting(k);
}

static void on_answer(void *ctx, const struct transport_result *result)
{
	struct request *r = ctx;
	struct kube *k = r->kube;
	struct status status = {0};
	int64_t now = clock_boot_ms();
	r->transfer = NULL;
	if (r->what.method != KUBE_GET)
		effect_count();
	if (result->code >= 300)
		status_decode(result->body, result->len, &status);
	bool renewed = result->code == 401 && !r->renewed && kube_renew_credentials(k);
	r->renewed |= renewed;
	r->fresh = false;
	int64_t wanted = result->retry_after_ms ? result->retry_after_ms : status.retry_after_ms;
	int64_t at = retry_at(&(struct retry_case){
		.code = result->code,
		.once = r->what.once,
		.renewed = renewed,
		.attempt = r->attempts,
		.retry_after_ms = wanted,
		.now_ms = now,
		.deadline_ms = r->what.deadline_ms,
		.random = kube_random(),
	});
	if (at != RETRY_NO) {
		back_off(r, at);
		return;
	}
	end(r, &(struct kube_answer){
		       .code = result->code,
		       .body = result->code ? result->body : "",
		       .len = result->code ? result->len : 0,
		       .reason = status.reason,
		       .message = result->code ? status.message : result->error,
		       .sent_ms = result->sent_ms,
		       .attempts = r->attempts,
	       });
	start_waiting(k);
}

static void send_now(struct request *r)
{
	struct kube *k = r->kube;
	int64_t now = clock_boot_ms(), left = r->what.deadline_ms - now;
	if (left > ATTEMPT_MS)
		left = ATTEMPT_MS;
	r->state = SENT;
	r->attempts++;
	r->sent_ms = now;
	if (r->what.lane == KUBE_WRITE)
		k->writing++;
	timer_set(&k->timers, &r->alarm.timer, now + left);
	r->transfer = transport_start(k->transport, &(struct transport_call){
							    .lane = r->what.lane,
							    .method = r->what.method,
							    .path = r->what.path,
							    .content_type = r->what.content_type,
							    .accept = r->what.accept,
							    .body = r->what.body,
							    .body_len = r->what.body_len,
							    .timeout_ms = left,
							    .fresh = r->fresh,
							    .secret = r->what.secret,
							    .bare = r->what.bare,
							    .done = on_answer,
							    .ctx = r,
						    });
}

/* Gives free places on the write lane to those in line. */
static void start_waiting(struct kube *k)
{
	struct request *r;
	while (k->writing < KUBE_IN_FLIGHT_MAX && (r = TAILQ_FIRST(&k->waiting)) != NULL) {
		TAILQ_REMOVE(&k->waiting, r, of_waiting);
		send_now(r);
	}
}

/* New ones go to the end of the line, retries to its head: they have waited already. */
static void enter_line(struct request *r, bool first)
{
	struct kube *k = r->kube;
	if (r->what.lane != KUBE_WRITE) {
		send_now(r);
		return;
	}
	r->state = WAITING;
	timer_set(&k->timers, &r->alarm.timer, r->what.deadline_ms);
	if (first)
		TAILQ_INSERT_HEAD(&k->waiting, r, of_waiting);
	else
		TAILQ_INSERT_TAIL(&k->waiting, r, of_waiting);
	start_waiting(k);
}

/* The attempt's time is up but not the request's. */
static void attempt_hung(struct request *r)
{
	transport_stop(r->transfer);
	r->transfer = NULL;
	if (r->what.method != KUBE_GET)
		effect_count();
	r->fresh = true;
	int64_t at = retry_at(&(struct retry_case){
		.once = r->what.once,
		.attempt = r->attempts,
		.now_ms = clock_boot_ms(),
		.deadline_ms = r->what.deadline_ms,
		.random = kube_random(),
	});
	if (at != RETRY_NO)
		back_off(r, at);
	else
		end_without_answer(r, "no answer in time");
}

static void on_timer(void *ctx)
{
	struct request *r = ctx;
	struct kube *k = r->kube;
	bool late = clock_boot_ms() >= r->what.deadline_ms;
	if (late) {
		end_without_answer(r, r->attempts ? "no answer before the deadline"
						  : "the deadline passed before it was sent");
		start_waiting(k);
	} else if (r->state == BACK_OFF) {
		enter_line(r, true);
	} else {
		attempt_hung(r); /* in line, the deadline is the only time limit */
	}
}

static char *copy_body(const char *body, size_t len)
{
	if (body == NULL)
		return NULL;
	char *copy = xmalloc(len + 1);
	memcpy(copy, body, len);
	copy[len] = '\0';
	return copy;
}

uint64_t kube_send(struct kube *k, const struct kube_request *req, kube_done_fn done, void *ctx)
{
	struct request *r = xcalloc(1, sizeof(*r));
	r->kube = k;
	r->id = ++k->last_id;
	r->what = *req;
	r->what.path = xstrdup(req->path);
	r->what.body = copy_body(req->body, req->body_len);
	r->what.content_type = xstrdup(req->content_type);
	r->what.accept = xstrdup(req->accept);
	r->done = done;
	r->ctx = ctx;
	r->alarm = (struct alarm){.fire = on_timer, .ctx = r};
	TAILQ_INSERT_TAIL(&k->all, r, of_all);
	k->pending++;
	k->counters.requests++;
	if (clock_boot_ms() >= req->deadline_ms) {
		/* done must not run inside kube_send: the timer is due in the next wait. */
		r->state = BACK_OFF;
		timer_set(&k->timers, &r->alarm.timer, req->deadline_ms);
		return r->id;
	}
	enter_line(r, false);
	return r->id;
}

void kube_cancel(struct kube *k, uint64_t id)
{
	struct request *r;
	TAILQ_FOREACH(r, &k->all, of_all)
	if (r->id == id) {
		end_without_answer(r, "cancelled");
		start_waiting(k);
		return;
	}
}

size_t kube_pending(const struct kube *k)
{
	return k->pending;
}

/* The first request of a lane that was accepted before `limit`, or NULL. */
static struct request *first_before(const struct kube *k, enum kube_lane lane, uint64_t limit)
{
	struct request *r;
	TAILQ_FOREACH(r, &k->all, of_all)
	if (r->what.lane == lane && r->id <= limit)
		return r;
	return NULL;
}

void kube_close_lane(struct kube *k, enum kube_lane lane)
{
	/* First the wire, then the callbacks, which may send again. */
	uint64_t limit = k->last_id;
	transport_close_lane(k->transport, lane);
	for (struct request *r; (r = first_before(k, lane, limit)) != NULL;)
		end_without_answer(r, "connection closed by us");
	start_waiting(k);
}

void kube_requests_free(struct kube *k)
{
	for (struct request *r; (r = TAILQ_FIRST(&k->all)) != NULL;) {
		unlink_request(r);
		request_free(r);
	}
}
