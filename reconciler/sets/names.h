/*
 * Names and labels of a set's children (behaviour.md 23). They are for people and for
 * uniqueness: no child is ever recognised by its name. Pure.
 */
#ifndef DROP_RECONCILER_SETS_NAMES_H
#define DROP_RECONCILER_SETS_NAMES_H

#include "api/kinds.h"
#include "base/arena.h"

/*
 * Names a child may get, in the order in which they are tried. 0: <set>-<last path part>-<tag>,
 * or NULL if cleaning that lost something. From 1 on: the same, cut to fit, with -<8 hex> of
 * (set uid, reference, number of the name).
 */
#define CHILD_NAMES_MAX 5

/* normal: the reference as ref_normal() gives it, or as written if it is none. */
const char *child_name(struct arena *a, const char *set_name, const char *set_uid,
		       const struct image_entry *image, const char *normal, unsigned number);
/* The set's name as a label value: cut, with a hash, if it is longer than that may be. */
const char *child_label(struct arena *a, const char *set_name);

#endif
