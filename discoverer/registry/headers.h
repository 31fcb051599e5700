/*
 * What a registry says in headers (behaviour.md 28): where the next page is (Link, RFC 8288)
 * and how it wants us to identify ourselves (WWW-Authenticate, RFC 9110). Pure.
 */
#ifndef DROP_DISCOVERER_REGISTRY_HEADERS_H
#define DROP_DISCOVERER_REGISTRY_HEADERS_H

#include <stdbool.h>

#include "base/arena.h"

/*
 * The target of the first link whose relations include "next"; NULL: there is none. Also one
 * without angle brackets, as some registries write it.
 */
char *link_next(struct arena *a, const char *header);

struct challenge {
	bool basic, bearer;                  /* schemes that are offered */
	const char *realm, *service, *scope; /* of the first Bearer; NULL: not said */
};

/* Whatever cannot be understood is as if it were not there. Strings live in a. */
struct challenge challenge_parse(struct arena *a, const char *header);

#endif
