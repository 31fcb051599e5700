/* The only source of random numbers, for ids that must differ after a restart; never used in pure
 * code. */
#ifndef DROP_BASE_RANDOM_H
#define DROP_BASE_RANDOM_H

#include <stdint.h>

/* From the kernel; never 0, so that 0 can mean "none". */
uint64_t random_id(void);

#endif
