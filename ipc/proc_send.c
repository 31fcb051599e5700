/*
 * Sent requests, answers and publications: checked against the catalogue, encoded once, copied
 * while dropctl tap is connected. Publications are sent at once; requests and answers in bundles,
 * one per peer, at the end of the turn. Each of these is one effect.
 */
#include "ipc/proc_impl.h"

#include <string.h>

#include "base/effect.h"
#include "base/log.h"

void proc_mirror(struct proc *p, enum proc_id peer, bool sent, const void *bytes, size_t len)
{
	if (p->tap == NULL || bus_peers(p->tap) == 0)
		return;
	const struct msg_tap_frame frame = {
		.peer = peer, .sent = sent, .frame = {.data = bytes, .len = len}};
	buf_clear(&p->mirror, PROC_BUF_KEEP);
	if (msg_encode(MSG_tap_frame, p->def->id, &frame, &p->mirror, NULL) != 0 ||
	    bus_send(p->tap, NULL, 0, p->mirror.data, p->mirror.len, NULL) != 0)
		metric_add(&p->metrics, METRIC_tap_lost_total, 1, NULL);
}

/* Is this what the catalogue lets us send in this way? Anything else is a bug of ours. */
static int check(const struct proc *p, enum msg_type type, enum msg_pattern pattern,
		 enum proc_id to, struct err *err)
{
	if (type <= MSG_none || type >= MSG_COUNT)
		return err_set(err, ERR_BUG, "no message %d", (int)type);
	const struct msg_info *row = &messages[type];
	if (row->pattern != pattern || !msg_party(row->from, row->to, p->def->id) ||
	    (pattern != MSG_PUB && !msg_party(row->to, row->from, to)))
		return err_set(err, ERR_BUG, "%s may not send %s to %s in this way", p->def->name,
			       row->name, proc_id_name(to));
	return 0;
}

/* ---- bundles ---- */

/* A request that was not sent gets no answer; its handler is called at the next turn. */
static void give_up(struct proc *p, enum proc_id peer)
{
	for (size_t i = 0; i < PROC_ALL_REQUESTS_MAX; i++)
		if (p->pending[i].used && p->pending[i].bundled && p->pending[i].peer == peer)
			p->pending[i].deadline_ms = 0;
}

static void flush(struct proc *p, struct bus_socket *s, struct outbox *out)
{
	struct err err;
	if (out->n == 0)
		return;
	/* Nothing waits in a socket for a peer that has left meanwhile. */
	bool sent = bus_peers(s) > 0 && bus_send(s, out->route, out->words, out->bundle.data,
						 out->bundle.len, &err) == 0;
	if (sent) {
		metric_add(&p->metrics, METRIC_messages_sent_total, (int64_t)out->n, NULL);
		metric_add(&p->metrics, METRIC_bundles_sent_total, 1, NULL);
		effect_count();
	} else if (s == p->rep) {
		metric_add(&p->metrics, METRIC_answers_lost_total, (int64_t)out->n, NULL);
	}
	for (int q = 0; q < PROC_COUNT && !sent; q++)
		if (s == p->peers[q].req)
			give_up(p, (enum proc_id)q);
	out->n = 0;
	buf_clear(&out->bundle, PROC_BUF_KEEP);
}

void proc_flush(struct proc *p)
{
	flush(p, p->rep, &p->answers);
	for (int q = 0; q < PROC_COUNT; q++)
		flush(p, p->peers[q].req, &p->peers[q].out);
	for (size_t i = 0; i < PROC_ALL_REQUESTS_MAX && p->n_pending > 0; i++)
		p->pending[i].bundled = false;
}

static void set_route(struct outbox *out, const uint32_t *route, uint8_t words)
{
	memcpy(out->route, route, words * sizeof(*route));
	out->words = words;
}

/* Adds a message to the bundle for a peer. */
static int bundle(struct proc *p, struct bus_socket *s, struct outbox *out, enum proc_id to,
		  enum msg_type type, const void *body, uint32_t id, struct err *err)
{
	size_t start = out->bundle.len;
	bundle_begin(&out->bundle);
	if (msg_encode(type, p->def->id, body, &out->bundle, err) != 0) {
		out->bundle.len = start;
		return -1;
	}
	bundle_end(&out->bundle, start, id);
	out->n++;
	const char *message = out->bundle.data + start + BUNDLE_HEAD;
	proc_mirror(p, to, true, message, out->bundle.len - start - BUNDLE_HEAD);
	if (out->bundle.len >= BUNDLE_FULL)
		flush(p, s, out);
	return 0;
}

/* ---- requests and answers ---- */

/* A free place, if the peer may have one more. */
static struct pending *pending_free(struct proc *p, enum proc_id peer)
{
	struct pending *free_one = NULL;
	size_t n = 0;
	for (size_t i = 0; i < PROC_ALL_REQUESTS_MAX; i++) {
		if (!p->pending[i].used)
			free_one = &p->pending[i];
		else if (p->pending[i].peer == peer)
			n++;
	}
	return n < PROC_REQUESTS_MAX ? free_one : NULL;
}

bool proc_connected(const struct proc *p, enum proc_id to)
{
	return p->peers[to].req != NULL && bus_peers(p->peers[to].req) != 0;
}

static int request(struct proc *p, enum proc_id to, enum msg_type type, const void *body,
		   uint64_t tag, int64_t deadline_ms, struct err *err)
{
	struct bus_socket *s = p->peers[to].req;
	struct pending *slot = pending_free(p, to);
	if (s == NULL)
		return err_set(err, ERR_BUG, "%s: no handler for its answer", messages[type].name);
	if (bus_peers(s) == 0)
		return err_set(err, ERR_RETRY, "%s is not connected", proc_id_name(to));
	if (slot == NULL)
		return err_set(err, ERR_RETRY, "%s: too many requests are unanswered",
			       proc_id_name(to));
	const uint32_t id = ++p->last_request | 0x80000000U;
	struct outbox *out = &p->peers[to].out;
	*slot = (struct pending){.used = true,
				 .bundled = true,
				 .id = id,
				 .peer = to,
				 .reply = messages[type].reply,
				 .tag = tag,
				 .deadline_ms = deadline_ms,
				 .losses = bus_losses(s)};
	p->n_pending++;
	if (out->n == 0)
		set_route(out, &id, 1);
	if (bundle(p, s, out, to, type, body, id, err) == 0)
		return 0;
	slot->used = false;
	p->n_pending--;
	return -1;
}

int proc_request(struct proc *p, enum proc_id to, enum msg_type type, const void *body,
		 uint64_t tag, int64_t deadline_ms, struct err *err)
{
	if (check(p, type, MSG_REQ, to, err) == 0 &&
	    request(p, to, type, body, tag, deadline_ms, err) == 0)
		return 0;
	metric_add(&p->metrics, METRIC_requests_refused_total, 1, NULL);
	return -1;
}

static int reply(struct proc *p, const struct reply_to *to, enum msg_type type, const void *body,
		 struct err *err)
{
	struct outbox *out = &p->answers;
	if (!bus_reaches(to->header, to->words))
		return err_set(err, ERR_GONE, "the asking process has gone");
	if (out->n > 0 && out->route[0] != to->header[0])
		flush(p, p->rep, out);
	if (out->n == 0)
		set_route(out, to->header, to->words);
	return bundle(p, p->rep, out, to->to, type, body, to->id, err);
}

int proc_reply(struct proc *p, const struct reply_to *to, enum msg_type type, const void *body,
	       struct err *err)
{
	if (check(p, type, MSG_REP, to->to, err) == 0 && messages[to->request].reply == type &&
	    reply(p, to, type, body, err) == 0)
		return 0;
	metric_add(&p->metrics, METRIC_answers_lost_total, 1, NULL);
	return -1;
}

/* ---- publications ---- */

static int publish(struct proc *p, enum msg_type type, const void *body, struct err *err)
{
	buf_clear(&p->out, PROC_BUF_KEEP);
	if (check(p, type, MSG_PUB, PROC_NONE, err) != 0 ||
	    msg_encode(type, p->def->id, body, &p->out, err) != 0 ||
	    bus_send(p->pub, NULL, 0, p->out.data, p->out.len, err) != 0)
		return -1;
	metric_add(&p->metrics, METRIC_messages_sent_total, 1, NULL);
	effect_count();
	proc_mirror(p, PROC_NONE, true, p->out.data, p->out.len);
	return 0;
}

void proc_publish(struct proc *p, enum msg_type type, const void *body)
{
	struct err err;
	if (publish(p, type, body, &err) != 0)
		log_debug("not published, ignoring", LS("message", messages[type].name),
			  LS("error", err.text));
}
