/*
 * Words of a scenario's JSON that are only known when it is used: `$NOW`, `$NOW-300` and
 * `$NOW+5` (seconds) become a time, `$IMAGE` and `$NODE` those of the pod. Anywhere in a text.
 */
#ifndef DROP_SIM_OBJECTS_TEXTS_H
#define DROP_SIM_OBJECTS_TEXTS_H

#include <stdint.h>

typedef struct cJSON cJSON;

struct texts {
	const char *image, *node;
	int64_t wall_s;
};

/* Every text in the tree. */
void texts_fill(cJSON *tree, const struct texts *texts);

#endif
