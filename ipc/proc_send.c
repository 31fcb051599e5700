/*
 * Requests, answers and publications on their way out: checked against the catalogue,
 * encoded once, counted as an effect, mirrored while drop-tap listens.
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
	buf_clear(&p->frame, PROC_BUF_KEEP);
	if (msg_encode(MSG_tap_frame, p->def->id, &frame, &p->frame, NULL) != 0 ||
	    bus_send(p->tap, NULL, 0, p->frame.data, p->frame.len, NULL) != 0)
		p->stats.at[STAT_tap_lost]++;
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

static int send_message(struct proc *p, struct bus_socket *s, enum proc_id to, enum msg_type type,
			const void *body, const uint32_t *route, uint8_t words, struct err *err)
{
	buf_clear(&p->out, PROC_BUF_KEEP);
	if (msg_encode(type, p->def->id, body, &p->out, err) != 0)
		return -1;
	if (bus_send(s, route, words, p->out.data, p->out.len, err) != 0)
		return err_wrap(err, "%s to %s", messages[type].name, proc_id_name(to));
	p->stats.at[STAT_messages_sent]++;
	effect_count();
	proc_mirror(p, to, true, p->out.data, p->out.len);
	return 0;
}

static struct pending *pending_free(struct proc *p)
{
	for (size_t i = 0; i < PROC_REQUESTS_MAX; i++)
		if (!p->pending[i].used)
			return &p->pending[i];
	return NULL;
}

static int request(struct proc *p, enum proc_id to, enum msg_type type, const void *body,
		   uint64_t tag, int64_t deadline_ms, struct err *err)
{
	struct bus_socket *s = p->peers[to].req;
	struct pending *slot = pending_free(p);
	if (s == NULL)
		return err_set(err, ERR_BUG, "%s: no handler for its answer", messages[type].name);
	if (bus_peers(s) == 0)
		return err_set(err, ERR_RETRY, "%s is not connected", proc_id_name(to));
	if (slot == NULL)
		return err_set(err, ERR_RETRY, "%d requests are unanswered", PROC_REQUESTS_MAX);
	const uint32_t id = ++p->last_request | 0x80000000U;
	const unsigned losses = bus_losses(s);
	if (send_message(p, s, to, type, body, &id, 1, err) != 0)
		return -1;
	*slot = (struct pending){true, id, to, messages[type].reply, tag, deadline_ms, losses};
	p->n_pending++;
	return 0;
}

int proc_request(struct proc *p, enum proc_id to, enum msg_type type, const void *body,
		 uint64_t tag, int64_t deadline_ms, struct err *err)
{
	if (check(p, type, MSG_REQ, to, err) == 0 &&
	    request(p, to, type, body, tag, deadline_ms, err) == 0)
		return 0;
	p->stats.at[STAT_requests_refused]++;
	return -1;
}

int proc_reply(struct proc *p, const struct reply_to *to, enum msg_type type, const void *body,
	       struct err *err)
{
	if (check(p, type, MSG_REP, to->to, err) == 0 && messages[to->request].reply == type &&
	    send_message(p, p->rep, to->to, type, body, to->header, to->words, err) == 0)
		return 0;
	p->stats.at[STAT_answers_lost]++;
	return -1;
}

void proc_publish(struct proc *p, enum msg_type type, const void *body)
{
	struct err err;
	if (check(p, type, MSG_PUB, PROC_NONE, &err) != 0 ||
	    send_message(p, p->pub, PROC_NONE, type, body, NULL, 0, &err) != 0)
		log_debug("not published, ignoring", LS("error", err.text));
}
