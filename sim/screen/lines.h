/*
 * The same story where there is no terminal: a line for what changed since the last look;
 * and, in both forms, the summary at the end. Pure but for its memory of the last look.
 */
#ifndef DROP_SIM_SCREEN_LINES_H
#define DROP_SIM_SCREEN_LINES_H

#include "base/buf.h"
#include "base/map.h"

#include "sim/scenario/scenario.h"
#include "sim/screen/state.h"

struct screen_memory {     /* zeroed: nothing was seen */
	struct map images; /* name -> what was last said of it */
	size_t events;
	int64_t tenth; /* of the whole, last said */
	bool begun;
};

void screen_lines(struct screen_memory *m, const struct screen_state *s, struct buf *out);
void screen_memory_done(struct screen_memory *m);

/* missing: of the expectations, as expect_missing() says; expected: how many there are. */
void screen_summary(const struct screen_state *s, const struct api_strings *missing,
		    size_t expected, struct buf *out);

#endif
