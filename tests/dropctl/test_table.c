/* Columns of dropctl's tables: as wide as their widest cell, the last one as it comes. */
#include "tests/unit.h"

#include <string.h>

#include "dropctl/table.h"

static void columns(void **state)
{
	static const struct {
		const char *name;
		const char *cells[7]; /* NULL ends */
		size_t columns;
		const char *want;
	} rows[] = {
		{"nothing", {NULL}, 3, NULL},
		{"one row", {"a", "b", NULL}, 2, "a   b\n"},
		{"the widest decides", {"long", "x", "a", "yy", NULL}, 2, "long   x\na      yy\n"},
		{"empty cells keep their place", {"", "x", "aa", "", NULL}, 2, "     x\naa   \n"},
		{"no cell makes a row, or paints",
		 {"a\nREADY", "x", "\x1b[31m", "\xe2\x80\xaey", NULL},
		 2,
		 "a READY    x\n\\x1b[31m   \\u202ey\n"},
		{"one column", {"aa", "b", NULL}, 1, "aa\nb\n"},
	};
	(void)state;
	for (size_t r = 0; r < ROWS(rows); r++) {
		struct buf cells = {0}, out = {0};
		unit_say(rows[r].name);
		for (size_t i = 0; rows[r].cells[i] != NULL; i++)
			table_cell(&cells, rows[r].cells[i]);
		table_print(&cells, rows[r].columns, &out);
		if (rows[r].want == NULL)
			assert_int_equal(out.len, 0);
		else
			assert_string_equal(out.data, rows[r].want);
		buf_done(&cells);
		buf_done(&out);
	}
}

static void formatted(void **state)
{
	struct buf cells = {0};
	(void)state;
	table_cellf(&cells, "%d/%d", 3, 50);
	table_cell(&cells, NULL);
	assert_int_equal(cells.len, sizeof("3/50") + 1);
	assert_string_equal(cells.data, "3/50");
	buf_done(&cells);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(columns), cmocka_unit_test(formatted)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
