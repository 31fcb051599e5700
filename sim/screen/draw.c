/*
 * From top to bottom: title and time, how far it is, a row of cells for each image, the
 * nodes, figures, what is wrong, what happened. A window too low loses events first, then
 * images; one too narrow for a cell a node gets a cell for several.
 */
#include "sim/screen/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/screen/line.h"

#define NAME_MAX_COLS  24
#define PHASE_COLS     10 /* "  Degraded" */
#define BAR_COLS_MAX   40
#define EVENTS_SHOWN   5
#define PROBLEMS_SHOWN 4
#define LINES_LEAST    6  /* title, bar, groups, one image, nodes, figures */
#define AIRY_ROWS      14 /* a window with so many has blank lines */
#define GROUP_GAP      1  /* columns between two names of groups */

struct glyphs {
	const char *level[8];  /* of a cell that fills, the last one nearly full; NULL ends */
	const char *eighth[9]; /* of the bar */
	const char *bar_rest;
	const char *done, *waiting, *failing, *no_node, *not_ready, *node, *held, *dot, *more,
		*wrong;
};

static const struct glyphs unicode = {
	.level = {"▁", "▂", "▃", "▄", "▅", "▆", NULL},
	.eighth = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	.bar_rest = "·",
	.done = "▇",
	.waiting = "·",
	.failing = "✗",
	.no_node = " ",
	.not_ready = "░",
	.node = "•",
	.held = "◦",
	.dot = " · ",
	.more = "…",
	.wrong = "✗",
};
static const struct glyphs ascii = {
	.level = {"1", "2", "4", "5", "7", "8", "9", NULL},
	.eighth = {"", "", "", "", "", "", "", "", "#"},
	.bar_rest = ".",
	.done = "#",
	.waiting = ".",
	.failing = "x",
	.no_node = " ",
	.not_ready = "-",
	.node = "o",
	.held = "h",
	.dot = ", ",
	.more = "...",
	.wrong = "x",
};

struct picture {
	const struct screen_state *s;
	const struct glyphs *g;
	struct line line;
	size_t name_cols, ready_cols, cells_at;
	size_t a_cell; /* nodes */
	size_t cells;
	bool phase, airy;
	size_t problem_lines;
	size_t left; /* lines that may still come; SIZE_MAX: any number */
};

static void end_line(struct picture *p)
{
	line_end(&p->line);
	if (p->left != SIZE_MAX)
		p->left--;
}

/* ---- columns ---- */

static size_t digits(int64_t n)
{
	size_t d = 1;
	for (; n >= 10; n /= 10)
		d++;
	return d;
}

static size_t longest_name(const struct screen_state *s)
{
	size_t longest = strlen("nodes");
	for (size_t i = 0; i < s->n_images; i++)
		if (strlen(s->images[i].name) > longest)
			longest = strlen(s->images[i].name);
	return longest;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void lay_out(struct picture *p)
{
	const struct screen_state *s = p->s;
	size_t cols = p->line.cols;
	int64_t targeted = (int64_t)s->n_nodes;
	p->name_cols = least(longest_name(s), least(NAME_MAX_COLS, cols / 4));
	p->ready_cols = 2 * digits(targeted) + 1;
	p->cells_at = 1 + p->name_cols + 1 + p->ready_cols + 1;
	size_t room = cols - p->cells_at;
	p->phase = room >= s->n_nodes + PHASE_COLS || s->n_nodes > room;
	if (p->phase)
		room -= PHASE_COLS;
	p->a_cell = s->n_nodes == 0 ? 1 : (s->n_nodes + room - 1) / room;
	p->cells = (s->n_nodes + p->a_cell - 1) / p->a_cell;
}

/* ---- cells ---- */

/* Several nodes in one cell: trouble shows, else how much of the image they have together. */
static int together(const struct picture *p, const int16_t *cells, size_t first)
{
	int sum = 0, n = 0, not_ready = 0, least_seen = 100;
	size_t end = least(first + p->a_cell, p->s->n_nodes);
	for (size_t i = first; i < end; i++) {
		int c = cells[i];
		if (c == CELL_FAILING)
			return c;
		not_ready += c == CELL_NOT_READY;
		if (c < CELL_WAITING)
			continue;
		least_seen = c < least_seen ? c : least_seen;
		sum += c > 0 ? c : 0;
		n++;
	}
	if (n == 0)
		return not_ready != 0 ? CELL_NOT_READY : CELL_NO_NODE;
	return sum == 0 ? least_seen : sum / n;
}

static void draw_cell(struct picture *p, int cell)
{
	const struct glyphs *g = p->g;
	size_t levels = 0;
	while (g->level[levels] != NULL)
		levels++;
	if (cell >= 100)
		line_add(&p->line, INK_GREEN, g->done);
	else if (cell >= 0)
		line_add(&p->line, INK_YELLOW, g->level[(size_t)cell * levels / 100]);
	else if (cell == CELL_WAITING)
		line_add(&p->line, INK_DIM, g->waiting);
	else if (cell == CELL_FAILING)
		line_add(&p->line, INK_RED, g->failing);
	else if (cell == CELL_NOT_READY)
		line_add(&p->line, INK_DIM, g->not_ready);
	else
		line_add(&p->line, INK_PLAIN, g->no_node);
}

static enum ink phase_ink(const char *phase)
{
	if (strcmp(phase, "Ready") == 0)
		return INK_GREEN;
	if (strcmp(phase, "Degraded") == 0)
		return INK_RED;
	return strcmp(phase, "Pulling") == 0 ? INK_YELLOW : INK_DIM;
}

static void draw_image(struct picture *p, const struct screen_image *i)
{
	char ready[48];
	bool bad = strcmp(i->phase, "Degraded") == 0;
	snprintf(ready, sizeof(ready), "%" PRId64 "/%" PRId64, i->ready, i->targeted);
	line_add(&p->line, INK_PLAIN, " ");
	line_addf(&p->line, bad ? INK_RED : INK_PLAIN, "%-*.*s", (int)p->name_cols,
		  (int)p->name_cols, i->name);
	line_addf(&p->line, phase_ink(i->phase), " %*s ", (int)p->ready_cols, ready);
	for (size_t c = 0; c < p->cells; c++)
		draw_cell(p, together(p, i->cells, c * p->a_cell));
	if (p->phase)
		line_addf(&p->line, phase_ink(i->phase), "  %s", i->phase);
	end_line(p);
}

/* ---- the parts ---- */

static void draw_title(struct picture *p)
{
	char time[32];
	int n = snprintf(time, sizeof(time), "%" PRId64 ".%d s", p->s->elapsed_ms / 1000,
			 (int)(p->s->elapsed_ms % 1000 / 100));
	size_t place = p->line.cols - (size_t)n - 1;
	struct line all = p->line;
	line_add(&p->line, INK_BOLD, " drop");
	p->line.cols = place - 1; /* a long title must leave the time its place */
	line_addf(&p->line, INK_PLAIN, "  %s", p->s->title);
	p->line.cols = all.cols;
	line_to(&p->line, place);
	line_add(&p->line, INK_CYAN, time);
	end_line(p);
}

static void draw_bar(struct picture *p)
{
	const struct screen_state *s = p->s;
	size_t cols = least(BAR_COLS_MAX, p->line.cols / 2);
	size_t parts = s->wanted > 0 ? (size_t)(s->had * (int64_t)cols * 8 / s->wanted) : 0;
	size_t full = parts / 8, used = full;
	line_add(&p->line, INK_PLAIN, " ");
	for (size_t i = 0; i < full; i++)
		line_add(&p->line, INK_GREEN, p->g->eighth[8]);
	if (full < cols && p->g->eighth[parts % 8][0] != '\0') {
		line_add(&p->line, INK_GREEN, p->g->eighth[parts % 8]);
		used++;
	}
	for (; used < cols; used++)
		line_add(&p->line, INK_DIM, p->g->bar_rest);
	int64_t percent = s->wanted > 0 ? s->had * 100 / s->wanted : 0;
	line_addf(&p->line, INK_BOLD, " %3" PRId64 " %%", percent);
	line_addf(&p->line, INK_PLAIN, "  %" PRId64 " of %" PRId64 " in place", s->had, s->wanted);
	end_line(p);
}

/* Names of the groups over the columns where they begin. */
static void draw_groups(struct picture *p)
{
	const struct screen_state *s = p->s;
	const char *last = "";
	for (size_t c = 0; c < p->cells; c++) {
		const char *group = s->nodes[c * p->a_cell].group;
		if (strcmp(group, last) == 0)
			continue;
		size_t place = p->cells_at + c;
		bool fits = p->line.at == 0 || p->line.at + GROUP_GAP <= place;
		last = group;
		if (!fits)
			continue;
		line_to(&p->line, place);
		line_add(&p->line, INK_DIM, group);
	}
	if (p->a_cell > 1)
		line_addf(&p->line, INK_DIM, "  (a cell: %zu nodes)", p->a_cell);
	end_line(p);
}

static void draw_nodes(struct picture *p)
{
	const struct screen_state *s = p->s;
	char there[48];
	snprintf(there, sizeof(there), "%zu", s->nodes_there);
	line_addf(&p->line, INK_DIM, " %-*s %*s ", (int)p->name_cols, "nodes", (int)p->ready_cols,
		  there);
	for (size_t c = 0; c < p->cells; c++) {
		bool ready = true, exists = false, held = false;
		for (size_t i = c * p->a_cell; i < least((c + 1) * p->a_cell, s->n_nodes); i++) {
			exists |= s->nodes[i].exists;
			ready &= s->nodes[i].ready || !s->nodes[i].exists;
			held |= s->nodes[i].held;
		}
		line_add(&p->line,
			 !ready ? INK_RED
			 : held ? INK_YELLOW
				: INK_DIM,
			 !exists  ? p->g->no_node
			 : !ready ? p->g->not_ready
			 : held   ? p->g->held
				  : p->g->node);
	}
	if (p->phase && s->nodes_held != 0)
		line_addf(&p->line, INK_YELLOW, "  %zu held", s->nodes_held);
	end_line(p);
}

static void draw_figures(struct picture *p)
{
	const struct screen_state *s = p->s;
	const char *dot = p->g->dot;
	line_addf(&p->line, INK_PLAIN, " %" PRIu64 " pulled%s", s->done, dot);
	line_addf(&p->line, s->pulling != 0 ? INK_YELLOW : INK_PLAIN, "%" PRId64 " in flight",
		  s->pulling);
	line_addf(&p->line, INK_PLAIN, "%s%" PRId64 " waiting%s", dot, s->waiting, dot);
	line_addf(&p->line, s->failed != 0 ? INK_RED : INK_PLAIN, "%" PRIu64 " failed", s->failed);
	line_addf(&p->line, INK_PLAIN, "%s%" PRIu64 " requests", dot, s->requests);
	if (s->done + s->failed != 0)
		line_addf(&p->line, INK_PLAIN, "%s%.2f a pull", dot,
			  (double)s->pod_requests / (double)(s->done + s->failed));
	end_line(p);
}

static size_t problems(const struct screen_state *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_images; i++)
		n += strcmp(s->images[i].phase, "Degraded") == 0;
	return n;
}

static void draw_problems(struct picture *p)
{
	size_t shown = 0, all = problems(p->s);
	size_t room = all > p->problem_lines && p->problem_lines > 0 ? p->problem_lines - 1
								     : p->problem_lines;
	for (size_t i = 0; i < p->s->n_images && shown < room; i++) {
		const struct screen_image *image = &p->s->images[i];
		if (strcmp(image->phase, "Degraded") != 0)
			continue;
		line_addf(&p->line, INK_RED, " %s %s", p->g->wrong, image->name);
		line_addf(&p->line, INK_PLAIN, "  %s", image->cause);
		end_line(p);
		shown++;
	}
	if (shown < all && p->problem_lines != 0) {
		line_addf(&p->line, INK_RED, " %s %zu more", p->g->more, all - shown);
		end_line(p);
	}
}

static void draw_events(struct picture *p)
{
	size_t n = least(EVENTS_SHOWN, p->s->n_events);
	if (n == 0 || p->left < 2)
		return;
	end_line(p);
	n = least(n, p->left);
	for (size_t k = p->s->n_events - n; k < p->s->n_events; k++) {
		const struct timeline_event *e = timeline_event(p->s->timeline, k);
		if (e == NULL)
			continue;
		line_addf(&p->line, INK_DIM, " %5.1f s  ", (double)e->at_ms / 1000);
		line_add(&p->line, e->failed ? INK_RED : INK_PLAIN, e->text);
		end_line(p);
	}
}

static void draw_images(struct picture *p)
{
	const struct screen_state *s = p->s;
	size_t below = 2 + p->airy + p->problem_lines; /* nodes, a blank, figures, problems */
	size_t room = p->left == SIZE_MAX ? SIZE_MAX : p->left > below ? p->left - below : 1;
	size_t shown = s->n_images <= room ? s->n_images : room - 1;
	for (size_t i = 0; i < shown; i++)
		draw_image(p, &s->images[i]);
	if (shown < s->n_images) {
		line_addf(&p->line, INK_DIM, " %s %zu more", p->g->more, s->n_images - shown);
		end_line(p);
	}
}

static size_t room_for_problems(const struct picture *p)
{
	size_t all = least(problems(p->s), PROBLEMS_SHOWN + 1);
	return p->left == SIZE_MAX ? all : least(all, p->left - LINES_LEAST);
}

void screen_draw(const struct screen_state *s, const struct screen_form *form, struct buf *out)
{
	size_t cols = form->cols < SCREEN_COLS_MIN ? SCREEN_COLS_MIN : form->cols;
	size_t rows = form->rows < SCREEN_ROWS_MIN ? SCREEN_ROWS_MIN : form->rows;
	struct picture p = {
		.s = s,
		.g = form->unicode ? &unicode : &ascii,
		.line = {.out = out, .cols = cols, .colour = form->colour},
		.left = form->rows == 0 ? SIZE_MAX : rows,
		.airy = form->rows == 0 || rows >= AIRY_ROWS,
	};
	p.problem_lines = room_for_problems(&p);
	lay_out(&p);
	draw_title(&p);
	draw_bar(&p);
	if (p.airy)
		end_line(&p);
	draw_groups(&p);
	draw_images(&p);
	draw_nodes(&p);
	if (p.airy)
		end_line(&p);
	draw_figures(&p);
	draw_problems(&p);
	draw_events(&p);
}
