/*
 * From a log line with its labels to what it says of an image (behaviour.md 55): reason, pod and
 * message come from labels, else from the line if it is a JSON object, else the line is the
 * message. Pure.
 */
#ifndef DROP_DISCOVERER_LOKI_EVENT_H
#define DROP_DISCOVERER_LOKI_EVENT_H

#include "api/kinds.h"

#include "discoverer/json/jsonsax.h"
#include "usage/pull_message.h"

enum event_field { EVENT_POD, EVENT_REASON, EVENT_MESSAGE, EVENT_IMAGE, EVENT_FIELDS };

/* Bytes of a value; what is longer is cut. */
#define EVENT_VALUE_MAX 4096

struct event_values { /* NUL-terminated; "": none */
	char at[EVENT_FIELDS][EVENT_VALUE_MAX + 1];
};

struct event_reader {
	const char *names[EVENT_FIELDS]; /* the parser's */
	struct event_values labels;      /* of the stream */
	struct event_values values;      /* of the line */
	bool named[EVENT_FIELDS];        /* the line has it under the parser's name */
	struct sax sax;
};

struct event_found {
	const char *image; /* len bytes; borrowed from the reader */
	size_t len;
	const char *pod, *message;
	struct pull_event pull;
};

void event_reader_init(struct event_reader *r, const struct loki_parser *parser);
/* A stream begins; it has this label. */
void event_stream(struct event_reader *r);
void event_label(struct event_reader *r, const char *name, const char *value);
/* Is it an event Pulled of an image, with a duration or a size? line is NUL-terminated. */
bool event_line(struct event_reader *r, const char *line, size_t len, struct event_found *ret);

#endif
