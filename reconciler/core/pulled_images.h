/*
 * What pulls are of, one copy each, counted. Private to the core. Equal names are one text
 * (core.texts), so that pointers to them tell whether two pulls are of one image name.
 */
#ifndef DROP_RECONCILER_CORE_PULLED_IMAGES_H
#define DROP_RECONCILER_CORE_PULLED_IMAGES_H

#include "reconciler/core/model.h"

/* One holder more. uid and reference may be NULL. */
const struct pulled_image *pulled_image_hold(struct core *c, const char *name, const char *uid,
					     const char *reference);
/* One less; NULL: nothing. */
void pulled_image_drop(struct core *c, const struct pulled_image *of);

#endif
