/*
 * The live table and the plain lines: what each shows of one state, in every form of
 * terminal, and that no picture is wider or higher than its window.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sim/screen/draw.h"
#include "sim/screen/lines.h"

/* ---- a stand-in for the timeline: the draw code asks for events only ---- */

static struct timeline_event events[8];

const struct timeline_event *timeline_event(const struct timeline *t, size_t k)
{
	(void)t;
	return k < 8 && events[k].text[0] != '\0' ? &events[k] : NULL;
}

/* ---- states ---- */

static const struct screen_node four[] = {{"worker", true, true, false, NULL},
					  {"worker", true, true, false, NULL},
					  {"worker", true, false, false, NULL},
					  {"late", false, false, false, NULL}};
static const int16_t half[] = {100, 50, CELL_WAITING, CELL_NO_NODE};
static const int16_t bad[] = {CELL_FAILING, CELL_NOT_WANTED, CELL_NOT_READY, CELL_NO_NODE};
static const struct screen_image two[] = {
	{"api", "Pulling", "", 3, 1, 1, 0, half},
	{"broken", "Degraded", "dns: cannot resolve h", 3, 0, 0, 1, bad},
};

static struct screen_state small_state(void)
{
	return (struct screen_state){
		.title = "a scene",
		.elapsed_ms = 12340,
		.images = two,
		.n_images = 2,
		.nodes = four,
		.n_nodes = 4,
		.nodes_there = 3,
		.wanted = 6,
		.had = 1,
		.pulling = 1,
		.waiting = 4,
		.done = 1,
		.failed = 1,

		.requests = 9,
		.pod_requests = 4,
	};
}

struct draw_row {
	const char *name;
	struct screen_form form;
	size_t n_events;
	const char *want;
};

static const struct draw_row pictures[] = {
	{"plain ASCII",
	 {60, 20, false, false},
	 0,
	 " drop  a scene                                       12.3 s\n"
	 " #####.........................  16 %  1 of 6 in place\n"
	 "\n"
	 "            worker\n"
	 " api    1/3 #5.   Pulling\n"
	 " broken 0/3 x -   Degraded\n"
	 " nodes    3 oo- \n"
	 "\n"
	 " 1 pulled, 1 in flight, 4 waiting, 1 failed, 9 requests, 2.0\n"
	 " x broken  dns: cannot resolve h\n"},
	{"Unicode",
	 {64, 20, false, true},
	 0,
	 " drop  a scene                                           12.3 s\n"
	 " █████▎··························  16 %  1 of 6 in place\n"
	 "\n"
	 "            worker\n"
	 " api    1/3 ▇▄·   Pulling\n"
	 " broken 0/3 ✗ ░   Degraded\n"
	 " nodes    3 ••░ \n"
	 "\n"
	 " 1 pulled · 1 in flight · 4 waiting · 1 failed · 9 requests · 2.\n"
	 " ✗ broken  dns: cannot resolve h\n"},
	{"events, the last five",
	 {60, 20, false, false},
	 6,
	 " drop  a scene                                       12.3 s\n"
	 " #####.........................  16 %  1 of 6 in place\n"
	 "\n"
	 "            worker\n"
	 " api    1/3 #5.   Pulling\n"
	 " broken 0/3 x -   Degraded\n"
	 " nodes    3 oo- \n"
	 "\n"
	 " 1 pulled, 1 in flight, 4 waiting, 1 failed, 9 requests, 2.0\n"
	 " x broken  dns: cannot resolve h\n"
	 "\n"
	 "   1.0 s  event 1\n   2.0 s  event 2\n   3.0 s  event 3\n   4.0 s  event 4\n"
	 "   5.0 s  event 5\n"},
	{"a low window",
	 {60, 8, false, false},
	 6,
	 " drop  a scene                                       12.3 s\n"
	 " #####.........................  16 %  1 of 6 in place\n"
	 "            worker\n"
	 " api    1/3 #5.   Pulling\n"
	 " broken 0/3 x -   Degraded\n"
	 " nodes    3 oo- \n"
	 " 1 pulled, 1 in flight, 4 waiting, 1 failed, 9 requests, 2.0\n"
	 " x broken  dns: cannot resolve h\n"},
};

static void make_events(size_t n)
{
	memset(events, 0, sizeof(events));
	for (size_t i = 0; i < n; i++) {
		events[i].at_ms = (int64_t)i * 1000;
		snprintf(events[i].text, sizeof(events[i].text), "event %zu", i);
	}
}

static void drawn(void **state)
{
	(void)state;
	FOREACH_ROW(struct draw_row, pictures)
	{
		struct screen_state s = small_state();
		struct buf out = {0};
		s.n_events = row->n_events;
		make_events(row->n_events);
		screen_draw(&s, &row->form, &out);
		assert_string_equal(out.data, row->want);
		buf_done(&out);
	}
}

static void a_held_node(void **state)
{
	(void)state;
	struct screen_node nodes[4];
	struct screen_state s = small_state();
	struct buf out = {0};
	memcpy(nodes, four, sizeof(nodes));
	nodes[3].exists = nodes[3].ready = nodes[3].held = true;
	s.nodes = nodes;
	s.nodes_held = 1;
	make_events(0);
	screen_draw(&s, &(struct screen_form){64, 20, false, true}, &out);
	assert_non_null(strstr(out.data, " nodes    3 ••░◦  1 held\n"));
	buf_done(&out);
}

static void colours_are_only_colours(void **state)
{
	(void)state;
	struct screen_state s = small_state();
	struct buf plain = {0}, colour = {0}, stripped = {0};
	make_events(0);
	screen_draw(&s, &(struct screen_form){70, 20, false, true}, &plain);
	screen_draw(&s, &(struct screen_form){70, 20, true, true}, &colour);
	for (const char *p = colour.data; *p != '\0'; p++) {
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			buf_add(&stripped, p, 1);
	}
	assert_string_equal(stripped.data, plain.data);
	assert_non_null(strstr(colour.data, "\033[0;32m▇\033[0;33m▄"));
	assert_non_null(strstr(colour.data, "\033[0;31m ✗ broken"));
	buf_done(&plain);
	buf_done(&colour);
	buf_done(&stripped);
}

/* ---- windows of every size ---- */

static size_t columns(const char *line, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; n++)
		i += utf8_len(line + i) != 0 ? utf8_len(line + i) : 1;
	return n;
}

static void check_window(const struct screen_state *s, size_t cols, size_t rows)
{
	struct buf out = {0};
	size_t lines = 0;
	screen_draw(s, &(struct screen_form){cols, rows, false, true}, &out);
	for (const char *p = out.data; *p != '\0'; lines++) {
		size_t len = strcspn(p, "\n");
		if (columns(p, len) > cols)
			fail_msg("%zux%zu: a line of %zu columns: %.*s", cols, rows,
				 columns(p, len), (int)len, p);
		p += len + 1;
	}
	if (lines > rows)
		fail_msg("%zux%zu: %zu lines", cols, rows, lines);
	buf_done(&out);
}

#define MANY_NODES 500

static void fits_every_window(void **state)
{
	(void)state;
	static const size_t node_counts[] = {0, 1, 50, MANY_NODES}, image_counts[] = {0, 1, 30};
	struct screen_node nodes[MANY_NODES];
	int16_t cells[MANY_NODES];
	struct screen_image images[30];
	for (size_t i = 0; i < MANY_NODES; i++) {
		nodes[i] = (struct screen_node){i < 250 ? "a-long-name-of-a-group" : "b", true,
						i % 7 != 0, i % 11 == 0, NULL};
		cells[i] = (int16_t)((int)(i % 105) - 4);
	}
	for (size_t i = 0; i < 30; i++)
		images[i] = (struct screen_image){
			i % 2 ? "x" : "an-image-with-a-very-long-name-indeed",
			i % 3 ? "Ready" : "Degraded",
			"a message that is much too long for a line of a window",
			500,
			499,
			1,
			0,
			cells};
	make_events(8);
	for (size_t n = 0; n < 4; n++)
		for (size_t i = 0; i < 3; i++)
			for (size_t cols = SCREEN_COLS_MIN; cols < 250; cols += 7)
				for (size_t rows = SCREEN_ROWS_MIN; rows < 60; rows += 5) {
					struct screen_state s = {.title = "t",
								 .images = images,
								 .n_images = image_counts[i],
								 .nodes = nodes,
								 .n_nodes = node_counts[n],
								 .n_events = 8,
								 .wanted = 100,
								 .had = 99};
					check_window(&s, cols, rows);
				}
}

static void several_nodes_a_cell(void **state)
{
	(void)state;
	struct screen_node nodes[100];
	int16_t cells[100];
	struct screen_image image = {"i", "Pulling", "", 100, 10, 1, 0, cells};
	for (size_t i = 0; i < 100; i++) {
		nodes[i] = (struct screen_node){"n", true, true, false, NULL};
		cells[i] = i < 50 ? 100 : i < 60 ? 0 : CELL_WAITING;
	}
	cells[99] = CELL_FAILING;
	struct screen_state s = {
		.title = "t", .images = &image, .n_images = 1, .nodes = nodes, .n_nodes = 100};
	struct buf out = {0};
	screen_draw(&s, &(struct screen_form){50, 20, false, false}, &out);
	assert_non_null(strstr(out.data, "n  (a cell: 4 nodes)\n"));
	assert_non_null(strstr(out.data, " i      10/100 ############511.........x  Pulling\n"));
	buf_done(&out);
}

/* ---- lines ---- */

static void expect_lines(struct screen_printed *m, const struct screen_state *s, const char *want)
{
	struct buf out = {0};
	buf_adds(&out, "");
	screen_lines(m, s, &out);
	assert_string_equal(out.len != 0 ? out.data : "", want);
	buf_done(&out);
}

static void only_changes(void **state)
{
	(void)state;
	struct screen_printed m = {0};
	struct screen_state s = small_state();
	make_events(3);
	expect_lines(&m, &s,
		     "a scene\n3 nodes, 2 images\n"
		     "  12.3 s  api: Pulling, 1 of 3 nodes\n"
		     "  12.3 s  broken: Degraded, 0 of 3 nodes: dns: cannot resolve h\n"
		     "  12.3 s  1 of 6 in place, 1 in flight, 4 waiting\n");
	expect_lines(&m, &s, "");
	s.n_events = 2;
	events[1].failed = true;
	expect_lines(&m, &s, "   0.0 s  * event 0\n   1.0 s  * event 1 (failed)\n");
	struct screen_image ready = two[0];
	ready.phase = "Ready";
	ready.ready = 3;
	s.images = &ready;
	s.n_images = 1;
	s.had = 3;
	s.waiting = 2;
	expect_lines(&m, &s,
		     "  12.3 s  api: Ready, 3 of 3 nodes\n"
		     "  12.3 s  3 of 6 in place, 1 in flight, 2 waiting\n");
	screen_printed_done(&m);
}

static void the_end(void **state)
{
	(void)state;
	struct screen_state s = small_state();
	const char *texts[] = {"CachedImage api is Pulling, not Ready"};
	struct api_strings none = {0}, one = {texts, 1};
	struct buf out = {0};
	screen_summary(&s, &none, 2, &out);
	assert_string_equal(out.data, "\nafter 12.3 s: 0 of 2 images Ready, 1 Degraded\n"
				      "  pulls     1 done, 1 failed\n"
				      "  requests  9, of which 4 for pods: 2.00 a pull\n"
				      "  failed    broken: dns: cannot resolve h\n"
				      "  all as expected\n");
	buf_clear(&out, 0);
	screen_summary(&s, &one, 2, &out);
	assert_non_null(
		strstr(out.data, "  NOT as expected: CachedImage api is Pulling, not Ready\n"));
	assert_null(strstr(out.data, "all as expected"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drawn),
		cmocka_unit_test(a_held_node),
		cmocka_unit_test(colours_are_only_colours),
		cmocka_unit_test(fits_every_window),
		cmocka_unit_test(several_nodes_a_cell),
		cmocka_unit_test(only_changes),
		cmocka_unit_test(the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
