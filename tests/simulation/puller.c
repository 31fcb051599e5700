/*
 * What becomes of actions: a request is executed some time after it was made and
 * answered some time after that; either may not happen. Whatever happens, the core
 * hears exactly one answer a request, unless it is gone.
 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An answer that does not come is a failure after this long. */
#define GIVE_UP_MS 3000
/* The core keeps the slot of an unanswered start this long at most. */
#define HELD_MS 40000

size_t sim_room(const struct sim *s)
{
	size_t n = 0;
	for (int i = 0; i < REQUESTS_MAX; i++)
		n += !s->requests[i].used;
	return n / 3 < 8 ? n / 3 : 8;
}

static struct sim_request *request_new(struct sim *s, enum request_kind kind)
{
	for (int i = 0; i < REQUESTS_MAX; i++) {
		struct sim_request *r = &s->requests[i];
		if (r->used)
			continue;
		*r = (struct sim_request){.used = true, .kind = kind};
		r->exec_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, s->faults ? 600 : 200);
		r->answer_ms = r->exec_ms + (int64_t)sim_random(&s->run, s->faults ? 1500 : 200);
		if (s->faults && sim_chance(&s->run, 60))
			r->exec_ms = -1; /* never */
		r->lost_answer = r->exec_ms < 0 || (s->faults && sim_chance(&s->run, 60));
		if (r->lost_answer)
			r->answer_ms = s->run.boot_ms + GIVE_UP_MS;
		return r;
	}
	abort();
}

struct sim_pod *sim_pod_add(struct sim *s, const struct sim_pod *pod)
{
	for (int i = 0; i < PODS_MAX; i++) {
		struct sim_pod *p = &s->pods[i];
		if (p->exists)
			continue;
		*p = *pod;
		p->exists = true;
		snprintf(p->uid, NAME, "p-%llu", (unsigned long long)++s->uids);
		p->created_ms = s->run.boot_ms;
		p->created = sim_now(s).wall_s;
		sim_say(s, KIND_POD, false, p);
		return p;
	}
	abort();
}

void sim_pod_remove(struct sim *s, struct sim_pod *pod)
{
	sim_trace(&s->run, "pod %s is gone", pod->name);
	check_unseen(s, pod);
	sim_say(s, KIND_POD, true, pod);
	pod->exists = false;
}

static void act_start(struct sim *s, const struct core_start *a)
{
	int policy;
	for (size_t i = 0; i < a->n_pulls; i++)
		sim_trace(&s->run, "START %s %s on %s attempt %s", a->pod_name,
			  a->pulls[i].reference, a->node, a->pulls[i].attempt);
	check_start(s, a, &policy);
	stopped_check_start(s, a);
	disks_check_start(s, a, policy);
	check_alone(s, a);
	check_batch(s, a);
	struct sim_request *r = request_new(s, REQ_START);
	struct sim_pod *p = &r->pod;
	r->policy = policy;
	sim_text(r->pod_name, NAME, a->pod_name);
	*p = (struct sim_pod){.labelled = true, .noted = true, .n_pulls = a->n_pulls};
	sim_text(p->name, NAME, a->pod_name);
	sim_text(p->node, NAME, a->node);
	sim_text(p->node_uid, NAME, a->node_uid);
	sim_text(p->batch, NAME, a->batch);
	for (size_t i = 0; i < a->n_pulls; i++) {
		struct sim_pull *pull = &p->pulls[i];
		sim_text(pull->image, NAME, a->pulls[i].image_name);
		sim_text(pull->image_uid, NAME, a->pulls[i].image_uid);
		sim_text(pull->reference, TEXT, a->pulls[i].reference);
		sim_text(pull->attempt, NAME, a->pulls[i].attempt);
	}
}

static void act_write(struct sim *s, const struct core_write *w)
{
	check_write(s, w);
	struct sim_request *r = request_new(s, REQ_WRITE);
	sim_text(r->image, NAME, w->image_name);
	sim_text(r->image_uid, NAME, w->image_uid);
	sim_status_from(&r->old, w->old);
	sim_status_from(&r->new, w->new);
	sim_trace(&s->run, "WRITE %s %s %s, %d left out: %s", w->image_name, w->new->phase,
		  w->new->ready, (int)w->new->nodes_skipped, w->new->conditions.at[0].message);
}

void sim_act(struct sim *s, const struct core_actions *acts)
{
	if (!s->leading && (acts->n_starts || acts->n_deletes || acts->n_writes || acts->n_opens))
		sim_fail(&s->run, "acts without leading");
	/* What the core knows of nodes came before what it starts. */
	for (size_t i = 0; i < acts->n_facts; i++) {
		check_suspects(s, &acts->facts[i]);
		check_given_up(s, &acts->facts[i]);
	}
	check_order(s, acts);
	for (size_t i = 0; i < acts->n_starts; i++)
		act_start(s, &acts->starts[i]);
	for (size_t i = 0; i < acts->n_writes; i++)
		act_write(s, &acts->writes[i]);
	for (size_t i = 0; i < acts->n_deletes; i++) {
		sim_trace(&s->run, "DELETE %s", acts->deletes[i].pod_name);
		check_delete(s, &acts->deletes[i]);
		struct sim_request *r = request_new(s, REQ_DELETE);
		sim_text(r->pod_name, NAME, acts->deletes[i].pod_name);
		sim_text(r->pod_uid, NAME, acts->deletes[i].pod_uid);
	}
	for (size_t i = 0; i < acts->n_opens; i++) {
		sim_trace(&s->run, "OPEN %s", acts->opens[i].node);
		held_check_open(s, &acts->opens[i]);
		struct sim_request *r = request_new(s, REQ_OPEN);
		sim_text(r->pod_name, NAME, acts->opens[i].node);
		sim_text(r->pod_uid, NAME, acts->opens[i].node_uid);
	}
	for (size_t i = 0; i < acts->n_checks; i++)
		asked_act(s, &acts->checks[i]);
	for (size_t i = 0; i < acts->n_facts; i++) {
		const struct core_fact *f = &acts->facts[i];
		check_fact(s, f);
		sim_trace(&s->run, "fact: %s image=%s node=%s reason=%s",
			  core_fact_infos[f->kind].text, f->image, f->node ? f->node : "",
			  f->reason ? f->reason : "");
	}
}

static void exec_start(struct sim *s, struct sim_request *r)
{
	r->result = START_MADE;
	if (sim_pod_by_name(s, r->pod.name) != NULL)
		return;
	if (s->run.boot_ms < s->refuse_until_ms) {
		r->result = START_REFUSED;
		s->refused_ms = s->run.boot_ms;
		return;
	}
	for (size_t i = 0; i < r->pod.n_pulls; i++) {
		const struct sim_image *img = sim_image_by_uid(s, r->pod.pulls[i].image_uid);
		r->pod.pulls[i].revision = img != NULL ? img->revision : 0;
	}
	check_create(s, &r->pod);
	sim_pod_add(s, &r->pod);
}

/* A merge patch: what differs between old and new is set. */
static void merge(struct sim_status *to, const struct sim_status *old, const struct sim_status *new)
{
#define MERGE(field)                                                                               \
	do {                                                                                       \
		if (memcmp(&old->field, &new->field, sizeof(new->field)) != 0)                     \
			memcpy(&to->field, &new->field, sizeof(new->field));                       \
	} while (0)
	MERGE(generation);
	MERGE(targeted);
	MERGE(ready_nodes);
	MERGE(pulling);
	MERGE(failures);
	MERGE(pulled_at);
	MERGE(attempted_at);
	MERGE(phase);
	MERGE(ready);
	MERGE(digest);
	MERGE(cached_image);
	MERGE(skipped);
	/* The object is removed as a whole. */
	if (old->asked && !new->asked) {
		memset(to->told, 0, sizeof(to->told));
		to->checked_at = to->settled_at = 0;
		to->n_platforms = 0;
	}
	MERGE(checked_at);
	MERGE(settled_at);
	MERGE(told);
	MERGE(n_platforms);
	MERGE(platforms);
	if (old->n_cached != new->n_cached ||
	    memcmp(old->cached, new->cached, sizeof(new->cached)) != 0) {
		to->n_cached = new->n_cached;
		memcpy(to->cached, new->cached, sizeof(new->cached));
	}
	if (old->n_failed != new->n_failed ||
	    memcmp(old->failed, new->failed, sizeof(new->failed)) != 0) {
		to->n_failed = new->n_failed;
		memcpy(to->failed, new->failed, sizeof(new->failed));
	}
	if (old->n_conditions != new->n_conditions ||
	    memcmp(old->conditions, new->conditions, sizeof(new->conditions)) != 0) {
		to->n_conditions = new->n_conditions;
		memcpy(to->conditions, new->conditions, sizeof(new->conditions));
	}
#undef MERGE
	to->written = true;
}

static void exec_write(struct sim *s, struct sim_request *r)
{
	struct sim_image *img = sim_image_by_uid(s, r->image_uid);
	if (img == NULL) {
		r->write_result = WRITE_GONE;
		return;
	}
	merge(&img->status, &r->old, &r->new);
	img->rv = ++s->rv;
	r->rv = img->rv;
	r->write_result = WRITE_MADE;
	sim_say(s, KIND_CACHEDIMAGE, false, img);
}

static void exec(struct sim *s, struct sim_request *r)
{
	struct sim_pod *pod;
	r->done = true;
	switch (r->kind) {
	case REQ_START:
		exec_start(s, r);
		break;
	case REQ_WRITE:
		exec_write(s, r);
		break;
	case REQ_DELETE:
		pod = sim_pod_by_name(s, r->pod_name);
		r->delete_done = true;
		if (pod != NULL && strcmp(pod->uid, r->pod_uid) == 0)
			sim_pod_remove(s, pod);
		break;
	case REQ_OPEN:
		r->open_result = held_exec_open(s, r->pod_name, r->pod_uid);
		break;
	}
}

static void answer(struct sim *s, struct sim_request *r)
{
	struct now now = sim_now(s);
	bool lost = r->lost_answer;
	s->touched = true;
	r->used = false;
	switch (r->kind) {
	case REQ_START:
		if (lost && sim_node_by_name(s, r->pod.node) != NULL)
			sim_node_by_name(s, r->pod.node)->held_ms = s->run.boot_ms + HELD_MS;
		core_started(s->core, r->pod_name, lost ? START_FAILED : r->result,
			     "exceeded quota", now);
		break;
	case REQ_WRITE:
		core_written(s->core, r->image, r->image_uid, lost ? WRITE_FAILED : r->write_result,
			     lost ? 0 : r->rv, now);
		break;
	case REQ_DELETE:
		core_deleted(s->core, r->pod_name, !lost && r->delete_done, now);
		break;
	case REQ_OPEN:
		core_opened(s->core, r->pod_name, r->pod_uid, lost ? OPEN_FAILED : r->open_result,
			    now);
		break;
	}
}

void sim_requests(struct sim *s)
{
	for (int i = 0; i < REQUESTS_MAX; i++) {
		struct sim_request *r = &s->requests[i];
		if (r->used && !r->done && r->exec_ms >= 0 && r->exec_ms <= s->run.boot_ms)
			exec(s, r);
		if (r->used && r->answer_ms <= s->run.boot_ms && (r->done || r->exec_ms < 0))
			answer(s, r);
	}
}

void sim_requests_drop(struct sim *s)
{
	for (int i = 0; i < REQUESTS_MAX; i++) {
		struct sim_request *r = &s->requests[i];
		if (r->used && !r->done && r->exec_ms >= 0 && sim_chance(&s->run, 500))
			exec(s, r);
		r->used = false;
	}
	asked_drop(s);
	for (int i = 0; i < NODES_MAX; i++)
		s->nodes[i].held_ms = 0;
}
