/*
 * The part of the server that is about the pretence and not Kubernetes: everything below
 * /sim/. Steps at run time, and the truth to compare a status with. JSON in, JSON out; the
 * HTTP around it is sim/apiserver/serve.c's.
 */
#ifndef DROP_SIM_PLAY_CONTROL_H
#define DROP_SIM_PLAY_CONTROL_H

#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "sim/play/expect.h"
#include "sim/play/tally.h"
#include "sim/play/timeline.h"

enum {
	CONTROL_BODY_MAX = 1024 * 1024, /* bytes of a request; larger: 413 */
	CONTROL_STEPS_MAX = 1000,       /* steps of one request */
};

struct control { /* borrowed */
	const struct sim_world *world;
	const struct sim_scenario *scenario;
	struct timeline *timeline;
	const struct tally *tally, *asked; /* of clients; of registries, by host */
};

/*
 * Answers a request; path starts with "/sim/" and has no query. Appends the JSON body and returns
 * the HTTP status. POST /sim/do, GET /sim/truth, /sim/requests, /sim/registries, /sim/expect,
 * /sim/starts, /sim/scenario.
 */
int control_answer(const struct control *c, const char *method, const char *path, const char *body,
		   size_t len, struct now now, struct buf *out);

#endif
