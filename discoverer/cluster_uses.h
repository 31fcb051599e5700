/*
 * What a source of type cluster finds in usage (behaviour 53): the images that workloads of the
 * wanted namespaces started, each with the waiting that it saves on a new node (behaviour 54) and,
 * in the pipeline form, its uses and pulls as samples. Pure.
 */
#ifndef DROP_DISCOVERER_CLUSTER_USES_H
#define DROP_DISCOVERER_CLUSTER_USES_H

#include "api/kinds.h"
#include "usage/fold.h"

#include "discoverer/results.h"

#define CLUSTER_LOOKBACK_MS (USAGE_HOURS * 3600 * INT64_C(1000))

/*
 * Fills r, which has no image yet. spec NULL: all defaults. Of known namespaces, the value is that
 * of the image times the share of the wanted ones in its uses. In the form without signals scores
 * are integers: milliseconds. Returns the uses; *ret_whole: every event of the lookback was seen,
 * so that what is not in r was not used.
 */
uint64_t cluster_uses(const struct usage *u, const struct cluster_source *spec, int64_t now_s,
		      struct results *r, bool *ret_whole);

/* Does the name match the pattern, in which * stands for any characters, also none? */
bool cluster_name_matches(const char *pattern, const char *name);

#endif
