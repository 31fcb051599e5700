/*
 * The limits of the tables, checked here as the API server checks them from the
 * CRD: the same rows feed both. CEL rules are the server's alone.
 *
 * Patterns are written in what RE2 and POSIX extended expressions share.
 */
#include "api/desc.h"

#include <inttypes.h>
#include <regex.h>

#include "base/utf8.h"

#include "api/walk.h"

static int validate_object(const struct desc *d, const void *obj, const struct path *at,
			   struct err *err);

/* Lengths count characters, as OpenAPI does. */
static size_t characters(const char *s)
{
	size_t n = 0;
	while (*s != '\0') {
		size_t len = utf8_len(s);
		s += len != 0 ? len : 1;
		n++;
	}
	return n;
}

static bool matches(const char *pattern, const char *s)
{
	regex_t re;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	bool ok = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static int validate_enum(const struct field *f, const char *s, const struct path *at,
			 struct err *err)
{
	struct buf list = {.limit = ERR_TEXT_MAX / 2};
	bool found = false;
	for (const char *const *e = f->enums; *e != NULL && !found; e++) {
		found = strcmp(*e, s) == 0;
		if (**e != '\0')
			buf_addf(&list, "%s%s", list.len != 0 ? ", " : "", *e);
	}
	int rc = found ? 0 : path_error(at, err, "unknown value; use one of %s", list.data);
	buf_done(&list);
	return rc;
}

static int validate_string(const struct field *f, const char *s, const struct path *at,
			   struct err *err)
{
	if (s == NULL)
		return 0;
	size_t n = f->min_len != 0 || f->max_len != 0 ? characters(s) : 0;
	if (n < f->min_len)
		return path_error(at, err, "too short; at least %zu character(s)", f->min_len);
	if (f->max_len != 0 && n > f->max_len)
		return path_error(at, err, "too long; at most %zu characters", f->max_len);
	if (f->enums != NULL && validate_enum(f, s, at, err) != 0)
		return -1;
	if (f->pattern != NULL && !matches(f->pattern, s))
		return path_error(at, err, "malformed; must match %s", f->pattern);
	return 0;
}

static int validate_number(const struct field *f, int64_t v, const struct path *at, struct err *err)
{
	if (f->type == F_DURATION)
		return v >= f->min ? 0
				   : path_error(at, err, "negative; use 0s or a longer duration");
	struct int_range r = field_range(f);
	/* Zero is how a struct says absent, unless the row is always written. */
	if ((v >= r.min && v <= r.max) || (v == 0 && !(f->flags & (FF_ALWAYS | FF_HAS_DEFAULT))))
		return 0;
	return path_error(at, err, "out of range; use %" PRId64 " to %" PRId64, r.min, r.max);
}

static int validate_pair(const struct field *f, const struct api_kv *kv, const struct path *at,
			 struct err *err)
{
	if (f->max_key_len != 0 && characters(kv->key) > f->max_key_len)
		return path_error(at, err, "a name is too long; at most %zu characters",
				  f->max_key_len);
	struct path in = {at, kv->key, 0};
	return validate_string(f, kv->value, &in, err);
}

static int validate_items(const struct field *f, struct any_list l, const struct path *at,
			  struct err *err)
{
	if (l.n != 0 && l.n < f->min_items)
		return path_error(at, err, "too few; at least %zu", f->min_items);
	if (f->max_items != 0 && l.n > f->max_items)
		return path_error(at, err, "too many; at most %zu", f->max_items);
	for (size_t i = 0; i < l.n; i++) {
		struct path in = {at, NULL, i};
		if (f->type == F_MAP) {
			if (validate_pair(f, &((const struct api_kv *)l.at)[i], at, err) != 0)
				return -1;
			continue;
		}
		int rc = f->type == F_STRINGS
				 ? validate_string(f, ((const char **)l.at)[i], &in, err)
				 : validate_object(f->sub, list_item(f, l, i), &in, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static bool is_empty(const struct field *f, const void *obj)
{
	if (f->type == F_STRING)
		return get_str(f, obj) == NULL ||
		       (*get_str(f, obj) == '\0' && !(f->flags & FF_ALWAYS));
	/* false and 0 are values; an embedded object says itself what it lacks. */
	if (f->type == F_BOOL || f->type == F_INT || f->type == F_DURATION || f->type == F_INLINE)
		return false;
	return !field_written(f, obj);
}

static int validate_value(const struct field *f, const void *obj, const struct path *at,
			  struct err *err)
{
	if ((f->flags & FF_REQUIRED) && is_empty(f, obj))
		return path_error(at, err, "missing; it is required");
	switch (f->type) {
	case F_STRING:
		return validate_string(f, get_str(f, obj), at, err);
	case F_INT:
	case F_DURATION:
		return validate_number(f, get_num(f, obj), at, err);
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		return validate_items(f, get_list(f, obj), at, err);
	case F_OBJECT:
	case F_INLINE: {
		const void *sub = get_sub(f, obj);
		return sub != NULL ? validate_object(f->sub, sub, at, err) : 0;
	}
	case F_BOOL:
	case F_RV:
	case F_TIME:
		return 0;
	}
	return 0;
}

static int validate_object(const struct desc *d, const void *obj, const struct path *at,
			   struct err *err)
{
	for (size_t i = 0; i < d->n; i++) {
		struct path in = {at, d->fields[i].json, 0};
		if (validate_value(&d->fields[i], obj, &in, err) != 0)
			return -1;
	}
	return 0;
}

int desc_validate(const struct desc *d, const void *obj, struct err *err)
{
	return validate_object(d, obj, &(struct path){0}, err);
}
