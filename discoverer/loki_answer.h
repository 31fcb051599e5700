/*
 * The answer of Loki's query_range as it arrives (behaviour.md 55): streams with their labels, and
 * the lines of each. Pure. A line beyond LOKI_LINE_MAX is cut and counted.
 */
#ifndef DROP_DISCOVERER_LOKI_ANSWER_H
#define DROP_DISCOVERER_LOKI_ANSWER_H

#include "discoverer/json/jsonsax.h"

#define LOKI_TEXT_MAX 255
#define LOKI_LINE_MAX (32 * 1024)

struct loki_answer { /* zeroed but for the callbacks and line: ready */
	/* A stream begins; a label of it; a line of it. Texts are borrowed, with a NUL. */
	void (*stream)(void *ctx);
	void (*label)(void *ctx, const char *name, const char *value);
	void (*entry)(void *ctx, int64_t time_ns, const char *line, size_t len);
	void *ctx;
	char *line; /* borrowed; LOKI_LINE_MAX + 1 bytes */
	struct sax sax;
	char status[16], type[16], error[LOKI_TEXT_MAX + 1];
	bool has_result, odd; /* odd: an element that is no stream, or a line before its labels */
	bool labels;          /* of the stream we are in, they have come */
	int64_t time_ns;      /* of the entry we are in; -1: none has come */
	size_t entries, cut;
};

/* ERR_TERMINAL: not what Loki answers; nothing more is to be fed then. */
int loki_answer_feed(struct loki_answer *l, const char *bytes, size_t n, struct err *err);
/* After the last byte. */
int loki_answer_end(struct loki_answer *l, struct err *err);

#endif
