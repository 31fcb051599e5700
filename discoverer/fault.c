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

bool fault_lasts(enum fault f)
{
	static const bool lasts[FAULT_COUNT] = {
		[FAULT_UNAUTHORIZED] = true, [FAULT_FORBIDDEN] = true, [FAULT_NOT_FOUND] = true,
		[FAULT_NO_SECRET] = true,    [FAULT_SECRET] = true,    [FAULT_INSECURE] = true,
		[FAULT_USAGE] = true,        [FAULT_SPEC] = true,
	};
	return lasts[f];
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

void fault_clean(char out[FAULT_TEXT_MAX + 1], const char *text)
{
	size_t n = 0;
	for (const char *p = text; *p != '\0' && n < FAULT_TEXT_MAX;) {
		size_t len = utf8_len(p);
		if (len == 0 || n + len > FAULT_TEXT_MAX) {
			p++;
			continue;
		}
		if (*p != ' ' && !utf8_hidden(p)) {
			memcpy(out + n, p, len);
			n += len;
		} else if (n > 0 && out[n - 1] != ' ') {
			out[n++] = ' ';
		}
		p += len;
	}
	out[n] = '\0';
}
