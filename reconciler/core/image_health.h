/*
 * The conditions of an image that are there only while they have something to say (behaviour.md
 * 59). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_IMAGE_HEALTH_H
#define DROP_RECONCILER_CORE_IMAGE_HEALTH_H

#include "reconciler/core/model.h"

#define CONDITION_POLICY    "PolicyResolved"
#define CONDITION_PLATFORMS "PlatformsMatched"
/* Conditions that image_health_add() adds at most. */
#define HEALTH_CONDITIONS_MAX 4

/* It names a PullPolicy that is not there. */
bool image_lacks_policy(const struct image *img);
/* Does the status last made say that wrongly? */
bool image_policy_untold(const struct image *img);
enum health image_health(const struct image *img, enum phase phase);
/* 39. "image is linux/amd64 only"; of no index: "". */
const char *image_platforms_text(const struct image *img, struct arena *a);
/* Appends to a list that begins with Ready and has room. */
void image_health_add(struct core *c, struct image *img, enum phase phase, struct now now,
		      struct arena *a, struct api_conditions *list);

#endif
