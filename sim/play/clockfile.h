/*
 * How far the operator's clocks are off: a file that sim/play/timeline.c writes and
 * sim/clockshim.c, preloaded into the operator's processes, reads at each look at a clock.
 * Both run on one machine; numbers are in its byte order. For tests only.
 */
#ifndef DROP_SIM_PLAY_CLOCKFILE_H
#define DROP_SIM_PLAY_CLOCKFILE_H

#include <stdint.h>

#define CLOCKFILE_ENV "DROP_CLOCK_FILE" /* path, for the shim */

struct clock_offsets { /* nanoseconds to add */
	int64_t wall;  /* CLOCK_REALTIME */
	int64_t boot;  /* CLOCK_BOOTTIME: what passes while a machine sleeps */
};

#endif
