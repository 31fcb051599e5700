/* See visible.h. */
#include "base/visible.h"

#include <string.h>

#include "base/utf8.h"

static bool is_blank(char c)
{
	return c == '\n' || c == '\t' || c == '\r';
}

void visible_add(struct buf *out, const char *s, bool lines)
{
	size_t n;
	for (; *s != '\0'; s += n != 0 ? n : 1) {
		n = utf8_len(s);
		if (n == 0)
			buf_adds(out, "\xef\xbf\xbd");
		else if (!utf8_hidden(s) || (lines && *s == '\n'))
			buf_add(out, s, n);
		else if (is_blank(*s))
			buf_adds(out, " ");
		else
			buf_addf(out, utf8_code(s) < 0x100 ? "\\x%02x" : "\\u%04x", utf8_code(s));
	}
}

const char *visible_text(struct arena *a, const char *s)
{
	const char *p = s;
	while (p != NULL && *p != '\0' && utf8_len(p) != 0 && !utf8_hidden(p))
		p += utf8_len(p);
	if (p == NULL || *p == '\0')
		return s;
	struct buf b = {0};
	visible_add(&b, s, false);
	char *copy = arena_strndup(a, b.data, b.len);
	buf_done(&b);
	return copy;
}
