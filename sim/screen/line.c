/*
 * Colours change only where they must, so that a row of cells of one colour costs one
 * sequence.
 */
#include "sim/screen/line.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

#define TEXT_MAX 512

static const char *const sequences[] = {
	[INK_PLAIN] = "\033[0m",    [INK_BOLD] = "\033[0;1m",    [INK_DIM] = "\033[0;2m",
	[INK_GREEN] = "\033[0;32m", [INK_YELLOW] = "\033[0;33m", [INK_RED] = "\033[0;31m",
	[INK_CYAN] = "\033[0;36m",
};

static void set_ink(struct line *l, enum ink ink)
{
	if (l->colour && l->ink != ink)
		buf_adds(l->out, sequences[ink]);
	l->ink = ink;
}

void line_add(struct line *l, enum ink ink, const char *text)
{
	if (*text != '\0' && l->at < l->cols)
		set_ink(l, ink);
	while (*text != '\0' && l->at < l->cols) {
		size_t n = utf8_len(text);
		bool printable = n > 1 || (n == 1 && (unsigned char)*text >= ' ' && *text != 127);
		if (printable)
			buf_add(l->out, text, n);
		else
			buf_adds(l->out, " ");
		text += n != 0 ? n : 1;
		l->at++;
	}
}

void line_addf(struct line *l, enum ink ink, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line_add(l, ink, text);
}

void line_to(struct line *l, size_t column)
{
	do
		line_add(l, INK_PLAIN, " ");
	while (l->at < column && l->at < l->cols);
}

void line_end(struct line *l)
{
	set_ink(l, INK_PLAIN);
	buf_adds(l->out, "\n");
	l->at = 0;
}
