/*
 * What a pull pod says it carries (behaviour.md 5, 6, 44): by our annotations, or, of a pod left by
 * upstream, by its label and container. Pure.
 */
#ifndef DROP_RECONCILER_RULES_CARRIED_H
#define DROP_RECONCILER_RULES_CARRIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "api/pullpod.h"

struct carried {                                   /* strings are the pod's */
	int place;                                 /* of its container: PULLPOD_ONLY, or from 0 */
	bool noted;                                /* our annotations say so */
	const char *image, *image_uid, *reference; /* any may be NULL where not noted */
	uint32_t attempt;
	int64_t repull_s; /* not 0: a repull */
};

/* At least one, at most PULLPOD_IMAGES_MAX. */
size_t carried_by(const struct pod *pod, struct carried ret[PULLPOD_IMAGES_MAX]);

#endif
