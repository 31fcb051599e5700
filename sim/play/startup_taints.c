/*
 * Writes that are due, one a node and what is done there. A change of the store is only noted when
 * it is told; startup_taints_turn() writes, as no change may be made within another.
 */
#include "sim/play/startup_taints.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "base/xalloc.h"

#define UNREGISTERED "karpenter.sh/unregistered"
#define REGISTERED   "karpenter.sh/registered"

struct due {
	TAILQ_ENTRY(due) of_all;
	int64_t at_ms;
	char *node, *uid;
	const struct sim_group *group;
	const struct sim_startup_taint *taint; /* NULL: Karpenter registers the node */
};

TAILQ_HEAD(dues, due);

struct startup_taints {
	struct store *store;
	const struct sim_scenario *scenario;
	struct dues dues;
	size_t n_dues;
};

static const struct resource *nodes(void)
{
	return resource_find("", "v1", "nodes");
}

/* That of NAME-NNN; NULL: it is of no group that anybody but us writes taints of. */
static const struct sim_group *group_of(const struct sim_scenario *s, const char *node)
{
	const char *dash = strrchr(node, '-');
	size_t n = dash != NULL ? (size_t)(dash - node) : 0;
	for (size_t i = 0; i < s->nodes.n; i++) {
		const struct sim_group *g = &s->nodes.at[i];
		if (n != 0 && strlen(g->name) == n && strncmp(g->name, node, n) == 0)
			return g->startup.n != 0 || g->karpenter_ms != 0 ? g : NULL;
	}
	return NULL;
}

/* ---- the taints of a Node ---- */

static cJSON *taints_of(const cJSON *node)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(node, "spec");
	return cJSON_GetObjectItemCaseSensitive(spec, "taints");
}

static bool is_text(const cJSON *object, const char *member, const char *text)
{
	const char *its = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, member));
	return its != NULL && strcmp(its, text) == 0;
}

static bool has(const cJSON *taints, const struct sim_startup_taint *t)
{
	const cJSON *one;
	cJSON_ArrayForEach(one, taints) if (is_text(one, "key", t->key) &&
					    is_text(one, "effect", t->effect)) return true;
	return false;
}

static void add(cJSON *taints, const struct sim_startup_taint *t)
{
	if (has(taints, t))
		return;
	cJSON *one = cJSON_CreateObject();
	cJSON_AddStringToObject(one, "key", t->key);
	if (t->value != NULL && t->value[0] != '\0')
		cJSON_AddStringToObject(one, "value", t->value);
	cJSON_AddStringToObject(one, "effect", t->effect);
	cJSON_AddItemToArray(taints, one);
}

static void drop(cJSON *taints, const char *key)
{
	for (int i = cJSON_GetArraySize(taints); i-- > 0;)
		if (is_text(cJSON_GetArrayItem(taints, i), "key", key))
			cJSON_DeleteItemFromArray(taints, i);
}

bool startup_taints_left(const struct store *store, const struct sim_scenario *scenario,
			 const char *node)
{
	const struct sim_group *g = group_of(scenario, node);
	const struct object *o = g != NULL ? store_get(store, nodes(), "", node) : NULL;
	bool left = false;
	if (o == NULL)
		return false;
	cJSON *tree = cJSON_ParseWithLength(o->text->json, o->text->len);
	for (size_t i = 0; i < g->startup.n && !left; i++)
		left = has(taints_of(tree), &g->startup.at[i]);
	cJSON_Delete(tree);
	return left;
}

/* ---- writing ---- */

/* What the due one makes of the taints. */
static void change(const struct due *d, cJSON *taints)
{
	if (d->taint != NULL && d->taint->back_ms != 0)
		add(taints, d->taint);
	else if (d->taint != NULL)
		drop(taints, d->taint->key);
	if (d->taint != NULL)
		return;
	drop(taints, UNREGISTERED);
	for (size_t i = 0; i < d->group->startup.n; i++)
		if (d->group->startup.at[i].cleared_ms == 0)
			add(taints, &d->group->startup.at[i]);
}

static void write_node(struct startup_taints *s, const struct due *d, struct now now)
{
	const struct object *o = store_get(s->store, nodes(), "", d->node), *made;
	struct api_error e;
	if (o == NULL || strcmp(o->uid, d->uid) != 0)
		return;
	cJSON *node = cJSON_ParseWithLength(o->text->json, o->text->len);
	const cJSON *had = taints_of(node);
	cJSON *taints = had != NULL ? cJSON_Duplicate(had, true) : cJSON_CreateArray();
	cJSON *patch = cJSON_CreateObject();
	change(d, taints);
	cJSON_AddItemToObject(cJSON_AddObjectToObject(patch, "spec"), "taints", taints);
	if (d->taint == NULL) {
		cJSON *meta = cJSON_AddObjectToObject(patch, "metadata");
		cJSON_AddStringToObject(cJSON_AddObjectToObject(meta, "labels"), REGISTERED,
					"true");
	}
	const struct write w = {.res = nodes(), .ns = "", .name = d->node};
	if (store_patch(s->store, &w, patch, now, &made, &e) != 0)
		log_warn("taints of a node were refused, ignoring", LS("node", d->node),
			 LS("error", e.message));
	cJSON_Delete(patch);
	cJSON_Delete(node);
}

/* ---- what the store tells ---- */

static void note(struct startup_taints *s, const struct change *c, const char *uid,
		 const struct sim_startup_taint *taint, int64_t after_ms)
{
	if (s->n_dues == STARTUP_WRITES_MAX)
		return;
	struct due *d = xcalloc(1, sizeof(*d));
	d->at_ms = c->at_ms + after_ms;
	d->node = xstrdup(c->name);
	d->uid = xstrdup(uid);
	d->group = group_of(s->scenario, c->name);
	d->taint = taint;
	TAILQ_INSERT_TAIL(&s->dues, d, of_all);
	s->n_dues++;
}

static bool is_noted(const struct startup_taints *s, const char *uid,
		     const struct sim_startup_taint *taint)
{
	const struct due *d;
	TAILQ_FOREACH(d, &s->dues, of_all)
	if (d->taint == taint && strcmp(d->uid, uid) == 0)
		return true;
	return false;
}

static void came(struct startup_taints *s, const struct change *c, const char *uid,
		 const struct sim_group *g)
{
	for (size_t i = 0; i < g->startup.n; i++)
		if (g->startup.at[i].cleared_ms != 0)
			note(s, c, uid, &g->startup.at[i], g->startup.at[i].cleared_ms);
	if (g->karpenter_ms != 0)
		note(s, c, uid, NULL, g->karpenter_ms);
}

static void changed(struct startup_taints *s, const struct change *c, const cJSON *node,
		    const char *uid, const struct sim_group *g)
{
	for (size_t i = 0; i < g->startup.n; i++) {
		const struct sim_startup_taint *t = &g->startup.at[i];
		if (t->back_ms != 0 && !has(taints_of(node), t) && !is_noted(s, uid, t))
			note(s, c, uid, t, t->back_ms);
	}
}

static void on_change(void *ctx, const struct change *c)
{
	struct startup_taints *s = ctx;
	const struct sim_group *g;
	if (c->res != nodes() || c->after == NULL || (g = group_of(s->scenario, c->name)) == NULL)
		return;
	cJSON *node = cJSON_ParseWithLength(c->after->json, c->after->len);
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(node, "metadata");
	const char *uid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, "uid"));
	if (c->before == NULL)
		came(s, c, uid, g);
	else
		changed(s, c, node, uid, g);
	cJSON_Delete(node);
}

/* ---- time ---- */

static void due_free(struct startup_taints *s, struct due *d)
{
	TAILQ_REMOVE(&s->dues, d, of_all);
	s->n_dues--;
	free(d->node);
	free(d->uid);
	free(d);
}

int64_t startup_taints_turn(struct startup_taints *s, struct now now)
{
	struct due *d, *next;
	int64_t soonest = CLOCK_NEVER;
	for (d = TAILQ_FIRST(&s->dues); d != NULL; d = next) {
		next = TAILQ_NEXT(d, of_all);
		if (d->at_ms <= now.boot_ms) {
			write_node(s, d, now);
			due_free(s, d);
		} else if (d->at_ms < soonest) {
			soonest = d->at_ms;
		}
	}
	return soonest;
}

struct startup_taints *startup_taints_new(struct store *store, const struct sim_scenario *scenario)
{
	struct startup_taints *s = xcalloc(1, sizeof(*s));
	s->store = store;
	s->scenario = scenario;
	TAILQ_INIT(&s->dues);
	store_listen(store, on_change, s);
	return s;
}

void startup_taints_free(struct startup_taints *s)
{
	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->dues))
		due_free(s, TAILQ_FIRST(&s->dues));
	free(s);
}
