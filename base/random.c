/* Random numbers of the kernel; aborts if there are none. */
#include "base/random.h"

#include <stdlib.h>
#include <sys/random.h>

uint64_t random_id(void)
{
	uint64_t v;
	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		abort();
	return v != 0 ? v : 1;
}
