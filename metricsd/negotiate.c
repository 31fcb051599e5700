/*
 * A header is a list of ranges with weights. The most specific range that matches a type gives its
 * weight; the type with the higher weight is chosen, text if they are equal.
 */
#include "metricsd/negotiate.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct range { /* of the header; not terminated */
	const char *at;
	size_t len;      /* of its name */
	const char *end; /* of its parameters */
};

/* The next range of a list; false: there is none. */
static bool next_range(const char **list, struct range *ret)
{
	const char *s = *list + strspn(*list, " \t,");
	if (*s == '\0')
		return false;
	ret->at = s;
	ret->len = strcspn(s, " \t,;");
	ret->end = s + strcspn(s, ",");
	*list = ret->end;
	return true;
}

/* The value of a parameter, or NULL. */
static const char *parameter(const struct range *r, const char *name)
{
	size_t n = strlen(name);
	for (const char *s = r->at + r->len; s < r->end; s++) {
		if (*s != ';')
			continue;
		const char *p = s + 1 + strspn(s + 1, " \t");
		if (p + n < r->end && strncasecmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1;
	}
	return NULL;
}

/* The weight in thousandths. */
static int weight(const struct range *r)
{
	const char *q = parameter(r, "q");
	int thousandths = 0, scale = 1000;
	if (q == NULL)
		return 1000;
	if (*q == '1')
		return 1000;
	for (q += *q == '0'; *q == '.' || (*q >= '0' && *q <= '9'); q++)
		if (*q != '.')
			thousandths += (*q - '0') * (scale /= 10);
	return thousandths;
}

static bool is(const struct range *r, const char *name)
{
	return strlen(name) == r->len && strncasecmp(r->at, name, r->len) == 0;
}

/* We write 1.0.0, which readers of 0.0.1 can read. */
static bool version_fits(const struct range *r)
{
	const char *v = parameter(r, "version");
	return v == NULL || strncmp(v, "1.0", 3) == 0 || strncmp(v, "0.0.1", 5) == 0;
}

enum expose_form negotiate_form(const char *accept)
{
	int open = 0, text = -1, other = -1;
	struct range r;
	if (accept == NULL)
		return EXPOSE_TEXT;
	while (next_range(&accept, &r)) {
		if (is(&r, "application/openmetrics-text") && version_fits(&r) && weight(&r) > open)
			open = weight(&r);
		else if (is(&r, "text/plain"))
			text = weight(&r) > text ? weight(&r) : text;
		else if (is(&r, "text/*") || is(&r, "*/*"))
			other = weight(&r) > other ? weight(&r) : other;
	}
	if (text < 0)
		text = other < 0 ? 0 : other;
	return open > text ? EXPOSE_OPENMETRICS : EXPOSE_TEXT;
}

bool negotiate_gzip(const char *accept_encoding)
{
	int gzip = -1, any = 0;
	struct range r;
	if (accept_encoding == NULL)
		return false;
	while (next_range(&accept_encoding, &r)) {
		if (is(&r, "gzip") || is(&r, "x-gzip"))
			gzip = weight(&r);
		else if (is(&r, "*"))
			any = weight(&r);
	}
	return (gzip < 0 ? any : gzip) > 0;
}
