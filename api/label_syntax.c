/*
 * The grammars by hand: a few lines each, and called for every label of every pod.
 */
#include "api/label_syntax.h"

#include <stdbool.h>
#include <string.h>

#define SUBDOMAIN_MAX 253
#define LABEL_MAX     63

#define SUBDOMAIN_TEXT                                                                             \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "  \
	"or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "      \
	"regex used for validation is "                                                            \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define SUBDOMAIN_LENGTH "must be no more than 253 characters"
#define LABEL_LENGTH     "must be no more than 63 characters"
#define NAME_TEXT                                                                                  \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "   \
	"an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "  \
	"validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

static void wrong(struct wrongs *w, const char *text)
{
	if (w->n < WRONGS_MAX)
		w->at[w->n++] = text;
}

static bool lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool letter_or_digit(char c)
{
	return lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])? */
static bool is_dns_label(const char *s, size_t n)
{
	if (n == 0 || !lower_or_digit(s[0]) || !lower_or_digit(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!lower_or_digit(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool is_subdomain(const char *s, size_t n)
{
	for (;;) {
		const char *dot = memchr(s, '.', n);
		if (!is_dns_label(s, dot != NULL ? (size_t)(dot - s) : n))
			return false;
		if (dot == NULL)
			return true;
		n -= (size_t)(dot + 1 - s);
		s = dot + 1;
	}
}

/* ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9] */
static bool is_name(const char *s, size_t n)
{
	if (n == 0 || !letter_or_digit(s[0]) || !letter_or_digit(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!letter_or_digit(s[i]) && strchr("-_.", s[i]) == NULL)
			return false;
	return true;
}

struct wrongs wrong_subdomain(const char *name)
{
	struct wrongs w = {0};
	size_t n = strlen(name);
	if (n > SUBDOMAIN_MAX)
		wrong(&w, SUBDOMAIN_LENGTH);
	if (!is_subdomain(name, n))
		wrong(&w, SUBDOMAIN_TEXT);
	return w;
}

struct wrongs wrong_label_name(const char *name)
{
	struct wrongs w = {0};
	size_t n = strlen(name);
	if (n > LABEL_MAX)
		wrong(&w, LABEL_LENGTH);
	if (is_dns_label(name, n))
		return w;
	if (is_subdomain(name, n))
		wrong(&w, "must not contain dots");
	else
		wrong(&w, "a lowercase RFC 1123 label must consist of lower case alphanumeric "
			  "characters or '-', and must start and end with an alphanumeric "
			  "character (e.g. 'my-name',  or '123-abc', regex used for validation is "
			  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
	return w;
}

struct wrongs wrong_qualified_name(const char *name)
{
	struct wrongs w = {0};
	const char *slash = strchr(name, '/');
	if (slash != NULL && strchr(slash + 1, '/') != NULL) {
		wrong(&w, "a qualified name " NAME_TEXT
			  " with an optional DNS subdomain prefix and '/' (e.g. "
			  "'example.com/MyName')");
		return w;
	}
	if (slash == name) {
		wrong(&w, "prefix part must be non-empty");
	} else if (slash != NULL) {
		size_t n = (size_t)(slash - name);
		if (n > SUBDOMAIN_MAX)
			wrong(&w, "prefix part " SUBDOMAIN_LENGTH);
		if (!is_subdomain(name, n))
			wrong(&w, "prefix part " SUBDOMAIN_TEXT);
	}
	const char *part = slash != NULL ? slash + 1 : name;
	size_t n = strlen(part);
	if (n == 0)
		wrong(&w, "name part must be non-empty");
	if (n > LABEL_MAX)
		wrong(&w, "name part " LABEL_LENGTH);
	if (!is_name(part, n))
		wrong(&w, "name part " NAME_TEXT);
	return w;
}

struct wrongs wrong_label_value(const char *value)
{
	struct wrongs w = {0};
	size_t n = strlen(value);
	if (n > LABEL_MAX)
		wrong(&w, LABEL_LENGTH);
	if (n != 0 && !is_name(value, n))
		wrong(&w, "a valid label must be an empty string or consist of alphanumeric "
			  "characters, '-', '_' or '.', and must start and end with an "
			  "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
			  "regex used for validation is "
			  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
	return w;
}

struct wrongs wrong_config_key(const char *key)
{
	struct wrongs w = {0};
	size_t n = strlen(key);
	bool good = n != 0;
	for (size_t i = 0; i < n; i++)
		good = good && (letter_or_digit(key[i]) || strchr("-_.", key[i]) != NULL);
	if (n > SUBDOMAIN_MAX)
		wrong(&w, SUBDOMAIN_LENGTH);
	if (!good)
		wrong(&w, "a valid config key must consist of alphanumeric characters, '-', '_' or "
			  "'.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
			  "validation is '[-._a-zA-Z0-9]+')");
	return w;
}
