/*
 * Lanes, waiting, and the queue of transfers with bytes or an end to pass on: transport_wait()
 * processes that queue after curl has run. Single transfers are in transfer.c.
 */
#include "kube/transfer.h"

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

/* Idle connections kept. One serves all over HTTP/2; over HTTP/1.1 each in flight has its own. */
#define KEPT_CONNECTIONS ((long)KUBE_IN_FLIGHT_MAX)
/* In one turn, curl is run so often for what it may have left; then again in the next turn. */
#define REST_RUNS_MAX 8
/* To other servers: for the pages of one list, minutes pass until the next. */
#define KEPT_FOREIGN 8L

static void open_lane(struct transport *h, enum kube_lane lane)
{
	int user_timeout = lane == KUBE_LEASE ? LANE_USER_TIMEOUT_LEASE_MS : LANE_USER_TIMEOUT_MS;
	lane_init(&h->lanes[lane].lane, user_timeout,
		  lane == KUBE_FETCH ? KEPT_FOREIGN : KEPT_CONNECTIONS, &h->counters->connects);
	h->lanes[lane].backlog = 0;
	h->lanes[lane].moved = h->lanes[lane].rest = false;
}

static int plain_poll(void *ctx, struct pollfd *fds, size_t n, int timeout_ms)
{
	(void)ctx;
	return poll(fds, (nfds_t)n, timeout_ms);
}

struct transport *transport_new(struct credentials *cred, struct timers *timers,
				struct kube_counters *counters, const char *user_agent)
{
	struct transport *h = xcalloc(1, sizeof(*h));
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

struct lane *transport_lane(struct transport *h, enum kube_lane lane)
{
	return &h->lanes[lane].lane;
}

const char *transport_user_agent(const struct transport *h)
{
	return h->user_agent;
}

/* ---- the end of a transfer ---- */

static void collect_finished(struct transport *h)
{
	int left;
	for (int i = 0; i < KUBE_LANES; i++) {
		for (CURLMsg *m; (m = curl_multi_info_read(h->lanes[i].lane.multi, &left));) {
			struct transfer *t = NULL;
			if (m->msg != CURLMSG_DONE)
				continue;
			CURLcode rc = m->data.result;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
			transfer_finish(t, rc);
		}
	}
}

static void drop_spares(struct transport *h, enum kube_lane lane)
{
	for (struct easy *e; (e = h->lanes[lane].spare) != NULL;) {
		h->lanes[lane].spare = e->next;
		easy_free(e);
	}
	h->lanes[lane].n_spare = 0;
}

void transport_close_lane(struct transport *h, enum kube_lane lane)
{
	struct transfer *t;
	TAILQ_FOREACH(t, &h->lanes[lane].transfers, of_lane)
	{
		if (t->easy != NULL) {
			transfer_detach(t);
			t->result = (struct transport_result){.error = "connection closed by us",
							      .sent_ms = t->sent_ms};
		}
		pieces_drop(&t->waiting);
		transfer_ready(t);
	}
	drop_spares(h, lane);
	lane_done(&h->lanes[lane].lane);
	open_lane(h, lane);
}

/* ---- handing on ---- */

static void deliver(struct transport *h)
{
	size_t budget = TRANSPORT_TURN_MAX;
	/* A transfer that comes back into the queue waits for the next turn. */
	h->turn++;
	for (struct transfer *t; (t = TAILQ_FIRST(&h->ready)) && t->ready_turn != h->turn;) {
		TAILQ_REMOVE(&h->ready, t, of_ready);
		t->ready = false;
		budget -= transfer_deliver(t, budget);
	}
}

/* ---- waiting ---- */

static bool backlogged(const struct transport *h, int lane)
{
	return h->lanes[lane].backlog > TRANSPORT_BACKLOG_MAX;
}

/* The caller's fds and ours in one array; returns how many there are. */
static size_t gather(struct transport *h, const struct pollfd *fds, size_t n)
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

static int poll_timeout(const struct transport *h, int timeout_ms)
{
	int64_t first = timers_next_ms(h->timers);
	if (!TAILQ_EMPTY(&h->ready))
		return 0;
	for (int i = 0; i < KUBE_LANES; i++) {
		if (backlogged(h, i))
			continue;
		if (h->lanes[i].rest)
			return 0;
		if (h->lanes[i].lane.timer_at_ms < first)
			first = h->lanes[i].lane.timer_at_ms;
	}
	if (first == CLOCK_NEVER)
		return timeout_ms;
	int64_t wait = first - clock_boot_ms();
	wait = wait < 0 ? 0 : wait > INT_MAX ? INT_MAX : wait;
	return timeout_ms >= 0 && timeout_ms < wait ? timeout_ms : (int)wait;
}

/*
 * curl does not always come back by itself to what it has read: where the bytes of a frame do not
 * fit into the buffer of their stream, it stops in the middle of the frame, and if that was all the
 * socket had, the rest waits for the next byte of the server, which may be long in coming (7.88;
 * tests/kube/test_streams.c). A buffer that was full is the sign: after that it is run until
 * nothing more comes.
 */
static void run_rest(struct transport *h, int l)
{
	for (int i = 0; i < REST_RUNS_MAX && h->lanes[l].rest && !backlogged(h, l); i++) {
		h->lanes[l].moved = false;
		lane_run(&h->lanes[l].lane);
		h->lanes[l].rest = h->lanes[l].moved;
	}
}

/* Lets curl work on the sockets that are ready; `polls` is in the order of gather(). */
static void run_lanes(struct transport *h, const struct pollfd *polls, size_t n)
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
	for (int l = 0; l < KUBE_LANES; l++)
		run_rest(h, l);
}

/* Tells the crash tests about writes that have left. */
static void count_sent(struct transport *h)
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

void transport_set_poll(struct transport *h, kube_poll_fn fn, void *ctx)
{
	h->poll = fn;
	h->poll_ctx = ctx;
}

void transport_set_pace(struct transport *h, int gap_ms)
{
	h->gap_ms = gap_ms;
}

/* Lets some time pass, when the waits follow one another too fast. */
static void rest(struct transport *h, int timeout_ms)
{
	if (h->gap_ms == 0 || timeout_ms == 0)
		return;
	int64_t left = pace_next(&h->pace, h->gap_ms, KUBE_PACE_BURST, clock_boot_ms());
	if (left > 0)
		poll(NULL, 0, timeout_ms > 0 && timeout_ms < left ? timeout_ms : (int)left);
}

int transport_wait(struct transport *h, struct pollfd *fds, size_t n, int timeout_ms)
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

void transport_free(struct transport *h)
{
	if (h == NULL)
		return;
	for (int i = 0; i < KUBE_LANES; i++) {
		for (struct transfer *t; (t = TAILQ_FIRST(&h->lanes[i].transfers)) != NULL;)
			transfer_forget(t);
		drop_spares(h, i);
		lane_done(&h->lanes[i].lane);
	}
	free(h->polls);
	free(h->user_agent);
	free(h);
}
