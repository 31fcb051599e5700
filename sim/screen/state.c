/*
 * One look at the pretend cluster. Nodes times images, so a look at a large one costs; the
 * screen looks less often then (sim/screen/screen.c).
 */
#include "sim/screen/state.h"

#include <string.h>

#include "base/map.h"

#include "api/desc.h"
#include "api/kinds.h"
#include "api/ref.h"

#include "sim/play/control.h"
#include "sim/play/startup_taints.h"
#include "sim/nodes/nodes.h"
#include "sim/store/store.h"

static const struct resource *images_resource(void)
{
	return resource_find(API_GROUP, API_VERSION, "cachedimages");
}

static size_t count_images(const struct store *s)
{
	const struct object *o = NULL;
	size_t n = 0;
	while (store_next(s, images_resource(), o != NULL ? o->ns : NULL,
			  o != NULL ? o->name : NULL, &o))
		n++;
	return n;
}

static const char *group_of(const char *node, struct arena *a)
{
	const char *dash = strrchr(node, '-');
	return arena_strndup(a, node, dash != NULL ? (size_t)(dash - node) : strlen(node));
}

static const struct api_map *labels_of(const struct sim_groups *groups, const char *name)
{
	for (size_t i = 0; i < groups->n; i++)
		if (strcmp(groups->at[i].name, name) == 0)
			return &groups->at[i].labels;
	return NULL;
}

static void take_nodes(const struct control *c, struct arena *a, struct screen_state *ret)
{
	const struct nodes *n = c->world->nodes;
	struct screen_node *nodes = arena_array(a, nodes_count(n) + 1, sizeof(*nodes));
	for (size_t i = 0; i < nodes_count(n); i++) {
		struct node_view v = nodes_view(n, i);
		const char *group = group_of(v.name, a);
		bool held = v.exists && startup_taints_left(c->world->store, c->scenario, v.name);
		nodes[i] = (struct screen_node){group, v.exists, v.ready, held,
						labels_of(&c->scenario->nodes, group)};
		ret->nodes_there += v.exists;
		ret->nodes_held += held;
	}
	ret->nodes = nodes;
	ret->n_nodes = nodes_count(n);
}

/* By the labels of the scenario; those that kubelets set themselves are taken as fitting. */
static bool is_wanted(const struct api_map *selector, const struct screen_node *node)
{
	for (size_t i = 0; i < selector->n; i++) {
		const struct api_kv *kv = &selector->at[i];
		const char *has = node->labels != NULL ? api_map_get(node->labels, kv->key) : NULL;
		bool by_kubelet = has == NULL && strstr(kv->key, "kubernetes.io/") != NULL;
		if (!by_kubelet && (has == NULL || strcmp(has, kv->value) != 0))
			return false;
	}
	return true;
}

static int16_t cell(const struct nodes *n, const struct screen_node *node, size_t i,
		    const char *ref)
{
	if (!node->exists)
		return CELL_NO_NODE;
	int progress = nodes_progress(n, i, ref);
	if (!node->ready && progress != 100)
		return CELL_NOT_READY;
	return (int16_t)progress;
}

/* A failed pull leaves no trace on the node: the status remembers it until the next attempt. */
static void mark_failed(const struct failed_nodes *failed, const struct map *places,
			const struct screen_node *nodes, int16_t *cells)
{
	for (size_t i = 0; i < failed->n; i++) {
		const char *name = failed->at[i].node;
		const struct screen_node *node = name != NULL ? map_get(places, name) : NULL;
		if (node != NULL && cells[node - nodes] == CELL_WAITING)
			cells[node - nodes] = CELL_FAILING;
	}
}

static void take_image(const struct control *c, const struct object *o, const struct map *places,
		       struct arena *a, struct screen_state *state, struct screen_image *ret)
{
	const struct nodes *n = c->world->nodes;
	struct cachedimage image;
	int16_t *cells = arena_array(a, state->n_nodes + 1, sizeof(*cells));
	*ret = (struct screen_image){
		.name = arena_strdup(a, o->name), .phase = "", .cause = "", .cells = cells};
	if (desc_decode(kinds[KIND_CACHEDIMAGE].desc, o->text->json, o->text->len, true, a, &image,
			NULL) != 0)
		return;
	const char *ref = ref_make(a, image.spec.image, image.spec.tag, image.spec.digest);
	for (size_t i = 0; i < state->n_nodes; i++)
		cells[i] = is_wanted(&image.spec.node_selector, &state->nodes[i])
				   ? cell(n, &state->nodes[i], i, ref)
				   : CELL_NOT_WANTED;
	mark_failed(&image.status.failed_nodes, places, state->nodes, cells);
	const struct cachedimage_status *s = &image.status;
	const struct api_condition *ready = api_condition_find(&s->conditions, "Ready");
	if (s->phase != NULL)
		ret->phase = s->phase;
	if (ready != NULL && ready->message != NULL)
		ret->cause = ready->message;
	ret->targeted = s->nodes_targeted;
	ret->ready = s->nodes_ready;
	ret->pulling = s->nodes_pulling;
	ret->failed = (int64_t)s->failed_nodes.n;
}

static void take_images(const struct control *c, struct arena *a, struct screen_state *ret)
{
	const struct object *o = NULL;
	size_t max = count_images(c->world->store);
	struct screen_image *images = arena_array(a, max + 1, sizeof(*images));
	struct map places = {0}; /* name of a node -> its struct screen_node */
	for (size_t i = 0; i < ret->n_nodes; i++)
		map_put(&places, nodes_view(c->world->nodes, i).name, (void *)&ret->nodes[i]);
	while (ret->n_images < max &&
	       store_next(c->world->store, images_resource(), o != NULL ? o->ns : NULL,
			  o != NULL ? o->name : NULL, &o)) {
		struct screen_image *i = &images[ret->n_images++];
		take_image(c, o, &places, a, ret, i);
		int64_t rest = i->targeted - i->ready - i->pulling;
		ret->wanted += i->targeted;
		ret->had += i->ready;
		ret->pulling += i->pulling;
		ret->waiting += rest > 0 ? rest : 0;
	}
	ret->images = images;
	map_done(&places);
}

static void take_requests(const struct tally *t, struct screen_state *ret)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct tally_row *r = &t->rows[i];
		if (strncmp(r->client, "drop-", 5) != 0 || strcmp(r->resource, "leases") == 0)
			continue;
		ret->requests += r->count;
		if (strcmp(r->resource, "pods") == 0 &&
		    (strcmp(r->verb, "create") == 0 || strcmp(r->verb, "delete") == 0))
			ret->pod_requests += r->count;
	}
}

void screen_state_take(const struct control *c, struct now now, struct arena *a,
		       struct screen_state *ret)
{
	struct nodes_counts counts = nodes_counts(c->world->nodes);
	struct timeline_counts steps = timeline_counts(c->timeline);
	*ret = (struct screen_state){
		.title = c->scenario->title != NULL ? c->scenario->title : "",
		.elapsed_ms = now.boot_ms - timeline_began(c->timeline),
		.done = counts.pulls_done,
		.failed = counts.pulls_failed,
		.timeline = c->timeline,
		.n_events = steps.done + steps.failed,
		.steps_waiting = steps.waiting,
	};
	take_nodes(c, a, ret);
	take_images(c, a, ret);
	take_requests(c->tally, ret);
}
