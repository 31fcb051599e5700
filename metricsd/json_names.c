/* See json_names.h. A text is a name if a colon follows; no blanks are between, as we wrote it. */
#include "metricsd/json_names.h"

#include <ctype.h>
#include <string.h>

/* Bytes of the text that begins at its opening quote, with both quotes. */
static size_t text_len(const char *json, size_t len)
{
	size_t i = 1;
	while (i < len && json[i] != '"')
		i += json[i] == '\\' ? 2 : 1;
	return i < len ? i + 1 : len;
}

static void add_name(struct buf *out, const char *name, size_t len)
{
	const char *unit = "";
	if (len > 2 && memcmp(name + len - 2, "_s", 2) == 0) {
		unit = "Seconds";
		len -= 2;
	} else if (len > 3 && memcmp(name + len - 3, "_ms", 3) == 0) {
		unit = "Milliseconds";
		len -= 3;
	}
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		if (c == '_' && i + 1 < len)
			c = (char)toupper((unsigned char)name[++i]);
		buf_add(out, &c, 1);
	}
	buf_adds(out, unit);
}

void json_names_add(struct buf *out, const char *json, size_t len)
{
	for (size_t i = 0; i < len;) {
		if (json[i] != '"') {
			buf_add(out, &json[i++], 1);
			continue;
		}
		size_t n = text_len(json + i, len - i);
		if (n >= 2 && i + n < len && json[i + n] == ':') {
			buf_adds(out, "\"");
			add_name(out, json + i + 1, n - 2);
			buf_adds(out, "\"");
		} else {
			buf_add(out, json + i, n);
		}
		i += n;
	}
}
