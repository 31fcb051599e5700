/*
 * Counts effects and kills the process at the given one. SIGKILL, not abort(): nothing is flushed
 * or closed, as when the kernel or the kubelet kills a process.
 */
#include "base/effect.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static uint64_t total;

#ifdef DROP_CRASH_POINTS

static struct {
	uint64_t after;   /* 0: never */
	const char *once; /* NULL: in every life */
} crash;

void effect_init(const char *proc)
{
	const char *name = getenv("DROP_CRASH_PROC"), *after = getenv("DROP_CRASH_AFTER");
	if (name == NULL || after == NULL || strcmp(name, proc) != 0)
		return;
	crash.after = strtoull(after, NULL, 10);
	crash.once = getenv("DROP_CRASH_ONCE");
}

/* The file stays behind as the mark that the crash has happened. */
void effect_count(void)
{
	if (++total != crash.after)
		return;
	if (crash.once == NULL || open(crash.once, O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0)
		raise(SIGKILL);
}

#else

void effect_init(const char *proc)
{
	(void)proc;
}

void effect_count(void)
{
	total++;
}

#endif

uint64_t effect_total(void)
{
	return total;
}
