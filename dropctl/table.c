/* See table.h. Cells are kept one after the other, each with its NUL. */
#include "dropctl/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/visible.h"

#define COLUMNS_MAX 16
#define GAP         3

void table_cell(struct buf *cells, const char *text)
{
	if (text == NULL)
		text = "";
	visible_add(cells, text, false);
	buf_add(cells, "", 1);
}

void table_cellf(struct buf *cells, const char *fmt, ...)
{
	char text[128];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	table_cell(cells, text);
}

void table_print(const struct buf *cells, size_t columns, struct buf *out)
{
	size_t width[COLUMNS_MAX] = {0}, i = 0;
	for (size_t at = 0; at < cells->len; at += strlen(cells->data + at) + 1, i++) {
		size_t len = strlen(cells->data + at);
		if (len > width[i % columns])
			width[i % columns] = len;
	}
	i = 0;
	for (size_t at = 0; at < cells->len; i++) {
		size_t len = strlen(cells->data + at);
		buf_add(out, cells->data + at, len);
		if (i % columns == columns - 1)
			buf_adds(out, "\n");
		else
			buf_addf(out, "%*s", (int)(width[i % columns] - len + GAP), "");
		at += len + 1;
	}
}
