/* See node_pods.h. */
#include "reconciler/core/node_pods.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static struct node_pods *of_name(struct core *c, const char *name)
{
	struct node_pods *node = map_get(&c->node_pods, name);
	if (node != NULL)
		return node;
	size_t size = strlen(name) + 1;
	node = xmalloc(sizeof(*node) + size);
	node->n_leaving = 0;
	list_init(&node->pods);
	memcpy(node->name, name, size);
	map_put(&c->node_pods, node->name, node);
	return node;
}

void node_pods_take(struct core *c, struct pull_pod *pod, const char *node_name)
{
	struct node_pods *old = pod->node;
	pod->node = node_name != NULL ? of_name(c, node_name) : NULL;
	if (pod->node == old)
		return;
	list_remove(&pod->of_node);
	if (pod->node != NULL)
		list_append(&pod->node->pods, &pod->of_node);
	if (old == NULL || !list_alone(&old->pods))
		return;
	map_del(&c->node_pods, old->name);
	free(old);
}

struct pull_pod **node_pods_list(struct core *c, const char *node_name, size_t *ret_n)
{
	const struct node_pods *node = map_get(&c->node_pods, node_name);
	size_t n = 0;
	*ret_n = 0;
	if (node == NULL)
		return NULL;
	for (const struct link *l = node->pods.next; l != &node->pods; l = l->next)
		n++;
	struct pull_pod **list = arena_array(&c->scratch, n, sizeof(struct pull_pod *));
	for (struct link *l = node->pods.next; l != &node->pods; l = l->next)
		list[(*ret_n)++] = LIST_MEMBER(l, struct pull_pod, of_node);
	return list;
}
