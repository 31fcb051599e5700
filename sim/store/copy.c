/* Texts are immutable, so a backup is a list of references to them, in the order of keys. */
#include "sim/store/copy.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "base/xalloc.h"

#include "sim/store/impl.h"

struct kept {
	const struct resource *res;
	struct text *text;
	uint64_t rv;
};

struct store_copy {
	uint64_t rv; /* of the store */
	struct kept *at;
	size_t n;
};

static void keep_resource(const struct store *s, const struct resource *r, struct store_copy *c)
{
	const char *ns = NULL, *name = NULL;
	for (const struct object *o; store_next(s, r, ns, name, &o); ns = o->ns, name = o->name)
		c->at[c->n++] = (struct kept){r, text_ref(o->text), o->rv};
}

struct store_copy *store_copy_new(const struct store *s)
{
	struct store_copy *c = xcalloc(1, sizeof(*c));
	c->rv = store_rv(s);
	c->at = xcalloc(s->objects, sizeof(*c->at));
	for (size_t i = 0; i < resources_n; i++)
		if (store_home(&resources[i]) == &resources[i])
			keep_resource(s, &resources[i], c);
	return c;
}

void store_copy_free(struct store_copy *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		text_unref(c->at[i].text);
	free(c->at);
	free(c);
}

void store_restore(struct store *s, const struct store_copy *c)
{
	store_clear(s, c->rv);
	for (size_t i = 0; i < c->n; i++)
		store_load(s, c->at[i].res, c->at[i].text, c->at[i].rv);
}
