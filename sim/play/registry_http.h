/*
 * The pretend registries over HTTP, as clients of the distribution API ask them:
 *
 *   /v2/                    one mirror of all of them: the first part of a repository is its host
 *   /registries/HOST/v2/    that one alone, for --registries HOST=$SERVER/registries/HOST
 *   /registries/HOST/token  its token server
 *
 * tags/list (n and last as pages, Link to the next), manifests by tag and digest. What needs a
 * secret needs a token, for which any user and password will do. A registry's fault is what it
 * answers here, too.
 */
#ifndef DROP_SIM_PLAY_REGISTRY_HTTP_H
#define DROP_SIM_PLAY_REGISTRY_HTTP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sim/play/sources.h"

struct registries;

bool registry_http_own(const char *uri);
/* Appends the body. */
void registry_http_answer(struct registries *r, const struct sources_request *request,
			  struct arena *a, struct buf *out, struct sources_answer *ret);

#endif
