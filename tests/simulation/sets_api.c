/*
 * The pretend API server: every change gets a resourceVersion and an event, which the
 * core sees later; a write is executed later and answered later, or its answer is lost.
 */
#include <string.h>

#include "api/tables.h"

#include "tests/simulation/sets.h"

/* ---- the watch ---- */

static void say(struct sim *s, enum kind kind, bool gone, const char *name, const void *obj)
{
	struct sim_event *e = &s->events[s->tail++ % EVENTS_MAX];
	if (s->tail - s->head > EVENTS_MAX)
		sim_fail(&s->run, "more events than the ring holds");
	*e = (struct sim_event){
		.kind = kind,
		.gone = gone,
		.at_ms = s->run.boot_ms + s->lag_ms,
		.name = arena_strdup(&s->mem, name),
		.obj = gone ? NULL : desc_clone(kinds[kind].desc, obj, &s->mem),
	};
	if (s->tail - s->head > 1) {
		/* In order, however the lag changes. */
		int64_t before = s->events[(s->tail - 2) % EVENTS_MAX].at_ms;
		e->at_ms = e->at_ms > before ? e->at_ms : before;
	}
}

void api_changed_image(struct sim *s, struct sim_image *i)
{
	i->o.meta.rv = ++s->rv;
	say(s, KIND_CACHEDIMAGE, false, i->o.meta.name, &i->o);
}

void api_changed_set(struct sim *s, struct sim_set *set)
{
	set->o.meta.rv = ++s->rv;
	say(s, KIND_CACHEDIMAGESET, false, set->o.meta.name, &set->o);
}

void api_changed_policy(struct sim *s, struct sim_policy *p)
{
	p->o.meta.rv = ++s->rv;
	say(s, KIND_DISCOVERYPOLICY, false, p->o.meta.name, &p->o);
}

void api_remove_image(struct sim *s, struct sim_image *i)
{
	i->exists = false;
	say(s, KIND_CACHEDIMAGE, true, i->o.meta.name, NULL);
}

void api_remove_set(struct sim *s, struct sim_set *set)
{
	set->exists = false;
	say(s, KIND_CACHEDIMAGESET, true, set->o.meta.name, NULL);
}

void api_remove_policy(struct sim *s, struct sim_policy *p)
{
	p->exists = false;
	say(s, KIND_DISCOVERYPOLICY, true, p->o.meta.name, NULL);
}

struct sim_image *api_image(struct sim *s, struct sim_image *list, const char *name)
{
	(void)s;
	for (size_t i = 0; i < IMAGES_MAX; i++)
		if (list[i].exists && strcmp(list[i].o.meta.name, name) == 0)
			return &list[i];
	return NULL;
}

static struct sim_image *free_image(struct sim *s, struct sim_image *list)
{
	for (size_t i = 0; i < IMAGES_MAX; i++)
		if (!list[i].exists)
			return &list[i];
	sim_fail(&s->run, "more images than there is room for");
	return &list[0];
}

struct sim_image *api_add_image(struct sim *s, const struct cachedimage *o)
{
	struct sim_image *i = free_image(s, s->image);
	const struct cachedimage *copy = desc_clone(&cachedimage_desc, o, &s->mem);
	*i = (struct sim_image){.exists = true, .o = *copy};
	i->o.meta.uid = arena_printf(&s->mem, "i%d", (int)++s->uids);
	i->o.meta.generation = 1;
	i->o.meta.created = sim_now(s).wall_s;
	api_changed_image(s, i);
	return i;
}

/* ---- what the core has seen ---- */

static void see_image(struct sim *s, const char *name, const struct cachedimage *o)
{
	struct sim_image *i = api_image(s, s->seen_image, name);
	if (i == NULL && o != NULL)
		i = free_image(s, s->seen_image);
	if (i != NULL)
		*i = (struct sim_image){.exists = o != NULL};
	if (o != NULL)
		i->o = *o;
}

static void see(struct sim *s, const struct sim_event *e)
{
	if (e->kind == KIND_CACHEDIMAGE) {
		see_image(s, e->name, e->obj);
	} else if (e->kind == KIND_CACHEDIMAGESET) {
		struct sim_set *set = &s->seen_set[e->name[1] - '0'];
		set->exists = !e->gone;
		if (!e->gone)
			set->o = *(const struct cachedimageset *)e->obj;
	} else {
		struct sim_policy *p = &s->seen_policy[e->name[1] - '0'];
		p->exists = !e->gone;
		if (!e->gone)
			p->o = *(const struct discoverypolicy *)e->obj;
	}
}

void api_deliver(struct sim *s)
{
	while (s->head != s->tail && s->events[s->head % EVENTS_MAX].at_ms <= s->run.boot_ms) {
		struct sim_event *e = &s->events[s->head++ % EVENTS_MAX];
		see(s, e);
		if (e->gone)
			sets_gone(s->sets, e->kind, e->name, sim_now(s));
		else
			sets_put(s->sets, e->kind, e->obj, sim_now(s));
		s->touched = true;
	}
}

void api_read_all(struct sim *s)
{
	s->head = s->tail;
	memcpy(s->seen_set, s->set, sizeof(s->set));
	memcpy(s->seen_policy, s->policy, sizeof(s->policy));
	memcpy(s->seen_image, s->image, sizeof(s->image));
	sets_mark(s->sets);
	for (size_t i = 0; i < SETS_MAX; i++)
		if (s->set[i].exists)
			sets_put(s->sets, KIND_CACHEDIMAGESET, &s->set[i].o, sim_now(s));
	for (size_t i = 0; i < POLICIES_MAX; i++)
		if (s->policy[i].exists)
			sets_put(s->sets, KIND_DISCOVERYPOLICY, &s->policy[i].o, sim_now(s));
	for (size_t i = 0; i < IMAGES_MAX; i++)
		if (s->image[i].exists)
			sets_put(s->sets, KIND_CACHEDIMAGE, &s->image[i].o, sim_now(s));
	sets_sweep(s->sets, sim_now(s));
}

/* ---- writes ---- */

static void do_create(struct sim *s, struct sim_job *j)
{
	struct sim_image *there = api_image(s, s->image, j->w.name);
	if (there != NULL) {
		j->result = sets_same_child(&s->mem, &there->o, j->w.child)  ? SET_DONE
			    : sets_adoptable(&s->mem, &there->o, j->w.child) ? SET_FAILED
									     : SET_TAKEN;
		return;
	}
	check_create(s, &j->w);
	s->n_creates++;
	j->result = SET_DONE;
	j->rv = api_add_image(s, j->w.child)->o.meta.rv;
}

/* 58. Its preconditions are uid and resourceVersion. */
static void do_adopt(struct sim *s, struct sim_job *j)
{
	struct sim_image *i = api_image(s, s->image, j->w.name);
	j->result = SET_GONE;
	if (i == NULL || strcmp(i->o.meta.uid, j->w.uid) != 0 || i->o.meta.rv != j->w.rv)
		return;
	check_adopt(s, &j->w, i);
	s->n_adopts++;
	i->foreign = false;
	i->o.meta.owners = j->w.child->meta.owners;
	api_changed_image(s, i);
	j->result = SET_DONE;
	j->rv = i->o.meta.rv;
}

static void do_patch(struct sim *s, struct sim_job *j)
{
	struct sim_image *i = api_image(s, s->image, j->w.name);
	j->result = SET_GONE;
	if (i == NULL || strcmp(i->o.meta.uid, j->w.uid) != 0)
		return;
	s->n_patches++;
	const struct cachedimage *want = j->w.child;
	i->o.meta.labels = want->meta.labels;
	i->o.spec.image_pull_policy = want->spec.image_pull_policy;
	i->o.spec.node_selector = want->spec.node_selector;
	i->o.spec.policy_ref = want->spec.policy_ref;
	i->o.meta.generation++;
	api_changed_image(s, i);
	j->result = SET_DONE;
	j->rv = i->o.meta.rv;
}

static void do_delete(struct sim *s, struct sim_job *j)
{
	struct sim_image *i = api_image(s, s->image, j->w.name);
	j->result = SET_DONE;
	if (i == NULL || strcmp(i->o.meta.uid, j->w.uid) != 0)
		return;
	s->n_deletes++;
	api_remove_image(s, i);
}

static void do_status(struct sim *s, struct sim_job *j)
{
	struct sim_set *set = &s->set[j->w.name[1] - '0'];
	j->result = SET_GONE;
	if (!set->exists || strcmp(set->o.meta.uid, j->w.uid) != 0)
		return;
	set->o.status = *j->w.status;
	api_changed_set(s, set);
	j->result = SET_DONE;
	j->rv = set->o.meta.rv;
}

static void execute(struct sim *s, struct sim_job *j)
{
	static void (*const verbs[])(struct sim *, struct sim_job *) = {
		[SET_CREATE] = do_create, [SET_ADOPT] = do_adopt,   [SET_PATCH] = do_patch,
		[SET_DELETE] = do_delete, [SET_STATUS] = do_status,
	};
	static const char *const names[] = {"create", "adopt", "patch", "delete", "status"};
	j->done = true;
	verbs[j->w.verb](s, j);
	sim_trace(&s->run, "%s %s: %d%s", names[j->w.verb], j->w.name, (int)j->result,
		  j->lost ? ", answer lost" : "");
}

size_t api_room(const struct sim *s)
{
	size_t n = 0;
	for (size_t i = 0; i < JOBS_MAX; i++)
		n += !s->jobs[i].used;
	return n;
}

void api_send(struct sim *s, const struct set_write *w)
{
	struct sim_job *j = s->jobs;
	while (j->used)
		j++;
	*j = (struct sim_job){.used = true, .w = *w};
	j->w.set = arena_strdup(&s->mem, w->set);
	j->w.name = arena_strdup(&s->mem, w->name);
	j->w.uid = arena_strdup(&s->mem, w->uid);
	if (w->child != NULL)
		j->w.child = desc_clone(&cachedimage_desc, w->child, &s->mem);
	if (w->status != NULL)
		j->w.status = desc_clone(&cachedimageset_status_desc, w->status, &s->mem);
	j->exec_ms = s->run.boot_ms + (s->faults ? (int64_t)sim_random(&s->run, 2000) : 0);
	j->answer_ms = j->exec_ms + (s->faults ? (int64_t)sim_random(&s->run, 2000) : 0);
	j->lost = s->faults && sim_chance(&s->run, 100);
	if (s->faults && sim_chance(&s->run, 50))
		j->exec_ms = INT64_MAX; /* it never arrives */
}

void api_jobs(struct sim *s)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct sim_job *j = &s->jobs[i];
		if (j->used && !j->done && s->run.boot_ms >= j->exec_ms)
			execute(s, j);
		if (!j->used || s->run.boot_ms < j->answer_ms)
			continue;
		j->used = false;
		s->touched = true;
		sets_answered(s->sets, j->w.verb, j->w.name, j->w.uid,
			      j->done && !j->lost ? j->result : SET_FAILED, j->rv, "refused",
			      sim_now(s));
	}
}

void api_drop_jobs(struct sim *s)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct sim_job *j = &s->jobs[i];
		if (j->used && !j->done && sim_chance(&s->run, 500))
			execute(s, j);
		j->used = false;
	}
}
