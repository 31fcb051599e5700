/* See sets_rig.h. */
#include "tests/reconciler/sets/sets_rig.h"

#include <stdlib.h>

#include "api/ref.h"
#include "api/tables.h"

static void show_set(struct sets_rig *r)
{
	r->set.meta.rv = ++r->rv;
	sets_put(r->sets, KIND_CACHEDIMAGESET, &r->set, r->now);
}

void rig_new(struct sets_rig *r)
{
	*r = (struct sets_rig){.sets = sets_new(), .now = {RIG_BOOT_MS, RIG_WALL_S}, .rv = 10};
	r->set.meta = (struct api_meta){.name = "s", .uid = "su"};
}

void rig_done(struct sets_rig *r)
{
	sets_free(r->sets);
	arena_done(&r->turn);
	arena_done(&r->keep);
}

void rig_restart(struct sets_rig *r)
{
	sets_free(r->sets);
	r->sets = sets_new();
	show_set(r);
	for (size_t i = 0; i < RIG_OBJECTS; i++)
		if (r->images[i] != NULL)
			sets_put(r->sets, KIND_CACHEDIMAGE, r->images[i], r->now);
}

void rig_lead(struct sets_rig *r)
{
	sets_lead(r->sets, true);
}

void rig_set_changed(struct sets_rig *r)
{
	r->set.meta.generation++;
	show_set(r);
}

static struct image_entry entry_of(struct sets_rig *r, const char *reference)
{
	struct image_entry e = {0};
	if (ref_split(&r->keep, reference, &e.image, &e.tag, &e.digest) < 0)
		e.image = reference;
	return e;
}

/* Words of a text, kept. */
static size_t split(struct sets_rig *r, const char *text, const char *words[64])
{
	size_t n = 0;
	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		if (len != 0)
			words[n++] = arena_strndup(&r->keep, text, len);
		text += len + (text[len] == ' ');
	}
	return n;
}

void rig_set(struct sets_rig *r, const char *images)
{
	const char *words[64];
	size_t n = split(r, images, words);
	struct image_entry *list = arena_array(&r->keep, n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i] = entry_of(r, words[i]);
	r->set.spec.images = (struct image_entries){list, n};
	rig_set_changed(r);
}

void rig_discovery(struct sets_rig *r, const char *name, const char *ready, const char *refs)
{
	const char *words[64];
	size_t n = split(r, refs, words);
	struct discovered_image found[64];
	struct api_condition cond = {
		.type = "Ready", .status = ready, .reason = "DNSError", .message = "m"};
	struct discoverypolicy dp = {
		.meta = {.name = name, .uid = name, .rv = ++r->rv},
		.status = {.discovered_images = {found, n}, .conditions = {&cond, ready != NULL}},
	};
	for (size_t i = 0; i < n; i++)
		found[i] = (struct discovered_image){.image = words[i], .source = "registry"};
	sets_put(r->sets, KIND_DISCOVERYPOLICY, &dp, r->now);
}

static struct cachedimage *keep(struct sets_rig *r, const struct cachedimage *ci)
{
	size_t i = 0;
	while (i < RIG_OBJECTS && r->images[i] != NULL)
		i++;
	assert_true(i < RIG_OBJECTS);
	r->images[i] = desc_clone(&cachedimage_desc, ci, &r->keep);
	r->images[i]->meta.uid = arena_printf(&r->keep, "u%d", (int)++r->uids);
	r->images[i]->meta.generation = 1;
	r->images[i]->meta.created = r->now.wall_s;
	return r->images[i];
}

void rig_changed(struct sets_rig *r, struct cachedimage *ci)
{
	ci->meta.rv = ++r->rv;
	sets_put(r->sets, KIND_CACHEDIMAGE, ci, r->now);
}

struct cachedimage *rig_image(struct sets_rig *r, const char *name, const char *owner,
			      const char *reference)
{
	struct api_owner ref = {.api_version = "drop.corewire.io/v1alpha1",
				.kind = "CachedImageSet",
				.name = "s",
				.uid = owner,
				.controller = true};
	struct api_kv label = {SET_LABEL, "s"};
	struct image_entry e = entry_of(r, reference);
	struct cachedimage ci = {
		.meta = {.name = name, .owners = {&ref, owner != NULL}, .labels = {&label, 1}},
		.spec = {.image = e.image,
			 .tag = e.tag,
			 .digest = e.digest,
			 .image_pull_policy = "Always"},
	};
	struct cachedimage *kept = keep(r, &ci);
	rig_changed(r, kept);
	return kept;
}

void rig_phase(struct sets_rig *r, struct cachedimage *ci, const char *phase)
{
	ci->status.phase = phase;
	ci->status.observed_generation = ci->meta.generation;
	rig_changed(r, ci);
}

void rig_remove(struct sets_rig *r, struct cachedimage *ci)
{
	for (size_t i = 0; i < RIG_OBJECTS; i++)
		if (r->images[i] == ci)
			r->images[i] = NULL;
	sets_gone(r->sets, KIND_CACHEDIMAGE, ci->meta.name, r->now);
}

struct cachedimage *rig_get(struct sets_rig *r, const char *name)
{
	for (size_t i = 0; i < RIG_OBJECTS; i++)
		if (r->images[i] != NULL && strcmp(r->images[i]->meta.name, name) == 0)
			return r->images[i];
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *rig_names(struct sets_rig *r)
{
	const char *names[RIG_OBJECTS], *text = "";
	size_t n = 0;
	for (size_t i = 0; i < RIG_OBJECTS; i++)
		if (r->images[i] != NULL)
			names[n++] = r->images[i]->meta.name;
	qsort(names, n, sizeof(names[0]), compare);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(&r->keep, "%s%s%s", text, i ? " " : "", names[i]);
	return text;
}

void rig_turn(struct sets_rig *r, int64_t ms)
{
	r->now.boot_ms += ms;
	r->now.wall_s = RIG_WALL_S + (r->now.boot_ms - RIG_BOOT_MS) / 1000;
	arena_reset(&r->turn);
	r->next_ms = sets_turn(r->sets, r->now, RIG_ROOM, &r->turn, &r->acts);
}

static void patch(struct cachedimage *ci, const struct set_write *w, struct arena *a)
{
	const struct cachedimage *want = desc_clone(&cachedimage_desc, w->child, a);
	ci->meta.labels = want->meta.labels;
	ci->spec.image_pull_policy = want->spec.image_pull_policy;
	ci->spec.image_pull_secrets = want->spec.image_pull_secrets;
	ci->spec.node_selector = want->spec.node_selector;
	ci->spec.tolerations = want->spec.tolerations;
	ci->spec.policy_ref = want->spec.policy_ref;
	ci->spec.pod_metadata = want->spec.pod_metadata;
	ci->meta.generation++;
}

void rig_do(struct sets_rig *r, const struct set_write *w)
{
	struct cachedimage *ci = rig_get(r, w->name);
	enum set_result result = SET_DONE;
	switch (w->verb) {
	case SET_CREATE:
		r->n_creates++;
		if (ci != NULL)
			result = sets_same_child(&r->keep, ci, w->child) ? SET_DONE : SET_TAKEN;
		else
			ci = keep(r, w->child);
		break;
	case SET_ADOPT:
		r->n_adopts++;
		assert_string_equal(w->uid, ci->meta.uid);
		assert_int_equal(w->rv, ci->meta.rv);
		ci->meta.owners =
			((struct cachedimage *)desc_clone(&cachedimage_desc, w->child, &r->keep))
				->meta.owners;
		break;
	case SET_PATCH:
		r->n_patches++;
		patch(ci, w, &r->keep);
		break;
	case SET_DELETE:
		r->n_deletes++;
		assert_string_equal(w->uid, ci->meta.uid);
		break;
	case SET_STATUS:
		r->n_statuses++;
		r->set.status = *(struct cachedimageset_status *)desc_clone(
			&cachedimageset_status_desc, w->status, &r->keep);
		break;
	}
	sets_answered(r->sets, w->verb, w->name, w->uid, result, ++r->rv, NULL, r->now);
	if (w->verb == SET_STATUS)
		show_set(r);
	else if (w->verb == SET_DELETE)
		rig_remove(r, ci);
	else
		rig_changed(r, ci);
}

void rig_settle(struct sets_rig *r)
{
	size_t turns = 0;
	do {
		assert_true(turns++ < 100);
		rig_turn(r, 2000);
		for (size_t i = 0; i < r->acts.n_writes; i++)
			rig_do(r, &r->acts.writes[i]);
	} while (r->acts.n_writes != 0);
}

size_t rig_count(const struct sets_rig *r, enum set_verb verb)
{
	size_t n = 0;
	for (size_t i = 0; i < r->acts.n_writes; i++)
		n += r->acts.writes[i].verb == verb;
	return n;
}

const struct set_write *rig_only(struct sets_rig *r, enum set_verb verb)
{
	const struct set_write *found = NULL;
	assert_int_equal(rig_count(r, verb), 1);
	for (size_t i = 0; i < r->acts.n_writes; i++)
		if (r->acts.writes[i].verb == verb)
			found = &r->acts.writes[i];
	return found;
}

const struct api_condition *rig_ready(const struct sets_rig *r)
{
	const struct api_condition *c = api_condition_find(&r->set.status.conditions, "Ready");
	assert_non_null(c);
	return c;
}
