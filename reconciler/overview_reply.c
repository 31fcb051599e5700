/*
 * Answers what the status page shows first: the sums over all images, which images it is to show,
 * and the grid of images and nodes (explain/grid.h), as rows of one message. Bounded: names, rows
 * and columns by count, the sentences of cells by bytes, so that the answer is under MSG_MAX.
 */
#include "reconciler/reconciler.h"

#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "reconciler/explain/grid.h"

/* Names of images in one answer, of up to 253 bytes. */
#define NAMES_MAX 500
/* Bytes of the sentence of a cell, longer ones are cut; of all of them, further cells have none. */
#define TEXT_MAX  200
#define TEXTS_MAX (512 * 1024)

static const char *text_of(const struct grid_cell *cell, size_t *budget, struct arena *a)
{
	bool untold = cell->state == GROUP_SKIPPED && cell->why.node == NULL;
	if (cell->state == GROUP_DONE || untold || *budget < TEXT_MAX)
		return NULL;
	char *text = explain_text(&cell->why, a);
	size_t len = strlen(text);
	if (len > TEXT_MAX) {
		len = utf8_cut(text, TEXT_MAX);
		text[len] = '\0';
	}
	*budget -= len;
	return text;
}

static struct msg_grid_cell_list cells_of(const struct grid_row *row, size_t n, size_t *budget,
					  struct arena *a)
{
	struct msg_grid_cell_list cells = {arena_array(a, n, sizeof(*cells.at)), n};
	for (size_t i = 0; i < n; i++) {
		const struct grid_cell *cell = &row->cells[i];
		cells.at[i] = (struct msg_grid_cell){
			.done = cell->groups[GROUP_DONE],
			.pulling = cell->groups[GROUP_PULLING],
			.waiting = cell->groups[GROUP_WAITING],
			.backoff = cell->groups[GROUP_BACKOFF],
			.notready = cell->groups[GROUP_NOTREADY],
			.state = explain_group_names[cell->state],
			.text = text_of(cell, budget, a),
		};
	}
	return cells;
}

static void add_grid(struct msg_overview *reply, const struct grid *g, struct arena *a)
{
	size_t budget = TEXTS_MAX;
	reply->nodes = g->nodes;
	reply->by_pool = g->by_pool;
	reply->columns = (struct msg_grid_column_list){
		arena_array(a, g->n_columns, sizeof(*reply->columns.at)), g->n_columns};
	for (size_t i = 0; i < g->n_columns; i++)
		reply->columns.at[i] =
			(struct msg_grid_column){g->columns[i].name, g->columns[i].nodes};
	reply->rows = (struct msg_grid_row_list){arena_array(a, g->n_rows, sizeof(*reply->rows.at)),
						 g->n_rows};
	for (size_t i = 0; i < g->n_rows; i++)
		reply->rows.at[i] = (struct msg_grid_row){
			.image = g->rows[i].image,
			.phase = g->rows[i].phase,
			.cells = cells_of(&g->rows[i], g->n_columns, &budget, a),
		};
}

static struct msg_image_name_list names_of(const struct core *c, uint64_t wanted, struct arena *a)
{
	const char **names;
	size_t max = wanted < NAMES_MAX ? (size_t)wanted : NAMES_MAX;
	size_t n = grid_images(c, max, a, &names);
	struct msg_image_name_list list = {arena_array(a, n, sizeof(*list.at)), n};
	for (size_t i = 0; i < n; i++)
		list.at[i].image = names[i];
	return list;
}

void on_overview_get(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_overview_get *ask = in->body;
	struct arena *a = proc_arena(p);
	struct grid_totals t = grid_totals(r->core);
	struct grid grid;
	struct err err;
	struct msg_overview reply = {
		.leading = r->acting,
		.lease_trouble = r->feed.lease_trouble[0] != '\0' ? r->feed.lease_trouble : NULL,
		.images = t.images,
		.images_ready = t.images_ready,
		.images_degraded = t.images_degraded,
		.targeted = t.targeted,
		.ready = t.ready,
		.pulling = t.pulling,
		.failing = t.failing,
		.shown = names_of(r->core, ask->max, a),
	};
	grid_make(r->core, ask->max_rows, proc_now(p), a, &grid);
	add_grid(&reply, &grid, a);
	if (proc_reply(p, &in->reply_to, MSG_overview, &reply, &err) != 0)
		log_debug("answer not sent: the client has disconnected", LS("error", err.text));
}
