/*
 * What discovery and the checks of images ask, for the pretend cluster: its registries
 * (sim/play/registry_http.h), and a Prometheus.
 *
 *   /prometheus/api/v1/query[_range] every query gets the scenario's `metrics`; in a range, the
 *                                    same value at each step.
 *
 * Reads the registries and the scenario, changes nothing. The HTTP around it is
 * sim/apiserver/serve.c's.
 */
#ifndef DROP_SIM_PLAY_SOURCES_H
#define DROP_SIM_PLAY_SOURCES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sim/scenario/scenario.h"

struct registries;

#define SOURCES_POINTS_MAX 11000 /* of a range; more is 400, as of a real Prometheus */

struct sources { /* borrowed */
	struct registries *registries;
	const struct sim_metrics *metrics;
};

struct sources_request {
	const char *method, *uri;
	const char *host, *authorization; /* headers; NULL: not sent */
	const char *form; /* the body of a POST to Prometheus, NUL-terminated; or "" */
	int64_t wall_us;  /* when it is asked */
};

struct sources_answer {
	int code;
	const char *type;
	const char *link, *challenge, *digest; /* headers, in the arena; NULL: none */
	const char *registry, *what; /* which was asked for what: manifests, tags, token; or NULL */
	int64_t delay_ms;
};

/* Is the path one of those above? */
bool sources_own(const char *uri);
/* Appends the JSON body. */
struct sources_answer sources_answer(const struct sources *s, const struct sources_request *request,
				     struct arena *a, struct buf *out);

#endif
