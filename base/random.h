/* The only source of chance, for ids that must differ from those of other lives; never in pure code. */
#ifndef DROP_BASE_RANDOM_H
#define DROP_BASE_RANDOM_H

#include <stdint.h>

/* From the kernel; never 0, so that 0 can mean "none". */
uint64_t random_id(void);

#endif
