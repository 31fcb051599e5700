/*
 * Names of repositories as users write them (behaviour.md 28): which can be asked for, the URLs
 * of what they have, and what a refused one may have been meant to be. Pure.
 */
#ifndef DROP_DISCOVERER_REGISTRY_REPOSITORY_H
#define DROP_DISCOVERER_REGISTRY_REPOSITORY_H

#include "base/arena.h"
#include "base/err.h"
#include "kube/weburl.h"

/* Bytes of a name (OCI distribution, with its registry). */
#define REPOSITORY_MAX 255

/*
 * Segments of letters, digits, ".", "_" and "-" with slashes between; none is "." or "..", so a
 * name never leads out of /v2/. Capitals are left to the registry to refuse. ERR_TERMINAL: why
 * not.
 */
int repository_check(const char *name, struct err *err);
/* The registry's URL with the path /v2/NAME/TAIL, without a query; tail is not escaped. */
struct weburl repository_url(struct arena *a, const struct weburl *registry, const char *name,
			     const char *tail);
/*
 * What may be wrong with the spec when the registry refuses, or answers with something else:
 * "; ..." for the end of a message, "" if nothing is known. words: of the answer.
 */
const char *repository_hint(struct arena *a, const struct weburl *registry, const char *name,
			    const char *words);

#endif
