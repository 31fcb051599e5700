/* What a list of images saves on one node, in its first day. */
#ifndef DROP_BENCH_REPLAY_SAVED_H
#define DROP_BENCH_REPLAY_SAVED_H

#include "bench/replay/world.h"

/* Seconds of waiting: that at weekdays from 9 to 17, and all. */
enum { OFFICE, ALWAYS, MEASURES };

struct scratch; /* memory of a world, used again for each node */

struct scratch *scratch_new(const struct world *w);
void scratch_free(struct scratch *s);

/*
 * Waiting on that node if the n images of list are pulled one after the other from its birth on;
 * n = 0: without us.
 */
void saved_waits(const struct world *w, struct scratch *s, int node, const int *list, int n,
		 double ret[MEASURES]);
/* Adds what each image alone would save if it were there at the birth: to add[image][measure]. */
void saved_by_image(const struct world *w, struct scratch *s, int node, double (*add)[MEASURES]);

#endif
