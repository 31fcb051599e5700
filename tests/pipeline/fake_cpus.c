/*
 * LD_PRELOAD library: a machine with 64 CPUs, for the test that nng's threads do not
 * grow with them. Only tests use it.
 */
#include <unistd.h>

long __sysconf(int name);

long sysconf(int name)
{
	if (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF)
		return 64;
	return __sysconf(name);
}
