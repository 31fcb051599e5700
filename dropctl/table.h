/*
 * Columns of text: cells are collected, then printed as wide as the widest of their column,
 * three blanks apart, the last column as it comes. What a terminal
 * would obey is escaped (base/visible.h). Pure.
 */
#ifndef DROP_DROPCTL_TABLE_H
#define DROP_DROPCTL_TABLE_H

#include <stddef.h>

#include "base/buf.h"

/* Adds one cell to the cells collected; a row is as many cells as the heading. NULL is "". */
void table_cell(struct buf *cells, const char *text);
void table_cellf(struct buf *cells, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends all rows of `columns` cells each. */
void table_print(const struct buf *cells, size_t columns, struct buf *out);

#endif
