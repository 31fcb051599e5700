/*
 * Merges two ordered sequences: the store's objects, and what undoes the changes since.
 */
#include "sim/store/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "sim/objects/api_error.h"
#include "sim/store/index.h"
#include "sim/store/impl.h"

static int by_key_then_age(const void *a, const void *b)
{
	const struct snapshot_item *x = a, *y = b;
	int c = index_compare(x->ns, x->name, y->ns, y->name);
	return c != 0 ? c : x->undone < y->undone ? -1 : 1;
}

static bool wanted(const struct snapshot *s, const struct change *c)
{
	return c->res == s->res && (s->ns[0] == '\0' || strcmp(c->ns, s->ns) == 0);
}

/* Of each key the earliest change since rv: what was before it was there at rv. */
static void collect(struct snapshot *s, uint64_t rv, struct arena *a)
{
	size_t n = 0, kept = 0;
	while (store_change_after(s->store, rv + n) != NULL)
		n++;
	if (n == 0)
		return;
	struct snapshot_item *undo = arena_array(a, n, sizeof(*undo));
	n = 0;
	for (const struct change *c; (c = store_change_after(s->store, rv)) != NULL; rv = c->rv)
		if (wanted(s, c))
			undo[n++] =
				(struct snapshot_item){c->ns, c->name, c->node, c->before, c->rv};
	qsort(undo, n, sizeof(*undo), by_key_then_age);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || index_compare(undo[i].ns, undo[i].name, undo[kept - 1].ns,
					       undo[kept - 1].name) != 0)
			undo[kept++] = undo[i];
	s->undo = undo;
	s->n = kept;
}

int snapshot_open(const struct store *s, const struct resource *r, const char *ns, uint64_t rv,
		  const char *after_ns, const char *after_name, struct arena *a,
		  struct snapshot *ret, struct api_error *e)
{
	if (rv < store_oldest(s))
		return api_error_expired(e, rv, store_oldest(s));
	*ret = (struct snapshot){.store = s, .res = store_home(r), .ns = ns};
	collect(ret, rv, a);
	ret->last_ns = after_ns;
	ret->last_name = after_name;
	while (after_ns != NULL && ret->next_undo < ret->n &&
	       index_compare(ret->undo[ret->next_undo].ns, ret->undo[ret->next_undo].name, after_ns,
			     after_name) <= 0)
		ret->next_undo++;
	if (after_ns == NULL && ns[0] != '\0') { /* no name is empty: this is before all of them */
		ret->last_ns = ns;
		ret->last_name = "";
	}
	return 0;
}

/* The next object that is there now, within the namespace. */
static const struct object *next_object(const struct snapshot *s)
{
	const struct object *o;
	if (!store_next(s->store, s->res, s->last_ns, s->last_name, &o))
		return NULL;
	return s->ns[0] == '\0' || strcmp(o->ns, s->ns) == 0 ? o : NULL;
}

bool snapshot_next(struct snapshot *s, struct snapshot_item *ret)
{
	for (;;) {
		const struct object *o = next_object(s);
		const struct snapshot_item *u = s->next_undo < s->n ? &s->undo[s->next_undo] : NULL;
		if (o == NULL && u == NULL)
			return false;
		int c = o == NULL   ? 1
			: u == NULL ? -1
				    : index_compare(o->ns, o->name, u->ns, u->name);
		if (c < 0)
			*ret = (struct snapshot_item){o->ns, o->name, o->node, o->text, 0};
		else
			*ret = *u;
		s->next_undo += c >= 0;
		s->last_ns = ret->ns;
		s->last_name = ret->name;
		if (ret->text != NULL)
			return true;
	}
}
