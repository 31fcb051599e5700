/*
 * Pull windows by the clock of a time zone file that anybody may have written (behaviour 51): the
 * next change is later, is one, and is the first, at each of the minutes before it.
 * Input: 8 bytes of a window and a moment, then the file.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "reconciler/rules/pull_windows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Between 1970 and 2106, so that 32-bit files have changes there. */
static int64_t moment(const uint8_t *p)
{
	return (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem = ARENA_INIT;
	struct pull_window w = {0};
	struct err err;
	if (size < 8 || zone_parse(data + 8, size - 8, &mem, &w.zone, &err) < 0) {
		arena_done(&mem);
		return 0;
	}
	w.start = data[0] * 5 % (24 * 60);
	w.end = data[1] * 5 % (24 * 60);
	w.days = data[2] & 0x7fU;
	if (w.start == w.end)
		w.end = (w.end + 1) % (24 * 60);
	int64_t utc_s = moment(data + 4), change_s = windows_change(&w, 1, utc_s);
	bool open = windows_open(&w, 1, utc_s);
	if (change_s != 0 &&
	    (change_s <= utc_s || windows_open(&w, 1, change_s) == open ||
	     windows_open(&w, 1, change_s - 1) != open))
		abort();
	arena_done(&mem);
	return 0;
}
