/*
 * See pull_message.h. The texts of kubelets 1.29 to 1.36:
 *
 *   Successfully pulled image "R" in 1m2.345s (1m5.1s including waiting). Image size: 20461242
 * bytes. Successfully pulled image "R" in 421.5ms (421.5ms including waiting) Container image "R"
 * already present on machine Container image "R" already present on machine and can be accessed by
 * the pod
 */
#include "usage/pull_message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AGGREGATED "(combined from similar events): "

static const struct {
	const char *name;
	double seconds;
} units[] = {/* the longer of two that begin alike comes first */
	     {"ns", 1e-9}, {"us", 1e-6}, {"\xc2\xb5s", 1e-6}, {"\xce\xbcs", 1e-6},
	     {"ms", 1e-3}, {"s", 1},     {"m", 60},           {"h", 3600}};

/* Digits with at most one dot, and at least one digit. Returns what follows, or NULL. */
static const char *number(const char *p, const char *end, double *ret)
{
	char text[40];
	size_t n = 0, digits = 0, dots = 0;
	for (; p < end && n < sizeof(text) - 1 && (isdigit((unsigned char)*p) || *p == '.'); p++) {
		digits += *p != '.';
		dots += *p == '.';
		text[n++] = *p;
	}
	text[n] = '\0';
	*ret = strtod(text, NULL);
	return digits > 0 && dots <= 1 ? p : NULL;
}

double event_seconds(const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	double sum = 0;
	if (len == 1 && *text == '0')
		return 0;
	while (p < end) {
		double value;
		size_t u = 0, n = sizeof(units) / sizeof(units[0]);
		if ((p = number(p, end, &value)) == NULL)
			return -1;
		while (u < n && ((size_t)(end - p) < strlen(units[u].name) ||
				 strncmp(p, units[u].name, strlen(units[u].name)) != 0))
			u++;
		if (u == n)
			return -1;
		sum += value * units[u].seconds;
		p += strlen(units[u].name);
	}
	return len > 0 ? sum : -1;
}

bool event_says_pulled(const char *message)
{
	return strcasestr(message, "successfully pulled") != NULL;
}

bool event_is_combined(const char *message)
{
	return strncmp(message, AGGREGATED, strlen(AGGREGATED)) == 0;
}

/* After the image, so that no name of an image is taken for a duration. */
static const char *after_image(const char *message)
{
	size_t len;
	const char *image = event_image(message, &len);
	return image != NULL ? image + len + 1 : message;
}

struct pull_event event_read(const char *message)
{
	struct pull_event e = {-1, -1, -1};
	if (event_is_combined(message))
		message += strlen(AGGREGATED);
	if (!event_says_pulled(message))
		return e;
	const char *rest = after_image(message), *in = strstr(rest, " in ");
	if (in != NULL)
		e.seconds = event_seconds(in + 4, strcspn(in + 4, " (,;"));
	const char *open = strchr(rest, '('), *waiting = strstr(rest, " including waiting)");
	if (open != NULL && waiting != NULL && open < waiting)
		e.waited = event_seconds(open + 1, (size_t)(waiting - open - 1));
	const char *size = strcasestr(rest, "image size: ");
	if (size != NULL && isdigit((unsigned char)size[12])) {
		double bytes = strtod(size + 12, NULL);
		e.bytes = bytes < 1e18 ? bytes : -1;
	}
	return e;
}

const char *event_image(const char *text, size_t *ret_len)
{
	for (const char *p = text; (p = strcasestr(p, "image")) != NULL; p += 5) {
		if ((p != text && isalnum((unsigned char)p[-1])) || p[5] != ' ' || p[6] != '"')
			continue;
		const char *end = strchr(p + 7, '"');
		if (end == NULL || end == p + 7)
			return NULL;
		*ret_len = (size_t)(end - p - 7);
		return p + 7;
	}
	return NULL;
}
