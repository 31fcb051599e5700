/* See headers.h. One reader of tokens and quoted strings serves both. */
#include "discoverer/registry/headers.h"

#include <string.h>
#include <strings.h>

static const char token_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789!#$%&'*+-.^_`|~";

static const char *blanks(const char *p)
{
	return p + strspn(p, " \t");
}

static char *token(struct arena *a, const char **p)
{
	size_t n = strspn(*p, token_bytes);
	char *text = n > 0 ? arena_strndup(a, *p, n) : NULL;
	*p += n;
	return text;
}

/* *p is at the opening quote. NULL: it is not closed. */
static char *quoted(struct arena *a, const char **p)
{
	const char *s = *p + 1;
	char *out = arena_alloc(a, strlen(s) + 1), *to = out;
	for (; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if (*s == '\0')
			return NULL;
		*to++ = *s;
	}
	*p = s + 1;
	return out;
}

/* The value after '='. Unquoted it may hold more than a token: URLs are written so, too. */
static char *value(struct arena *a, const char **p)
{
	*p = blanks(*p);
	if (**p == '"')
		return quoted(a, p);
	size_t n = strcspn(*p, " \t,;\"");
	char *text = arena_strndup(a, *p, n);
	*p += n;
	return text;
}

/* ---- Link ---- */

static bool names_next(const char *relations)
{
	for (const char *p = relations; *p != '\0';) {
		size_t n = strcspn(p, " \t");
		if (n == 4 && strncasecmp(p, "next", 4) == 0)
			return true;
		p = blanks(p + n);
	}
	return false;
}

/* *p is after '>': reads the parameters up to the next link. */
static bool is_next(struct arena *a, const char **p)
{
	bool next = false, seen = false;
	for (*p = blanks(*p); **p == ';'; *p = blanks(*p)) {
		*p = blanks(*p + 1);
		char *name = token(a, p);
		*p = blanks(*p);
		if (name == NULL || **p != '=')
			continue;
		(*p)++;
		char *text = value(a, p);
		if (text == NULL)
			return false;
		if (strcasecmp(name, "rel") == 0 && !seen) { /* the first counts */
			seen = true;
			next = names_next(text);
		}
	}
	return next;
}

/* *p is where a link begins: its target; NULL: it never ends. */
static char *target(struct arena *a, const char **p)
{
	bool marked = **p == '<';
	const char *begin = *p + marked;
	size_t n = strcspn(begin, marked ? ">" : ";, \t");
	if (marked && begin[n] == '\0')
		return NULL;
	*p = begin + n + marked;
	return arena_strndup(a, begin, n);
}

char *link_next(struct arena *a, const char *header)
{
	for (const char *p = header; *(p += strspn(p, ", \t")) != '\0';) {
		char *text = target(a, &p);
		if (text == NULL)
			return NULL;
		if (is_next(a, &p))
			return *text != '\0' ? text : NULL;
		p += strcspn(p, ","); /* skips parameters that could not be read */
	}
	return NULL;
}

/* ---- WWW-Authenticate ---- */

struct challenge challenge_parse(struct arena *a, const char *header)
{
	struct challenge c = {0};
	bool first_bearer = false;
	for (const char *p = header; *p != '\0';) {
		p += strspn(p, " \t,");
		char *name = token(a, &p);
		if (name == NULL) {
			if (*p != '\0')
				p++;
			continue;
		}
		p = blanks(p);
		if (*p != '=') { /* a scheme begins */
			bool bearer = strcasecmp(name, "Bearer") == 0;
			first_bearer = bearer && !c.bearer;
			c.bearer |= bearer;
			c.basic |= strcasecmp(name, "Basic") == 0;
			continue;
		}
		p++;
		char *text = value(a, &p);
		if (text == NULL)
			break;
		if (!first_bearer)
			continue;
		if (strcasecmp(name, "realm") == 0)
			c.realm = text;
		else if (strcasecmp(name, "service") == 0)
			c.service = text;
		else if (strcasecmp(name, "scope") == 0)
			c.scope = text;
	}
	return c;
}
