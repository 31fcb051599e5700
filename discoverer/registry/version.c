/* See version.h. */
#include "discoverer/registry/version.h"

#include <ctype.h>
#include <string.h>

static bool is_digit(char c)
{
	return isdigit((unsigned char)c) != 0;
}

/* Numbers with dots between; returns their length, 0: there are none, or too many. */
static size_t numbers(const char *text, size_t len, struct version *v)
{
	size_t i = 0;
	for (;;) {
		size_t from = i;
		uint64_t value = 0;
		for (; i < len && is_digit(text[i]); i++)
			value = value * 10 + (uint64_t)(text[i] - '0');
		if (i == from || i - from > VERSION_DIGITS_MAX || v->n == VERSION_PARTS_MAX)
			return 0;
		v->part[v->n++] = value;
		if (i + 1 >= len || text[i] != '.' || !is_digit(text[i + 1]))
			return i;
		i++;
	}
}

/* Letters, digits, '-' and '.': a pre-release, or build metadata. Returns its length. */
static size_t identifiers(const char *text, size_t len)
{
	size_t i = 0;
	while (i < len && (isalnum((unsigned char)text[i]) || text[i] == '-' || text[i] == '.'))
		i++;
	return i;
}

/* A version at the beginning of text; returns its length, 0: there is none. */
static size_t version_at(const char *text, size_t len, struct version *v)
{
	size_t i = numbers(text, len, v);
	if (i == 0)
		return 0;
	if (i + 1 < len && text[i] == '-') {
		size_t n = identifiers(text + i + 1, len - i - 1);
		v->pre = text + i + 1;
		v->pre_len = n;
		i += 1 + n;
	}
	if (v->pre_len == 0)
		v->pre = NULL;
	if (i + 1 < len && text[i] == '+')
		i += 1 + identifiers(text + i + 1, len - i - 1);
	return i;
}

bool version_parse(const char *text, size_t len, struct version *ret)
{
	struct version v = {0};
	size_t skip = len > 1 && (*text == 'v' || *text == 'V') ? 1 : 0;
	*ret = (struct version){0};
	if (version_at(text + skip, len - skip, &v) != len - skip || v.n == 0)
		return false;
	*ret = v;
	return true;
}

bool version_find(const char *tag, struct version *ret)
{
	size_t len = strlen(tag);
	if (version_parse(tag, len, ret))
		return true;
	for (size_t i = 0; i < len; i++) {
		struct version v = {0};
		bool begins = is_digit(tag[i]) &&
			      (i == 0 || (tag[i - 1] != '.' && !is_digit(tag[i - 1])));
		if (!begins || version_at(tag + i, len - i, &v) == 0 || v.n < 2)
			continue;
		*ret = v;
		return true;
	}
	return false;
}

/* ---- order ---- */

static bool all_digits(const char *text, size_t len)
{
	size_t i = 0;
	while (i < len && is_digit(text[i]))
		i++;
	return i == len && len > 0;
}

static int sign(long long n)
{
	return (n > 0) - (n < 0);
}

/* Numbers of any length, without leading zeros, as they may be. */
static int number_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	for (; a_len > 1 && *a == '0'; a_len--)
		a++;
	for (; b_len > 1 && *b == '0'; b_len--)
		b++;
	if (a_len != b_len)
		return a_len > b_len ? 1 : -1;
	return sign(memcmp(a, b, a_len));
}

/* Numeric identifiers are older than others, and compared as numbers. */
static int identifier_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	bool x = all_digits(a, a_len), y = all_digits(b, b_len);
	if (x != y)
		return x ? -1 : 1;
	if (x)
		return number_order(a, a_len, b, b_len);
	int order = sign(memcmp(a, b, a_len < b_len ? a_len : b_len));
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static size_t until_dot(const char *text, size_t len)
{
	const char *dot = memchr(text, '.', len);
	return dot != NULL ? (size_t)(dot - text) : len;
}

/* A pre-release is older than its release; of two, more identifiers are newer. */
static int pre_order(const struct version *a, const struct version *b)
{
	const char *x = a->pre, *y = b->pre;
	size_t x_len = a->pre_len, y_len = b->pre_len;
	if (x == NULL || y == NULL)
		return (x == NULL) - (y == NULL);
	for (;;) {
		size_t n = until_dot(x, x_len), m = until_dot(y, y_len);
		int order = identifier_order(x, n, y, m);
		if (order != 0)
			return order;
		if (n == x_len || m == y_len)
			return (n < x_len) - (m < y_len);
		x += n + 1;
		x_len -= n + 1;
		y += m + 1;
		y_len -= m + 1;
	}
}

int version_order(const struct version *a, const struct version *b)
{
	if (a->n == 0 || b->n == 0)
		return (a->n > 0) - (b->n > 0);
	for (size_t i = 0; i < VERSION_PARTS_MAX; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] > b->part[i] ? 1 : -1;
	return pre_order(a, b);
}
