/*
 * The grid of the status page: a cell for each state with its sign, its bounds in words, and no
 * name or sentence that is taken as HTML.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "metricsd/grid.h"

#define EVIL "<script>alert('x\"&')</script>"
#define SAFE "&lt;script&gt;alert(&#39;x&quot;&amp;&#39;)&lt;/script&gt;"
#define NODES                                                                                      \
	{                                                                                          \
		.leading = true, .images = 1, .nodes = 1                                           \
	}

static char *html_of(const struct msg_overview *m)
{
	struct buf out = {0};
	grid_html(m, &out);
	if (out.len == 0)
		buf_adds(&out, "");
	return out.data;
}

static const struct state_row {
	const char *name, *state, *text, *want;
} state_rows[] = {
	{"cached", "done", NULL, "<td class=gd title=\"n: has the image\">&#10003;</td>"},
	{"pulling", "pulling", "since 1", "<td class=gp title=\"n: since 1\">&darr;</td>"},
	{"waiting", "waiting", "for x", "<td class=gw title=\"n: for x\">&middot;</td>"},
	{"back-off", "backoff", EVIL, "<td class=gb title=\"n: " SAFE "\">&#10007;</td>"},
	{"not ready", "notready", "", "<td class=gn title=\"n: node not ready\">&ndash;</td>"},
	{"skipped", "skipped", NULL, "<td class=gs title=\"n: not targeted\"></td>"},
	{"a state of a later version", EVIL, NULL, "<td class=gs title=\"n: not targeted\"></td>"},
	{"none", NULL, NULL, "<td class=gs title=\"n: not targeted\"></td>"},
};

static void a_cell_for_each_state(void **state)
{
	(void)state;
	FOREACH_ROW(struct state_row, state_rows)
	{
		struct msg_grid_column column = {.name = "n", .nodes = 1};
		struct msg_grid_cell cell = {.state = row->state, .text = row->text};
		struct msg_grid_row image = {.image = EVIL, .cells = {&cell, 1}};
		struct msg_overview m = NODES;
		m.columns = (struct msg_grid_column_list){&column, 1};
		m.rows = (struct msg_grid_row_list){&image, 1};
		char *html = html_of(&m);
		assert_non_null(strstr(html, row->want));
		assert_non_null(strstr(html, "<th scope=row>" SAFE "</th>"));
		assert_null(strstr(html, "<script"));
		assert_null(strstr(html, "images: those that are not Ready first"));
		free(html);
	}
}

static const struct pool_row {
	const char *name, *pool;
	struct msg_grid_cell cell;
	const char *want;
} pool_rows[] = {
	{"none",
	 "p",
	 {.waiting = 3, .state = "waiting", .text = "w"},
	 "<td class=q0 title=\"p: 0 of 3 have it, 3 waiting; w\">0/3</td>"},
	{"few, some fail",
	 "p",
	 {.done = 1, .pulling = 1, .backoff = 2, .state = "backoff", .text = EVIL},
	 "<td class=q1 title=\"p: 1 of 4 have it, 1 pulling, 2 backing off; " SAFE
	 "\">1/4 <i>&#10007;</i></td>"},
	{"half, some pull",
	 "p",
	 {.done = 2, .pulling = 1, .notready = 1, .state = "pulling", .text = "t"},
	 "<td class=q2 title=\"p: 2 of 4 have it, 1 pulling, 1 not ready; t\">2/4 &darr;</td>"},
	{"all",
	 "",
	 {.done = 4, .state = "done"},
	 "<td class=q3 title=\"(no pool): 4 of 4 have it; has the image\">4/4</td>"},
	{"not targeted, other pools",
	 NULL,
	 {.state = "skipped", .text = "t"},
	 "<td class=gs title=\"other pools: not targeted\"></td>"},
	{"a hostile pool", EVIL, {.done = 1, .state = "done"}, "title=\"" SAFE ": 1 of 1"},
};

static void a_cell_for_each_pool(void **state)
{
	(void)state;
	FOREACH_ROW(struct pool_row, pool_rows)
	{
		struct msg_grid_column column = {.name = row->pool, .nodes = 4};
		struct msg_grid_cell cell = row->cell;
		struct msg_grid_row image = {.image = "i", .cells = {&cell, 1}};
		const struct msg_overview m = {.leading = true,
					       .images = 2000,
					       .nodes = 1000,
					       .by_pool = true,
					       .columns = {&column, 1},
					       .rows = {&image, 1}};
		char *html = html_of(&m);
		assert_non_null(strstr(html, row->want));
		assert_null(strstr(html, "<script"));
		assert_non_null(strstr(html, "1 of 2,000 images: those that are not Ready first."));
		assert_non_null(strstr(html, "1,000 nodes, by pool"));
		free(html);
	}
}

static const struct head_row {
	const char *name, *node, *want;
} head_rows[] = {
	{"short", "worker-001", "<span>worker-001</span>"},
	{"with a domain", "ip-10-0-1-2.eu-central-1.compute.internal", "<span>ip-10-0-1-2</span>"},
	{"long", "gke-production-default-pool-abcdef12-x7z9",
	 "<th scope=col title=\"gke-production-default-pool-abcdef12-x7z9\"><span>gke-produ&hellip;"
	 "abcdef12-x7z9</span>"},
	{"hostile", EVIL, "title=\"" SAFE "\""},
	{"long, of two bytes a letter", "ääääääääääääää", "<span>ääää&hellip;ääääää</span>"},
};

static void heads_are_short(void **state)
{
	(void)state;
	FOREACH_ROW(struct head_row, head_rows)
	{
		struct msg_grid_column column = {.name = row->node, .nodes = 1};
		struct msg_overview m = NODES;
		m.columns = (struct msg_grid_column_list){&column, 1};
		char *html = html_of(&m);
		assert_non_null(strstr(html, row->want));
		assert_null(strstr(html, "<script"));
		free(html);
	}
}

static void nothing_to_show(void **state)
{
	struct msg_overview standby = {.images = 3, .nodes = 3}, no_images = {.leading = true},
			    no_nodes = {.leading = true, .images = 3};
	struct buf out = {0};
	(void)state;
	grid_html(&standby, &out);
	grid_html(&no_images, &out);
	assert_int_equal(out.len, 0);
	grid_html(&no_nodes, &out);
	assert_non_null(strstr(out.data, "No nodes."));
	assert_null(strstr(out.data, "<table"));
	buf_done(&out);
}

static void json_is_json(void **state)
{
	struct msg_grid_column columns[] = {{.name = EVIL, .nodes = 3}, {.name = NULL, .nodes = 1}};
	struct msg_grid_cell cells[] = {{.done = 1, .backoff = 2, .state = "backoff", .text = EVIL},
					{.state = "done"}};
	struct msg_grid_row row = {.image = EVIL, .phase = "Degraded", .cells = {cells, 2}};
	struct msg_overview m = {.leading = true,
				 .nodes = 4,
				 .by_pool = true,
				 .columns = {columns, 2},
				 .rows = {&row, 1}};
	(void)state;
	for (int by_pool = 0; by_pool < 2; by_pool++) {
		struct buf out = {0};
		m.by_pool = by_pool != 0;
		grid_json(&m, &out);
		cJSON *all = cJSON_Parse(out.data);
		assert_non_null(all);
		const cJSON *heads = cJSON_GetObjectItem(all, "columns");
		assert_string_equal(
			cJSON_GetObjectItem(cJSON_GetArrayItem(heads, 0), "name")->valuestring,
			EVIL);
		assert_true(
			cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(heads, 1), "name")));
		const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(all, "rows"), 0);
		const cJSON *list = cJSON_GetObjectItem(first, "cells");
		const cJSON *cell = cJSON_GetArrayItem(list, 0);
		assert_int_equal(cJSON_GetArraySize(list), 2);
		assert_string_equal(cJSON_GetObjectItem(cell, "text")->valuestring, EVIL);
		assert_null(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 1), "text"));
		const cJSON *targeted = cJSON_GetObjectItem(cell, "targeted");
		assert_true(by_pool ? targeted->valuedouble == 3 : targeted == NULL);
		cJSON_Delete(all);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_for_each_state), cmocka_unit_test(a_cell_for_each_pool),
		cmocka_unit_test(heads_are_short),       cmocka_unit_test(nothing_to_show),
		cmocka_unit_test(json_is_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
