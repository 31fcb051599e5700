/*
 * Usage that was saved (usage/demand_save.c), from ConfigMaps that others may write. What is
 * accepted can be ranked, goes on and is saved and restored again.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "usage/demand.h"
#include "usage/waiting_saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rank(const struct demand *d)
{
	struct arena a = ARENA_INIT;
	struct waiting_saved *ranked;
	for (unsigned young = 0; young < 2; young++) {
		const struct waiting_how how = {.young_hours = young * WAITING_YOUNG_HOURS};
		size_t n = waiting_saved_rank(d, NULL, &how, &a, &ranked);
		for (size_t i = 0; i < n; i++)
			if (!isfinite(ranked[i].value) || ranked[i].value < 0 ||
			    ranked[i].chance > 1)
				abort();
	}
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct demand *d = demand_new();
	struct buf saved = {0};
	struct err err;
	if (demand_restore(d, data, size, &err) == 0) {
		rank(d);
		demand_hour(d, 1 << 30, true);
		demand_use(d, "", "a", 1);
		demand_pull(d, "", "a", 1, 1);
		demand_hour(d, (1 << 30) + 1, true);
		rank(d);
		if (demand_save(d, &saved, SIZE_MAX) != 0 ||
		    demand_restore(d, saved.data, saved.len, &err) != 0)
			abort();
	} else if (demand_images(d) != 0) {
		abort();
	}
	buf_done(&saved);
	demand_free(d);
	return 0;
}
