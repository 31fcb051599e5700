/*
 * Rules and the pods that wait for a status. A change of the store is only noted when it is
 * told; the status is written by by_hand_turn(), as no change may be made within another.
 */
#include "sim/play/by_hand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "base/xalloc.h"

#include "api/desc.h"

#include "sim/store/merge.h"
#include "sim/scenario/tables.h"
#include "sim/objects/texts.h"

struct rule {
	TAILQ_ENTRY(rule) of_all;
	struct sim_step *step; /* what to do; its texts are in the arena */
	struct arena arena;
	cJSON *pod; /* pod-mutate: the patch */
};

struct due { /* a pod that gets the status of a rule */
	TAILQ_ENTRY(due) of_all;
	const struct rule *rule;
	int64_t at_ms;
	char *ns, *name, *uid;
};

TAILQ_HEAD(rules, rule);
TAILQ_HEAD(dues, due);

struct by_hand {
	struct store *store;
	struct rules rules;
	struct dues dues;
	size_t n_rules, n_dues;
};

static const struct resource *pods(void)
{
	return resource_find("", "v1", "pods");
}

/* ---- whom a step is about ---- */

/* NAME itself, or NAME-NNN of a group NAME. NULL wants each. */
static bool is_node(const char *node, const char *wanted)
{
	size_t n = wanted != NULL ? strlen(wanted) : 0;
	if (wanted == NULL || strcmp(node, wanted) == 0)
		return true;
	return strncmp(node, wanted, n) == 0 && node[n] == '-' && node[n + 1] != '\0' &&
	       node[n + 1 + strspn(node + n + 1, "0123456789")] == '\0';
}

static bool has_image(const cJSON *pod, const char *image)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(pod, "spec"), *c;
	if (image == NULL)
		return true;
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(spec, "containers"))
	{
		const char *its =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "image"));
		if (its != NULL && strcmp(its, image) == 0)
			return true;
	}
	return false;
}

static const char *node_of(const cJSON *pod)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(pod, "spec");
	const char *node = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(spec, "nodeName"));
	return node != NULL ? node : "";
}

/* The image of the container `pull`, else of the first. */
static const char *image_of(const cJSON *pod)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(pod, "spec"), *c;
	const char *image = NULL;
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(spec, "containers"))
	{
		const char *name =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name"));
		if (image == NULL || (name != NULL && strcmp(name, "pull") == 0))
			image = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "image"));
	}
	return image != NULL ? image : "";
}

static bool concerns(const struct sim_step *s, const cJSON *pod)
{
	return is_node(node_of(pod), s->node) && has_image(pod, s->image);
}

/* ---- writing ---- */

/* {"status": that of the step, its texts filled in} as a patch of one object's status. */
static int write_status(struct by_hand *h, const struct write *w, const struct sim_step *step,
			const struct texts *texts, struct now now, struct err *err)
{
	struct api_error e;
	const struct object *made;
	cJSON *patch = cJSON_CreateObject(), *status = cJSON_Parse(step->status);
	texts_fill(status, texts);
	cJSON_AddItemToObject(patch, "status", status);
	int rc = store_patch(h->store, w, patch, now, &made, &e);
	cJSON_Delete(patch);
	return rc == 0 ? 0
		       : err_set(err, ERR_TERMINAL, "%s %s: %s", w->res->kind, w->name, e.message);
}

static int write_pod(struct by_hand *h, const struct object *o, const cJSON *pod,
		     const struct sim_step *step, struct now now, struct err *err)
{
	char ns[256], name[256];
	snprintf(ns, sizeof(ns), "%s", o->ns); /* the object goes with the write */
	snprintf(name, sizeof(name), "%s", o->name);
	const struct write w = {.res = pods(), .ns = ns, .name = name, .status = true};
	const struct texts texts = {image_of(pod), node_of(pod), now.wall_s};
	return write_status(h, &w, step, &texts, now, err);
}

static int pods_there(struct by_hand *h, const struct sim_step *step, struct now now, size_t *met,
		      struct err *err)
{
	char ns[256] = "", name[256] = "";
	const struct object *o;
	bool first = true;
	int rc = 0;
	while (rc == 0 && store_next(h->store, pods(), first ? NULL : ns, name, &o)) {
		first = false;
		snprintf(ns, sizeof(ns), "%s", o->ns);
		snprintf(name, sizeof(name), "%s", o->name);
		if (!is_node(o->node, step->node))
			continue;
		cJSON *pod = cJSON_ParseWithLength(o->text->json, o->text->len);
		if (has_image(pod, step->image)) {
			rc = write_pod(h, o, pod, step, now, err);
			++*met;
		}
		cJSON_Delete(pod);
	}
	return rc;
}

static int node_status(struct by_hand *h, const struct sim_step *step, struct now now,
		       struct err *err)
{
	const struct resource *nodes = resource_find("", "v1", "nodes");
	char name[256] = "";
	const struct object *o;
	size_t met = 0;
	while (store_next(h->store, nodes, met == 0 && name[0] == '\0' ? NULL : "", name, &o)) {
		snprintf(name, sizeof(name), "%s", o->name);
		if (!is_node(name, step->node))
			continue;
		/* Conditions are merged by their type. */
		const struct write w = {.res = nodes,
					.ns = "",
					.name = name,
					.status = true,
					.patch = PATCH_STRATEGIC};
		const struct texts texts = {"", name, now.wall_s};
		if (write_status(h, &w, step, &texts, now, err) != 0)
			return -1;
		met++;
	}
	return met > 0 ? 0
		       : err_set(err, ERR_TERMINAL, "node-status: there is no node %s", step->node);
}

/* ---- rules that stay ---- */

static int rule_begin(struct by_hand *h, const struct sim_step *step, struct err *err)
{
	if (h->n_rules == BY_HAND_RULES_MAX)
		return err_set(err, ERR_TERMINAL, "%s: %d rules stay already", step->what,
			       BY_HAND_RULES_MAX);
	struct rule *r = xcalloc(1, sizeof(*r));
	r->step = desc_clone(&sim_step_desc, step, &r->arena);
	r->pod = step->pod != NULL ? cJSON_Parse(step->pod) : NULL;
	TAILQ_INSERT_TAIL(&h->rules, r, of_all);
	h->n_rules++;
	return 0;
}

static void due_free(struct by_hand *h, struct due *d)
{
	TAILQ_REMOVE(&h->dues, d, of_all);
	h->n_dues--;
	free(d->ns);
	free(d->name);
	free(d->uid);
	free(d);
}

static void rule_free(struct by_hand *h, struct rule *r)
{
	struct due *d, *next;
	for (d = TAILQ_FIRST(&h->dues); d != NULL; d = next) {
		next = TAILQ_NEXT(d, of_all);
		if (d->rule == r)
			due_free(h, d);
	}
	TAILQ_REMOVE(&h->rules, r, of_all);
	h->n_rules--;
	cJSON_Delete(r->pod);
	arena_done(&r->arena);
	free(r);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The latest that is just so. */
static int rule_end(struct by_hand *h, const struct sim_step *step, struct err *err)
{
	struct rule *r;
	TAILQ_FOREACH_REVERSE(r, &h->rules, rules, of_all)
	{
		const struct sim_step *s = r->step;
		if (!same(s->what, step->what) || !same(s->node, step->node) ||
		    !same(s->image, step->image) || !same(s->status, step->status) ||
		    !same(s->pod, step->pod))
			continue;
		rule_free(h, r);
		return 0;
	}
	return err_set(err, ERR_TERMINAL, "%s: there is no such step to end", step->what);
}

int by_hand_step(struct by_hand *h, const struct sim_step *step, struct now now, struct err *err)
{
	int kind = sim_step_kind(step->what);
	size_t met = 0;
	if (kind == SIM_STEP_NODE_STATUS)
		return node_status(h, step, now, err);
	if (step->end)
		return rule_end(h, step, err);
	if (kind == SIM_STEP_POD_MUTATE)
		return rule_begin(h, step, err);
	bool stays = step->stays || step->for_ms != 0;
	if (pods_there(h, step, now, &met, err) != 0)
		return -1;
	if (stays)
		return rule_begin(h, step, err);
	return met > 0 ? 0
		       : err_set(err, ERR_TERMINAL,
				 "pod-status: there is no such pod on %s: `stays` waits for one",
				 step->node);
}

/* ---- what the store tells ---- */

/* Within the creation, as a webhook: in the order of the rules. */
static void mutate(void *ctx, cJSON *pod)
{
	const struct by_hand *h = ctx;
	const struct rule *r;
	TAILQ_FOREACH(r, &h->rules, of_all)
	if (r->pod != NULL && concerns(r->step, pod))
		merge_strategic(pod, r->pod);
}

static void note(struct by_hand *h, const struct rule *r, const struct change *c, const cJSON *pod)
{
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(pod, "metadata");
	if (h->n_dues == BY_HAND_WAITING_MAX)
		return;
	struct due *d = xcalloc(1, sizeof(*d));
	d->rule = r;
	d->at_ms = c->at_ms + r->step->after_ms;
	d->ns = xstrdup(c->ns);
	d->name = xstrdup(c->name);
	d->uid = xstrdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, "uid")));
	TAILQ_INSERT_TAIL(&h->dues, d, of_all);
	h->n_dues++;
}

static void on_change(void *ctx, const struct change *c)
{
	struct by_hand *h = ctx;
	const struct rule *r;
	if (c->res != pods() || c->before != NULL || TAILQ_EMPTY(&h->rules))
		return;
	cJSON *pod = cJSON_ParseWithLength(c->after->json, c->after->len);
	TAILQ_FOREACH(r, &h->rules, of_all)
	if (r->step->status != NULL && concerns(r->step, pod))
		note(h, r, c, pod);
	cJSON_Delete(pod);
}

int64_t by_hand_turn(struct by_hand *h, struct now now)
{
	struct due *d, *next;
	int64_t soonest = CLOCK_NEVER;
	for (d = TAILQ_FIRST(&h->dues); d != NULL; d = next) {
		struct err err;
		next = TAILQ_NEXT(d, of_all);
		if (d->at_ms > now.boot_ms) {
			soonest = d->at_ms < soonest ? d->at_ms : soonest;
			continue;
		}
		const struct object *o = store_get(h->store, pods(), d->ns, d->name);
		if (o != NULL && strcmp(o->uid, d->uid) == 0) {
			cJSON *pod = cJSON_ParseWithLength(o->text->json, o->text->len);
			if (write_pod(h, o, pod, d->rule->step, now, &err) != 0)
				log_warn("a status by hand was refused, ignoring",
					 LS("pod", d->name), LS("error", err.text));
			cJSON_Delete(pod);
		}
		due_free(h, d);
	}
	return soonest;
}

struct by_hand *by_hand_new(struct store *store)
{
	struct by_hand *h = xcalloc(1, sizeof(*h));
	h->store = store;
	TAILQ_INIT(&h->rules);
	TAILQ_INIT(&h->dues);
	store_listen(store, on_change, h);
	store_mutate(store, mutate, h);
	return h;
}

void by_hand_free(struct by_hand *h)
{
	struct rule *r;
	if (h == NULL)
		return;
	while ((r = TAILQ_FIRST(&h->rules)) != NULL)
		rule_free(h, r);
	free(h);
}
