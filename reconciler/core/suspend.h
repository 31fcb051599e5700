/*
 * What is suspended (behaviour 50): an image by its own spec, by that of the CachedImageSet that
 * controls it, or by that of its PullPolicy. Nothing of it starts; all else goes on. Of sets only
 * those are remembered that suspend. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_SUSPEND_H
#define DROP_RECONCILER_CORE_SUSPEND_H

#include "reconciler/core/model.h"

#define CONDITION_SUSPENDED "Suspended"

/* By what the image is suspended at this moment: the first of its own spec, set, policy. */
enum suspended suspended_by(struct core *c, const struct image *img);
/* "suspended by CachedImageSet ci"; only of an image that is. */
const char *suspended_text(struct core *c, const struct image *img, struct arena *a);

/* true: the images of some set have to be looked at. */
bool suspend_set_put(struct core *c, const struct cachedimageset *set);
bool suspend_set_gone(struct core *c, const char *name);
bool suspend_sets_sweep(struct core *c);
void suspend_done(struct core *c);

#endif
