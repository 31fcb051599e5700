/*
 * The scanner. Nesting is counted, so that recursion in jscan_skip() is bounded by
 * JSCAN_DEPTH_MAX; `first` needs no stack, because whatever is entered is left before its
 * neighbours are looked at, and is the first of nothing then.
 */
#include "base/jscan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct jscan jscan_of(const char *json, size_t len)
{
	return (struct jscan){.at = json, .end = json + len};
}

/* The next byte that is no blank; 0: the end. */
static char look(struct jscan *s)
{
	while (s->at < s->end &&
	       (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
		s->at++;
	return s->at < s->end && !s->bad ? *s->at : '\0';
}

static bool spoil(struct jscan *s)
{
	s->bad = true;
	s->at = s->end;
	return false;
}

static bool take(struct jscan *s, char c)
{
	if (look(s) != c)
		return spoil(s);
	s->at++;
	return true;
}

enum jscan_type jscan_next(struct jscan *s)
{
	switch (look(s)) {
	case '{':
		return JSCAN_OBJECT;
	case '[':
		return JSCAN_ARRAY;
	case '"':
		return JSCAN_STRING;
	case 't':
	case 'f':
		return JSCAN_BOOL;
	case 'n':
		return JSCAN_NULL;
	default:
		if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))
			return JSCAN_NUMBER;
		/* fall through */
	case '\0':
		spoil(s);
		return JSCAN_NONE;
	}
}

/* ---- strings ---- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The 4 hex digits at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;
	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (hex(p[i]) < 0)
			return -1;
		v = v << 4 | hex(p[i]);
	}
	return v;
}

/* p is behind a backslash; returns what follows the escape, or NULL. */
static const char *escape_end(const char *p, const char *end)
{
	if (p == end || *p == '\0' || strchr("\"\\/bfnrtu", *p) == NULL)
		return NULL;
	if (*p != 'u')
		return p + 1;
	return hex4(p + 1, end) < 0 ? NULL : p + 5;
}

bool jscan_text(struct jscan *s, struct jtext *ret)
{
	if (!take(s, '"'))
		return false;
	*ret = (struct jtext){.at = s->at, .plain = true};
	const char *p = s->at;
	while (p != NULL && p < s->end && *p != '"') {
		if (*p != '\\') {
			p++;
			continue;
		}
		ret->plain = false;
		p = escape_end(p + 1, s->end);
	}
	if (p == NULL || p == s->end)
		return spoil(s);
	ret->len = (size_t)(p - ret->at);
	s->at = p + 1;
	return true;
}

bool jtext_is(const struct jtext *t, const char *plain, size_t len)
{
	return t->plain && t->len == len && memcmp(t->at, plain, len) == 0;
}

static char *put_utf8(char *out, int32_t c)
{
	int tail = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0x00, 0xc0, 0xe0, 0xf0};
	*out++ = (char)(lead[tail] | c >> (6 * tail));
	while (tail-- > 0)
		*out++ = (char)(0x80 | (c >> (6 * tail) & 0x3f));
	return out;
}

/* p is at the digits of a \u; a pair of surrogates is one character. NULL: half a pair. */
static const char *copy_unicode(const char *p, const char *end, char **out)
{
	int32_t c = hex4(p, end);
	p += 4;
	if (c >= 0xdc00 && c <= 0xdfff)
		return NULL;
	if (c >= 0xd800 && c <= 0xdbff) {
		int32_t low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return NULL;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	}
	*out = put_utf8(*out, c);
	return p;
}

char *jtext_copy(const struct jtext *t, struct arena *a)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (t->plain)
		return arena_strndup(a, t->at, t->len);
	char *text = arena_alloc(a, t->len + 1), *out = text;
	const char *end = t->at + t->len;
	/* Never longer than its escapes. */
	for (const char *p = t->at; p < end;) {
		if (*p != '\\') {
			*out++ = *p++;
		} else if (p[1] == 'u') {
			p = copy_unicode(p + 2, end, &out);
			if (p == NULL)
				return NULL;
		} else {
			*out++ = to[strchr(from, p[1]) - from];
			p += 2;
		}
	}
	return text;
}

/* ---- other values ---- */

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* What follows the number at p, or NULL. */
static const char *number_end(const char *p, const char *end)
{
	p += p < end && *p == '-';
	const char *whole = p;
	p = digits(p, end);
	if (p == whole || (*whole == '0' && p > whole + 1))
		return NULL;
	if (p < end && *p == '.') {
		const char *part = ++p;
		p = digits(p, end);
		if (p == part)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		const char *power = p;
		p = digits(p, end);
		if (p == power)
			return NULL;
	}
	return p;
}

static bool number_text(struct jscan *s, struct jtext *ret)
{
	look(s);
	const char *end = number_end(s->at, s->end);
	if (end == NULL)
		return spoil(s);
	*ret = (struct jtext){s->at, (size_t)(end - s->at), true};
	s->at = end;
	return true;
}

bool jscan_number(struct jscan *s, double *ret)
{
	char text[JSCAN_NUMBER_MAX + 1]; /* strtod() wants a NUL */
	struct jtext number;
	if (!number_text(s, &number))
		return false;
	if (number.len > JSCAN_NUMBER_MAX)
		return spoil(s);
	memcpy(text, number.at, number.len);
	text[number.len] = '\0';
	*ret = strtod(text, NULL);
	return true;
}

static bool word(struct jscan *s, const char *text, size_t len)
{
	look(s);
	if ((size_t)(s->end - s->at) < len || memcmp(s->at, text, len) != 0)
		return spoil(s);
	s->at += len;
	return true;
}

bool jscan_bool(struct jscan *s, bool *ret)
{
	*ret = look(s) == 't';
	return *ret ? word(s, "true", 4) : word(s, "false", 5);
}

bool jscan_null(struct jscan *s)
{
	return look(s) == 'n' && word(s, "null", 4);
}

/* ---- objects and arrays ---- */

void jscan_enter(struct jscan *s)
{
	char c = look(s);
	if ((c != '{' && c != '[') || ++s->depth > JSCAN_DEPTH_MAX) {
		spoil(s);
		return;
	}
	s->at++;
	s->first = true;
}

/* Is there another before the closing bracket? Takes the comma, or the bracket. */
static bool another(struct jscan *s, char close)
{
	if (s->bad)
		return false;
	if (look(s) == close) {
		s->at++;
		s->depth--;
		s->first = false;
		return false;
	}
	if (!s->first && !take(s, ','))
		return false;
	s->first = false;
	return true;
}

bool jscan_member(struct jscan *s, struct jtext *name)
{
	return another(s, '}') && jscan_text(s, name) && take(s, ':');
}

bool jscan_element(struct jscan *s)
{
	return another(s, ']');
}

void jscan_skip(struct jscan *s)
{
	struct jtext text;
	bool flag;
	switch (jscan_next(s)) {
	case JSCAN_OBJECT:
		jscan_enter(s);
		while (jscan_member(s, &text))
			jscan_skip(s);
		break;
	case JSCAN_ARRAY:
		jscan_enter(s);
		while (jscan_element(s))
			jscan_skip(s);
		break;
	case JSCAN_STRING:
		jscan_text(s, &text);
		break;
	case JSCAN_NUMBER:
		number_text(s, &text);
		break;
	case JSCAN_BOOL:
		jscan_bool(s, &flag);
		break;
	case JSCAN_NULL:
		jscan_null(s);
		break;
	case JSCAN_NONE:
		break;
	}
}

bool jscan_over(struct jscan *s)
{
	return look(s) == '\0' && s->at == s->end && !s->bad;
}
