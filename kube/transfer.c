/*
 * One transfer, from its start until its end is passed on. Its kind decides about the bytes: an
 * answer is collected, a stream is passed on as it arrives, and the body of another server goes to
 * the caller's sink.
 */
#include "kube/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

#include "kube/easy.h"
#include "kube/retry.h"

/* Easy handles kept for later in each lane. */
#define SPARE_MAX KUBE_IN_FLIGHT_MAX

/* ---- the three kinds ---- */

/* Collects; of a secret no copy is left behind where the buffer was before it grew. */
static bool collect(struct transfer *t, const char *bytes, size_t n)
{
	if (t->secret && t->in.cap - t->in.len < n + 1) {
		struct buf grown = {.limit = t->in.limit};
		grown.cap = 2 * (t->in.cap + n + 1);
		grown.data = xmalloc(grown.cap);
		buf_add(&grown, t->in.data, t->in.len);
		if (t->in.data != NULL)
			explicit_bzero(t->in.data, t->in.cap);
		buf_done(&t->in);
		t->in = grown;
	}
	buf_add(&t->in, bytes, n);
	return !t->in.full;
}

static bool answer_accepted(struct transfer *t, const char *bytes, size_t n)
{
	return t->bare || collect(t, bytes, n);
}

static CURLcode answer_cause(struct transfer *t, CURLcode rc)
{
	if (!t->in.full)
		return rc;
	snprintf(t->error, sizeof(t->error), "the answer is larger than %d bytes", KUBE_ANSWER_MAX);
	return CURLE_WRITE_ERROR;
}

static const struct transfer_kind answer_kind = {
	.limit = KUBE_ANSWER_MAX,
	.accepted = answer_accepted,
	.refused = collect,
	.cause = answer_cause,
	.collects = true,
	.measured = true,
};

static bool stream_accepted(struct transfer *t, const char *bytes, size_t n)
{
	pieces_add(&t->waiting, bytes, n);
	t->transport->lanes[t->lane].backlog += n;
	transfer_ready(t);
	return true;
}

/* The rest of a long refusal is of no use, and does not end the connection. */
static bool stream_refused(struct transfer *t, const char *bytes, size_t n)
{
	t->in.limit = TRANSPORT_REFUSAL_MAX;
	t->in.full = false;
	buf_add(&t->in, bytes, n);
	return true;
}

static CURLcode stream_cause(struct transfer *t, CURLcode rc)
{
	(void)t;
	return rc;
}

static const struct transfer_kind stream_kind = {
	.accepted = stream_accepted,
	.refused = stream_refused,
	.cause = stream_cause,
};

static bool foreign_accepted(struct transfer *t, const char *bytes, size_t n)
{
	return t->sink(t->ctx, bytes, n) == 0;
}

static CURLcode foreign_cause(struct transfer *t, CURLcode rc)
{
	curl_off_t resolved_us = 0;
	if (rc == CURLE_WRITE_ERROR && t->in.full)
		return CURLE_OK; /* enough was read of a refusal */
	curl_easy_getinfo(t->easy->curl, CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
	/* The time was up before the name was known. */
	return rc == CURLE_OPERATION_TIMEDOUT && resolved_us == 0 ? CURLE_COULDNT_RESOLVE_HOST : rc;
}

static const struct transfer_kind foreign_kind = {
	.limit = TRANSPORT_REFUSAL_MAX,
	.accepted = foreign_accepted,
	.refused = collect,
	.cause = foreign_cause,
	.collects = true,
	.foreign = true,
};

/* ---- start and stop ---- */

static struct easy *take_easy(struct transport *h, enum kube_lane lane)
{
	struct easy *e = h->lanes[lane].spare;
	if (e == NULL)
		return easy_new(&h->lanes[lane].lane, h->user_agent);
	h->lanes[lane].spare = e->next;
	h->lanes[lane].n_spare--;
	return e;
}

void transfer_detach(struct transfer *t)
{
	struct transport *h = t->transport;
	if (t->easy == NULL)
		return;
	curl_multi_remove_handle(h->lanes[t->lane].lane.multi, t->easy->curl);
	easy_headers_free(t->headers);
	t->headers = NULL;
	if (!t->kind->foreign && h->lanes[t->lane].n_spare < SPARE_MAX) {
		t->easy->next = h->lanes[t->lane].spare;
		h->lanes[t->lane].spare = t->easy;
		h->lanes[t->lane].n_spare++;
	} else {
		easy_free(t->easy);
	}
	t->easy = NULL;
}

void transfer_ready(struct transfer *t)
{
	if (t->ready)
		return;
	t->ready = true;
	t->ready_turn = t->transport->turn;
	TAILQ_INSERT_TAIL(&t->transport->ready, t, of_ready);
}

void transfer_forget(struct transfer *t)
{
	struct transport *h = t->transport;
	transfer_detach(t);
	if (t->ready)
		TAILQ_REMOVE(&h->ready, t, of_ready);
	TAILQ_REMOVE(&h->lanes[t->lane].transfers, t, of_lane);
	if (t->secret && t->in.data != NULL)
		explicit_bzero(t->in.data, t->in.cap);
	buf_done(&t->in);
	pieces_done(&t->waiting);
	free(t);
}

static void count(const struct transfer *t)
{
	struct kube_counters *n = t->transport->counters;
	if (t->kind->foreign)
		return;
	n->transport_errors += t->result.code == 0;
	if (n->attempt != NULL)
		n->attempt(n->attempt_ctx, t->verb, t->result.code,
			   t->kind->measured ? clock_boot_us() - t->sent_us : -1);
}

void transport_stop(struct transfer *t)
{
	struct transport *h = t->transport;
	if (t->stopped)
		return;
	if (t->easy != NULL && t->kind->measured) /* it was sent, and no answer came in time */
		count(t);
	t->stopped = true;
	h->lanes[t->lane].backlog -= t->waiting.n;
	pieces_drop(&t->waiting);
	if (h->current == t)
		transfer_detach(t); /* transfer_deliver() forgets it */
	else
		transfer_forget(t);
}

int64_t transport_last_byte_ms(const struct transfer *t)
{
	return t->last_byte_ms;
}

static size_t on_bytes(char *bytes, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	long code = 0;
	(void)one;
	t->last_byte_ms = clock_boot_ms();
	t->transport->lanes[t->lane].moved = true;
	if (n >= CURL_MAX_WRITE_SIZE) /* as large as the buffer of a transfer */
		t->transport->lanes[t->lane].rest = true;
	curl_easy_getinfo(t->easy->curl, CURLINFO_RESPONSE_CODE, &code);
	bool accepted = code >= 200 && code <= 299;
	return (accepted ? t->kind->accepted : t->kind->refused)(t, bytes, n) ? n : 0;
}

/* Hands a transfer whose handle is set up to curl. */
static void begin(struct transfer *t)
{
	struct transport *h = t->transport;
	CURL *c = t->easy->curl;
	t->in.limit = t->kind->limit;
	t->sent_ms = t->last_byte_ms = clock_boot_ms();
	t->sent_us = clock_boot_us();
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	TAILQ_INSERT_TAIL(&h->lanes[t->lane].transfers, t, of_lane);
	curl_multi_add_handle(h->lanes[t->lane].lane.multi, c);
}

static const char *verb_of(const struct transport_call *call)
{
	static const char *const verbs[] = {
		[KUBE_GET] = "GET",     [KUBE_POST] = "POST",     [KUBE_PUT] = "PUT",
		[KUBE_PATCH] = "PATCH", [KUBE_DELETE] = "DELETE",
	};
	if (call->data == NULL)
		return verbs[call->method];
	return strstr(call->path, "watch=true") != NULL ? "WATCH" : "LIST";
}

struct transfer *transport_start(struct transport *h, const struct transport_call *call)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	if (credentials_refresh(h->cred, clock_boot_ms(), false))
		h->counters->credential_reloads++;
	t->transport = h;
	pieces_init(&t->waiting);
	t->kind = call->data != NULL ? &stream_kind : &answer_kind;
	t->lane = call->lane;
	t->data = call->data;
	t->done = call->done;
	t->ctx = call->ctx;
	t->verb = verb_of(call);
	t->uncounted = call->method != KUBE_GET;
	t->secret = call->secret;
	t->bare = call->bare;
	t->easy = take_easy(h, call->lane);
	easy_set_credentials(t->easy, h->cred);
	t->headers = easy_set_call(t->easy, h->cred, call);
	begin(t);
	return t;
}

struct transfer *transport_start_foreign(struct transport *h, const struct transport_foreign *call)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	t->transport = h;
	pieces_init(&t->waiting);
	t->kind = &foreign_kind;
	t->lane = KUBE_FETCH;
	t->sink = call->sink;
	t->done = call->done;
	t->ctx = call->ctx;
	t->easy = call->easy;
	t->headers = call->headers;
	h->counters->fetches++;
	begin(t);
	return t;
}

/* ---- the end ---- */

/* Of the last answer; NULL: it has none. The text lives as long as the transfer. */
static const char *header(const struct transfer *t, const char *name)
{
	struct curl_header *h = NULL;
	return curl_easy_header(t->easy->curl, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
		       ? h->value
		       : NULL;
}

void transfer_finish(struct transfer *t, CURLcode rc)
{
	long code = 0;
	rc = t->kind->cause(t, rc);
	curl_easy_getinfo(t->easy->curl, CURLINFO_RESPONSE_CODE, &code);
	t->result =
		(struct transport_result){.code = (int)code, .error = "", .sent_ms = t->sent_ms};
	t->result.retry_after_ms =
		retry_after_ms(header(t, "Retry-After"), header(t, "Date"), clock_now().wall_s);
	if (rc != CURLE_OK) {
		/* Half an answer is none. */
		t->result.code = 0;
		t->result.cut = code != 0;
		t->result.transport = (int)rc;
		t->result.hung_up = easy_hung_up(t->easy, rc);
		t->result.error = t->error[0] ? t->error : curl_easy_strerror(rc);
	}
	count(t);
	transfer_detach(t);
	transfer_ready(t);
}

/* The body that done() is given: what was collected, so not the bytes of a stream. */
static void set_body(struct transfer *t)
{
	bool refused = t->result.code < 200 || t->result.code > 299;
	bool whole = (t->kind->collects || refused) && t->in.data != NULL;
	t->result.body = whole ? t->in.data : "";
	t->result.len = whole ? t->in.len : 0;
}

/* Bytes of a stream; returns how many. */
static size_t hand_on(struct transfer *t, size_t most)
{
	const char *bytes;
	size_t n, sum = 0;
	while (!t->stopped && sum < most &&
	       (n = pieces_take(&t->waiting, most - sum, &bytes)) > 0) {
		t->transport->lanes[t->lane].backlog -= n;
		sum += n;
		t->data(t->ctx, bytes, n);
	}
	return sum;
}

size_t transfer_deliver(struct transfer *t, size_t most)
{
	struct transport *h = t->transport;
	h->current = t;
	size_t n = hand_on(t, most);
	if (!t->stopped && t->easy == NULL && t->waiting.n == 0) {
		set_body(t);
		t->stopped = true;
		t->done(t->ctx, &t->result);
	}
	h->current = NULL;
	if (t->stopped)
		transfer_forget(t);
	else if (t->waiting.n > 0)
		transfer_ready(t);
	return n;
}
