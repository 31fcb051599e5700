/*
 * What must always hold of the core of sets, judged on its own from the rules: never two
 * children for one image, never a hand on what is not ours, nothing deleted on doubt,
 * nothing for a set that is being deleted; and in the end the world as the sets want it.
 */
#include <stdio.h>
#include <string.h>

#include "api/ref.h"

#include "tests/simulation/sets.h"

const char *owner_of(const struct cachedimage *o)
{
	return o->meta.owners.n != 0 ? o->meta.owners.at[0].uid : NULL;
}

static const char *normal(struct sim *s, const char *image, const char *tag, const char *digest)
{
	const char *ref = ref_make(&s->mem, image, tag, digest), *is = ref_normal(&s->mem, ref);
	return is != NULL ? is : ref;
}

const char *normal_of(struct sim *s, const struct cachedimage *o)
{
	return normal(s, o->spec.image, o->spec.tag, o->spec.digest);
}

static bool has(const char *const refs[], size_t n, const char *ref)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(refs[i], ref) == 0)
			return true;
	return false;
}

static const struct sim_policy *policy_of(const struct cachedimageset *o,
					  const struct sim_policy *policies)
{
	return o->spec.discovery_policy_ref != NULL
		       ? &policies[o->spec.discovery_policy_ref->name[1] - '0']
		       : NULL;
}

static const char *ready_of(const struct sim_policy *p)
{
	const struct api_conditions *list = &p->o.status.conditions;
	return list->n != 0 ? list->at[0].status : "Unknown";
}

size_t wanted_by(struct sim *s, const struct cachedimageset *o, const struct sim_policy *policies,
		 const char *refs[], bool *ret_known)
{
	const struct sim_policy *p = policy_of(o, policies);
	size_t n = 0;
	*ret_known = p == NULL || (p->exists && strcmp(ready_of(p), "True") == 0);
	for (size_t i = 0; i < o->spec.images.n; i++) {
		const struct image_entry *e = &o->spec.images.at[i];
		const char *ref = normal(s, e->image, e->tag, e->digest);
		if (!has(refs, n, ref))
			refs[n++] = ref;
	}
	for (size_t i = 0; p != NULL && p->exists && i < p->o.status.discovered_images.n; i++) {
		const char *ref = ref_normal(&s->mem, p->o.status.discovered_images.at[i].image);
		if (ref != NULL && !has(refs, n, ref))
			refs[n++] = ref;
	}
	return n;
}

static size_t children_for(struct sim *s, const struct sim_image *list, const char *uid,
			   const char *ref)
{
	size_t n = 0;
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		const struct cachedimage *o = &list[i].o;
		n += list[i].exists && owner_of(o) != NULL && strcmp(owner_of(o), uid) == 0 &&
		     o->meta.deleted == 0 && strcmp(normal_of(s, o), ref) == 0;
	}
	return n;
}

/* 58. It has the set's label, no owner, and that reference. */
static bool is_orphan(struct sim *s, const struct sim_image *i, const char *set, const char *ref)
{
	const char *label = api_map_get(&i->o.meta.labels, SET_LABEL);
	return i->exists && i->o.meta.deleted == 0 && i->o.meta.owners.n == 0 && label != NULL &&
	       strcmp(label, set) == 0 && strcmp(normal_of(s, &i->o), ref) == 0;
}

static size_t orphans_seen(struct sim *s, const char *set, const char *ref)
{
	size_t n = 0;
	for (size_t i = 0; i < IMAGES_MAX; i++)
		n += is_orphan(s, &s->seen_image[i], set, ref);
	return n;
}

/* Judged by the truth, when it is carried out. */
void check_adopt(struct sim *s, const struct set_write *w, const struct sim_image *i)
{
	const char *ref = normal_of(s, &i->o);
	if (!is_orphan(s, i, w->set, ref))
		sim_fail(&s->run, "%s adopted, which is no orphan of %s", w->name, w->set);
	if (children_for(s, s->image, w->child->meta.owners.at[0].uid, ref) != 0)
		sim_fail(&s->run, "%s adopted beside a child for %s", w->name, ref);
}

/* Judged by what the core has seen: of what it could not know it is not guilty. */
void check_write(struct sim *s, const struct set_write *w)
{
	const struct sim_set *set = &s->seen_set[w->set[1] - '0'];
	const char *refs[64];
	bool known;
	if (!set->exists || set->o.meta.deleted != 0) {
		sim_fail(&s->run, "a write for %s, which is gone or going", w->set);
		return;
	}
	if (w->verb == SET_STATUS)
		return;
	size_t n = wanted_by(s, &set->o, s->seen_policy, refs, &known);
	if (w->verb == SET_CREATE) {
		if (!has(refs, n, normal_of(s, w->child)))
			sim_fail(&s->run, "create of %s, which %s does not want", w->name, w->set);
		return;
	}
	if (w->verb == SET_ADOPT) {
		const struct sim_image *o = api_image(s, s->seen_image, w->name);
		if (o == NULL || !has(refs, n, normal_of(s, &o->o)) ||
		    orphans_seen(s, w->set, normal_of(s, &o->o)) == 0)
			sim_fail(&s->run, "adoption of %s, which %s does not want", w->name,
				 w->set);
		return;
	}
	const struct sim_image *i = api_image(s, s->seen_image, w->name);
	if (i == NULL || strcmp(i->o.meta.uid, w->uid) != 0 || owner_of(&i->o) == NULL ||
	    strcmp(owner_of(&i->o), set->o.meta.uid) != 0) {
		sim_fail(&s->run, "a hand on %s, which is not of %s", w->name, w->set);
		return;
	}
	const char *ref = normal_of(s, &i->o);
	if (w->verb == SET_DELETE && !known && !has(refs, n, ref))
		sim_fail(&s->run, "%s deleted while nobody knows what is discovered", w->name);
	if (w->verb == SET_DELETE && has(refs, n, ref) &&
	    children_for(s, s->seen_image, set->o.meta.uid, ref) < 2)
		sim_fail(&s->run, "%s deleted though it is wanted", w->name);
}

/* Judged by the truth, when it is carried out. */
void check_create(struct sim *s, const struct set_write *w)
{
	const char *ref = normal_of(s, w->child);
	if (children_for(s, s->image, w->uid, ref) != 0)
		sim_fail(&s->run, "a second child for %s: %s", ref, w->name);
}

static bool same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool field_drift(const struct cachedimageset *set, const struct cachedimage *o)
{
	const struct api_name_ref *a = set->spec.policy_ref, *b = o->spec.policy_ref;
	return !same(set->spec.image_pull_policy, o->spec.image_pull_policy) ||
	       set->spec.node_selector.n != o->spec.node_selector.n ||
	       !same(a != NULL ? a->name : NULL, b != NULL ? b->name : NULL) ||
	       !same(api_map_get(&o->meta.labels, SET_LABEL), set->meta.name);
}

/* 24, from the truth. */
static const char *true_phase(const struct cachedimageset *set, const struct sim_policy *p,
			      size_t all, size_t ready, size_t degraded)
{
	(void)set;
	if ((p != NULL && !p->exists) || degraded != 0)
		return "Degraded";
	if (p != NULL && strcmp(ready_of(p), "Unknown") == 0)
		return "Pending";
	/* 59. An empty set is Ready, unless nobody knows what would be found. */
	if (all == 0 && p != NULL && strcmp(ready_of(p), "False") == 0)
		return "Pending";
	return ready == all ? "Ready" : "Pending";
}

static bool set_converged(struct sim *s, const struct sim_set *set, char *why, size_t size)
{
	const struct cachedimageset *o = &set->o;
	const char *refs[64];
	bool known;
	size_t n = wanted_by(s, o, s->policy, refs, &known), all = 0, ready = 0, degraded = 0;
	for (size_t i = 0; i < n; i++)
		if (children_for(s, s->image, o->meta.uid, refs[i]) != 1) {
			snprintf(why, size, "%s: %zu children for %s", o->meta.name,
				 children_for(s, s->image, o->meta.uid, refs[i]), refs[i]);
			return false;
		}
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		const struct cachedimage *c = &s->image[i].o;
		if (!s->image[i].exists || !same(owner_of(c), o->meta.uid))
			continue;
		bool current = c->status.observed_generation == c->meta.generation;
		all++;
		ready += current && same(c->status.phase, "Ready");
		degraded += current && same(c->status.phase, "Degraded");
		if ((known && !has(refs, n, normal_of(s, c))) || field_drift(o, c)) {
			snprintf(why, size, "%s: child %s is wrong", o->meta.name, c->meta.name);
			return false;
		}
	}
	const char *phase = true_phase(o, policy_of(o, s->policy), all, ready, degraded);
	bool good = same(o->status.phase, phase) && o->status.images_managed == (int64_t)all &&
		    o->status.images_ready == (int64_t)ready &&
		    o->status.observed_generation == o->meta.generation;
	if (!good)
		snprintf(why, size, "%s: status %s %d/%d, truth %s %zu/%zu", o->meta.name,
			 o->status.phase != NULL ? o->status.phase : "none",
			 (int)o->status.images_ready, (int)o->status.images_managed, phase, ready,
			 all);
	return good;
}

bool check_converged(struct sim *s, char *why, size_t size)
{
	for (size_t i = 0; i < SETS_MAX; i++)
		if (s->set[i].exists && !set_converged(s, &s->set[i], why, size))
			return false;
	return true;
}
