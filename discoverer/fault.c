/* See fault.h. */
#include "discoverer/fault.h"

#include <stdbool.h>
#include <string.h>

#include "base/names.h"
#include "base/utf8.h"

#define REASON(name, reason) [FAULT_##name] = reason,
static const char *const reasons[] = {[FAULT_NONE] = "", FAULTS(REASON)};

const char *fault_reason(enum fault f)
{
	return name_of(NAMES(reasons), f);
}

enum fault fault_of_end(enum fetch_end end)
{
	static const enum fault faults[] = {
		[FETCH_ANSWER] = FAULT_NONE,     [FETCH_DNS] = FAULT_DNS,
		[FETCH_REFUSED] = FAULT_REFUSED, [FETCH_TIMEOUT] = FAULT_TIMEOUT,
		[FETCH_TLS] = FAULT_TLS,         [FETCH_GARBLED] = FAULT_INVALID,
		[FETCH_BROKEN] = FAULT_FAILED,
	};
	return faults[end];
}

enum fault fault_of_code(int code)
{
	switch (code) {
	case 401:
		return FAULT_UNAUTHORIZED;
	case 403:
		return FAULT_FORBIDDEN;
	case 404:
		return FAULT_NOT_FOUND;
	case 408:
	case 504:
		return FAULT_TIMEOUT;
	default:
		return code >= 500 ? FAULT_SERVER : FAULT_FAILED;
	}
}

/* Control characters, and those that change the direction or the place of other text. */
static bool invisible(const char *p)
{
	static const char *const ranges[][2] = {
		{"\x01", " "},
		{"\x7f", "\xc2\x9f"},             /* DEL, C1 */
		{"\xe2\x80\x8b", "\xe2\x80\x8f"}, /* U+200B to U+200F */
		{"\xe2\x80\xa8", "\xe2\x80\xae"}, /* U+2028 to U+202E */
		{"\xe2\x81\xa0", "\xe2\x81\xaf"}, /* U+2060 to U+206F */
		{"\xef\xbb\xbf", "\xef\xbb\xbf"}, /* U+FEFF */
	};
	size_t len = utf8_len(p);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (strncmp(p, ranges[i][0], len) >= 0 && strncmp(p, ranges[i][1], len) <= 0)
			return true; /* UTF-8 sorts as code points do */
	return false;
}

void fault_clean(char out[FAULT_TEXT_MAX + 1], const char *text)
{
	size_t n = 0;
	for (const char *p = text; *p != '\0' && n < FAULT_TEXT_MAX;) {
		size_t len = utf8_len(p);
		if (len == 0 || n + len > FAULT_TEXT_MAX) {
			p++;
			continue;
		}
		if (!invisible(p)) {
			memcpy(out + n, p, len);
			n += len;
		} else if (n > 0 && out[n - 1] != ' ') {
			out[n++] = ' ';
		}
		p += len;
	}
	out[n] = '\0';
}
