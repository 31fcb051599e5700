/*
 * Shows the pretend cluster: a live table (nodes x images) in a terminal, or
 * lines of what changed where there is none. Owns the terminal while it lives: the other
 * screen buffer, the cursor, the window's size; gives them back in screen_free(). What is
 * drawn comes from sim/screen/state.h, how it looks from sim/screen/draw.c and
 * sim/screen/lines.c, which are pure.
 */
#ifndef DROP_SIM_SCREEN_SCREEN_H
#define DROP_SIM_SCREEN_SCREEN_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "sim/play/control.h"

enum { SCREEN_FRAME_MS = 100 }; /* between two updates */

enum screen_mode {
	SCREEN_AUTO,  /* LIVE in a terminal that can, else LINES */
	SCREEN_LIVE,  /* redrawn in place */
	SCREEN_LINES, /* only changes, one a line */
	SCREEN_NONE,
};

struct screen;

/* control is borrowed. fd: usually 1. Colour: not with NO_COLOR set (no-color.org) or TERM=dumb. */
struct screen *screen_new(const struct control *control, enum screen_mode mode, int fd);
/* Draws when it is time; returns the boot ms of the next look. */
int64_t screen_turn(struct screen *s, struct now now);
/* Leaves the terminal as it was, with the last picture and the summary in it. */
void screen_end(struct screen *s, struct now now);
void screen_free(struct screen *s);
int screen_mode_parse(const char *name); /* auto live lines none; -1 */

#endif
