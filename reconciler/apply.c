/*
 * Executes the actions of a turn and reports their results to the core: pods are created and
 * deleted by the puller, the rest by the files beside this one. Invariant: every action is answered
 * to the core exactly once, or forgotten together with all others by apply_fence().
 */
#include "reconciler/reconciler.h"

#include "base/log.h"
#include "base/random.h"

#include "reconciler/events/event_text.h"

/* ---- requests to the puller ---- */

/* Sends; what cannot be sent is reported as failed in the same turn. -1: not sent. */
static int ask_puller(struct proc *p, enum msg_type type, const void *body, const char *pod_name,
		      int64_t until_ms)
{
	struct reconciler *r = proc_state(p);
	size_t slot = 0;
	while (slot < ASKS_MAX && r->asks[slot].tag != 0)
		slot++;
	if (slot == ASKS_MAX)
		return -1;
	uint64_t tag = ++r->asked * ASKS_MAX + slot;
	struct err err;
	if (proc_request(p, PROC_PULLER, type, body, tag, until_ms + ANSWER_GRACE_MS, &err) < 0) {
		log_debug("request to the puller not sent, retrying", LS("error", err.text));
		return -1;
	}
	r->asks[slot].tag = tag;
	snprintf(r->asks[slot].pod_name, sizeof(r->asks[slot].pod_name), "%s", pod_name);
	r->n_asks++;
	return 0;
}

/* Takes the slot of an answer back; the pod's name, or NULL if it was fenced off. */
static const char *answered(struct reconciler *r, uint64_t tag)
{
	struct ask *ask = &r->asks[tag % ASKS_MAX];
	if (ask->tag != tag)
		return NULL;
	ask->tag = 0;
	r->n_asks--;
	return ask->pod_name;
}

static struct msg_pod_note_list pod_notes(const struct api_map *map, struct arena *a)
{
	struct msg_pod_note_list list = {arena_array(a, map->n, sizeof(*list.at)), map->n};
	for (size_t i = 0; i < map->n; i++)
		list.at[i] = (struct msg_pod_note){map->at[i].key, map->at[i].value};
	return list;
}

static struct msg_start_list pulls_of(const struct core_start *s, struct arena *a)
{
	struct msg_start_list list = {arena_array(a, s->n_pulls, sizeof(*list.at)), s->n_pulls};
	for (size_t i = 0; i < s->n_pulls; i++)
		list.at[i] = (struct msg_start){.image_name = s->pulls[i].image_name,
						.image_uid = s->pulls[i].image_uid,
						.reference = s->pulls[i].reference,
						.attempt = s->pulls[i].attempt,
						.pull_policy = s->pulls[i].pull_policy};
	return list;
}

static void start_pull(struct proc *p, const struct core_start *s)
{
	struct reconciler *r = proc_state(p);
	struct now now = proc_now(p);
	struct arena *a = proc_arena(p);
	struct msg_pull_start m = {
		.session = r->takeover.id,
		.valid_until_ms = takeover_deadline(&r->takeover, now.boot_ms),
		.pod_name = s->pod_name,
		.node = s->node,
		.node_uid = s->node_uid,
		.batch = s->batch,
		.windows = s->windows,
		.pulls = pulls_of(s, a),
		.labels = pod_notes(&s->pod_metadata.labels, a),
		.annotations = pod_notes(&s->pod_metadata.annotations, a),
	};
	m.secrets.n = s->secrets.n;
	m.secrets.at = arena_array(a, s->secrets.n, sizeof(*m.secrets.at));
	for (size_t i = 0; i < s->secrets.n; i++)
		m.secrets.at[i].name = s->secrets.at[i].name;
	m.tolerations.n = s->tolerations.n;
	m.tolerations.at = arena_array(a, s->tolerations.n, sizeof(*m.tolerations.at));
	for (size_t i = 0; i < s->tolerations.n; i++) {
		const struct api_toleration *t = &s->tolerations.at[i];
		m.tolerations.at[i] = (struct msg_toleration){
			.key = t->key, .op = t->op, .value = t->value, .effect = t->effect};
	}
	metric_add(proc_metrics(p), METRIC_pull_pods_total, 1,
		   LABELS(s->n_pulls > 1 ? "several" : "one"));
	if (ask_puller(p, MSG_pull_start, &m, s->pod_name, m.valid_until_ms) < 0)
		core_started(r->core, s->pod_name, START_FAILED, "the puller is busy", now);
}

void on_pull_started(struct proc *p, const struct msg_in *in)
{
	static const enum core_start_result results[] = {
		[PULL_CREATED] = START_MADE,    [PULL_EXISTS] = START_MADE,
		[PULL_REFUSED] = START_REFUSED, [PULL_FAILED] = START_FAILED,
		[PULL_DROPPED] = START_FAILED,
	};
	struct reconciler *r = proc_state(p);
	const char *pod_name = answered(r, in->tag);
	if (pod_name == NULL)
		return;
	const struct msg_pull_started *m = in->body;
	enum core_start_result result = START_FAILED;
	if (m != NULL && m->result < sizeof(results) / sizeof(results[0]))
		result = results[m->result];
	if (m != NULL && m->result == PULL_DROPPED)
		takeover_puller_lost(&r->takeover, random_id());
	const char *text = m == NULL ? "no answer from the puller" : m->text;
	core_started(r->core, pod_name, result, text ? text : "", proc_now(p));
}

static void delete_pod(struct proc *p, const struct core_delete *d)
{
	struct reconciler *r = proc_state(p);
	struct now now = proc_now(p);
	struct msg_pod_delete m = {
		.session = r->takeover.id,
		.valid_until_ms = takeover_deadline(&r->takeover, now.boot_ms),
		.pod_name = d->pod_name,
		.pod_uid = d->pod_uid,
	};
	if (ask_puller(p, MSG_pod_delete, &m, d->pod_name, m.valid_until_ms) < 0)
		core_deleted(r->core, d->pod_name, false, now);
}

void on_pod_deleted(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const char *pod_name = answered(r, in->tag);
	if (pod_name == NULL)
		return;
	const struct msg_pod_deleted *m = in->body;
	if (m != NULL && !m->done)
		LOG_AT(write_log_level(r), "pod not deleted, retrying", LS("pod", pod_name),
		       LS("error", m->text));
	core_deleted(r->core, pod_name, m != NULL && m->done, proc_now(p));
}

/* ---- a turn ---- */

static void say(struct proc *p, const struct core_fact *f, struct arena *a)
{
	const struct core_fact_info *info = &core_fact_infos[f->kind];
	measure_fact(p, f);
	if (f->image != NULL || event_is_of_node(f)) {
		struct event_fact event =
			f->image != NULL ? event_of_image(f, a) : event_of_node(f, a);
		events_tell(p, &event);
	}
	if (f->policy != NULL) {
		struct event_fact event = event_of_policy(f, a);
		events_tell(p, &event);
	}
	LOG_AT(info->warn ? LOG_WARN : LOG_INFO, info->text, LS("image", f->image),
	       LS("policy", f->policy), LS("node", f->node), LS("reason", f->reason),
	       LS("message", f->message));
}

/* Their number may be large, so the texts of one make room for those of the next. */
static void say_all(struct proc *p, const struct core_fact *facts, size_t n)
{
	struct arena mem = ARENA_INIT;
	for (size_t i = 0; i < n; i++) {
		say(p, &facts[i], &mem);
		arena_reset(&mem);
	}
	arena_done(&mem);
}

void apply_facts(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	const struct core_fact *facts;
	size_t n = r->acting ? core_facts(r->core, FACTS_MANY, &facts) : 0;
	if (n != 0)
		say_all(p, facts, n);
}

/* Requests about pods that may be unanswered at once. */
static size_t asks_max(const struct reconciler_options *o)
{
	size_t max = ASKS_MAX;
	if (o->startup_taint != NULL || o->tolerate_startup_taint != NULL)
		max -= NODE_ASKS_MAX;
	if (o->node_condition)
		max -= NODE_SAYS_MAX;
	return max;
}

int64_t apply_turn(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	if (!r->acting)
		return CLOCK_NEVER;
	const size_t max = asks_max(&r->options), asks = max - r->n_asks;
	int64_t checks_ms;
	struct core_room room = {
		/* Deletes free what starts need: starts never take the last slots. */
		.starts = asks > max / 4 ? asks - max / 4 : 0,
		.deletes = asks,
		.writes = r->n_writes < KUBE_IN_FLIGHT_MAX ? KUBE_IN_FLIGHT_MAX - r->n_writes : 0,
		.policy_writes = POLICY_WRITES_MAX - r->n_policy_writes,
		.resolves = RESOLVES_MAX - r->n_resolves,
		.checks = registry_checks_room(p, &checks_ms),
		.opens = NODE_ASKS_MAX - r->n_node_asks,
		.conditions = NODE_SAYS_MAX - r->n_node_says,
	};
	if (room.starts > asks / 2)
		room.starts = asks / 2;
	room.deletes = asks - room.starts;
	struct core_actions actions = {0};
	int64_t next = core_turn(r->core, proc_now(p), room, proc_arena(p), &actions);
	say_all(p, actions.facts, actions.n_facts);
	metric_add(proc_metrics(p), METRIC_pulls_avoided_total, (int64_t)actions.avoided, NULL);
	metric_add(proc_metrics(p), METRIC_avoided_bytes_total, (int64_t)actions.avoided_bytes,
		   NULL);
	for (size_t i = 0; i < actions.n_writes; i++)
		image_status_write(p, &actions.writes[i]);
	for (size_t i = 0; i < actions.n_policy_writes; i++)
		policy_status_write(p, &actions.policy_writes[i]);
	for (size_t i = 0; i < actions.n_deletes; i++)
		delete_pod(p, &actions.deletes[i]);
	for (size_t i = 0; i < actions.n_starts; i++)
		start_pull(p, &actions.starts[i]);
	for (size_t i = 0; i < actions.n_resolves; i++)
		node_read(p, &actions.resolves[i]);
	for (size_t i = 0; i < actions.n_checks; i++)
		registry_check(p, &actions.checks[i]);
	for (size_t i = 0; i < actions.n_opens; i++)
		node_open(p, &actions.opens[i]);
	for (size_t i = 0; i < actions.n_conditions; i++)
		node_say(p, &actions.conditions[i]);
	return checks_ms < next ? checks_ms : next;
}

void apply_fence(struct reconciler *r)
{
	kube_close_lane(r->kube, KUBE_WRITE);
	for (size_t i = 0; i < ASKS_MAX; i++)
		r->asks[i].tag = 0;
	r->n_asks = 0;
	registry_checks_fence(r);
	node_opens_fence(r);
	node_says_fence(r);
}
