/*
 * Explanations of many pairs: the sum of an image, the queue in the order in which it
 * would start (behaviour.md 13), and the plan of an image that is not there yet, or is to be
 * changed. Costs as much as it looks at; answers are as long as they are asked to be.
 */
#include <string.h>

#include "api/ref.h"
#include "base/hash.h"
#include "reconciler/rules/bits.h"
#include "reconciler/explain/eta.h"
#include "reconciler/explain/view.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/held.h"
#include "reconciler/core/images.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pull_queue.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/status_hash.h"
#include "reconciler/core/suspend.h"

/* As in the condition Ready (20): what is the image's fault before what is a node's. */
static const char *worst_cause(const struct core *c, const struct image *img)
{
	const struct pair *worst = NULL;
	if (img->rejected_text != NULL)
		return img->rejected_text;
	for (size_t slot = 0; img->n_failing != 0 && slot < c->n_slots; slot++) {
		const struct pair *p = &img->pairs[slot];
		bool degrades = (p->flags & PAIR_DEGRADES) != 0;
		if ((p->flags & PAIR_FAILING) == 0 || p->cause == 0)
			continue;
		if (worst == NULL || degrades > ((worst->flags & PAIR_DEGRADES) != 0) ||
		    (degrades == ((worst->flags & PAIR_DEGRADES) != 0) &&
		     p->attempts > worst->attempts))
			worst = p;
	}
	return worst != NULL ? img->causes[worst->cause].message : NULL;
}

static struct explain_summary summary_of(struct core *c, struct image *img, struct now now,
					 struct gate_waiting *gating, struct arena *a)
{
	struct explain_view v = explain_view(c, img, now, a);
	v.gating = gating;
	const struct policy *p = policy_of_image(c, img);
	struct explain_summary s = {
		.image = img->name,
		.phase = explain_phase_name(c, img),
		.policy = p->name != NULL ? p->name : "",
		.policy_missing = img->policy_name != NULL && !img->policy->present,
		.cause = worst_cause(c, img),
		.targeted = img->n_targeted,
		.ready = img->n_ready,
		.left_out = img->n_left_out,
		.pull_ms = img->pull_ms != 0 ? img->pull_ms : c->pull_ms,
	};
	struct eta eta = {0};
	int64_t opens_s = 0;
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		struct explain e;
		if (!c->nodes[slot].present)
			continue;
		explain_slot(&v, (int)slot, &e);
		s.reasons[e.reason]++;
		s.groups[explain_infos[e.reason].group]++;
		if (e.reason == EXPLAIN_SUSPENDED || e.reason == EXPLAIN_NO_ZONE)
			continue; /* its end is unknown */
		if (e.reason == EXPLAIN_SHUT && e.at > opens_s)
			opens_s = e.at;
		if (explain_infos[e.reason].group == GROUP_PULLING ||
		    explain_infos[e.reason].group == GROUP_WAITING)
			eta_add(&eta, c, (int)slot, &e, s.pull_ms);
	}
	s.bytes_left = eta.bytes;
	if (eta.pairs != 0)
		s.eta_s = eta_s(&eta, p, size_mean(c), now.boot_ms);
	else if (s.groups[GROUP_BACKOFF] + s.reasons[EXPLAIN_SUSPENDED] +
			 s.reasons[EXPLAIN_NO_ZONE] !=
		 0)
		s.eta_s = -1;
	if (s.eta_s >= 0 && opens_s > now.wall_s)
		s.eta_s += opens_s - now.wall_s;
	return s;
}

size_t explain_images(struct core *c, const char *after, size_t max, struct now now,
		      struct arena *a, struct explain_summary **ret_list)
{
	size_t i = 0, n = 0;
	while (after != NULL && i < c->n_queue && strcmp(c->queue[i]->name, after) != 0)
		i++;
	/* It has gone meanwhile: from the first again, rather than leaving some out. */
	i = after == NULL || i == c->n_queue ? 0 : i + 1;
	*ret_list = arena_array(a, max < c->n_queue ? max : c->n_queue, sizeof(**ret_list));
	struct gate_waiting *gating = explain_gating(c, a);
	for (; i < c->n_queue && n < max; i++)
		(*ret_list)[n++] = summary_of(c, c->queue[i], now, gating, a);
	return n;
}

size_t explain_images_named(struct core *c, const char *const *names, size_t n, struct now now,
			    struct arena *a, struct explain_summary **ret_list)
{
	size_t found = 0;
	struct gate_waiting *gating = explain_gating(c, a);
	*ret_list = arena_array(a, n, sizeof(**ret_list));
	for (size_t i = 0; i < n; i++) {
		struct image *img = map_get(&c->images, names[i]);
		if (img != NULL)
			(*ret_list)[found++] = summary_of(c, img, now, gating, a);
	}
	return found;
}

static const char *const turn_names[TURNS] = {
	[TURN_HELD] = "held node", [TURN_NEW_NODE] = "new node", [TURN_FRESH] = "first",
	[TURN_RETRY] = "retry",    [TURN_REPULL] = "repull",
};

/* The waiting pairs of one image whose turn it is, in node order; returns how many are in. */
static size_t queue_image(struct explain_view *v, enum turn turn, size_t n, size_t max,
			  struct explain_next *list)
{
	struct core *c = v->core;
	struct image *img = v->img;
	int64_t wake = CLOCK_NEVER;
	bool probe = fault_room(img, v->now.boot_ms, &wake) == ROOM_PROBE;
	for (size_t rank = 0; rank < c->n_order && n < max; rank++) {
		int slot = (int)c->order[rank];
		if (!bit_get(img->waiting, (size_t)slot))
			continue;
		bool failed = probe || img->pairs[slot].attempts != 0;
		if (queue_turn(c, img, slot, failed) != turn)
			continue;
		struct explain_next *next = &list[n++];
		next->image = img->name;
		next->node = c->nodes[slot].name;
		next->turn = turn_names[turn];
		explain_slot(v, slot, &next->why);
	}
	return n;
}

size_t explain_queue(struct core *c, size_t max, struct now now, struct arena *a,
		     struct explain_next **ret_list)
{
	size_t n = 0;
	*ret_list = arena_array(a, max, sizeof(**ret_list));
	for (int turn = TURN_HELD; c->leading && turn < TURNS; turn++)
		for (size_t i = 0; i < c->n_queue && n < max; i++) {
			struct image *img = c->queue[i];
			if (img->n_waiting[turn == TURN_REPULL] == 0)
				continue;
			struct explain_view v = explain_view(c, img, now, a);
			n = queue_image(&v, (enum turn)turn, n, max, *ret_list);
		}
	return n;
}

struct plan { /* an image that is not there yet, or whose spec becomes this */
	struct now now;
	const struct cachedimage_spec *spec;
	const struct policy *policy;
	const struct image *known; /* one of that name and reference; or NULL */
	const struct image *anew;  /* nothing is known of it but its reference */
	const struct image *sizes; /* that knows platforms and bytes of the reference */
};

/* 50, 51. It would not start now. */
static void plan_stopped(const struct plan *p, struct core *c, int slot, struct explain *e,
			 struct arena *a)
{
	const struct image *known = p->known;
	const char *text = NULL;
	if (p->spec->suspend)
		text = "suspended by its own spec";
	else if (known != NULL && known->suspended == SUSPENDED_SET)
		text = suspended_text(c, known, a);
	else if (p->policy->suspend)
		text = arena_printf(a, "suspended by PullPolicy %s", p->policy->name);
	if (text != NULL) {
		e->reason = EXPLAIN_SUSPENDED;
		e->detail = text;
	} else if (target_selects(&p->policy->selector, &c->nodes[slot].labels) &&
		   held_shut_for(c, p->policy, slot, p->spec->gate_nodes && held_is(c, slot))) {
		explain_shut(p->policy, e);
	}
}

/* Since when the node has it, for the image that exists; 0: it has not, or not with these secrets
 * (17a). */
static uint32_t plan_pulled_s(const struct plan *p, const struct core *c, int slot)
{
	if (p->known == NULL)
		return 0;
	bool other = p->anew->fixed && c->nodes[slot].checks_credentials &&
		     !api_name_refs_equal(&p->known->secrets, &p->spec->image_pull_secrets);
	return other ? 0 : p->known->pairs[slot].pulled_s;
}

static struct explain plan_slot(const struct plan *p, struct core *c, int slot, struct arena *a)
{
	const struct node_slot *s = &c->nodes[slot];
	struct explain e = {.node = s->name};
	if (explain_skipped(s, &p->spec->node_selector, &p->spec->tolerations,
			    &p->policy->tolerations, &e, a))
		return e;
	if (p->known != NULL ? explain_left_out(c, p->known, slot, &e, a)
			     : explain_lacks(c, p->sizes, slot, &e, a))
		return e;
	uint32_t pulled_s = plan_pulled_s(p, c, slot);
	if (p->known != NULL && explain_pulling(p->known, slot, p->now, &e))
		return e;
	if (pair_listed(c, p->anew, slot) || pulled_s != 0) {
		e.reason = EXPLAIN_CACHED;
		e.at = pulled_s;
	} else if (!explain_not_ready(s, &e)) {
		e.reason = EXPLAIN_NEXT;
		e.bytes = size_charged(c, p->sizes, slot, 0);
		e.subject = p->policy->name != NULL ? p->policy->name : "";
		plan_stopped(p, c, slot, &e, a);
	}
	return e;
}

/*
 * The image of that name, if it keeps what it has with this spec: an image starts over when its
 * reference is written in another way (16), the child of a set does not (23).
 */
static const struct image *known_as(const struct core *c, const struct cachedimage *image,
				    const char *reference, struct arena *a)
{
	const struct image *known = map_get(&c->images, image->meta.name);
	const char *normal = image->meta.owners.n != 0 ? ref_normal(a, reference) : NULL;
	if (known == NULL)
		return NULL;
	bool same = strcmp(known->reference, reference) == 0 ||
		    (normal != NULL && strcmp(known->normal, normal) == 0);
	return same ? known : NULL;
}

static struct plan plan_of(const struct core *c, const struct cachedimage *image, struct arena *a)
{
	const struct cachedimage_spec *spec = &image->spec;
	const char *name = spec->policy_ref != NULL ? spec->policy_ref->name : NULL;
	const struct policy *policy = name != NULL ? map_get(&c->policies, name) : NULL;
	const char *reference = ref_make(a, spec->image, spec->tag, spec->digest);
	return (struct plan){
		.spec = spec,
		.policy = policy != NULL && policy->present ? policy : &c->fallback,
		.known = known_as(c, image, reference, a),
	};
}

static struct image image_anew(const struct cachedimage_spec *spec, struct arena *a)
{
	const char *reference = ref_make(a, spec->image, spec->tag, spec->digest);
	return (struct image){.listed_as = ref_hash(reference),
			      .fixed = reference_fixed(reference, spec->image_pull_policy)};
}

/* Where a row of the plan stands: what is pulled first, what is skipped last. */
static int plan_place(const struct core *c, const struct explain *e, int slot)
{
	switch (explain_infos[e->reason].group) {
	case GROUP_WAITING:
		return bit_get(c->fresh, (size_t)slot) ? 0 : 1;
	case GROUP_PULLING:
		return 2;
	case GROUP_DONE:
		return 3;
	case GROUP_NOTREADY:
		return 4;
	default:
		return 5;
	}
}
#define PLAN_PLACES 6

size_t explain_plan_told(struct core *c, const struct cachedimage *image,
			 const struct image_platforms *told, size_t max, struct now now,
			 struct arena *a, struct explain **ret_list)
{
	struct plan plan = plan_of(c, image, a);
	struct explain *all = arena_array(a, c->n_order, sizeof(*all));
	struct image anew = image_anew(&image->spec, a);
	size_t n = 0;
	sizes_of_reference(c, anew.listed_as, &anew);
	anew.check.platforms = *told;
	plan.now = now;
	plan.anew = &anew;
	plan.sizes = plan.known != NULL && told->n == 0 ? plan.known : &anew;
	for (size_t rank = 0; rank < c->n_order; rank++)
		all[rank] = plan_slot(&plan, c, (int)c->order[rank], a);
	sizes_forget(&anew);
	*ret_list = arena_array(a, c->n_order < max ? c->n_order : max, sizeof(**ret_list));
	for (int place = 0; place < PLAN_PLACES; place++)
		for (size_t rank = 0; rank < c->n_order && n < max; rank++) {
			int slot = (int)c->order[rank];
			if (c->nodes[slot].present && plan_place(c, &all[rank], slot) == place)
				(*ret_list)[n++] = all[rank];
		}
	return n;
}

size_t explain_plan(struct core *c, const struct cachedimage *image, size_t max, struct now now,
		    struct arena *a, struct explain **ret_list)
{
	return explain_plan_told(c, image, &(struct image_platforms){0}, max, now, a, ret_list);
}

struct explain_limits explain_plan_limits(struct core *c, const struct cachedimage *image,
					  struct arena *a)
{
	const struct policy *p = plan_of(c, image, a).policy;
	return (struct explain_limits){
		.policy = p->name != NULL ? p->name : "",
		.max_nodes = p->max_nodes,
		.delay_ms = p->delay_ms,
		.by_image = p->by_image,
	};
}

struct api_strings explain_plan_unsized(struct core *c, const struct cachedimage *image,
					const struct explain *list, size_t n, struct arena *a)
{
	struct plan plan = plan_of(c, image, a);
	struct api_strings ret = {arena_array(a, c->n_platforms, sizeof(*ret.at)), 0};
	bool seen[NODE_PLATFORMS_MAX + 1] = {false};
	for (size_t i = 0; c->checks_allowed && plan.policy->checks && i < n; i++) {
		int slot = node_find(c, list[i].node);
		if (slot < 0 || list[i].reason != EXPLAIN_NEXT || list[i].bytes != 0)
			continue;
		uint8_t number = c->nodes[slot].platform_number;
		if (!seen[number] && number < c->n_platforms)
			ret.at[ret.n++] = c->platforms[number];
		seen[number] = true;
	}
	return ret;
}

static uint64_t hash_text(uint64_t h, const char *s)
{
	return hash_stable_str(h, s != NULL ? s : "");
}

static uint64_t hash_map(uint64_t h, const struct api_map *map)
{
	h = hash_stable_bytes(h, &map->n, sizeof(map->n));
	for (size_t i = 0; i < map->n; i++)
		h = hash_text(hash_text(h, map->at[i].key), map->at[i].value);
	return h;
}

/* What batch_add() compares (rules/batch.h), and the policy. */
struct explain_pods explain_plan_pods(struct core *c, const struct cachedimage *image,
				      struct arena *a)
{
	struct plan plan = plan_of(c, image, a);
	const struct cachedimage_spec *spec = plan.spec;
	const struct api_map none = {0};
	const char *normal = ref_normal(a, ref_make(a, spec->image, spec->tag, spec->digest));
	uint64_t h = hash_text(HASH_STABLE_START, plan.policy->name);
	h = hash_text(h, normal != NULL ? ref_host(a, normal) : NULL);
	h = hash_stable_bytes(h, &spec->image_pull_secrets.n, sizeof(spec->image_pull_secrets.n));
	for (size_t i = 0; i < spec->image_pull_secrets.n; i++)
		h = hash_text(h, spec->image_pull_secrets.at[i].name);
	h = hash_map(h, spec->pod_metadata != NULL ? &spec->pod_metadata->labels : &none);
	h = hash_map(h, spec->pod_metadata != NULL ? &spec->pod_metadata->annotations : &none);
	return (struct explain_pods){(uint64_t)plan.policy->max_images, h};
}
