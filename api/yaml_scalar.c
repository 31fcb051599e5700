/*
 * The core schema, narrowed: numbers that two YAML versions read differently (0644) and
 * those that our JSON cannot carry are errors that say to quote them. Pure.
 */
#include "api/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define TAG_PREFIX    "tag:yaml.org,2002:"
#define INT_VALUE_MAX 999999999999999.0 /* cJSON 1.7.15 prints 15 digits of a number exactly */
#define SHOWN_MAX     40                /* bytes of a value in an error text */

enum shape { SHAPE_TEXT, SHAPE_NULL, SHAPE_TRUE, SHAPE_FALSE, SHAPE_INT, SHAPE_FLOAT, SHAPE_REST };

static bool one_of(const char *text, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(text, *names) == 0)
			return true;
	return false;
}

static bool all_of(const char *s, const char *set)
{
	return *s != '\0' && s[strspn(s, set)] == '\0';
}

/* [digits][.digits][e[+-]digits] with a digit before the exponent. */
static bool is_float(const char *s)
{
	size_t whole = strspn(s, "0123456789"), part = 0;
	s += whole;
	if (*s == '.')
		s += 1 + (part = strspn(s + 1, "0123456789"));
	if (whole + part == 0)
		return false;
	if (*s == '\0')
		return true;
	if (*s != 'e' && *s != 'E')
		return false;
	s += s[1] == '+' || s[1] == '-' ? 2 : 1;
	return all_of(s, "0123456789");
}

static enum shape shape_of(const char *s)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const not_json[] = {".inf", ".Inf", ".INF", ".nan",
					       ".NaN", ".NAN", NULL};
	if (one_of(s, nulls))
		return SHAPE_NULL;
	if (one_of(s, trues))
		return SHAPE_TRUE;
	if (one_of(s, falses))
		return SHAPE_FALSE;
	if (strncmp(s, "0x", 2) == 0 && all_of(s + 2, "0123456789abcdefABCDEF"))
		return SHAPE_INT;
	if (strncmp(s, "0o", 2) == 0 && all_of(s + 2, "01234567"))
		return SHAPE_INT;
	s += *s == '-' || *s == '+';
	if (all_of(s, "0123456789"))
		return SHAPE_INT;
	if (one_of(s, not_json))
		return SHAPE_REST;
	return is_float(s) ? SHAPE_FLOAT : SHAPE_TEXT;
}

static int int_value(const char *s, double *ret, struct err *err)
{
	bool minus = *s == '-';
	const char *digits = s + (*s == '-' || *s == '+');
	int base = strncmp(digits, "0x", 2) == 0 ? 16 : strncmp(digits, "0o", 2) == 0 ? 8 : 10;
	if (base == 10 && digits[0] == '0' && digits[1] != '\0')
		return err_set(err, ERR_TERMINAL,
			       "%.*s may mean octal or decimal: quote it, or leave out the zero",
			       SHOWN_MAX, s);
	errno = 0;
	unsigned long long v = strtoull(base == 10 ? digits : digits + 2, NULL, base);
	if (errno != 0 || (double)v > INT_VALUE_MAX)
		return err_set(err, ERR_TERMINAL, "%.*s has more than 15 digits: quote it",
			       SHOWN_MAX, s);
	*ret = minus ? -(double)v : (double)v;
	return 0;
}

static cJSON *number(enum shape shape, const char *s, struct err *err)
{
	double v = 0;
	if (shape == SHAPE_INT && int_value(s, &v, err) != 0)
		return NULL;
	if (shape == SHAPE_FLOAT)
		v = strtod(s, NULL);
	if (shape == SHAPE_REST || !isfinite(v)) {
		err_set(err, ERR_TERMINAL, "%.*s is no number that JSON has: quote it", SHOWN_MAX,
			s);
		return NULL;
	}
	return cJSON_CreateNumber(v);
}

/* The tag asks for a type that the text does not have. */
static bool tag_differs(const char *tag, enum shape shape)
{
	static const char *const of[] = {
		[SHAPE_TEXT] = "",      [SHAPE_NULL] = "null", [SHAPE_TRUE] = "bool",
		[SHAPE_FALSE] = "bool", [SHAPE_INT] = "int",   [SHAPE_FLOAT] = "float",
		[SHAPE_REST] = "float",
	};
	const char *name = tag + strlen(TAG_PREFIX);
	return strcmp(name, of[shape]) != 0 && !(strcmp(name, "float") == 0 && shape == SHAPE_INT);
}

cJSON *yaml_scalar_value(const struct yaml_scalar *s, enum yaml_types types, struct err *err)
{
	bool tagged = s->tag != NULL && strcmp(s->tag, "!") != 0;
	bool as_text = tagged ? strcmp(s->tag, TAG_PREFIX "str") == 0 : !s->plain || s->tag != NULL;
	enum shape shape = as_text ? SHAPE_TEXT : shape_of(s->text);
	if (strlen(s->text) != s->len) {
		err_set(err, ERR_TERMINAL, "a text with a NUL in it");
		return NULL;
	}
	if (tagged && !as_text &&
	    (strncmp(s->tag, TAG_PREFIX, strlen(TAG_PREFIX)) != 0 || tag_differs(s->tag, shape))) {
		err_set(err, ERR_TERMINAL, "the tag %.*s does not fit here: leave it out",
			SHOWN_MAX, s->tag);
		return NULL;
	}
	if (types == YAML_TEXTS && shape != SHAPE_NULL)
		shape = SHAPE_TEXT;
	switch (shape) {
	case SHAPE_TEXT:
		return cJSON_CreateString(s->text);
	case SHAPE_NULL:
		return cJSON_CreateNull();
	case SHAPE_TRUE:
	case SHAPE_FALSE:
		return cJSON_CreateBool(shape == SHAPE_TRUE);
	case SHAPE_INT:
	case SHAPE_FLOAT:
	case SHAPE_REST:
		break;
	}
	return number(shape, s->text, err);
}
