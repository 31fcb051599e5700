/*
 * What happened and is worth telling: lines for the log and events (behaviour.md 22).
 * The core has no output; it hands the facts out with the actions of the turn, or before it.
 * Invariant: what is handed out lives in `told` until facts are taken again; then the two lists
 * change places. Facts come about only while the core leads.
 */
#include "reconciler/core/facts.h"

#include <stdlib.h>

#include "base/xalloc.h"

const struct core_fact_info core_fact_infos[FACT_COUNT] = {
	[FACT_PULL_STARTED] = {false, "pull started"},
	[FACT_PULL_SUCCEEDED] = {false, "image pulled"},
	[FACT_PULL_FAILED] = {true, "pull failed, retrying after a back-off"},
	[FACT_POD_REFUSED] = {true,
			      "the API server refused the pull pod, retrying after a back-off"},
	[FACT_BATCH_REFUSED] = {true,
				"the API server refused a pull pod of several images, pulling "
				"each in its own"},
	[FACT_EVICTED] = {true, "image is no longer on the node, pulling it again"},
	[FACT_EVICTING] = {true, "image is removed from the node repeatedly"},
	[FACT_POLICY_NOT_FOUND] = {true, "PullPolicy not found, using the default policy"},
	[FACT_NO_NODES] = {true, "no node is targeted"},
	[FACT_TOO_LARGE] = {true, "the image is larger than the policy allows"},
	[FACT_NO_ROOM] = {true, "no room for the image on a node, which is left out"},
	[FACT_DISK_UNCHECKED] = {true, "maxNodeImageDiskPercent is not checked on a node"},
	[FACT_NO_ZONE] = {true, "the policy names an unknown time zone, its pulls do not start"},
	[FACT_TAG_MOVED] = {false, "the tag refers to another image now"},
	[FACT_NODE_WARM] = {false, "new node has all its images"},
	[FACT_NODE_OPENED] = {false, "new node opened, startup taint removed"},
	[FACT_GATE_TIMED_OUT] = {true, "new node lacks images at the deadline, opening it"},
	[FACT_GATE_CONTESTED] = {true, "a startup taint is added again repeatedly"},
};

#define FACTS_STEP 64
/* A list that was longer gives its memory back: 20,000 pulls may end in one turn. */
#define FACTS_KEPT 1024

static struct core_fact copy(const struct core_fact *f, struct arena *a)
{
	struct core_fact k = *f;
	k.image = arena_strdup(a, f->image);
	k.image_uid = arena_strdup(a, f->image_uid);
	k.policy = arena_strdup(a, f->policy);
	k.policy_uid = arena_strdup(a, f->policy_uid);
	k.reference = arena_strdup(a, f->reference);
	k.node = arena_strdup(a, f->node);
	k.node_uid = arena_strdup(a, f->node_uid);
	k.pool = arena_strdup(a, f->pool);
	k.reason = arena_strdup(a, f->reason);
	k.message = arena_strdup(a, f->message);
	return k;
}

void fact_add(struct core *c, const struct core_fact *fact)
{
	struct fact_list *list = &c->facts;
	if (list->n == list->cap) {
		list->cap += list->cap < FACTS_KEPT ? FACTS_STEP : list->cap / 2;
		list->at = xreallocarray(list->at, list->cap, sizeof(*list->at));
	}
	list->at[list->n++] = copy(fact, &list->mem);
}

void fact_of_image(struct core *c, enum core_fact_kind kind, const struct image *img,
		   const char *message)
{
	struct core_fact f = {
		.kind = kind, .image = img->name, .image_uid = img->uid, .message = message};
	fact_add(c, &f);
}

void fact_no_nodes(struct core *c, struct image *img)
{
	bool none = img->n_targeted == 0 && img->n_left_out == 0;
	if (none && !img->said_no_nodes)
		fact_of_image(c, FACT_NO_NODES, img, NULL);
	img->said_no_nodes = none;
}

void fact_no_policy(struct core *c, const struct image *img)
{
	if (img->policy_name != NULL && !img->policy->present)
		fact_of_image(c, FACT_POLICY_NOT_FOUND, img, img->policy_name);
}

static void list_empty(struct fact_list *list)
{
	if (list->cap > FACTS_KEPT) {
		free(list->at);
		arena_done(&list->mem);
		*list = (struct fact_list){0};
	}
	list->n = 0;
	arena_reset(&list->mem);
}

void facts_take(struct core *c, struct core_actions *ret)
{
	struct fact_list empty = c->told;
	list_empty(&empty);
	c->told = c->facts;
	c->facts = empty;
	ret->facts = c->told.at;
	ret->n_facts = c->told.n;
}

void avoided_take(struct core *c, struct core_actions *ret)
{
	ret->avoided = c->avoided;
	ret->avoided_bytes = c->avoided_bytes;
	c->avoided = 0;
	c->avoided_bytes = 0;
}

void facts_done(struct core *c)
{
	free(c->facts.at);
	free(c->told.at);
	arena_done(&c->facts.mem);
	arena_done(&c->told.mem);
}
