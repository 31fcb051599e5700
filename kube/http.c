/*
 * Transfers over lanes. A transfer with something to hand on (bytes or its end) is in
 * the ready queue; http_wait() works that queue after curl has run. Invariant: `current`
 * is the transfer whose callback runs, and stopping that one only marks it.
 */
#include "kube/http.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/effect.h"
#include "base/pace.h"
#include "base/xalloc.h"

#include "kube/easy.h"
#include "kube/lane.h"
#include "kube/retry.h"

/* A buffer that grew beyond this gives its memory back when it is empty. */
#define BUFFER_KEEP (64 * 1024)
/* Easy handles kept for later in each lane. */
#define SPARE_MAX KUBE_IN_FLIGHT_MAX
/* Idle connections kept. One serves all over HTTP/2; over HTTP/1.1 each in flight has its own. */
#define KEPT_CONNECTIONS ((long)KUBE_IN_FLIGHT_MAX)
/* To other servers: for the pages of one list, minutes pass until the next. */
#define KEPT_FOREIGN 8L

struct transfer {
	struct http *http;
	enum kube_lane lane;
	struct easy *easy; /* NULL once curl is done with it */
	struct curl_slist *headers;
	struct buf in; /* collected answer, or bytes of a stream from `taken` on not handed on */
	size_t taken;
	void (*data)(void *ctx, const char *bytes, size_t n);
	int (*sink)(void *ctx, const char *bytes, size_t n); /* of a foreign one */
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;
	int64_t sent_ms, last_byte_ms, sent_us;
	const char *verb;
	struct http_result result; /* valid when easy is NULL */
	uint64_t ready_turn;       /* the turn in which it came into the ready queue */
	bool stopped, ready;
	bool secret;
	bool uncounted; /* a write whose sending effect_count() has not seen yet */
	char error[CURL_ERROR_SIZE];
	TAILQ_ENTRY(transfer) of_lane, of_ready;
};

TAILQ_HEAD(transfers, transfer);

struct http {
	struct credentials *cred;
	struct timers *timers;
	struct kube_counters *counters;
	char *user_agent;
	kube_poll_fn poll;
	void *poll_ctx;
	struct {
		struct lane lane;
		struct transfers transfers;
		struct easy *spare;
		size_t n_spare;
		size_t backlog; /* bytes of streams not handed on */
	} lanes[KUBE_LANES];
	struct transfers ready;
	uint64_t turn;
	struct transfer *current;
	struct pace pace;
	int gap_ms; /* 0: no pace */
	struct pollfd *polls;
	size_t cap_polls;
};

static void open_lane(struct http *h, enum kube_lane lane)
{
	int user_timeout = lane == KUBE_LEASE ? LANE_USER_TIMEOUT_LEASE_MS : LANE_USER_TIMEOUT_MS;
	lane_init(&h->lanes[lane].lane, user_timeout,
		  lane == KUBE_FETCH ? KEPT_FOREIGN : KEPT_CONNECTIONS, &h->counters->connects);
	h->lanes[lane].backlog = 0;
}

static int plain_poll(void *ctx, struct pollfd *fds, size_t n, int timeout_ms)
{
	(void)ctx;
	return poll(fds, (nfds_t)n, timeout_ms);
}

struct http *http_new(struct credentials *cred, struct timers *timers,
		      struct kube_counters *counters, const char *user_agent)
{
	struct http *h = xcalloc(1, sizeof(*h));
	h->cred = cred;
	h->timers = timers;
	h->counters = counters;
	h->poll = plain_poll;
	h->user_agent = xstrdup(user_agent);
	h->cap_polls = 16;
	h->polls = xcalloc(h->cap_polls, sizeof(h->polls[0]));
	TAILQ_INIT(&h->ready);
	for (int i = 0; i < KUBE_LANES; i++) {
		TAILQ_INIT(&h->lanes[i].transfers);
		open_lane(h, i);
	}
	return h;
}

/* ---- the life of a transfer ---- */

static struct easy *take_easy(struct http *h, enum kube_lane lane)
{
	struct easy *e = h->lanes[lane].spare;
	if (e == NULL)
		return easy_new(&h->lanes[lane].lane, h->user_agent);
	h->lanes[lane].spare = e->next;
	h->lanes[lane].n_spare--;
	return e;
}

/* Takes the transfer out of curl, which ends whatever is on the wire of it. */
static void detach(struct transfer *t)
{
	struct http *h = t->http;
	if (t->easy == NULL)
		return;
	curl_multi_remove_handle(h->lanes[t->lane].lane.multi, t->easy->curl);
	easy_headers_free(t->headers);
	t->headers = NULL;
	if (t->sink == NULL && h->lanes[t->lane].n_spare < SPARE_MAX) {
		t->easy->next = h->lanes[t->lane].spare;
		h->lanes[t->lane].spare = t->easy;
		h->lanes[t->lane].n_spare++;
	} else {
		easy_free(t->easy);
	}
	t->easy = NULL;
}

static void mark_ready(struct transfer *t)
{
	if (t->ready)
		return;
	t->ready = true;
	t->ready_turn = t->http->turn;
	TAILQ_INSERT_TAIL(&t->http->ready, t, of_ready);
}

static size_t waiting(const struct transfer *t)
{
	return t->data ? t->in.len - t->taken : 0;
}

static void forget(struct transfer *t)
{
	struct http *h = t->http;
	detach(t);
	if (t->ready)
		TAILQ_REMOVE(&h->ready, t, of_ready);
	TAILQ_REMOVE(&h->lanes[t->lane].transfers, t, of_lane);
	if (t->secret && t->in.data != NULL)
		explicit_bzero(t->in.data, t->in.cap);
	buf_done(&t->in);
	free(t);
}

static void count(const struct transfer *t)
{
	struct kube_counters *n = t->http->counters;
	n->transport_errors += t->result.code == 0;
	if (n->attempt != NULL)
		n->attempt(n->attempt_ctx, t->verb, t->result.code,
			   t->data == NULL ? clock_boot_us() - t->sent_us : -1);
}

void http_stop(struct transfer *t)
{
	struct http *h = t->http;
	if (t->stopped)
		return;
	if (t->easy != NULL && t->data == NULL) /* it was sent, and no answer came in time */
		count(t);
	t->stopped = true;
	h->lanes[t->lane].backlog -= waiting(t);
	t->taken = t->in.len;
	if (h->current == t)
		detach(t); /* deliver() forgets it */
	else
		forget(t);
}

int64_t http_last_byte_ms(const struct transfer *t)
{
	return t->last_byte_ms;
}

static bool refused(struct transfer *t)
{
	long code = 0;
	curl_easy_getinfo(t->easy->curl, CURLINFO_RESPONSE_CODE, &code);
	return code < 200 || code > 299;
}

/* Collects; of a secret no copy is left behind where the buffer was before it grew. */
static void collect(struct transfer *t, const char *bytes, size_t n)
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
}

static size_t on_bytes(char *bytes, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	(void)one;
	t->last_byte_ms = clock_boot_ms();
	if (t->sink != NULL && !refused(t))
		return t->sink(t->ctx, bytes, n) == 0 ? n : 0;
	if (t->data == NULL) {
		collect(t, bytes, n);
		return t->in.full ? 0 : n;
	}
	if (refused(t)) { /* the rest of a long refusal is of no use */
		t->in.limit = HTTP_REFUSAL_MAX;
		t->in.full = false;
		buf_add(&t->in, bytes, n);
		t->taken = t->in.len;
		return n;
	}
	if (t->taken >= HTTP_TURN_MAX) {
		buf_skip(&t->in, t->taken);
		t->taken = 0;
	}
	buf_add(&t->in, bytes, n);
	t->http->lanes[t->lane].backlog += n;
	mark_ready(t);
	return n;
}

static const char *verb_of(const struct http_call *call)
{
	static const char *const verbs[] = {
		[KUBE_GET] = "GET",     [KUBE_POST] = "POST",     [KUBE_PUT] = "PUT",
		[KUBE_PATCH] = "PATCH", [KUBE_DELETE] = "DELETE",
	};
	if (call->data == NULL)
		return verbs[call->method];
	return strstr(call->path, "watch=true") != NULL ? "WATCH" : "LIST";
}

struct transfer *http_start(struct http *h, const struct http_call *call)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	int64_t now = clock_boot_ms();
	if (credentials_refresh(h->cred, now, false))
		h->counters->credential_reloads++;
	t->http = h;
	t->lane = call->lane;
	t->data = call->data;
	t->done = call->done;
	t->ctx = call->ctx;
	t->sent_ms = t->last_byte_ms = now;
	t->sent_us = clock_boot_us();
	t->verb = verb_of(call);
	t->uncounted = call->method != KUBE_GET;
	t->secret = call->secret;
	t->in.limit = call->data ? 0 : KUBE_ANSWER_MAX;
	t->easy = take_easy(h, call->lane);
	easy_set_credentials(t->easy, h->cred);
	t->headers = easy_set_call(t->easy, h->cred, call);
	CURL *c = t->easy->curl;
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	TAILQ_INSERT_TAIL(&h->lanes[call->lane].transfers, t, of_lane);
	curl_multi_add_handle(h->lanes[call->lane].lane.multi, c);
	return t;
}

struct transfer *http_start_foreign(struct http *h, const struct http_foreign *call)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	CURL *c = call->easy->curl;
	t->http = h;
	t->lane = KUBE_FETCH;
	t->sink = call->sink;
	t->done = call->done;
	t->ctx = call->ctx;
	t->sent_ms = t->last_byte_ms = clock_boot_ms();
	t->in.limit = HTTP_REFUSAL_MAX;
	t->easy = call->easy;
	t->headers = call->headers;
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	TAILQ_INSERT_TAIL(&h->lanes[KUBE_FETCH].transfers, t, of_lane);
	h->counters->fetches++;
	curl_multi_add_handle(h->lanes[KUBE_FETCH].lane.multi, c);
	return t;
}

struct lane *http_lane(struct http *h, enum kube_lane lane)
{
	return &h->lanes[lane].lane;
}

const char *http_user_agent(const struct http *h)
{
	return h->user_agent;
}

/* ---- the end of a transfer ---- */

/* What broke, as the caller is to see it. */
static CURLcode cause(const struct transfer *t, CURLcode rc)
{
	curl_off_t resolved_us = 0;
	if (t->sink == NULL)
		return rc;
	if (rc == CURLE_WRITE_ERROR && t->in.full)
		return CURLE_OK; /* enough was read of a refusal */
	curl_easy_getinfo(t->easy->curl, CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
	/* The time was up before the name was known. */
	return rc == CURLE_OPERATION_TIMEDOUT && resolved_us == 0 ? CURLE_COULDNT_RESOLVE_HOST : rc;
}

/* Of the last answer; NULL: it has none. The text lives as long as the transfer. */
static const char *header(const struct transfer *t, const char *name)
{
	struct curl_header *h = NULL;
	return curl_easy_header(t->easy->curl, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
		       ? h->value
		       : NULL;
}

static void finish(struct transfer *t, CURLcode rc)
{
	long code = 0;
	rc = cause(t, rc);
	curl_easy_getinfo(t->easy->curl, CURLINFO_RESPONSE_CODE, &code);
	t->result = (struct http_result){.code = (int)code, .error = "", .sent_ms = t->sent_ms};
	t->result.retry_after_ms =
		retry_after_ms(header(t, "Retry-After"), header(t, "Date"), clock_now().wall_s);
	if (t->data == NULL && t->sink == NULL && t->in.full) {
		snprintf(t->error, sizeof(t->error), "the answer is larger than %d bytes",
			 KUBE_ANSWER_MAX);
		rc = CURLE_WRITE_ERROR;
	}
	if (rc != CURLE_OK) {
		/* Half an answer is none. */
		t->result.code = 0;
		t->result.cut = code != 0;
		t->result.transport = (int)rc;
		t->result.hung_up = easy_hung_up(t->easy, rc);
		t->result.error = t->error[0] ? t->error : curl_easy_strerror(rc);
	}
	if (t->sink == NULL)
		count(t);
	detach(t);
	mark_ready(t);
}

static void collect_finished(struct http *h)
{
	int left;
	for (int i = 0; i < KUBE_LANES; i++) {
		for (CURLMsg *m; (m = curl_multi_info_read(h->lanes[i].lane.multi, &left));) {
			struct transfer *t = NULL;
			if (m->msg != CURLMSG_DONE)
				continue;
			CURLcode rc = m->data.result;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
			finish(t, rc);
		}
	}
}

static void drop_spares(struct http *h, enum kube_lane lane)
{
	for (struct easy *e; (e = h->lanes[lane].spare) != NULL;) {
		h->lanes[lane].spare = e->next;
		easy_free(e);
	}
	h->lanes[lane].n_spare = 0;
}

void http_close_lane(struct http *h, enum kube_lane lane)
{
	struct transfer *t;
	TAILQ_FOREACH(t, &h->lanes[lane].transfers, of_lane)
	{
		if (t->easy != NULL) {
			detach(t);
			t->result = (struct http_result){.error = "connection closed by us",
							 .sent_ms = t->sent_ms};
		}
		t->taken = t->in.len;
		mark_ready(t);
	}
	drop_spares(h, lane);
	lane_done(&h->lanes[lane].lane);
	open_lane(h, lane);
}

/* ---- handing on ---- */

/* Hands on what is due of one transfer; returns how many bytes. */
static size_t deliver_one(struct http *h, struct transfer *t, size_t most)
{
	size_t n = waiting(t) < most ? waiting(t) : most;
	h->current = t;
	if (n > 0) {
		const char *bytes = t->in.data + t->taken;
		t->taken += n;
		h->lanes[t->lane].backlog -= n;
		t->data(t->ctx, bytes, n);
		if (t->taken == t->in.len && !t->stopped && t->easy != NULL) {
			buf_clear(&t->in, BUFFER_KEEP);
			t->taken = 0;
		}
	}
	if (!t->stopped && t->easy == NULL && waiting(t) == 0) {
		bool whole = t->data == NULL || t->result.code < 200 || t->result.code > 299;
		t->result.body = whole && t->in.data ? t->in.data : "";
		t->result.len = whole ? t->in.len : 0;
		t->stopped = true;
		t->done(t->ctx, &t->result);
	}
	h->current = NULL;
	if (t->stopped)
		forget(t);
	else if (waiting(t) > 0)
		mark_ready(t);
	return n;
}

static void deliver(struct http *h)
{
	size_t budget = HTTP_TURN_MAX;
	/* A transfer that comes back into the queue waits for the next turn. */
	h->turn++;
	for (struct transfer *t; (t = TAILQ_FIRST(&h->ready)) && t->ready_turn != h->turn;) {
		TAILQ_REMOVE(&h->ready, t, of_ready);
		t->ready = false;
		budget -= deliver_one(h, t, budget);
	}
}

/* ---- waiting ---- */

static bool backlogged(const struct http *h, int lane)
{
	return h->lanes[lane].backlog > HTTP_BACKLOG_MAX;
}

/* The caller's fds and ours in one array; returns how many there are. */
static size_t gather(struct http *h, const struct pollfd *fds, size_t n)
{
	size_t need = n, at = n;
	for (int i = 0; i < KUBE_LANES; i++)
		need += h->lanes[i].lane.n_wanted;
	if (need > h->cap_polls) {
		h->cap_polls = need * 2;
		h->polls = xreallocarray(h->polls, h->cap_polls, sizeof(h->polls[0]));
	}
	if (n > 0)
		memcpy(h->polls, fds, n * sizeof(fds[0]));
	for (int i = 0; i < KUBE_LANES; i++) {
		const struct lane *lane = &h->lanes[i].lane;
		if (backlogged(h, i) || lane->n_wanted == 0)
			continue;
		memcpy(h->polls + at, lane->wanted, lane->n_wanted * sizeof(lane->wanted[0]));
		at += lane->n_wanted;
	}
	return at;
}

static int poll_timeout(const struct http *h, int timeout_ms)
{
	int64_t first = timers_next_ms(h->timers);
	if (!TAILQ_EMPTY(&h->ready))
		return 0;
	for (int i = 0; i < KUBE_LANES; i++)
		if (!backlogged(h, i) && h->lanes[i].lane.timer_at_ms < first)
			first = h->lanes[i].lane.timer_at_ms;
	if (first == CLOCK_NEVER)
		return timeout_ms;
	int64_t wait = first - clock_boot_ms();
	wait = wait < 0 ? 0 : wait > INT_MAX ? INT_MAX : wait;
	return timeout_ms >= 0 && timeout_ms < wait ? timeout_ms : (int)wait;
}

/* Lets curl work on the sockets that are ready; `polls` is in the order of gather(). */
static void run_lanes(struct http *h, const struct pollfd *polls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (polls[i].revents == 0)
			continue;
		/* The lane that still wants it: an earlier call may have closed it. */
		for (int l = 0; l < KUBE_LANES; l++) {
			struct lane *lane = &h->lanes[l].lane;
			size_t w = 0;
			while (w < lane->n_wanted && lane->wanted[w].fd != polls[i].fd)
				w++;
			if (w < lane->n_wanted)
				lane_socket_ready(lane, polls[i].fd, polls[i].revents);
		}
	}
	int64_t now = clock_boot_ms();
	for (int l = 0; l < KUBE_LANES; l++)
		if (!backlogged(h, l))
			lane_timer(&h->lanes[l].lane, now);
}

/* Tells the crash tests about writes that have left. */
static void count_sent(struct http *h)
{
	struct transfer *t;
	for (int l = 0; l < KUBE_LANES; l++)
		TAILQ_FOREACH(t, &h->lanes[l].transfers, of_lane)
		{
			long sent = 0;
			if (!t->uncounted || t->easy == NULL)
				continue;
			curl_easy_getinfo(t->easy->curl, CURLINFO_REQUEST_SIZE, &sent);
			if (sent == 0)
				continue;
			t->uncounted = false;
			effect_count();
		}
}

void http_set_poll(struct http *h, kube_poll_fn fn, void *ctx)
{
	h->poll = fn;
	h->poll_ctx = ctx;
}

void http_set_pace(struct http *h, int gap_ms)
{
	h->gap_ms = gap_ms;
}

/* Lets some time pass, when the waits follow one another too fast. */
static void rest(struct http *h, int timeout_ms)
{
	if (h->gap_ms == 0 || timeout_ms == 0)
		return;
	int64_t left = pace_next(&h->pace, h->gap_ms, KUBE_PACE_BURST, clock_boot_ms());
	if (left > 0)
		poll(NULL, 0, timeout_ms > 0 && timeout_ms < left ? timeout_ms : (int)left);
}

int http_wait(struct http *h, struct pollfd *fds, size_t n, int timeout_ms)
{
	rest(h, poll_timeout(h, timeout_ms));
	size_t all = gather(h, fds, n);
	int rc = h->poll(h->poll_ctx, h->polls, all, poll_timeout(h, timeout_ms));
	int error = errno, ready = 0;
	for (size_t i = 0; i < n; i++) {
		fds[i].revents = rc > 0 ? h->polls[i].revents : 0;
		ready += fds[i].revents != 0;
	}
	/* Deadlines first: after a sleep of the machine nothing late may be sent or believed. */
	alarms_run(h->timers, clock_boot_ms());
	run_lanes(h, h->polls + n, rc > 0 ? all - n : 0);
	count_sent(h);
	collect_finished(h);
	deliver(h);
	errno = error;
	return rc < 0 ? -1 : ready;
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	for (int i = 0; i < KUBE_LANES; i++) {
		for (struct transfer *t; (t = TAILQ_FIRST(&h->lanes[i].transfers)) != NULL;)
			forget(t);
		drop_spares(h, i);
		lane_done(&h->lanes[i].lane);
	}
	free(h->polls);
	free(h->user_agent);
	free(h);
}
