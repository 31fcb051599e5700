/*
 * Compares status with what a scene says it comes to. An object that is absent, or whose
 * status is not about its present spec, is not yet so.
 */
#include "sim/play/expect.h"

#include <inttypes.h>
#include <string.h>

#include "api/desc.h"
#include "api/kinds.h"
#include "api/ref.h"

#include "sim/nodes/registry.h"
#include "sim/play/timeline.h"
#include "sim/store/store.h"

struct state { /* of one object, whatever its kind */
	bool there;
	const char *phase, *ready, *message;
	/* Of a CachedImage: */
	const char *reference;
	struct api_strings nodes; /* cachedNodes */
};

static const char *message_of(const struct api_conditions *conditions)
{
	const struct api_condition *c = api_condition_find(conditions, "Ready");
	return c != NULL && c->message != NULL ? c->message : "";
}

static const char *or_none(const char *text)
{
	return text != NULL ? text : "";
}

static void image_state(const char *json, size_t len, struct arena *a, struct state *ret)
{
	struct cachedimage o;
	if (desc_decode(kinds[KIND_CACHEDIMAGE].desc, json, len, true, a, &o, NULL) != 0 ||
	    o.status.observed_generation != o.meta.generation)
		return;
	*ret = (struct state){true,
			      or_none(o.status.phase),
			      or_none(o.status.ready),
			      message_of(&o.status.conditions),
			      ref_make(a, o.spec.image, o.spec.tag, o.spec.digest),
			      o.status.cached_nodes};
}

static void set_state(const char *json, size_t len, struct arena *a, struct state *ret)
{
	struct cachedimageset o;
	if (desc_decode(kinds[KIND_CACHEDIMAGESET].desc, json, len, true, a, &o, NULL) != 0 ||
	    o.status.observed_generation != o.meta.generation)
		return;
	*ret = (struct state){true, or_none(o.status.phase),
			      arena_printf(a, "%" PRId64 "/%" PRId64, o.status.images_ready,
					   o.status.images_managed),
			      message_of(&o.status.conditions)};
}

static void policy_state(const char *json, size_t len, struct arena *a, struct state *ret)
{
	struct discoverypolicy o;
	if (desc_decode(kinds[KIND_DISCOVERYPOLICY].desc, json, len, true, a, &o, NULL) != 0 ||
	    api_condition_find(&o.status.conditions, "Ready") == NULL)
		return;
	*ret = (struct state){true, "", arena_printf(a, "%" PRId64, o.status.image_count),
			      message_of(&o.status.conditions)};
}

static void node_state(const char *json, size_t len, struct arena *a, struct state *ret)
{
	struct node o;
	const char *taints = "open";
	if (desc_decode(kinds[KIND_NODE].desc, json, len, true, a, &o, NULL) != 0)
		return;
	for (size_t i = 0; i < o.taints.n; i++)
		taints = i == 0 ? o.taints.at[i].key
				: arena_printf(a, "%s,%s", taints, o.taints.at[i].key);
	*ret = (struct state){true, taints, "", ""};
}

static const struct {
	const char *kind, *version;
	void (*state)(const char *json, size_t len, struct arena *a, struct state *ret);
} readers[] = {
	{"CachedImage", API_GROUP "/" API_VERSION, image_state},
	{"CachedImageSet", API_GROUP "/" API_VERSION, set_state},
	{"DiscoveryPolicy", API_GROUP "/" API_VERSION, policy_state},
	{"Node", "v1", node_state},
};

static struct state state_of(const struct sim_expect *e, const struct store *store, struct arena *a)
{
	struct state s = {.phase = "absent", .ready = "", .message = ""};
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (strcmp(e->kind, readers[i].kind) != 0)
			continue;
		const struct resource *r = resource_of_kind(readers[i].version, e->kind);
		const struct object *o = store_get(store, r, "", e->name);
		if (o == NULL)
			break;
		s.phase = "without a status";
		readers[i].state(o->text->json, o->text->len, a, &s);
	}
	return s;
}

/* A node of the list that lists another image under the reference than the registry has; or NULL.
 */
static const char *outdated(const struct state *s, const struct sim_world *w, struct arena *a)
{
	struct sim_manifest now;
	if (registries_find(w->registries, s->reference, &now) != 0)
		return "the registry";
	const struct resource *r = resource_of_kind("v1", "Node");
	for (size_t i = 0; i < s->nodes.n; i++) {
		const struct object *o = store_get(w->store, r, "", s->nodes.at[i]);
		const char *listed = arena_printf(a, "\"%s\"", now.digest_name);
		if (o == NULL || strstr(o->text->json, listed) == NULL)
			return s->nodes.at[i];
	}
	return NULL;
}

static const char *lacks_image(const struct sim_expect *e, const struct state *s,
			       const struct sim_world *w, struct arena *a)
{
	if (s->reference == NULL || (!e->current && e->pulls == 0))
		return NULL;
	const char *node = e->current ? outdated(s, w, a) : NULL;
	if (node != NULL)
		return arena_printf(a, "%s %s: %s does not have what the tag means now", e->kind,
				    e->name, node);
	int64_t pulls = registries_pulls(w->registries, s->reference);
	if (e->pulls != 0 && pulls != e->pulls)
		return arena_printf(a, "%s %s was pulled %" PRId64 " times, not %" PRId64, e->kind,
				    e->name, pulls, e->pulls);
	return NULL;
}

/* One sentence, or NULL when it is so. */
static const char *lacks(const struct sim_expect *e, const struct state *s,
			 const struct sim_world *w, struct arena *a)
{
	if (!s->there || (e->phase != NULL && strcmp(e->phase, s->phase) != 0))
		return arena_printf(a, "%s %s is %s, not %s", e->kind, e->name,
				    s->phase[0] != '\0' ? s->phase : "without a phase",
				    e->phase != NULL ? e->phase : "as it should be");
	if (e->ready != NULL && strcmp(e->ready, s->ready) != 0)
		return arena_printf(a, "%s %s has %s ready, not %s", e->kind, e->name, s->ready,
				    e->ready);
	if (e->cause != NULL && strstr(s->message, e->cause) == NULL)
		return arena_printf(a, "%s %s says \"%s\", not \"%s\"", e->kind, e->name,
				    s->message, e->cause);
	return lacks_image(e, s, w, a);
}

struct api_strings expect_missing(const struct sim_expects *expect, const struct sim_world *world,
				  struct arena *a)
{
	struct api_strings out = {.at = arena_array(a, expect->n + 1, sizeof(*out.at))};
	for (size_t i = 0; i < expect->n; i++) {
		struct state s = state_of(&expect->at[i], world->store, a);
		const char *text = lacks(&expect->at[i], &s, world, a);
		if (text != NULL)
			out.at[out.n++] = text;
	}
	return out;
}
