/*
 * Pull policies and what is in flight under each (behaviour.md 1, 11, 12, 55). Images that
 * name no policy, or one that does not exist, share the default policy; so do the
 * nodes outside a policy's nodeSelector. Invariants: n_pulls, n_nodes, on_node and busy
 * count exactly the pods whose `policy` is this one and that are not idle; n_paced of an image
 * counts those of its live pulls whose pod is counted so in the image's own policy.
 */
#include "reconciler/core/policies.h"

#include <stdlib.h>
#include <string.h>

#include "api/quantity.h"
#include "api/pullpod.h"
#include "api/tables.h"
#include "base/xalloc.h"
#include "reconciler/rules/bits.h"
#include "reconciler/rules/pack.h"
#include "reconciler/core/policy_windows.h"
#include "reconciler/core/slots.h"
#include "reconciler/rules/target.h"

static void set_defaults(struct policy *p)
{
	p->max_nodes = 1;
	p->max_pulls = 0;
	p->max_per_node = DEFAULT_PULLS_PER_NODE;
	p->max_held = 0;
	p->max_images = 1;
	p->by_image = false;
	p->delay_ms = DEFAULT_DELAY_MS;
	p->timeout_ms = DEFAULT_TIMEOUT_MS;
	p->repull_ms = 0;
	p->sizes = false;
	p->bytes_per_s = 0;
	p->max_image_bytes = 0;
	p->disk_percent = 0;
	p->suspend = false;
	p->checks = true;
	p->repull_always = false;
	p->backoff = DEFAULT_BACKOFF_MS;
	p->selector = (struct api_map){0};
	p->tolerations = (struct api_tolerations){0};
}

void policy_init(struct policy *p)
{
	*p = (struct policy){.last.slot = -1,
			     .wake.owner = TIMER_POLICY,
			     .windows_timer.owner = TIMER_WINDOWS,
			     .status.timer.owner = TIMER_POLICY_STATUS};
	list_init(&p->touched);
	set_defaults(p);
}

/* One that is not there yet is made: images may name it before it exists. */
static struct policy *policy_named(struct core *c, const char *name)
{
	struct policy *p = map_get(&c->policies, name);
	if (p != NULL)
		return p;
	p = xmalloc(sizeof(*p));
	policy_init(p);
	p->name = xstrdup(name);
	slots_of_policy(c, p);
	map_put(&c->policies, p->name, p);
	return p;
}

/* Its status has the number of its images (59). */
static void number_changed(struct core *c, struct policy *p)
{
	if (c->leading && p->present)
		list_append(&c->touched_policies, &p->touched);
}

struct policy *policy_hold(struct core *c, const char *name)
{
	struct policy *p = name != NULL ? policy_named(c, name) : &c->fallback;
	p->n_images++;
	number_changed(c, p);
	return p;
}

static void policy_free(struct core *c, struct policy *p)
{
	timer_stop(&c->timers, &p->wake);
	timer_stop(&c->policy_writes, &p->status.timer);
	list_remove(&p->touched);
	windows_drop(c, p);
	free(p->invalid);
	free(p->uid);
	free(p->on_node);
	free(p->apart_on);
	free(p->busy);
	free(p->mem);
	free(p->name);
	if (p != &c->fallback)
		free(p);
}

/* Pods that leave are counted nowhere when what paced them is gone. */
static void policy_orphan(struct core *c, const struct policy *p)
{
	struct pull_pod *pod;
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL;)
		if (pod->paced_by == p) {
			pod->paced_by = NULL;
			pod->paced = false;
		}
}

void policy_release(struct core *c, struct policy *p)
{
	p->n_images--;
	number_changed(c, p);
	if (p->name == NULL || p->present || p->n_images != 0)
		return;
	map_del(&c->policies, p->name);
	policies_recount(c);
	policy_orphan(c, p);
	policy_free(c, p);
}

static void copy_parts(struct policy *p, const struct pullpolicy_spec *spec, struct pack *pack)
{
	p->selector = pack_map(pack, &spec->node_selector);
	p->tolerations = pack_tolerations(pack, &spec->tolerations);
}

/* 0 means "not set" where 0 is not legal; the API server refuses it anyway (33). */
static void copy_spec(struct policy *p, const struct pullpolicy_spec *spec)
{
	set_defaults(p);
	if (spec->max_concurrent_nodes > 0)
		p->max_nodes = spec->max_concurrent_nodes;
	if (spec->max_concurrent_pulls > 0)
		p->max_pulls = spec->max_concurrent_pulls;
	if (spec->max_pulls_per_node > 0)
		p->max_per_node = spec->max_pulls_per_node;
	if (spec->max_held_nodes > 0)
		p->max_held = spec->max_held_nodes;
	p->bytes_per_s = quantity_bytes(spec->max_bytes_per_second);
	if (spec->max_images_per_pod > 0)
		p->max_images = spec->max_images_per_pod < PULLPOD_IMAGES_MAX
					? spec->max_images_per_pod
					: PULLPOD_IMAGES_MAX;
	p->max_image_bytes = quantity_bytes(spec->max_image_size);
	p->disk_percent = spec->max_node_image_disk_percent;
	if (p->disk_percent < 0 || p->disk_percent > 100)
		p->disk_percent = 0;
	p->sizes = p->bytes_per_s != 0 || p->max_image_bytes != 0 || p->disk_percent != 0;
	if (spec->pull_timeout > 0)
		p->timeout_ms = spec->pull_timeout;
	if (spec->repull_interval > 0)
		p->repull_ms = spec->repull_interval;
	p->by_image = spec->concurrency_scope != NULL &&
		      strcmp(spec->concurrency_scope, PULLPOLICY_SCOPE_IMAGE) == 0;
	p->suspend = spec->suspend;
	p->checks = spec->registry_checks == NULL || strcmp(spec->registry_checks, "Disabled") != 0;
	p->repull_always = spec->repull_mode != NULL && strcmp(spec->repull_mode, "Always") == 0;
	p->delay_ms = spec->min_delay_between_pulls > 0 ? spec->min_delay_between_pulls : 0;
	if (spec->failure_backoff != NULL && spec->failure_backoff->initial > 0)
		p->backoff.initial_ms = spec->failure_backoff->initial;
	if (spec->failure_backoff != NULL && spec->failure_backoff->max > 0)
		p->backoff.max_ms = spec->failure_backoff->max;

	struct pack pack = {0};
	void *old = p->mem;
	copy_parts(p, spec, &pack);
	pack.mem = p->mem = xmalloc(pack.used + 1);
	pack.used = 0;
	copy_parts(p, spec, &pack);
	free(old);
}

static void forget_status(struct core *c, struct policy *p)
{
	timer_stop(&c->policy_writes, &p->status.timer);
	p->status = (struct policy_status){.timer.owner = TIMER_POLICY_STATUS};
}

/* An object that an older CRD let in is followed as far as it goes, and told to be invalid. */
static void judge(struct policy *p, const struct pullpolicy *pp)
{
	struct err err;
	free(p->invalid);
	p->invalid = NULL;
	if (desc_validate(&pullpolicy_spec_desc, &pp->spec, &err) < 0)
		p->invalid = xstrdup(err.text);
}

struct policy *policy_put(struct core *c, const struct pullpolicy *pp, bool *changed)
{
	struct policy *p = policy_hold(c, pp->meta.name);
	const char *uid = pp->meta.uid != NULL ? pp->meta.uid : "";
	uint64_t hash = spec_hash(&pullpolicy_spec_desc, &pp->spec);
	if (p->uid == NULL || strcmp(p->uid, uid) != 0) {
		forget_status(c, p);
		free(p->uid);
		p->uid = xstrdup(uid);
	}
	*changed = !p->present || p->spec_hash != hash;
	p->present = true;
	p->n_images--;
	p->read = c->read;
	p->generation = pp->meta.generation;
	p->spec_hash = hash;
	if (!*changed)
		return p;
	copy_spec(p, &pp->spec);
	windows_take(c, p, &pp->spec);
	judge(p, pp);
	return p;
}

void policies_done(struct core *c)
{
	struct policy *p;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		policy_free(c, p);
	map_done(&c->policies);
	policy_free(c, &c->fallback);
}

struct policy *policy_of_image(struct core *c, const struct image *img)
{
	return img->policy->present ? img->policy : &c->fallback;
}

struct policy *policy_of_pair(struct core *c, const struct image *img, int slot)
{
	struct policy *p = policy_of_image(c, img);
	return target_selects(&p->selector, &c->nodes[slot].labels) ? p : &c->fallback;
}

static void count_apart(struct core *c, struct policy *p, int slot, int by)
{
	if (p->apart_on == NULL)
		p->apart_on = xcalloc(c->cap, sizeof(*p->apart_on));
	p->n_apart_nodes -= p->apart_on[slot] != 0;
	p->apart_on[slot] = (uint16_t)(p->apart_on[slot] + by);
	p->n_apart_nodes += p->apart_on[slot] != 0;
	p->dirty = true;
}

void policy_count(struct core *c, struct policy *p, const struct pull_pod *pod, int by)
{
	int slot = pod->slot;
	if (pod->apart) {
		count_apart(c, p, slot, by);
		return;
	}
	p->n_pulls += (uint32_t)by;
	p->n_nodes -= p->on_node[slot] != 0;
	p->on_node[slot] = (uint16_t)(p->on_node[slot] + by);
	p->n_nodes += p->on_node[slot] != 0;
	bit_put(p->busy, (size_t)slot, p->on_node[slot] != 0);
	p->dirty = true;
}

void policy_count_pull(struct core *c, struct pull *p)
{
	const struct pull_pod *pod = p->pod;
	bool counts = p->state == PULL_LIVE && !pod->idle && !pod->apart &&
		      pod->policy == policy_of_image(c, p->image);
	if (counts == p->paced)
		return;
	p->paced = counts;
	p->image->n_paced += counts ? 1U : (uint32_t)-1;
}

void policy_count_pulls(struct core *c, struct pull_pod *pod)
{
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (pod->pulls[i].image != NULL)
			policy_count_pull(c, &pod->pulls[i]);
}

/* The images of a pod came under one policy; where they do not any more, the first counts. */
static struct policy *policy_of_pod(struct core *c, const struct pull_pod *pod)
{
	uint32_t i = 0;
	while (pod->pulls[i].state != PULL_LIVE)
		i++;
	return policy_of_pair(c, pod->pulls[i].image, pod->slot);
}

void policies_recount(struct core *c)
{
	struct pull_pod *pod;
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL;) {
		if (pod->policy == NULL)
			continue;
		if (!pod->idle)
			policy_count(c, pod->policy, pod, -1);
		pod->policy = pod->paced_by = policy_of_pod(c, pod);
		if (!pod->idle)
			policy_count(c, pod->policy, pod, 1);
		policy_count_pulls(c, pod);
	}
}

void policies_wake(struct core *c)
{
	struct policy *p;
	c->fallback.dirty = true;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		p->dirty = true;
}

void image_wake(struct core *c, struct image *img)
{
	struct policy *p = policy_of_image(c, img);
	p->dirty = true;
	if (p->selector.n != 0)
		c->fallback.dirty = true;
}

void policies_wake_full(struct core *c)
{
	struct policy *p;
	c->fallback.dirty |= c->fallback.node_full;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		p->dirty |= p->node_full;
}
