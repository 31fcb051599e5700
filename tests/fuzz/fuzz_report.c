/*
 * A report that was kept (reconciler/report/stored.c), from a ConfigMap that others may write. What
 * is accepted goes on counting, and is stored and restored again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "reconciler/report/stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tally t = {0}, again = {0};
	struct buf out = {0};
	struct err err;
	const struct tally_start start = {"i", "n", "sha256:1", 7200, true, 1.5};
	if (report_restore(&t, data, size, &err) == 0) {
		copies_pull(&t.copies, "n", "i", &(struct copies_pull){true, 3, 7});
		copies_use(&t.copies, "m", "i", 8);
		tally_add(&t, &start);
		report_store(&t, &out);
		if (out.len > REPORT_STORED_MAX ||
		    report_restore(&again, out.data, out.len, &err) != 0 ||
		    copies_use(&again.copies, "n", "i", 9).state != COPY_PULLED)
			abort();
	} else if (t.since_s != 0) {
		abort();
	}
	buf_done(&out);
	tally_done(&t);
	tally_done(&again);
	return 0;
}
