/*
 * UTF-8: validity of a sequence, and where a text may be truncated so that it stays valid (status
 * messages, log lines; RFC 3629).
 */
#ifndef DROP_BASE_UTF8_H
#define DROP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the valid sequence at s (1 to 4), or 0 if the bytes are not one. s is NUL-terminated. */
size_t utf8_len(const char *s);
/* The largest n <= max such that the first n bytes of s do not end inside a sequence. */
size_t utf8_cut(const char *s, size_t max);
/* The code point of the valid sequence at s. */
unsigned utf8_code(const char *s);
/*
 * Is the valid sequence at s no text: a control character (C0, DEL, C1), a line or paragraph
 * separator, or one that changes the direction or the place of other text (Unicode's Bidi_Control,
 * and those of width 0)?
 */
bool utf8_hidden(const char *s);

#endif
