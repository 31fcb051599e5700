/*
 * One line of a terminal that is being put together: counts columns, cuts at the edge,
 * colours where colours are wanted. One character is one column: what we write has no
 * wide ones. Pure.
 */
#ifndef DROP_SIM_SCREEN_LINE_H
#define DROP_SIM_SCREEN_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum ink { INK_PLAIN, INK_BOLD, INK_DIM, INK_GREEN, INK_YELLOW, INK_RED, INK_CYAN };

struct line {
	struct buf *out; /* borrowed */
	size_t at, cols; /* columns written, and there are */
	bool colour;
	enum ink ink; /* as the terminal is set now */
};

/* UTF-8 text; control characters become blanks. */
void line_add(struct line *l, enum ink ink, const char *text);
void line_addf(struct line *l, enum ink ink, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Blanks up to that column; at least one if it was passed. */
void line_to(struct line *l, size_t column);
/* Ends the line and begins the next. */
void line_end(struct line *l);

#endif
