/*
 * Interposes sysconf; everything but the number of CPUs is glibc's own answer. By
 * __sysconf and not dlsym(): sanitizers and the C library call sysconf before main,
 * when looking symbols up may allocate. For the same reason nothing here is
 * instrumented.
 */
#include "ipc/nng_cpus.h"

#include <unistd.h>

long __sysconf(int name);

__attribute__((no_sanitize("address", "undefined"))) long sysconf(int name)
{
	if (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF)
		return 1;
	return __sysconf(name);
}

void nng_cpus_cap(void)
{
}
