/*
 * A growing byte buffer with a limit. An append over the limit sets `full` and
 * changes nothing more, so that a caller may append many times and check once.
 * The bytes are always followed by a NUL that does not count in len.
 */
#ifndef DROP_BASE_BUF_H
#define DROP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* NULL until the first append; owned */
	size_t len, cap;
	size_t limit; /* bytes; 0: no limit but memory */
	bool full;    /* an append was refused */
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends s as a quoted JSON string; invalid UTF-8 bytes become U+FFFD, what is hidden
 * (base/utf8.h) is escaped. */
void buf_add_json(struct buf *b, const char *s);
/* Appends a further member of a JSON object: microseconds as seconds with three decimals. */
void buf_add_json_seconds(struct buf *b, const char *name, int64_t us);
/* Drops the first n bytes. */
void buf_skip(struct buf *b, size_t n);
/* Empties it for reuse; gives memory back when it holds more than `keep` bytes. */
void buf_clear(struct buf *b, size_t keep);
void buf_done(struct buf *b);

#endif
