/*
 * What the API has of a status, as one hash a part: enough to see whether a write
 * would change something and what it must contain, in 100 bytes instead of 100 KB.
 */
#include "reconciler/core/status_hash.h"

#include <string.h>

#include "base/hash.h"

const char *const phase_names[PHASE_COUNT] = {
	[PHASE_PENDING] = "Pending",
	[PHASE_PULLING] = "Pulling",
	[PHASE_READY] = "Ready",
	[PHASE_DEGRADED] = "Degraded",
};

static uint64_t of_num(int64_t n)
{
	return hash_bytes(HASH_START, &n, sizeof(n));
}

static uint64_t of_str(const char *s)
{
	return hash_str(HASH_START, s);
}

static uint64_t of_strings(const struct api_strings *list)
{
	uint64_t h = HASH_START;
	for (size_t i = 0; i < list->n; i++)
		h = hash_str(h, list->at[i]);
	return h;
}

static uint64_t of_failed(const struct failed_nodes *list)
{
	uint64_t h = HASH_START;
	for (size_t i = 0; i < list->n; i++) {
		const struct failed_node *f = &list->at[i];
		h = hash_str(h, f->node);
		h = hash_str(h, f->reason);
		h = hash_str(h, f->message);
		h = hash_bytes(h, &f->attempts, sizeof(f->attempts));
		h = hash_bytes(h, &f->last_attempt_at, sizeof(f->last_attempt_at));
	}
	return h;
}

static uint64_t of_conditions(const struct api_conditions *list)
{
	uint64_t h = HASH_START;
	for (size_t i = 0; i < list->n; i++) {
		const struct api_condition *cond = &list->at[i];
		h = hash_str(h, cond->type);
		h = hash_str(h, cond->status);
		h = hash_str(h, cond->reason);
		h = hash_str(h, cond->message);
		h = hash_bytes(h, &cond->observed_generation, sizeof(cond->observed_generation));
		h = hash_bytes(h, &cond->last_transition, sizeof(cond->last_transition));
	}
	return h;
}

static uint64_t of_registry(const struct registry_status *r)
{
	if (r == NULL)
		return 0;
	uint64_t h = hash_str(HASH_START, r->digest);
	h = hash_bytes(h, &r->checked_at, sizeof(r->checked_at));
	h = hash_bytes(h, &r->settled_at, sizeof(r->settled_at));
	return hash_str(h, r->message);
}

static enum phase phase_of(const char *name)
{
	for (int i = PHASE_NONE + 1; i < PHASE_COUNT; i++)
		if (name != NULL && strcmp(name, phase_names[i]) == 0)
			return (enum phase)i;
	return PHASE_NONE;
}

struct shadow shadow_of(const struct cachedimage_status *s, uint64_t rv)
{
	/* Without a phase nothing was ever written: integers must be, zero included. */
	return (struct shadow){
		.known = s->phase != NULL,
		.phase = phase_of(s->phase),
		.rv = rv,
		.part =
			{
				[PART_GENERATION] = of_num(s->observed_generation),
				[PART_PHASE] = of_str(s->phase),
				[PART_READY] = of_str(s->ready),
				[PART_DIGEST] = of_str(s->resolved_digest),
				[PART_TARGETED] = of_num(s->nodes_targeted),
				[PART_NODES_READY] = of_num(s->nodes_ready),
				[PART_PULLING] = of_num(s->nodes_pulling),
				[PART_CACHED_IMAGE] = of_str(s->cached_image),
				[PART_CACHED] = of_strings(&s->cached_nodes),
				[PART_FAILED] = of_failed(&s->failed_nodes),
				[PART_FAILURES] = of_num(s->consecutive_failures),
				[PART_PULLED] = of_num(s->last_pulled_at),
				[PART_ATTEMPTED] = of_num(s->last_attempted_at),
				[PART_REGISTRY] = of_registry(s->registry),
				[PART_CONDITIONS] = of_conditions(&s->conditions),
			},
	};
}

bool shadow_equal(const struct shadow *a, const struct shadow *b)
{
	return a->known && b->known && memcmp(a->part, b->part, sizeof(a->part)) == 0;
}

/* A value that differs from the wanted one: which, does not matter to a merge patch. */
static const char *other_str(bool same, const char *want)
{
	return same ? want : want != NULL ? NULL : "?";
}

static int64_t other_num(bool same, int64_t want)
{
	return same ? want : want + 1;
}

/* Of each part another one; the object itself is there, whichever is. */
static struct registry_status *other_registry(const struct registry_status *w, struct arena *a)
{
	struct registry_status *o = arena_alloc(a, sizeof(*o));
	if (w == NULL)
		return o;
	*o = (struct registry_status){
		.digest = other_str(false, w->digest),
		.checked_at = other_num(false, w->checked_at),
		.settled_at = other_num(false, w->settled_at),
		.message = other_str(false, w->message),
	};
	return o;
}

struct cachedimage_status *shadow_other(const struct shadow *known, const struct shadow *want,
					const struct cachedimage_status *w, struct arena *a)
{
	static const char *const one_name = "?";
	struct cachedimage_status *o = arena_alloc(a, sizeof(*o));
	bool same[PART_COUNT];
	for (int i = 0; i < PART_COUNT; i++)
		same[i] = known->known && known->part[i] == want->part[i];
	*o = (struct cachedimage_status){
		.observed_generation = other_num(same[PART_GENERATION], w->observed_generation),
		.phase = other_str(same[PART_PHASE], w->phase),
		.ready = other_str(same[PART_READY], w->ready),
		.resolved_digest = other_str(same[PART_DIGEST], w->resolved_digest),
		.nodes_targeted = other_num(same[PART_TARGETED], w->nodes_targeted),
		.nodes_ready = other_num(same[PART_NODES_READY], w->nodes_ready),
		.nodes_pulling = other_num(same[PART_PULLING], w->nodes_pulling),
		.cached_image = other_str(same[PART_CACHED_IMAGE], w->cached_image),
		.cached_nodes = w->cached_nodes,
		.failed_nodes = w->failed_nodes,
		.consecutive_failures = other_num(same[PART_FAILURES], w->consecutive_failures),
		.last_pulled_at = other_num(same[PART_PULLED], w->last_pulled_at),
		.last_attempted_at = other_num(same[PART_ATTEMPTED], w->last_attempted_at),
		.registry = w->registry,
		.conditions = w->conditions,
	};
	if (!same[PART_REGISTRY])
		o->registry = other_registry(w->registry, a);
	if (!same[PART_CACHED])
		o->cached_nodes = (struct api_strings){arena_memdup(a, &one_name, sizeof(one_name)),
						       w->cached_nodes.n == 0};
	if (!same[PART_FAILED])
		o->failed_nodes = (struct failed_nodes){arena_alloc(a, sizeof(*o->failed_nodes.at)),
							w->failed_nodes.n == 0};
	if (!same[PART_CONDITIONS])
		o->conditions = (struct api_conditions){0};
	return o;
}
