/* Numbers as text in status (behaviour.md 55). Pure. */
#ifndef DROP_DISCOVERER_PIPELINE_DECIMAL_H
#define DROP_DISCOVERER_PIPELINE_DECIMAL_H

#include "base/arena.h"

/*
 * The shortest decimal that is read back as the same number: "2", "0.5", "-0.125". With an exponent
 * only from 1e21 on and below 1e-6. Infinities and NaN, which no score is, are "0".
 */
const char *decimal_text(double value, struct arena *a);

#endif
