/*
 * A library to preload (LD_PRELOAD): clocks of the process are off by what the file named
 * in DROP_CLOCK_FILE says, from one look to the next. CLOCK_MONOTONIC is never touched, as it
 * neither jumps nor counts a suspend. Waits until a moment of the wall clock (nng's timers) are
 * until that moment of the clock that is off. No part of the product.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/play/clockfile.h"

#define SECOND_NS 1000000000LL

static const volatile struct clock_offsets *offsets;

__attribute__((constructor)) static void shim_start(void)
{
	const char *path = getenv(CLOCKFILE_ENV);
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*offsets), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		offsets = at;
}

static int64_t offset_of(clockid_t id)
{
	if (offsets == NULL)
		return 0;
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return offsets->wall;
	case CLOCK_BOOTTIME:
		return offsets->boot;
	default:
		return 0;
	}
}

static int64_t look(clockid_t id)
{
	struct timespec t = {0};
	syscall(SYS_clock_gettime, id, &t);
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec + offset_of(id);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	if (offset_of(id) == 0)
		return (int)syscall(SYS_clock_gettime, id, ret);
	int64_t ns = look(id);
	ret->tv_sec = floor_div(ns, SECOND_NS);
	ret->tv_nsec = ns - ret->tv_sec * SECOND_NS;
	return 0;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	(void)zone;
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	ret->tv_sec = t.tv_sec;
	ret->tv_usec = t.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	if (ret != NULL)
		*ret = t.tv_sec;
	return t.tv_sec;
}

typedef int (*timedwait_fn)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

/* Nobody here gives a condition variable another clock than the wall's. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
			   const struct timespec *restrict until)
{
	static timedwait_fn real;
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	int64_t ns =
		(int64_t)until->tv_sec * SECOND_NS + until->tv_nsec - offset_of(CLOCK_REALTIME);
	struct timespec truly = {.tv_sec = floor_div(ns, SECOND_NS)};
	truly.tv_nsec = ns - truly.tv_sec * SECOND_NS;
	if (truly.tv_sec < 0)
		truly = (struct timespec){0};
	return real(cond, mutex, &truly);
}
