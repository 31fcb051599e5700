/*
 * From HTTP to the API and back: who may ask, which fault a request meets, who answers it,
 * what the audit log and the tally learn of it; and the open watches' streams.
 */
#ifndef DROP_SIM_APISERVER_SERVE_H
#define DROP_SIM_APISERVER_SERVE_H

#include "sim/apiserver/audit.h"
#include "sim/play/control.h"
#include "httpd/http.h"
#include "sim/play/sources.h"
#include "sim/apiserver/watch.h"

struct serve;

/* Bytes that a watch has on the way to its client before more are made. */
#define SERVE_STREAM_BYTES (256 * 1024)

struct serve_config { /* borrowed */
	struct store *store;
	struct faults *faults;
	struct tally *tally;
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
/* Sends what watches have to send; returns the boot ms of the next thing that time makes due. */
int64_t serve_turn(struct serve *s, struct now now);

#endif
