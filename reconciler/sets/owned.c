/*
 * The part of a CachedImage's spec that its set owns besides the reference (behaviour.md
 * 23): taken from a set, taken from a child, compared, filled in. What a user may set on
 * a child by hand (priority) is not in it.
 */
#include <string.h>

#include "reconciler/rules/pack.h"
#include "reconciler/sets/sets_model.h"

static const char *name_of_ref(const struct api_name_ref *ref)
{
	return ref != NULL ? ref->name : NULL;
}

static struct pod_metadata pod_metadata_or_none(const struct pod_metadata *m)
{
	return m != NULL ? *m : (struct pod_metadata){0};
}

struct owned owned_of_child(const struct cachedimage_spec *spec)
{
	return (struct owned){
		.pull_policy = spec->image_pull_policy,
		.policy_name = name_of_ref(spec->policy_ref),
		.secrets = spec->image_pull_secrets,
		.selector = spec->node_selector,
		.tolerations = spec->tolerations,
		.pod_metadata = pod_metadata_or_none(spec->pod_metadata),
		.gate_nodes = spec->gate_nodes,
	};
}

struct owned owned_of_set(const struct cachedimageset_spec *spec)
{
	return (struct owned){
		.pull_policy = spec->image_pull_policy,
		.policy_name = name_of_ref(spec->policy_ref),
		.secrets = spec->image_pull_secrets,
		.selector = spec->node_selector,
		.tolerations = spec->tolerations,
		.pod_metadata = pod_metadata_or_none(spec->pod_metadata),
		.gate_nodes = spec->gate_nodes,
	};
}

struct owned owned_pack(struct pack *p, const struct owned *o)
{
	return (struct owned){
		.pull_policy = pack_str(p, o->pull_policy),
		.policy_name = pack_str(p, o->policy_name),
		.secrets = pack_names(p, &o->secrets),
		.selector = pack_map(p, &o->selector),
		.tolerations = pack_tolerations(p, &o->tolerations),
		.pod_metadata = pack_pod_metadata(p, &o->pod_metadata),
		.gate_nodes = o->gate_nodes,
	};
}

/* Absent is what it defaults to. */
static bool same(const char *a, const char *b, const char *absent)
{
	return strcmp(a != NULL ? a : absent, b != NULL ? b : absent) == 0;
}

static bool same_map(const struct api_map *a, const struct api_map *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i].key, b->at[i].key) != 0 ||
		    !same(a->at[i].value, b->at[i].value, ""))
			return false;
	return true;
}

static bool same_tolerations(const struct api_tolerations *a, const struct api_tolerations *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct api_toleration *x = &a->at[i], *y = &b->at[i];
		if (!same(x->key, y->key, "") || !same(x->op, y->op, "Equal") ||
		    !same(x->value, y->value, "") || !same(x->effect, y->effect, "") ||
		    x->seconds != y->seconds)
			return false;
	}
	return true;
}

bool owned_equal(const struct owned *a, const struct owned *b)
{
	return same(a->pull_policy, b->pull_policy, "Always") &&
	       same(a->policy_name, b->policy_name, "") &&
	       api_name_refs_equal(&a->secrets, &b->secrets) &&
	       same_map(&a->selector, &b->selector) &&
	       same_tolerations(&a->tolerations, &b->tolerations) &&
	       same_map(&a->pod_metadata.labels, &b->pod_metadata.labels) &&
	       same_map(&a->pod_metadata.annotations, &b->pod_metadata.annotations) &&
	       a->gate_nodes == b->gate_nodes;
}

struct owned owned_copy(const struct owned *o, struct arena *a)
{
	struct pack p = {0};
	owned_pack(&p, o);
	p = (struct pack){.mem = arena_alloc(a, p.used + 1)};
	return owned_pack(&p, o);
}

void owned_fill(const struct owned *o, struct cachedimage_spec *spec, struct arena *a)
{
	struct owned own = owned_copy(o, a);
	spec->image_pull_policy = own.pull_policy != NULL ? own.pull_policy : "Always";
	spec->image_pull_secrets = own.secrets;
	spec->node_selector = own.selector;
	spec->tolerations = own.tolerations;
	spec->policy_ref = NULL;
	spec->pod_metadata = NULL;
	spec->gate_nodes = own.gate_nodes;
	if (own.pod_metadata.labels.n + own.pod_metadata.annotations.n != 0)
		spec->pod_metadata = arena_memdup(a, &own.pod_metadata, sizeof(own.pod_metadata));
	if (own.policy_name != NULL) {
		spec->policy_ref = arena_alloc(a, sizeof(*spec->policy_ref));
		spec->policy_ref->name = own.policy_name;
	}
}
