/*
 * Output without a terminal: a line for each change since the last call; and the summary at the
 * end, which both forms print. Pure, except that it keeps the state of the last call.
 */
#ifndef DROP_SIM_SCREEN_LINES_H
#define DROP_SIM_SCREEN_LINES_H

#include "base/buf.h"
#include "base/map.h"

#include "sim/scenario/scenario.h"
#include "sim/screen/state.h"

struct screen_printed {    /* state of the last call; zeroed: none yet */
	struct map images; /* name -> its last printed state */
	size_t events;
	size_t held;   /* nodes */
	int64_t tenth; /* last printed tenth of the whole */
	bool begun;
};

void screen_lines(struct screen_printed *m, const struct screen_state *s, struct buf *out);
void screen_printed_done(struct screen_printed *m);

/* missing: of the expectations, as expect_missing() says; expected: how many there are. */
void screen_summary(const struct screen_state *s, const struct api_strings *missing,
		    size_t expected, struct buf *out);

#endif
