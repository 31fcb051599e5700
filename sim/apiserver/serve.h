/*
 * Handles HTTP requests: authorisation, injected faults, dispatch to the API, audit log and request
 * counts; and the streams of open watches.
 */
#ifndef DROP_SIM_APISERVER_SERVE_H
#define DROP_SIM_APISERVER_SERVE_H

#include "sim/apiserver/audit.h"
#include "sim/play/control.h"
#include "httpd/http.h"
#include "sim/play/sources.h"
#include "sim/apiserver/watch.h"

struct serve;

/* Unsent bytes of a watch above which no more events are produced. */
#define SERVE_STREAM_BYTES (256 * 1024)

struct serve_config { /* borrowed */
	struct store *store;
	struct faults *faults;
	struct tally *tally;
	struct tally *asked; /* of registries, by host instead of client */
	struct watches *watches;
	struct audit *audit;
	const struct control *control; /* NULL: nothing below /sim/ */
	struct sources sources;
	const char *token; /* every request must bear it; NULL: none */
};

struct serve *serve_new(const struct serve_config *config);
void serve_free(struct serve *s);
/* For http_config; ctx is the struct serve. */
extern const struct http_ops serve_ops;
/* Sends pending watch events; returns the boot ms of the next due moment. */
int64_t serve_turn(struct serve *s, struct now now);

#endif
