/*
 * Texts of the causes of failed pulls; pairs refer to them by an index of one byte.
 * Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_CAUSES_H
#define DROP_RECONCILER_CORE_CAUSES_H

#include "reconciler/core/model.h"

/* Of a text that is there or is added; 0 (no text) when all rows are in use. */
uint8_t cause_index(struct image *img, size_t slots, const char *reason, const char *message);
void causes_clear(struct image *img);

#endif
