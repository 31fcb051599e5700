/* See shown.h. Nothing is kept: people ask rarely. */
#include "usage/shown.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#include "usage/demand_state.h"
#include "usage/waiting_saved.h"

static int best_first(const void *a, const void *b)
{
	const struct shown_image *x = a, *y = b;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	if (x->starts != y->starts)
		return x->starts > y->starts ? -1 : 1;
	return strcmp(x->image->reference, y->image->reference);
}

size_t usage_shown_images(const struct usage *u, struct arena *a, struct shown_image **ret)
{
	const struct waiting_how how = {.young_hours = WAITING_YOUNG_HOURS};
	struct waiting_saved *ranked;
	struct map by_name = {0};
	size_t n = waiting_saved_rank(u->demand, NULL, &how, a, &ranked);
	for (size_t i = 0; i < n; i++)
		map_put(&by_name, ranked[i].image, &ranked[i]);
	struct shown_image *all = arena_array(a, u->images.n + 1, sizeof(*all));
	for (size_t i = 0; i < u->images.n; i++) {
		const struct usage_image *image = u->images.at[i];
		const struct waiting_saved *saved = map_get(&by_name, image->reference);
		all[i] = (struct shown_image){
			.image = image,
			.starts = usage_image_uses(&u->images, image, 0),
			.waited = usage_image_waited(image),
			.value = saved != NULL ? saved->value : 0,
		};
	}
	map_done(&by_name);
	if (u->images.n > 0)
		qsort(all, u->images.n, sizeof(*all), best_first);
	*ret = all;
	return u->images.n;
}

/* As demand counts them: nodes of a pool that it does not know are in that without a name. */
static void count_nodes(const struct usage *u, struct shown_pool *all, size_t n)
{
	const struct usage_node *node;
	for (size_t i = 0; (node = map_next(&u->nodes, &i)) != NULL;) {
		bool known = demand_find_pool(u->demand, node->pool) != NULL;
		for (size_t k = 0; k < n; k++)
			all[k].nodes += strcmp(all[k].name, known ? node->pool : "") == 0;
	}
}

size_t usage_shown_pools(const struct usage *u, struct arena *a, struct shown_pool **ret)
{
	size_t n = u->demand->n_pools;
	struct shown_pool *all = arena_array(a, n + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		const struct demand_pool *p = u->demand->pools[i];
		all[i] = (struct shown_pool){
			.name = p->name,
			.images = p->n,
			.hours = p->ticks,
		};
	}
	count_nodes(u, all, n);
	*ret = all;
	return n;
}
