/*
 * Label and field selectors of lists and watches. Parsing refuses what we do not support
 * with 400 rather than ignoring it. Labels: equality, !=, in, notin, exists, !exists. Fields:
 * metadata.name, metadata.namespace everywhere; pods: spec.nodeName, status.phase; events and
 * others as an API server has them.
 */
#ifndef DROP_SIM_STORE_SELECT_H
#define DROP_SIM_STORE_SELECT_H

#include "base/arena.h"
#include "sim/store/store.h"

struct selector;

/* Texts as in the query, already unescaped; NULL or "": everything. Lives in the arena. */
int selector_parse(const struct resource *r, const char *labels, const char *fields,
		   struct arena *a, struct selector **ret, struct api_error *e);
/* A copy that outlives the arena (watches); free with selector_free. */
struct selector *selector_keep(const struct selector *s);
void selector_free(struct selector *s);
/* Does the object's text match? Must not build a tree when the selector is empty. */
bool selector_match(const struct selector *s, const char *ns, const char *name, const char *node,
		    const char *json);

#endif
