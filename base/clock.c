/*
 * Reads the clocks. Texts of times and durations are in timetext.c, which is
 * pure.
 */
#include "base/clock.h"

#include <time.h>

int64_t clock_boot_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_boot_ms(void)
{
	return clock_boot_us() / 1000;
}

int64_t clock_wall_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct now clock_now(void)
{
	return (struct now){.boot_ms = clock_boot_ms(), .wall_s = clock_wall_us() / 1000000};
}
