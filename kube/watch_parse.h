/*
 * Bytes of a watch stream in, events out: one JSON object a line (Kubernetes API
 * concepts, "Efficient detection of changes"). May be fed at any split of the bytes.
 * Pure; keeps at most one unfinished line. An event that is too large is skipped and counted: the
 * version after it is not known, so that only a list shows what it did.
 */
#ifndef DROP_KUBE_WATCH_PARSE_H
#define DROP_KUBE_WATCH_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#include "base/json.h"

/* Bytes of one event: etcd holds objects of up to 1.5 MiB, and the JSON of built-in kinds may be
 * larger than what is stored, up to six times if all is <, > and &. */
#define WATCH_EVENT_MAX (4 * 1024 * 1024)
/* Digits of a resourceVersion, with the NUL: opaque in old servers, so with room. */
#define WATCH_RV_MAX 64

enum watch_event_type { WATCH_ADDED, WATCH_MODIFIED, WATCH_DELETED, WATCH_BOOKMARK, WATCH_ERROR };

struct watch_event {
	enum watch_event_type type;
	/*
	 * Borrowed for the callback; of ERROR: a metav1.Status. Not read to its end: whoever
	 * decodes it sees whether it is whole.
	 */
	struct json_range object;
	char rv[WATCH_RV_MAX];    /* metadata.resourceVersion of the object; "" for ERROR */
	bool initial_end;         /* BOOKMARK that ends the initial events of a WatchList */
	int code;                 /* ERROR: the Status's code, 0 if it has none */
};

struct watch_parser { /* zeroed: ready */
	struct buf line;
	bool broken;
	bool skipping;  /* the rest of this line is dropped */
	size_t skipped; /* events that were too large */
	/*
	 * The rest of what was fed is dropped when this is set by the callback: the stream was
	 * given up.
	 */
	bool stop;
};

typedef void (*watch_event_fn)(void *ctx, const struct watch_event *event);

/* ERR_RETRY: not an event; nothing more is to be fed then. */
int watch_parse(struct watch_parser *p, const char *bytes, size_t n, watch_event_fn fn, void *ctx,
		struct err *err);
/* Ready for another stream. */
void watch_parser_reset(struct watch_parser *p);
void watch_parser_done(struct watch_parser *p);

#endif
