/*
 * The growing buffer: doubles its size, refuses appends beyond its limit, and quotes strings for
 * JSON, which logs, patches and tap need.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"

static bool reserve(struct buf *b, size_t n)
{
	size_t most = b->limit ? b->limit : SIZE_MAX / 2;
	if (b->full || n > most || b->len > most - n) {
		b->full = true;
		return false;
	}
	if (b->cap - b->len < n + 1) {
		size_t cap = b->cap ? b->cap : 256;
		while (cap - b->len < n + 1)
			cap *= 2;
		b->data = xreallocarray(b->data, cap, 1);
		b->cap = cap;
	}
	return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n != 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

/* Formatting costs more than copying: most texts are not longer, and are formatted once. */
#define PRINTED_ONCE 128

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	char most[PRINTED_ONCE];
	int n = vsnprintf(most, sizeof(most), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(most)) {
		buf_add(b, most, (size_t)n);
	} else if (n >= 0 && reserve(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

/* How many characters from there on stand for themselves in JSON: most texts are nothing else. */
static size_t plain(const char *s)
{
	size_t n = 0;
	while (s[n] >= ' ' && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void add_json_char(struct buf *b, unsigned char c)
{
	static const char *const shorthand[0x20] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r",
	};
	if (c == '"' || c == '\\')
		buf_addf(b, "\\%c", c);
	else if (c < 0x20 && shorthand[c] != NULL)
		buf_adds(b, shorthand[c]);
	else
		buf_addf(b, "\\u%04x", c);
}

/* One character that plain() stops at; returns how long it is. */
static size_t add_json_special(struct buf *b, const char *s)
{
	size_t n = utf8_len(s);
	if (n == 0) {
		buf_adds(b, "\xef\xbf\xbd");
		return 1;
	}
	if (n == 1)
		add_json_char(b, (unsigned char)*s);
	else if (utf8_hidden(s)) /* could control the reader's terminal */
		buf_addf(b, "\\u%04x", utf8_code(s));
	else
		buf_add(b, s, n);
	return n;
}

void buf_add_json(struct buf *b, const char *s)
{
	buf_add(b, "\"", 1);
	for (size_t n; *s != '\0'; s += n) {
		n = plain(s);
		if (n != 0)
			buf_add(b, s, n);
		else
			n = add_json_special(b, s);
	}
	buf_add(b, "\"", 1);
}

void buf_add_json_seconds(struct buf *b, const char *name, int64_t us)
{
	buf_addf(b, ",\"%s\":%.3f", name, (double)us / 1e6);
}

void buf_skip(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

void buf_clear(struct buf *b, size_t keep)
{
	if (b->cap > keep) {
		free(b->data);
		b->data = NULL;
		b->cap = 0;
	}
	b->len = 0;
	b->full = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.limit = b->limit};
}
