/* See suspend.h. */
#include "reconciler/core/suspend.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/core/policies.h"

enum suspended suspended_by(struct core *c, const struct image *img)
{
	if (img->suspend)
		return SUSPENDED_IMAGE;
	if (img->set_uid != NULL && map_get(&c->suspended_sets, img->set_uid) != NULL)
		return SUSPENDED_SET;
	return policy_of_image(c, img)->suspend ? SUSPENDED_POLICY : SUSPENDED_NOT;
}

const char *suspended_text(struct core *c, const struct image *img, struct arena *a)
{
	const struct suspended_set *set;
	const char *name;
	switch (img->suspended) {
	case SUSPENDED_SET:
		set = map_get(&c->suspended_sets, img->set_uid);
		return arena_printf(a, "suspended by CachedImageSet %s",
				    set != NULL ? set->name : "");
	case SUSPENDED_POLICY:
		name = policy_of_image(c, img)->name;
		return arena_printf(a, "suspended by PullPolicy %s", name != NULL ? name : "");
	case SUSPENDED_IMAGE:
	case SUSPENDED_NOT:
		break;
	}
	return "suspended by its own spec";
}

static void set_free(struct core *c, struct suspended_set *set)
{
	map_del(&c->suspended_sets, set->uid);
	free(set->name);
	free(set->uid);
	free(set);
}

static struct suspended_set *set_named(const struct core *c, const char *name)
{
	struct suspended_set *set;
	for (size_t i = 0; (set = map_next(&c->suspended_sets, &i)) != NULL;)
		if (strcmp(set->name, name) == 0)
			return set;
	return NULL;
}

bool suspend_set_gone(struct core *c, const char *name)
{
	struct suspended_set *set = set_named(c, name);
	if (set != NULL)
		set_free(c, set);
	return set != NULL;
}

bool suspend_set_put(struct core *c, const struct cachedimageset *obj)
{
	const char *uid = obj->meta.uid != NULL ? obj->meta.uid : "";
	struct suspended_set *set = map_get(&c->suspended_sets, uid);
	if (!obj->spec.suspend)
		return suspend_set_gone(c, obj->meta.name);
	if (set != NULL) {
		set->read = c->read;
		return false;
	}
	suspend_set_gone(c, obj->meta.name); /* deleted and made again */
	set = xcalloc(1, sizeof(*set));
	set->name = xstrdup(obj->meta.name);
	set->uid = xstrdup(uid);
	set->read = c->read;
	map_put(&c->suspended_sets, set->uid, set);
	return true;
}

static struct suspended_set *set_unread(const struct core *c)
{
	struct suspended_set *set;
	for (size_t i = 0; (set = map_next(&c->suspended_sets, &i)) != NULL;)
		if (set->read != c->read)
			return set;
	return NULL;
}

bool suspend_sets_sweep(struct core *c)
{
	struct suspended_set *set;
	bool any = false;
	while ((set = set_unread(c)) != NULL) {
		set_free(c, set);
		any = true;
	}
	return any;
}

void suspend_done(struct core *c)
{
	struct suspended_set *set;
	for (size_t i = 0; (set = map_next(&c->suspended_sets, &i)) != NULL; i = 0)
		set_free(c, set);
	map_done(&c->suspended_sets);
}
