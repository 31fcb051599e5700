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
#include <string.h>
#include <cmocka.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Rows have a member `name`, of which one line is told; the row at hand is `row`. */
#define FOREACH_ROW(type, table)                                                                   \
	for (const type *row = (table);                                                            \
	     row < (table) + ROWS(table) && (unit_say(row->name), 1); row++)

static inline void unit_say(const char *name)
{
	print_message("# %.*s\n", (int)strcspn(name, "\r\n"), name);
}

#endif
