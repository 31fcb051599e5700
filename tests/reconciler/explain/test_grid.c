/* The grid of images and nodes: its cells agree with explain_pair(), its columns and rows are
 * bounded. */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/grid.h"

#define S 1000

/* Image i on some nodes, with a pull in flight, a failure, a node that is not ready, one tainted.
 */
static void some_states(struct rig *r)
{
	rig_one_node(r);
	struct core_start first = *rig_start(r);
	rig_turn(r, 4 * S);
	rig_pod(r, &first, POD_PULLED);
	rig_node(r, "b");
	rig_turn(r, 0);
	rig_pod(r, rig_start(r), POD_EVICTED);
	rig_node(r, "c");
	rig_turn(r, 0);
	rig_node_as(r, "x", "x", false, NULL, 1, "amd64");
	rig_node_as(r, "t", "t", true, "dedicated", 1, "amd64");
	rig_image(r, "j", "2", "no-such");
	rig_turn(r, 0);
}

static const char *states_of(struct rig *r, const struct grid *g, size_t row)
{
	const char *text = "";
	for (size_t i = 0; i < g->n_columns; i++)
		text = arena_printf(&r->keep, "%s%s %s; ", text, g->columns[i].name,
				    explain_group_names[g->rows[row].cells[i].state]);
	return text;
}

static void a_cell_for_each_node(void **state)
{
	struct rig r;
	struct grid g;
	(void)state;
	some_states(&r);
	grid_make(r.core, 9, r.now, &r.keep, &g);
	assert_false(g.by_pool);
	assert_int_equal(g.nodes, 5);
	assert_int_equal(g.n_rows, 2);
	assert_string_equal(g.rows[0].image, "i");
	assert_string_equal(states_of(&r, &g, 0),
			    "a done; b backoff; c pulling; t skipped; x notready; ");
	for (size_t row = 0; row < g.n_rows; row++)
		for (size_t i = 0; i < g.n_columns; i++) {
			const struct explain *e = explain_pair(r.core, g.rows[row].image,
							       g.columns[i].name, r.now, &r.keep);
			const struct grid_cell *cell = &g.rows[row].cells[i];
			assert_int_equal(cell->state, explain_infos[e->reason].group);
			assert_int_equal(cell->groups[cell->state], 1);
			if (cell->state != GROUP_DONE)
				assert_string_equal(explain_text(&cell->why, &r.keep),
						    explain_text(e, &r.keep));
		}
	rig_done(&r);
}

static void a_standby_has_no_rows(void **state)
{
	struct rig r;
	struct grid g;
	(void)state;
	some_states(&r);
	core_lead(r.core, false, r.now);
	grid_make(r.core, 9, r.now, &r.keep, &g);
	assert_int_equal(g.n_rows, 0);
	assert_int_equal(g.n_columns, 5);
	rig_done(&r);
}

static void put_pooled(struct rig *r, const char *name, const char *pool)
{
	struct node_condition c[] = {{"Ready", "True", 0}};
	struct api_kv label = {"agentpool", pool};
	struct node n = {.meta = {.name = name, .uid = name, .created = 1},
			 .conditions = {c, 1},
			 .os = "linux",
			 .arch = "amd64"};
	n.meta.labels = (struct api_map){&label, pool != NULL};
	core_put(r->core, KIND_NODE, &n, r->now);
}

/* 101 nodes are too many for a column each; their sums are those of explain_images(). */
static void a_cell_for_each_pool(void **state)
{
	struct rig r;
	struct grid g;
	struct explain_summary *sums;
	(void)state;
	some_states(&r);
	for (int i = 0; i < 96; i++)
		put_pooled(&r, arena_printf(&r.keep, "n%02d", i), i % 2 == 0 ? "web" : "gpu");
	rig_turn(&r, 0);
	grid_make(r.core, 9, r.now, &r.keep, &g);
	assert_true(g.by_pool);
	assert_int_equal(g.nodes, 101);
	assert_int_equal(g.n_columns, 3);
	assert_string_equal(g.columns[0].name, "");
	assert_int_equal(g.columns[0].nodes, 5);
	assert_string_equal(g.columns[1].name, "gpu");
	assert_int_equal(g.columns[2].nodes, 48);
	assert_int_equal(g.rows[0].cells[0].state, GROUP_BACKOFF);
	assert_string_equal(g.rows[0].cells[0].why.node, "b");
	assert_int_equal(explain_images(r.core, NULL, 9, r.now, &r.keep, &sums), g.n_rows);
	for (size_t row = 0; row < g.n_rows; row++)
		for (int group = 0; group < GROUPS; group++) {
			uint32_t n = 0;
			for (size_t i = 0; i < g.n_columns; i++)
				n += g.rows[row].cells[i].groups[group];
			assert_int_equal(n, sums[row].groups[group]);
		}
	rig_done(&r);
}

static void the_last_column_is_the_other_pools(void **state)
{
	struct rig r;
	struct grid g;
	(void)state;
	for (int pools = GRID_POOLS_MAX; pools <= GRID_POOLS_MAX + 2; pools++) {
		rig_new(&r);
		rig_image(&r, "i", "1", "no-such");
		for (int i = 0; i < 2 * pools + 8; i++)
			put_pooled(&r, arena_printf(&r.keep, "n%03d", i),
				   arena_printf(&r.keep, "p%02d", i % pools));
		rig_lead(&r);
		rig_turn(&r, 0);
		grid_make(r.core, 9, r.now, &r.keep, &g);
		assert_int_equal(g.n_columns, GRID_POOLS_MAX);
		const struct grid_column *last = &g.columns[GRID_POOLS_MAX - 1];
		uint32_t nodes = 0;
		for (size_t i = 0; i < g.n_columns; i++)
			nodes += g.columns[i].nodes;
		assert_int_equal(nodes, 2 * pools + 8);
		if (pools == GRID_POOLS_MAX)
			assert_string_equal(last->name, "p49");
		else
			assert_null(last->name);
		rig_done(&r);
	}
}

/* The Degraded image is last in queue order, and first if not all can be shown. */
static void those_that_are_not_ready_first(void **state)
{
	struct rig r;
	struct grid g;
	const char **names;
	size_t n_starts;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 9, 0);
	rig_node(&r, "a");
	rig_image(&r, "ready", "1", "p");
	struct cachedimage waits = rig_image_of("x-waits", "2", "p");
	waits.spec.suspend = true;
	rig_put_image(&r, &waits);
	rig_image(&r, "z-fails", "3", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	const struct core_start *starts = rig_all_starts(&r, &n_starts);
	for (size_t i = 0; i < n_starts; i++) {
		struct core_start s = starts[i];
		if (strcmp(s.pulls[0].image_name, "ready") == 0)
			rig_pod(&r, &s, POD_PULLED);
		if (strcmp(s.pulls[0].image_name, "z-fails") == 0)
			rig_pod(&r, &s, POD_NOT_FOUND);
	}
	rig_turn(&r, 0);
	assert_int_equal(grid_images(r.core, 9, &r.keep, &names), 3);
	assert_string_equal(names[0], "ready");
	assert_string_equal(names[2], "z-fails");
	assert_int_equal(grid_images(r.core, 2, &r.keep, &names), 2);
	assert_string_equal(names[0], "z-fails");
	assert_string_equal(names[1], "x-waits");
	grid_make(r.core, 1, r.now, &r.keep, &g);
	assert_int_equal(g.n_rows, 1);
	assert_string_equal(g.rows[0].image, "z-fails");
	assert_string_equal(g.rows[0].phase, "Degraded");
	struct grid_totals t = grid_totals(r.core);
	assert_int_equal(t.images, 3);
	assert_int_equal(t.images_ready, 1);
	assert_int_equal(t.images_degraded, 1);
	assert_int_equal(t.targeted, 3);
	assert_int_equal(t.ready, 1);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_for_each_node),
		cmocka_unit_test(a_standby_has_no_rows),
		cmocka_unit_test(a_cell_for_each_pool),
		cmocka_unit_test(the_last_column_is_the_other_pools),
		cmocka_unit_test(those_that_are_not_ready_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
