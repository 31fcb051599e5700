/*
 * Steps wait in one array, in the order of their time and, at one time, of their coming.
 * A step that lasts `for` a while puts itself in again with `end`.
 */
#include "sim/play/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/xalloc.h"

#include "api/desc.h"

#include "sim/play/api_faults.h"
#include "sim/play/by_hand.h"
#include "sim/play/clockfile.h"
#include "sim/nodes/nodes.h"
#include "sim/nodes/registry.h"
#include "sim/scenario/tables.h"
#include "sim/store/copy.h"

/* Scheduled ends come on top of the steps themselves. */
#define WAITING_MAX ((size_t)2 * SIM_STEPS_MAX)
#define MS_NS       1000000LL
#define NS_DEFAULT  "default" /* of an object that names none */

struct waiting {
	int64_t at_ms; /* boot */
	struct sim_step *step;
	struct arena arena; /* its texts */
};

struct rule { /* that a step api-fault added */
	uint64_t id;
	struct sim_api_fault *row;
	struct arena arena;
};

struct timeline {
	struct sim_world world;
	int64_t began_ms;
	struct waiting *waiting; /* sorted */
	size_t n, cap;
	struct rule rules[SIM_FAULTS_MAX];
	size_t n_rules;
	struct store_copy *backup; /* NULL: none yet */
	size_t done, failed;
	struct timeline_event events[TIMELINE_EVENTS];
	size_t n_events; /* in all */
};

struct timeline *timeline_new(const struct sim_world *world)
{
	struct timeline *t = xcalloc(1, sizeof(*t));
	t->world = *world;
	return t;
}

void timeline_free(struct timeline *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		arena_done(&t->waiting[i].arena);
	for (size_t i = 0; i < t->n_rules; i++)
		arena_done(&t->rules[i].arena);
	free(t->waiting);
	store_copy_free(t->backup);
	free(t);
}

/* ---- faults of the API ---- */

static int fault_begin(struct timeline *t, const struct sim_api_fault *row, struct err *err)
{
	/* A rule that is used up keeps its place here until it is ended. */
	if (t->n_rules == SIM_FAULTS_MAX)
		return err_set(err, ERR_TERMINAL, "%d faults of the API already: api-heal first",
			       SIM_FAULTS_MAX);
	struct rule *r = &t->rules[t->n_rules];
	if (faults_add(t->world.faults, row, &r->id, err) != 0)
		return -1;
	r->arena = (struct arena)ARENA_INIT;
	r->row = desc_clone(&sim_api_fault_desc, row, &r->arena);
	t->n_rules++;
	return 0;
}

/* The latest that is just so. */
static int fault_end(struct timeline *t, const struct sim_api_fault *row, struct err *err)
{
	for (size_t i = t->n_rules; i-- > 0;) {
		if (!desc_equal(&sim_api_fault_desc, t->rules[i].row, row))
			continue;
		faults_remove(t->world.faults, t->rules[i].id);
		arena_done(&t->rules[i].arena);
		t->n_rules--;
		memmove(&t->rules[i], &t->rules[i + 1], (t->n_rules - i) * sizeof(t->rules[0]));
		return 0;
	}
	return err_set(err, ERR_TERMINAL, "there is no such api-fault to end");
}

/* What would have ended one of them later has nothing left to do. */
static void fault_heal(struct timeline *t)
{
	size_t kept = 0;
	faults_clear(t->world.faults);
	for (size_t i = 0; i < t->n_rules; i++)
		arena_done(&t->rules[i].arena);
	t->n_rules = 0;
	for (size_t i = 0; i < t->n; i++) {
		struct waiting *w = &t->waiting[i];
		if (w->step->end && strcmp(w->step->what, "api-fault") == 0)
			arena_done(&w->arena);
		else
			t->waiting[kept++] = *w;
	}
	t->n = kept;
}

static int do_fault(struct timeline *t, const struct sim_step *s, struct err *err)
{
	if (strcmp(s->api->kind, "expire") == 0) {
		if (t->world.store == NULL)
			return err_set(err, ERR_TERMINAL, "there is no API server here");
		store_expire(t->world.store);
		return 0;
	}
	if (strcmp(s->api->kind, "drop-watch") == 0) {
		if (t->world.drop_watches != NULL)
			t->world.drop_watches(t->world.ctx, s->api);
		return 0;
	}
	return s->end ? fault_end(t, s->api, err) : fault_begin(t, s->api, err);
}

/* ---- objects ---- */

struct named {
	const struct resource *res;
	const char *ns, *name;
	cJSON *tree; /* owner of the texts */
};

static int name_object(const char *json, struct named *ret, struct err *err)
{
	cJSON *tree = cJSON_Parse(json);
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(tree, "metadata");
	const char *version =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "apiVersion"));
	const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "kind"));
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, "name"));
	const char *ns = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, "namespace"));
	const struct resource *res =
		version != NULL && kind != NULL ? resource_of_kind(version, kind) : NULL;
	if (res == NULL || name == NULL) {
		cJSON_Delete(tree);
		err_set(err, ERR_TERMINAL, "the object needs apiVersion, kind and metadata.name");
		return -1;
	}
	*ret = (struct named){res,
			      !res->namespaced ? ""
			      : ns != NULL     ? ns
					       : NS_DEFAULT,
			      name, tree};
	return 0;
}

static int refused(const struct named *o, const struct api_error *e, struct err *err)
{
	return err_set(err, ERR_TERMINAL, "%s %s: %s", o->res->kind, o->name, e->message);
}

/* Spec and status are two writes, as with a real server; a status in a file is the state that
 * a scene begins with. */
static int apply_object(struct store *store, const char *json, struct now now, struct err *err)
{
	struct named o;
	struct api_error e = {0};
	const struct object *made;
	if (name_object(json, &o, err) != 0)
		return -1;
	struct write w = {.res = o.res, .ns = o.ns, .name = o.name};
	int rc = store_get(store, o.res, o.ns, o.name) != NULL
			 ? store_patch(store, &w, o.tree, now, &made, &e)
			 : store_create(store, o.res, o.ns, o.tree, now, &made, &e);
	if (rc == 0 && o.res->has_status && cJSON_HasObjectItem(o.tree, "status")) {
		w.status = true;
		rc = store_patch(store, &w, o.tree, now, &made, &e);
	}
	if (rc != 0)
		refused(&o, &e, err);
	cJSON_Delete(o.tree);
	return rc;
}

static int delete_object(struct store *store, const char *json, struct now now, struct err *err)
{
	struct named o;
	struct api_error e = {0};
	const struct object *left;
	const struct deletion d = {.grace_s = -1, .how = PROPAGATE_BACKGROUND};
	if (name_object(json, &o, err) != 0)
		return -1;
	int rc = store_delete(store, o.res, o.ns, o.name, &d, now, &left, &e);
	if (rc != 0)
		refused(&o, &e, err);
	cJSON_Delete(o.tree);
	return rc;
}

static int restore(struct timeline *t, struct now now, struct err *err)
{
	if (t->backup == NULL)
		return err_set(err, ERR_TERMINAL, "etcd-restore: there was no etcd-backup");
	store_restore(t->world.store, t->backup);
	if (t->world.restored != NULL)
		t->world.restored(t->world.ctx, now);
	return 0;
}

static void back_up(struct timeline *t)
{
	store_copy_free(t->backup);
	t->backup = store_copy_new(t->world.store);
}

/* ---- the operator's clocks ---- */

static int jump(const char *path, const struct sim_step *s, struct err *err)
{
	struct clock_offsets at = {0};
	if (path == NULL)
		return err_set(err, ERR_TERMINAL, "clock-jump needs --clock-file");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_TERMINAL, "%s: %s", path, strerror(errno));
	int64_t by = (s->end ? -s->by_ms : s->by_ms) * MS_NS;
	ssize_t had = pread(fd, &at, sizeof(at), 0);
	at.wall += by;
	if (strcmp(s->clock, "sleep") == 0)
		at.boot += by;
	ssize_t put = had < 0 ? -1 : pwrite(fd, &at, sizeof(at), 0);
	close(fd);
	return put == (ssize_t)sizeof(at)
		       ? 0
		       : err_set(err, ERR_TERMINAL, "%s: cannot be written", path);
}

/* ---- steps ---- */

/* A step that ends another has a name of its own where there is one. */
static struct sim_step spoken(const struct sim_step *s)
{
	static const struct {
		const char *begins, *ends;
	} pairs[] = {
		{"node-notready", "node-ready"},
		{"node-vanish", "node-join"},
		{"registry-fault", "registry-heal"},
	};
	struct sim_step out = *s;
	for (size_t i = 0; s->end && i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (strcmp(s->what, pairs[i].begins) != 0)
			continue;
		out.what = pairs[i].ends;
		out.end = false;
	}
	return out;
}

static int do_step(struct timeline *t, const struct sim_step *step, struct now now, struct err *err)
{
	const struct sim_world *w = &t->world;
	struct sim_step s = spoken(step);
	int kind = sim_step_kind(s.what);
	bool of_store = kind == SIM_STEP_APPLY || kind == SIM_STEP_DELETE ||
			kind == SIM_STEP_ETCD_BACKUP || kind == SIM_STEP_ETCD_RESTORE;
	bool by_hand = kind == SIM_STEP_NODE_STATUS || kind == SIM_STEP_POD_STATUS ||
		       kind == SIM_STEP_POD_MUTATE;
	bool of_faults = kind == SIM_STEP_API_FAULT || kind == SIM_STEP_API_HEAL;
	if ((of_store && w->store == NULL) || (of_faults && w->faults == NULL) ||
	    (by_hand && w->by_hand == NULL))
		return err_set(err, ERR_TERMINAL, "%s: there is no API server here", s.what);
	switch (kind) {
	case SIM_STEP_IMAGE_SET:
	case SIM_STEP_IMAGE_REMOVE:
	case SIM_STEP_REGISTRY_FAULT:
	case SIM_STEP_REGISTRY_HEAL:
		return registries_step(w->registries, &s, err);
	case SIM_STEP_API_FAULT:
		return do_fault(t, &s, err);
	case SIM_STEP_API_HEAL:
		fault_heal(t);
		return 0;
	case SIM_STEP_APPLY:
		return apply_object(w->store, s.object, now, err);
	case SIM_STEP_DELETE:
		return delete_object(w->store, s.object, now, err);
	case SIM_STEP_ETCD_BACKUP:
		back_up(t);
		return 0;
	case SIM_STEP_ETCD_RESTORE:
		return restore(t, now, err);
	case SIM_STEP_CLOCK_JUMP:
		return jump(w->clock_file, &s, err);
	case SIM_STEP_NODE_STATUS:
	case SIM_STEP_POD_STATUS:
	case SIM_STEP_POD_MUTATE:
		return by_hand_step(w->by_hand, &s, now, err);
	default: /* the rest is about nodes; the reader let no other name through */
		return nodes_step(w->nodes, &s, now, err);
	}
}

static int wait_for(struct timeline *t, const struct sim_step *step, int64_t at_ms, struct err *err)
{
	if (t->n == WAITING_MAX)
		return err_set(err, ERR_TERMINAL, "%zu steps wait already", t->n);
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 64 : 2 * t->cap;
		t->waiting = xreallocarray(t->waiting, t->cap, sizeof(*t->waiting));
	}
	size_t i = t->n;
	/* At one moment the old ends before the new begins. */
	while (i > 0 &&
	       (t->waiting[i - 1].at_ms > at_ms || (t->waiting[i - 1].at_ms == at_ms && step->end)))
		i--;
	memmove(&t->waiting[i + 1], &t->waiting[i], (t->n - i) * sizeof(*t->waiting));
	struct waiting *w = &t->waiting[i];
	*w = (struct waiting){.at_ms = at_ms};
	w->step = desc_clone(&sim_step_desc, step, &w->arena);
	t->n++;
	return 0;
}

/* " CachedImage nginx" of an object. */
static void add_object(const char *json, struct buf *out)
{
	struct named o;
	if (json == NULL || name_object(json, &o, NULL) != 0)
		return;
	buf_addf(out, " %s %s", o.res->kind, o.name);
	cJSON_Delete(o.tree);
}

static void tell(struct timeline *t, const struct sim_step *s, bool failed, struct now now)
{
	struct timeline_event *e = &t->events[t->n_events++ % TIMELINE_EVENTS];
	const char *words[] = {s->node, s->image, s->registry, s->fault,
			       s->api != NULL ? s->api->kind : NULL};
	struct buf b = {.limit = sizeof(e->text) - 1};
	char time[TIME_TEXT_MAX];
	buf_addf(&b, "%s%s", s->end ? "end " : "", s->what);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i] != NULL)
			buf_addf(&b, " %s", words[i]);
	add_object(s->object, &b);
	if (s->by_ms != 0) {
		duration_format(time, s->by_ms);
		buf_addf(&b, " by %s", time);
	}
	if (s->for_ms != 0) {
		duration_format(time, s->for_ms);
		buf_addf(&b, " for %s", time);
	}
	*e = (struct timeline_event){.at_ms = now.boot_ms - t->began_ms, .failed = failed};
	snprintf(e->text, sizeof(e->text), "%s", b.data);
	buf_done(&b);
}

const struct timeline_event *timeline_event(const struct timeline *t, size_t k)
{
	bool known = k < t->n_events && t->n_events - k <= TIMELINE_EVENTS;
	return known ? &t->events[k % TIMELINE_EVENTS] : NULL;
}

/* at_ms: when it was due, so that what follows from it does not drift. */
static int carry_out(struct timeline *t, const struct sim_step *step, int64_t at_ms, struct now now,
		     struct err *err)
{
	if (step->for_ms != 0 && t->n == WAITING_MAX)
		return err_set(err, ERR_TERMINAL, "%zu steps wait already", t->n);
	int rc = do_step(t, step, now, err);
	tell(t, step, rc != 0, now);
	if (rc != 0) {
		t->failed++;
		return -1;
	}
	t->done++;
	if (step->for_ms == 0)
		return 0;
	struct sim_step end = *step;
	end.end = true;
	end.for_ms = 0;
	return wait_for(t, &end, at_ms + step->for_ms, err);
}

int timeline_do(struct timeline *t, const struct sim_step *step, struct now now, struct err *err)
{
	if (step->at_ms > 0)
		return wait_for(t, step, now.boot_ms + step->at_ms, err);
	return carry_out(t, step, now.boot_ms, now, err);
}

int timeline_start(struct timeline *t, const struct sim_scenario *s, struct now now,
		   struct err *err)
{
	uint64_t id;
	t->began_ms = now.boot_ms;
	for (size_t i = 0; i < s->objects.n && t->world.store != NULL; i++)
		if (apply_object(t->world.store, s->objects.at[i], now, err) != 0)
			return -1;
	for (size_t i = 0; i < s->faults.n && t->world.faults != NULL; i++)
		if (faults_add(t->world.faults, &s->faults.at[i], &id, err) != 0)
			return -1;
	for (size_t i = 0; i < s->timeline.n; i++) {
		const struct sim_step *step = &s->timeline.at[i];
		if (wait_for(t, step, now.boot_ms + step->at_ms, err) != 0)
			return -1;
	}
	return 0;
}

int64_t timeline_turn(struct timeline *t, struct now now)
{
	while (t->n > 0 && t->waiting[0].at_ms <= now.boot_ms) {
		struct waiting w = t->waiting[0];
		struct err err;
		t->n--;
		memmove(&t->waiting[0], &t->waiting[1], t->n * sizeof(*t->waiting));
		if (carry_out(t, w.step, w.at_ms, now, &err) != 0)
			log_warn("a step failed, ignoring", LS("step", w.step->what),
				 LS("error", err.text));
		arena_done(&w.arena);
	}
	int64_t next = t->n > 0 ? t->waiting[0].at_ms : CLOCK_NEVER;
	int64_t statuses =
		t->world.by_hand != NULL ? by_hand_turn(t->world.by_hand, now) : CLOCK_NEVER;
	return statuses < next ? statuses : next;
}

struct timeline_counts timeline_counts(const struct timeline *t)
{
	return (struct timeline_counts){t->done, t->failed, t->n};
}

int64_t timeline_began(const struct timeline *t)
{
	return t->began_ms;
}
