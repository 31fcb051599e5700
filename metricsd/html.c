/* Texts and times as HTML shows them. */
#include "metricsd/html.h"

#include "base/clock.h"
#include "base/visible.h"

void html_add(struct buf *out, const char *text)
{
	struct buf shown = {
		0}; /* bidirectional controls take effect in a browser, as in a terminal */
	visible_add(&shown, text != NULL ? text : "", false);
	for (const char *s = shown.len > 0 ? shown.data : ""; *s != '\0'; s++) {
		switch (*s) {
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_add(out, s, 1);
		}
	}
	buf_done(&shown);
}

void html_add_number(struct buf *out, uint64_t n)
{
	if (n >= 1000) {
		html_add_number(out, n / 1000);
		buf_addf(out, ",%03u", (unsigned)(n % 1000));
	} else {
		buf_addf(out, "%u", (unsigned)n);
	}
}

void html_add_seconds(struct buf *out, int64_t seconds)
{
	char text[TIME_TEXT_MAX];
	duration_format(text, seconds * 1000);
	buf_adds(out, text);
}
