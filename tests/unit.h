/*
 * What every cmocka test includes, in the order cmocka wants, and the row loop:
 * FOREACH_ROW names the row in the output when an assertion in it fails.
 */
#ifndef DROP_TESTS_UNIT_H
#define DROP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Rows have a member `name`; the row at hand is `row`. */
#define FOREACH_ROW(type, table)                                                                   \
	for (const type *row = (table);                                                            \
	     row < (table) + ROWS(table) && (print_message("# %s\n", row->name), 1); row++)

#endif
