/*
 * Received messages. Sender, receiver and socket are checked against the catalogue here; a handler
 * gets only complete messages of its own type. All others are counted by cause, logged at a limited
 * rate, and dropped.
 */
#include "ipc/proc_impl.h"

#include "base/log.h"

static void drop(struct proc *p, enum msg_fault fault, const char *why)
{
	metric_add(&p->metrics, METRIC_messages_dropped_total, 1, LABELS(msg_fault_name(fault)));
	p->drops_unlogged++;
	if (p->now.boot_ms < p->next_drop_log_ms)
		return;
	log_warn("message dropped, ignoring", LS("reason", why), LN("count", p->drops_unlogged));
	p->drops_unlogged = 0;
	p->next_drop_log_ms = p->now.boot_ms + PROC_DROP_LOG_MS;
}

static void handle(struct proc *p, const struct msg_in *in)
{
	msg_handler handler = p->def->handlers[in->type];
	if (handler == NULL)
		drop(p, MSG_FAULT_no_handler, messages[in->type].name);
	else
		handler(p, in);
}

static void on_metrics_get(struct proc *p, const struct msg_in *in)
{
	const struct msg_metrics_get *get = in->body;
	struct msg_metrics page;
	struct err err;
	if (get->after == 0)
		proc_collect(p);
	metrics_page(&p->metrics, get, &p->arena, &page);
	if (proc_reply(p, &in->reply_to, MSG_metrics, &page, &err) != 0)
		log_debug("metrics request not answered, ignoring", LS("error", err.text));
}

static void on_request(struct proc *p, const struct bus_in *raw, uint32_t id, const struct msg *m)
{
	struct msg_in in = {.type = m->type, .from = m->from, .body = m->body};
	in.reply_to =
		(struct reply_to){.request = m->type, .to = m->from, .id = id, .words = raw->words};
	for (int i = 0; i < raw->words; i++)
		in.reply_to.header[i] = raw->route[i];
	if (m->type == MSG_metrics_get)
		on_metrics_get(p, &in);
	else
		handle(p, &in);
}

static struct pending *pending_find(struct proc *p, uint32_t id, enum proc_id peer)
{
	for (size_t i = 0; i < PROC_ALL_REQUESTS_MAX; i++)
		if (p->pending[i].used && p->pending[i].id == id && p->pending[i].peer == peer)
			return &p->pending[i];
	return NULL;
}

/* The slot is free before the handler runs: it may send the next request. */
static void finish(struct proc *p, struct pending *slot, const struct msg *m)
{
	const struct msg_in in = {.type = slot->reply,
				  .from = slot->peer,
				  .body = m != NULL ? m->body : NULL,
				  .tag = slot->tag};
	slot->used = false;
	p->n_pending--;
	handle(p, &in);
}

static void on_answer(struct proc *p, uint32_t id, const struct msg *m)
{
	struct pending *slot = pending_find(p, id, m->from);
	proc_peer_heard(p, m->from);
	if (slot == NULL)
		metric_add(&p->metrics, METRIC_answers_late_total, 1, NULL);
	else if (slot->reply != m->type)
		drop(p, MSG_FAULT_pattern, "an answer to another request");
	else
		finish(p, slot, m);
}

static void on_message(struct proc *p, const struct bus_in *raw, const struct bundle_part *part,
		       enum msg_pattern pattern)
{
	struct msg m;
	enum msg_fault fault;
	struct err err;
	if (msg_decode_why(part->data, part->len, p->def->id, &p->arena, &m, &fault, &err) != 0) {
		drop(p, fault, err.text);
		return;
	}
	if (messages[m.type].pattern != pattern) {
		drop(p, MSG_FAULT_pattern, messages[m.type].name);
		return;
	}
	metric_add(&p->metrics, METRIC_messages_received_total, 1, NULL);
	if (m.type != MSG_tap_frame)
		proc_mirror(p, m.from, false, part->data, part->len);
	if (pattern == MSG_REQ) {
		on_request(p, raw, part->id, &m);
	} else if (pattern == MSG_REP) {
		on_answer(p, part->id, &m);
	} else {
		const struct msg_in in = {.type = m.type, .from = m.from, .body = m.body};
		handle(p, &in);
	}
}

/* Returns how many messages it took; a bundle is taken whole. */
static int receive_one(struct proc *p, struct bus_socket *s, enum msg_pattern pattern)
{
	struct bus_in raw;
	if (s == NULL || !bus_recv(s, &raw))
		return 0;
	struct bundle_part part = {.data = raw.data, .len = raw.len};
	int n = 0;
	if (pattern == MSG_PUB) {
		on_message(p, &raw, &part, pattern);
	} else {
		const uint8_t *at = raw.data;
		size_t left = raw.len;
		for (; bundle_next(&at, &left, &part); n++)
			on_message(p, &raw, &part, pattern);
		if (left != 0 || n == 0)
			drop(p, MSG_FAULT_bundle, "not a bundle of messages");
	}
	bus_in_free(&raw);
	return n > 0 ? n : 1;
}

bool proc_receive(struct proc *p)
{
	int budget = PROC_MESSAGES_A_TURN;
	while (budget > 0) {
		/* One of each in turn: no peer can keep another from being heard. */
		int before = budget;
		budget -= receive_one(p, p->sub, MSG_PUB);
		budget -= receive_one(p, p->rep, MSG_REQ);
		for (int q = 0; q < PROC_COUNT; q++)
			budget -= receive_one(p, p->peers[q].req, MSG_REP);
		if (budget == before)
			return false;
	}
	return true;
}

/*
 * What the peer said before it went has been read by now; beyond PROC_MESSAGES_A_TURN it
 * counts as late, as if it had been lost with the peer.
 */
static bool hopeless(const struct proc *p, const struct pending *slot)
{
	return slot->deadline_ms <= p->now.boot_ms ||
	       slot->losses != bus_losses(p->peers[slot->peer].req);
}

void proc_expire(struct proc *p)
{
	bool silent[PROC_COUNT] = {false};
	for (size_t i = 0; i < PROC_ALL_REQUESTS_MAX && p->n_pending > 0; i++) {
		struct pending *slot = &p->pending[i];
		if (!slot->used || !hopeless(p, slot))
			continue;
		metric_add(&p->metrics, METRIC_requests_unanswered_total, 1, NULL);
		silent[slot->peer] |= slot->losses == bus_losses(p->peers[slot->peer].req);
		finish(p, slot, NULL);
	}
	for (int q = 0; q < PROC_COUNT; q++)
		if (silent[q])
			proc_peer_silent(p, (enum proc_id)q);
}

int64_t proc_next_deadline(const struct proc *p)
{
	int64_t next = CLOCK_NEVER;
	for (size_t i = 0; i < PROC_ALL_REQUESTS_MAX && p->n_pending > 0; i++)
		if (p->pending[i].used && p->pending[i].deadline_ms < next)
			next = p->pending[i].deadline_ms;
	return next;
}
