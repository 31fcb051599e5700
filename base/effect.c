/*
 * The count and the moment to die. SIGKILL, not abort(): nothing may be flushed,
 * closed or said on the way out, as when the kernel or the kubelet kills us.
 */
#include "base/effect.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct {
	uint64_t total;
	uint64_t crash_after; /* 0: never */
	const char *once;     /* NULL: in every life */
} effects;

void effect_init(const char *proc)
{
	const char *name = getenv("DROP_CRASH_PROC"), *after = getenv("DROP_CRASH_AFTER");
	if (name == NULL || after == NULL || strcmp(name, proc) != 0)
		return;
	effects.crash_after = strtoull(after, NULL, 10);
	effects.once = getenv("DROP_CRASH_ONCE");
}

/* The file stays behind as the mark that the crash has happened. */
static void crash(void)
{
	if (effects.once == NULL || open(effects.once, O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0)
		raise(SIGKILL);
}

void effect_count(void)
{
	effects.total++;
	if (effects.total == effects.crash_after)
		crash();
}

uint64_t effect_total(void)
{
	return effects.total;
}
