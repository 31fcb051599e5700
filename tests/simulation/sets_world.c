/*
 * Who changes things besides the core: people with kubectl, kubelets, the discoverer, the
 * garbage collector. In calm times only kubelets and the collector go on.
 */
#include <string.h>

#include "api/ref.h"

#include "tests/simulation/sets.h"

const char *const sim_refs[REFS_MAX] = {
	"nginx:1",
	"docker.io/library/nginx:1", /* the same */
	"quay.io/a/nginx:1",         /* the same name */
	"quay.io/b/nginx:1",
	"redis:7",
	"r.io/team/App:1", /* no reference at all */
	"r.io/team/app:V_1",
	"r.io/team/app",
	"r.io/x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	"busybox:1.36",
	"busybox:1.37",
	"alpine:3.19",
};

static struct image_entry entry_of(struct sim *s, const char *ref)
{
	struct image_entry e = {0};
	if (ref_split(&s->mem, ref, &e.image, &e.tag, &e.digest) < 0)
		e = (struct image_entry){.image = "r.io/team/App", .tag = "1"};
	return e;
}

static void edit_list(struct sim *s, struct sim_set *set)
{
	size_t n = sim_random(&s->run, 7);
	struct image_entry *list = arena_array(&s->mem, n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i] = entry_of(s, sim_refs[sim_random(&s->run, REFS_MAX)]);
	set->o.spec.images = (struct image_entries){list, n};
}

static void edit_fields(struct sim *s, struct sim_set *set)
{
	static struct api_kv selector = {"pool", "a"};
	static struct api_name_ref policies[] = {{"p"}, {"q"}};
	static struct api_name_ref discoveries[] = {{"d0"}, {"d1"}};
	set->o.spec.image_pull_policy = sim_chance(&s->run, 500) ? "Always" : "IfNotPresent";
	set->o.spec.node_selector = (struct api_map){&selector, sim_chance(&s->run, 500)};
	set->o.spec.policy_ref =
		sim_chance(&s->run, 300) ? NULL : &policies[sim_random(&s->run, 2)];
	set->o.spec.discovery_policy_ref =
		sim_chance(&s->run, 500) ? NULL : &discoveries[sim_random(&s->run, 2)];
}

static void make_set(struct sim *s, size_t n)
{
	struct sim_set *set = &s->set[n];
	*set = (struct sim_set){.exists = true};
	set->o.meta = (struct api_meta){.name = arena_printf(&s->mem, "s%zu", n),
					.uid = arena_printf(&s->mem, "u%d", (int)++s->uids),
					.generation = 1,
					.created = sim_now(s).wall_s};
	edit_list(s, set);
	edit_fields(s, set);
	api_changed_set(s, set);
}

static void edit_set(struct sim *s, struct sim_set *set)
{
	if (set->o.meta.deleted != 0)
		return;
	if (sim_chance(&s->run, 600))
		edit_list(s, set);
	else
		edit_fields(s, set);
	set->o.meta.generation++;
	sim_trace(&s->run, "edit %s", set->o.meta.name);
	api_changed_set(s, set);
}

static void delete_set(struct sim *s, struct sim_set *set)
{
	sim_trace(&s->run, "delete %s", set->o.meta.name);
	if (sim_chance(&s->run, 500)) {
		api_remove_set(s, set);
		return;
	}
	/* Foreground: it stays until the collector has taken the children. */
	set->o.meta.deleted = sim_now(s).wall_s;
	set->o.meta.generation++;
	api_changed_set(s, set);
}

static void change_policy(struct sim *s, size_t n)
{
	static const char *const states[] = {"True", "True", "True", "False", "Unknown"};
	struct sim_policy *p = &s->policy[n];
	if (p->exists && sim_chance(&s->run, 200)) {
		api_remove_policy(s, p);
		return;
	}
	size_t count = sim_random(&s->run, 5);
	struct discovered_image *found = arena_array(&s->mem, count + 1, sizeof(*found));
	struct api_condition *ready = arena_alloc(&s->mem, sizeof(*ready));
	for (size_t i = 0; i < count; i++)
		found[i].image = sim_refs[sim_random(&s->run, REFS_MAX)];
	*ready = (struct api_condition){
		.type = "Ready", .status = states[sim_random(&s->run, 5)], .reason = "Synced"};
	*p = (struct sim_policy){.exists = true};
	p->o.meta = (struct api_meta){.name = arena_printf(&s->mem, "d%zu", n), .uid = "d"};
	p->o.status.discovered_images = (struct discovered_images){found, count};
	p->o.status.conditions = (struct api_conditions){ready, sim_chance(&s->run, 900)};
	api_changed_policy(s, p);
}

/* Somebody's own CachedImage, often under a name that a set would like. */
static void make_foreign(struct sim *s)
{
	static const char *const names[] = {"s0-nginx-1", "s1-redis-7", "s2-busybox-1.36", "mine"};
	const char *name = names[sim_random(&s->run, 4)];
	struct cachedimage o = {.meta = {.name = name}, .spec = {.image = "redis", .tag = "7"}};
	if (api_image(s, s->image, name) == NULL)
		api_add_image(s, &o)->foreign = true;
}

static void edit_child(struct sim *s, struct sim_image *i)
{
	static struct api_name_ref policy = {"by-hand"};
	switch (sim_random(&s->run, 7)) {
	case 0:
		i->o.spec.image_pull_policy = "Never";
		break;
	case 1:
		i->o.spec.policy_ref = &policy;
		break;
	case 2:
		i->o.meta.labels.n = 0;
		break;
	case 3:
		i->o.spec.priority = (int64_t)sim_random(&s->run, 100);
		break;
	case 4:
		i->o.spec.tag = "by-hand";
		i->o.spec.digest = NULL;
		break;
	case 5: /* not the set's any more */
		i->o.meta.owners.n = i->o.meta.labels.n = 0;
		i->foreign = true;
		break;
	case 6: /* 58. as --cascade=orphan leaves it */
		i->o.meta.owners.n = 0;
		i->foreign = true;
		break;
	}
	i->o.meta.generation++;
	sim_trace(&s->run, "edit %s", i->o.meta.name);
	api_changed_image(s, i);
}

static void trouble_image(struct sim *s, struct sim_image *i)
{
	if (!i->exists)
		return;
	if (i->foreign) {
		if (sim_chance(&s->run, 300))
			api_remove_image(s, i);
	} else if (i->o.meta.deleted != 0) {
		return;
	} else if (sim_chance(&s->run, 400)) {
		edit_child(s, i);
	} else if (sim_chance(&s->run, 300)) {
		/* A finalizer holds it for a while. */
		i->o.meta.deleted = sim_now(s).wall_s;
		api_changed_image(s, i);
	} else {
		sim_trace(&s->run, "delete %s by hand", i->o.meta.name);
		api_remove_image(s, i);
	}
}

void world_init(struct sim *s)
{
	for (size_t i = 0; i < SETS_MAX; i++)
		make_set(s, i);
	change_policy(s, 0);
}

void world_trouble(struct sim *s)
{
	struct sim_set *set = &s->set[sim_random(&s->run, SETS_MAX)];
	if (sim_chance(&s->run, 20))
		s->lag_ms = (int64_t)sim_random(&s->run, sim_chance(&s->run, 200) ? 6000 : 500);
	if (!set->exists && sim_chance(&s->run, 30))
		make_set(s, (size_t)(set - s->set));
	else if (set->exists && sim_chance(&s->run, 15))
		edit_set(s, set);
	else if (set->exists && set->o.meta.deleted == 0 && sim_chance(&s->run, 3))
		delete_set(s, set);
	if (sim_chance(&s->run, 10))
		change_policy(s, sim_random(&s->run, POLICIES_MAX));
	if (sim_chance(&s->run, 5))
		make_foreign(s);
	if (sim_chance(&s->run, 100))
		trouble_image(s, &s->image[sim_random(&s->run, IMAGES_MAX)]);
	if (set->exists && sim_chance(&s->run, 3)) {
		set->o.status.images_ready = 99;
		api_changed_set(s, set);
	}
}

void world_calm(struct sim *s)
{
	s->faults = false;
	s->lag_ms = 0;
}

static void collect(struct sim *s, struct sim_image *i)
{
	const char *owner = owner_of(&i->o);
	bool alive = false;
	for (size_t n = 0; owner != NULL && n < SETS_MAX; n++)
		alive |= s->set[n].exists && s->set[n].o.meta.deleted == 0 &&
			 strcmp(s->set[n].o.meta.uid, owner) == 0;
	bool dying = i->o.meta.deleted != 0;
	if ((dying || (owner != NULL && !alive)) && sim_chance(&s->run, 30))
		api_remove_image(s, i);
}

/* A kubelet: the phase goes its ways, and comes to rest when all is calm. */
static void pull(struct sim *s, struct sim_image *i)
{
	static const char *const phases[] = {"Pending", "Pulling", "Ready", "Degraded"};
	bool known = i->o.status.observed_generation == i->o.meta.generation;
	if (!sim_chance(&s->run, s->faults ? 20 : 100) || (!s->faults && known))
		return;
	i->o.status.observed_generation = i->o.meta.generation;
	i->o.status.phase = phases[sim_random(&s->run, 4)];
	api_changed_image(s, i);
}

void world_always(struct sim *s)
{
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		if (s->image[i].exists)
			collect(s, &s->image[i]);
		if (s->image[i].exists && !s->image[i].foreign)
			pull(s, &s->image[i]);
	}
	for (size_t n = 0; n < SETS_MAX; n++) {
		bool children = false;
		for (size_t i = 0; i < IMAGES_MAX; i++) {
			const char *owner = s->image[i].exists ? owner_of(&s->image[i].o) : NULL;
			children |= owner != NULL && strcmp(owner, s->set[n].o.meta.uid) == 0;
		}
		if (s->set[n].exists && s->set[n].o.meta.deleted != 0 && !children)
			api_remove_set(s, &s->set[n]);
	}
}
