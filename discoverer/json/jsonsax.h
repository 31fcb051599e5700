/*
 * Strict JSON (RFC 8259) as it arrives: events instead of a tree, so that an answer of 16 MiB
 * costs a few KB. May be fed at any split of the bytes. Pure.
 *
 * Refused: invalid UTF-8, raw control characters and lone surrogates in strings, numbers and
 * literals that are none, more than SAX_DEPTH_MAX brackets, and anything after the value.
 */
#ifndef DROP_DISCOVERER_JSON_JSONSAX_H
#define DROP_DISCOVERER_JSON_JSONSAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SAX_DEPTH_MAX 64
/* Bytes kept of a string or number; the rest is checked and dropped. */
#define SAX_TEXT_MAX 4096
/* Levels and bytes of the path that sax_at() knows. */
#define SAX_PATH_MAX 8
#define SAX_KEY_MAX  63

enum sax_event {
	SAX_OBJECT,
	SAX_OBJECT_END,
	SAX_ARRAY,
	SAX_ARRAY_END,
	SAX_STRING,
	SAX_NUMBER,
	SAX_LITERAL
};

struct sax_level {
	char key[SAX_KEY_MAX + 1]; /* of an object: the member we are in; "" if longer */
	size_t index;              /* of an array: elements begun */
	bool array;
};

struct sax { /* zeroed: ready */
	int state, token;
	int depth;
	uint64_t arrays;                          /* bit d: the bracket at depth d + 1 is '[' */
	struct sax_level level[SAX_PATH_MAX + 1]; /* [1]: inside the outermost value */
	char text[SAX_TEXT_MAX + 1];
	size_t len;
	bool cut;         /* the text was longer */
	char *whole;      /* borrowed from the caller, for texts that may be longer; NULL: none */
	size_t whole_max; /* bytes that it has room for; no NUL follows */
	size_t total;     /* bytes of the whole text; whole has the first whole_max of them */
	bool name;        /* the string is a member's name */
	int number;       /* where in a number we are */
	uint8_t more, low, high; /* bytes of a UTF-8 sequence to come, range of the next */
	int escape;              /* digits of \uXXXX to come, or that a backslash came */
	uint32_t unit, lead;     /* of an escape; a high surrogate that waits for the low one */
};

/*
 * An event; sax->text holds string or number (NUL-terminated, len bytes; a string may contain
 * NULs). The path is that of the value. -1 stops: err is the callback's to have set.
 */
typedef int (*sax_fn)(void *ctx, const struct sax *sax, enum sax_event event, struct err *err);

/* ERR_TERMINAL: not JSON, or the callback's error; nothing more is to be fed then. */
int sax_feed(struct sax *s, const char *bytes, size_t n, sax_fn fn, void *ctx, struct err *err);
/* After the last byte: was it a whole value? */
int sax_end(struct sax *s, sax_fn fn, void *ctx, struct err *err);
/* Is the event's value at this path? "data.result.*": * is any element of an array. */
bool sax_at(const struct sax *s, const char *path);

#endif
