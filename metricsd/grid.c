/* See grid.h. Signs and colours of the states are in one table, states[]. */
#include "metricsd/grid.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

#include "metricsd/html.h"

/* Bytes of a node's name that are shown as the head of a column; of a longer one, both ends. */
#define HEAD_MAX  22
#define HEAD_LEFT 9

static const struct state {
	const char *name; /* explain_group_names of the reconciler */
	const char *class;
	const char *sign, *words;
} states[] = {
	{"done", "gd", "&#10003;", "has the image"},
	{"pulling", "gp", "&darr;", "pulling"},
	{"waiting", "gw", "&middot;", "waiting"},
	{"backoff", "gb", "&#10007;", "backing off after a failure"},
	{"notready", "gn", "&ndash;", "node not ready"},
	{"skipped", "gs", "", "not targeted"},
};
#define STATES (sizeof(states) / sizeof(states[0]))

static const struct state *state_of(const char *name)
{
	for (size_t i = 0; name != NULL && i < STATES; i++)
		if (strcmp(states[i].name, name) == 0)
			return &states[i];
	return &states[STATES - 1];
}

static uint64_t targeted_of(const struct msg_grid_cell *cell)
{
	return cell->done + cell->pulling + cell->waiting + cell->backoff + cell->notready;
}

/* ---- heads ---- */

static const char *column_name(const struct msg_grid_column *column)
{
	if (column->name == NULL)
		return "other pools";
	return column->name[0] != '\0' ? column->name : "(no pool)";
}

/* Clouds name nodes by domain or with a long common part: the host's name, its ends if it is long.
 */
static void add_head(struct buf *out, const char *name)
{
	char text[256];
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(name, "."), name);
	size_t len = strlen(text);
	if (len <= HEAD_MAX) {
		html_add(out, text);
		return;
	}
	size_t right = len - (HEAD_MAX - HEAD_LEFT);
	while (right < len && utf8_len(text + right) == 0)
		right++;
	char left[HEAD_LEFT + 1];
	snprintf(left, sizeof(left), "%.*s", (int)utf8_cut(text, HEAD_LEFT), text);
	html_add(out, left);
	buf_adds(out, "&hellip;");
	html_add(out, text + right);
}

static void add_heads(const struct msg_overview *m, struct buf *out)
{
	buf_adds(out, "<thead><tr><th scope=col>image</th>");
	for (size_t i = 0; i < m->columns.n; i++) {
		const struct msg_grid_column *column = &m->columns.at[i];
		buf_adds(out, "<th scope=col title=\"");
		html_add(out, column_name(column));
		buf_adds(out, "\"><span>");
		if (m->by_pool)
			html_add(out, column_name(column));
		else
			add_head(out, column_name(column));
		buf_adds(out, "</span></th>");
	}
	buf_adds(out, "</tr></thead>\n");
}

/* ---- cells ---- */

static void add_title(const struct msg_grid_column *column, const struct msg_grid_cell *cell,
		      bool by_pool, struct buf *out)
{
	const struct {
		uint64_t n;
		const char *words;
	} counts[] = {{cell->pulling, "pulling"},
		      {cell->waiting, "waiting"},
		      {cell->backoff, "backing off"},
		      {cell->notready, "not ready"}};
	html_add(out, column_name(column));
	if (by_pool)
		buf_addf(out, ": %" PRIu64 " of %" PRIu64 " have it", cell->done,
			 targeted_of(cell));
	for (size_t i = 0; by_pool && i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i].n > 0)
			buf_addf(out, ", %" PRIu64 " %s", counts[i].n, counts[i].words);
	buf_adds(out, by_pool ? "; " : ": ");
	if (cell->text != NULL && cell->text[0] != '\0')
		html_add(out, cell->text);
	else
		buf_adds(out, state_of(cell->state)->words);
}

static void add_node_cell(const struct msg_grid_column *column, const struct msg_grid_cell *cell,
			  struct buf *out)
{
	const struct state *state = state_of(cell->state);
	buf_addf(out, "<td class=%s title=\"", state->class);
	add_title(column, cell, false, out);
	buf_addf(out, "\">%s</td>", state->sign);
}

/* Colour by share: none, less than half, less than all, all. */
static int share_of(uint64_t done, uint64_t all)
{
	return done == 0 ? 0 : done == all ? 3 : 2 * done < all ? 1 : 2;
}

static void add_pool_cell(const struct msg_grid_column *column, const struct msg_grid_cell *cell,
			  struct buf *out)
{
	uint64_t all = targeted_of(cell);
	if (all == 0) {
		buf_adds(out, "<td class=gs title=\"");
		html_add(out, column_name(column));
		buf_adds(out, ": not targeted\"></td>");
		return;
	}
	buf_addf(out, "<td class=q%d title=\"", share_of(cell->done, all));
	add_title(column, cell, true, out);
	buf_addf(out, "\">%" PRIu64 "/%" PRIu64, cell->done, all);
	if (cell->backoff > 0)
		buf_addf(out, " <i>%s</i>", state_of("backoff")->sign);
	else if (cell->pulling > 0)
		buf_addf(out, " %s", state_of("pulling")->sign);
	buf_adds(out, "</td>");
}

static void add_row(const struct msg_overview *m, const struct msg_grid_row *row, struct buf *out)
{
	buf_adds(out, "<tr><th scope=row>");
	html_add(out, row->image);
	buf_adds(out, "</th>");
	for (size_t i = 0; i < row->cells.n && i < m->columns.n; i++)
		if (m->by_pool)
			add_pool_cell(&m->columns.at[i], &row->cells.at[i], out);
		else
			add_node_cell(&m->columns.at[i], &row->cells.at[i], out);
	buf_adds(out, "</tr>\n");
}

static void add_legend(const struct msg_overview *m, struct buf *out)
{
	buf_adds(out, "<p class=\"note legend\">");
	if (m->rows.n < m->images) {
		buf_addf(out, "%zu of ", m->rows.n);
		html_add_number(out, m->images);
		buf_adds(out, " images: those that are not Ready first. ");
	}
	if (m->by_pool) {
		html_add_number(out, m->nodes);
		buf_addf(out,
			 " nodes, by pool: how many have the image, of those that are "
			 "to have it; <b class=gb>%s</b> some back off after a failure, "
			 "<b class=gp>%s</b> some are pulling.",
			 state_of("backoff")->sign, state_of("pulling")->sign);
	} else {
		for (size_t i = 0; i + 1 < STATES; i++)
			buf_addf(out, "<span><b class=%s>%s</b> %s</span> ", states[i].class,
				 states[i].sign, states[i].words);
		buf_adds(out, "<span><b class=gs></b> not targeted</span>");
	}
	buf_adds(out, "</p>\n");
}

void grid_html(const struct msg_overview *m, struct buf *out)
{
	if (!m->leading || m->images == 0)
		return;
	buf_adds(out, "<h2 id=grid>Images and nodes</h2>\n");
	if (m->nodes == 0) {
		buf_adds(out, "<p class=note>No nodes.</p>\n");
		return;
	}
	add_legend(m, out);
	buf_addf(out,
		 "<div class=\"card wide\" tabindex=0 role=region aria-labelledby=grid>"
		 "<table class=\"grid %s\">\n",
		 m->by_pool ? "pools" : "nodes");
	add_heads(m, out);
	buf_adds(out, "<tbody>");
	for (size_t i = 0; i < m->rows.n; i++)
		add_row(m, &m->rows.at[i], out);
	buf_adds(out, "</tbody></table></div>\n");
}

/* ---- JSON ---- */

static void json_text(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, "\"%s\":", name);
	if (text != NULL)
		buf_add_json(out, text);
	else
		buf_adds(out, "null");
}

static void json_cell(const struct msg_grid_cell *cell, bool by_pool, struct buf *out)
{
	buf_adds(out, "{");
	json_text(out, "state", cell->state);
	if (cell->text != NULL) {
		buf_adds(out, ",");
		json_text(out, "text", cell->text);
	}
	if (by_pool)
		buf_addf(out,
			 ",\"targeted\":%" PRIu64 ",\"ready\":%" PRIu64 ",\"pulling\":%" PRIu64
			 ",\"waiting\":%" PRIu64 ",\"backoff\":%" PRIu64 ",\"notready\":%" PRIu64,
			 targeted_of(cell), cell->done, cell->pulling, cell->waiting, cell->backoff,
			 cell->notready);
	buf_adds(out, "}");
}

void grid_json(const struct msg_overview *m, struct buf *out)
{
	buf_addf(out, "{\"nodes\":%" PRIu64 ",\"byPool\":%s,\"columns\":[", m->nodes,
		 m->by_pool ? "true" : "false");
	for (size_t i = 0; i < m->columns.n; i++) {
		buf_adds(out, i > 0 ? ",{" : "{");
		json_text(out, "name", m->columns.at[i].name);
		buf_addf(out, ",\"nodes\":%" PRIu64 "}", m->columns.at[i].nodes);
	}
	buf_adds(out, "],\"rows\":[");
	for (size_t i = 0; i < m->rows.n; i++) {
		const struct msg_grid_row *row = &m->rows.at[i];
		buf_adds(out, i > 0 ? ",{" : "{");
		json_text(out, "image", row->image);
		buf_adds(out, ",");
		json_text(out, "phase", row->phase);
		buf_adds(out, ",\"cells\":[");
		for (size_t k = 0; k < row->cells.n; k++) {
			buf_adds(out, k > 0 ? "," : "");
			json_cell(&row->cells.at[k], m->by_pool, out);
		}
		buf_adds(out, "]}");
	}
	buf_adds(out, "]}");
}
