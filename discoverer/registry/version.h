/*
 * Versions in tags, and their order (behaviour.md 55): semver 2.0 precedence, with any number of
 * numeric parts. Pure.
 */
#ifndef DROP_DISCOVERER_REGISTRY_VERSION_H
#define DROP_DISCOVERER_REGISTRY_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More parts, and digits of one, make it no version. */
#define VERSION_PARTS_MAX  6
#define VERSION_DIGITS_MAX 18

struct version { /* zeroed: there is none */
	size_t n;
	uint64_t part[VERSION_PARTS_MAX];
	const char *pre; /* pre-release, borrowed from the tag; NULL: none */
	size_t pre_len;
};

/* All of text: "v1.2.3-rc.1+build"; the v may be missing. False: it is none, *ret is zeroed. */
bool version_parse(const char *text, size_t len, struct version *ret);
/* All of the tag, else the first part of it with a dot that is one: "app-1.2.3" has 1.2.3. */
bool version_find(const char *tag, struct version *ret);
/* < 0: a is older. None is older than any; missing parts are 0; build metadata counts nothing. */
int version_order(const struct version *a, const struct version *b);

#endif
