/* See grid.h. Invariant: a cell's groups add up to the nodes of its column. */
#include "reconciler/explain/grid.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/core/held.h"
#include "reconciler/core/image_status.h"
#include "reconciler/explain/view.h"

#define NO_COLUMN UINT16_MAX

struct grid_totals grid_totals(const struct core *c)
{
	struct grid_totals t = {.images = (uint32_t)c->n_queue};
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct image *img = c->queue[i];
		enum phase phase = explain_phase(c, img);
		t.images_ready += phase == PHASE_READY;
		t.images_degraded += phase == PHASE_DEGRADED;
		t.targeted += img->n_targeted;
		t.ready += img->n_ready;
		t.pulling += img->n_live;
		t.failing += img->n_failing;
	}
	return t;
}

/* ---- which images ---- */

static int urgency(enum phase phase)
{
	switch (phase) {
	case PHASE_DEGRADED:
		return 0;
	case PHASE_PULLING:
		return 1;
	case PHASE_READY:
		return 3;
	default:
		return 2;
	}
}

static size_t choose(const struct core *c, size_t max, struct arena *a, struct image ***ret_list)
{
	size_t n = 0, most = c->n_queue < max ? c->n_queue : max;
	struct image **list = arena_array(a, most, sizeof(struct image *));
	bool all = most == c->n_queue;
	for (int u = 0; u <= 3 && n < most; u++)
		for (size_t i = 0; i < c->n_queue && n < most; i++)
			if (all || urgency(explain_phase(c, c->queue[i])) == u)
				list[n++] = c->queue[i];
	*ret_list = list;
	return n;
}

size_t grid_images(const struct core *c, size_t max, struct arena *a, const char ***ret_list)
{
	struct image **list;
	size_t n = choose(c, max, a, &list);
	*ret_list = arena_array(a, n, sizeof(const char *));
	for (size_t i = 0; i < n; i++)
		(*ret_list)[i] = list[i]->name;
	return n;
}

/* ---- columns ---- */

struct place { /* a node, in name order */
	const char *pool;
	size_t slot, rank;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int by_pool = strcmp(x->pool, y->pool);
	return by_pool != 0 ? by_pool : x->rank < y->rank ? -1 : x->rank > y->rank;
}

static size_t places_of(const struct core *c, struct arena *a, struct place **ret_list)
{
	size_t n = 0;
	*ret_list = arena_array(a, c->n_order, sizeof(**ret_list));
	for (size_t rank = 0; rank < c->n_order; rank++) {
		const struct node_slot *s = &c->nodes[c->order[rank]];
		if (s->present && !s->is_virtual)
			(*ret_list)[n++] = (struct place){held_pool_of(s), c->order[rank], rank};
	}
	return n;
}

static void columns_of_nodes(const struct core *c, const struct place *places, struct grid *g,
			     uint16_t *column)
{
	for (size_t i = 0; i < g->nodes; i++) {
		g->columns[i] = (struct grid_column){c->nodes[places[i].slot].name, 1};
		column[places[i].slot] = (uint16_t)i;
	}
	g->n_columns = g->nodes;
}

static void columns_of_pools(struct place *places, struct grid *g, uint16_t *column)
{
	size_t pools = 0;
	qsort(places, g->nodes, sizeof(*places), compare_places);
	for (size_t i = 0; i < g->nodes; i++)
		pools += i == 0 || strcmp(places[i - 1].pool, places[i].pool) != 0;
	size_t named = pools > GRID_POOLS_MAX ? GRID_POOLS_MAX - 1 : pools;
	for (size_t i = 0; i < g->nodes; i++) {
		bool next = i == 0 || strcmp(places[i - 1].pool, places[i].pool) != 0;
		if (next && g->n_columns <= named) {
			g->columns[g->n_columns].name =
				g->n_columns < named ? places[i].pool : NULL;
			g->n_columns++;
		}
		g->columns[g->n_columns - 1].nodes++;
		column[places[i].slot] = (uint16_t)(g->n_columns - 1);
	}
}

/* ---- cells ---- */

static const enum explain_group most_telling[] = {
	GROUP_BACKOFF, GROUP_PULLING, GROUP_WAITING, GROUP_NOTREADY, GROUP_DONE, GROUP_SKIPPED,
};

static int weight(enum explain_group group)
{
	int i = 0;
	while (most_telling[i] != group)
		i++;
	return i;
}

/* What explain_slot() says of these, without its sentence. */
static bool is_plain(const struct pair *p, bool by_pool, enum explain_group *ret)
{
	*ret = (p->flags & PAIR_TARGETED) == 0 ? GROUP_SKIPPED : GROUP_DONE;
	if (*ret == GROUP_SKIPPED)
		return by_pool;
	return (p->flags & (PAIR_READY | PAIR_LIVE | PAIR_REPULL)) == PAIR_READY;
}

static void fill_row(struct explain_view *v, const struct grid *g, const uint16_t *column,
		     struct grid_row *row)
{
	const struct core *c = v->core;
	row->cells = arena_array(v->arena, g->n_columns, sizeof(*row->cells));
	for (size_t i = 0; i < g->n_columns; i++)
		row->cells[i].state = GROUP_SKIPPED;
	for (size_t rank = 0; rank < c->n_order; rank++) {
		int slot = (int)c->order[rank];
		struct explain e = {0};
		enum explain_group group;
		if (column[slot] == NO_COLUMN)
			continue;
		struct grid_cell *cell = &row->cells[column[slot]];
		if (!is_plain(&v->img->pairs[slot], g->by_pool, &group)) {
			explain_slot(v, slot, &e);
			group = explain_infos[e.reason].group;
		}
		bool first = cell->groups[group]++ == 0;
		if (first && weight(group) <= weight(cell->state)) {
			cell->state = group;
			cell->why = e;
		}
	}
}

void grid_make(struct core *c, size_t max_rows, struct now now, struct arena *a, struct grid *ret)
{
	struct place *places;
	struct image **images;
	*ret = (struct grid){.nodes = (uint32_t)places_of(c, a, &places)};
	ret->by_pool = ret->nodes > GRID_NODES_MAX;
	ret->columns =
		arena_array(a, ret->by_pool ? GRID_POOLS_MAX : ret->nodes, sizeof(*ret->columns));
	uint16_t *column = arena_array(a, c->n_slots, sizeof(*column));
	memset(column, 0xff, c->n_slots * sizeof(*column));
	if (ret->by_pool)
		columns_of_pools(places, ret, column);
	else
		columns_of_nodes(c, places, ret, column);
	if (!c->leading || ret->nodes == 0)
		return;
	if (max_rows > GRID_ROWS_MAX)
		max_rows = GRID_ROWS_MAX;
	if (max_rows > GRID_PAIRS_MAX / ret->nodes)
		max_rows = GRID_PAIRS_MAX / ret->nodes;
	ret->n_rows = choose(c, max_rows, a, &images);
	ret->rows = arena_array(a, ret->n_rows, sizeof(*ret->rows));
	struct gate_waiting *gating = explain_gating(c, a);
	for (size_t i = 0; i < ret->n_rows; i++) {
		struct explain_view v = explain_view(c, images[i], now, a);
		v.gating = gating;
		ret->rows[i].image = images[i]->name;
		ret->rows[i].phase = explain_phase_name(c, images[i]);
		fill_row(&v, ret, column, &ret->rows[i]);
	}
}
