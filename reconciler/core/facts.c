/*
 * What happened and is worth telling: lines for the log and events (behaviour.md 22).
 * The core has no output; it hands the facts out with the actions of the turn.
 * Invariant: a fact lives in fact_mem until the turn that takes it.
 */
#include "reconciler/core/facts.h"

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
	if (c->n_facts == FACTS_MAX) {
		c->facts_dropped++;
		return;
	}
	if (c->n_facts == c->facts_cap) {
		c->facts_cap += FACTS_STEP;
		c->facts = xreallocarray(c->facts, c->facts_cap, sizeof(*c->facts));
	}
	c->facts[c->n_facts++] = copy(fact, &c->fact_mem);
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

void facts_take(struct core *c, struct arena *a, struct core_actions *ret)
{
	ret->facts = arena_array(a, c->n_facts, sizeof(*ret->facts));
	for (size_t i = 0; i < c->n_facts; i++)
		ret->facts[i] = copy(&c->facts[i], a);
	ret->n_facts = c->n_facts;
	ret->facts_dropped = c->facts_dropped;
	ret->avoided = c->avoided;
	ret->avoided_bytes = c->avoided_bytes;
	c->n_facts = c->facts_dropped = c->avoided = 0;
	c->avoided_bytes = 0;
	arena_reset(&c->fact_mem);
}
