/*
 * How the live table looks: a state becomes the lines of one picture, none wider than the
 * terminal and no more than it has. Pure.
 */
#ifndef DROP_SIM_SCREEN_DRAW_H
#define DROP_SIM_SCREEN_DRAW_H

#include <stdbool.h>

#include "base/buf.h"

#include "sim/screen/state.h"

enum { SCREEN_COLS_MIN = 40, SCREEN_ROWS_MIN = 8 }; /* smaller windows are drawn as if so large */

struct screen_form {
	size_t cols, rows; /* rows 0: as many as it takes */
	bool colour;       /* SGR sequences (ECMA-48) */
	bool unicode;      /* else ASCII only */
};

/* Appends lines, each with '\n' at its end. */
void screen_draw(const struct screen_state *s, const struct screen_form *form, struct buf *out);

#endif
