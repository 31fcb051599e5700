/* See nodes_seen.h. Invariant: empty while no policy needs nodes. */
#include "discoverer/nodes_seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "discoverer/pipeline/nodes.h"

struct seen {
	struct arena mem;
	const char *name;
	struct api_map labels;
	bool ready;
	uint64_t read;
};

static void forget(struct discoverer *d, struct seen *s)
{
	if (s == NULL)
		return;
	map_del(&d->nodes, s->name);
	arena_done(&s->mem);
	free(s);
}

static bool is_ready(const struct node *node)
{
	for (size_t i = 0; i < node->conditions.n; i++) {
		const struct node_condition *c = &node->conditions.at[i];
		if (c->type != NULL && c->status != NULL && strcmp(c->type, "Ready") == 0)
			return strcmp(c->status, "True") == 0;
	}
	return false;
}

void nodes_put(struct discoverer *d, const struct node *node)
{
	if (node->meta.name == NULL)
		return;
	forget(d, map_get(&d->nodes, node->meta.name));
	struct seen *s = xcalloc(1, sizeof(*s));
	s->name = arena_strdup(&s->mem, node->meta.name);
	s->ready = is_ready(node);
	s->read = d->read;
	s->labels.n = node->meta.labels.n;
	s->labels.at = arena_array(&s->mem, s->labels.n, sizeof(*s->labels.at));
	for (size_t i = 0; i < s->labels.n; i++)
		s->labels.at[i] =
			(struct api_kv){arena_strdup(&s->mem, node->meta.labels.at[i].key),
					arena_strdup(&s->mem, node->meta.labels.at[i].value)};
	map_put(&d->nodes, s->name, s);
}

void nodes_gone(struct discoverer *d, const char *name)
{
	forget(d, map_get(&d->nodes, name));
}

void nodes_sweep(struct discoverer *d)
{
	struct seen *s;
	for (size_t i = 0; (s = map_next(&d->nodes, &i)) != NULL;)
		if (s->read != d->read) {
			forget(d, s);
			i = 0; /* the table moved */
		}
}

void nodes_forget(struct discoverer *d)
{
	struct seen *s;
	for (size_t i = 0; (s = map_next(&d->nodes, &i)) != NULL; i = 0)
		forget(d, s);
	map_done(&d->nodes);
	d->nodes = (struct map){0};
	d->nodes_known = false;
}

bool nodes_known(const struct discoverer *d)
{
	return d->nodes_known;
}

int64_t nodes_ready(const struct discoverer *d, const struct exposure_nodes *nodes)
{
	int64_t n = 0;
	const struct seen *s;
	for (size_t i = 0; (s = map_next(&d->nodes, &i)) != NULL;)
		n += s->ready &&
		     selector_matches(nodes != NULL ? nodes->selector : NULL, s->name, &s->labels);
	return n;
}
