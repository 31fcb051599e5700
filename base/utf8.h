/*
 * UTF-8 as far as we need it: is this a valid sequence, and where may a text be
 * cut so that it stays valid (status messages, log lines; RFC 3629).
 */
#ifndef DROP_BASE_UTF8_H
#define DROP_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the valid sequence at s (1 to 4), or 0 if the bytes are not one. s is NUL-terminated. */
size_t utf8_len(const char *s);
/* The largest n <= max such that the first n bytes of s do not end inside a sequence. */
size_t utf8_cut(const char *s, size_t max);

#endif
