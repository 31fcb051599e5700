/*
 * The shared half of the descriptor engine: levels of dotted names, presence,
 * equality, defaults, copies, paths. Presence has one definition (field_written),
 * so that encode, diff and equality cannot disagree about what "absent" is.
 */
#include "api/walk.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

/* Bytes of a path in an error text; deeper paths are cut. */
#define PATH_TEXT_MAX 160

const char *level_rest(struct level at, const struct field *f)
{
	if (at.len != 0 && strncmp(f->json, at.prefix, at.len) != 0)
		return NULL;
	return f->json + at.len;
}

static bool level_seen(const struct desc *d, struct level deeper, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (level_rest(deeper, &d->fields[i]) != NULL)
			return true;
	return false;
}

bool level_next(const struct desc *d, struct level at, size_t *i, struct level_member *ret)
{
	while (*i < d->n) {
		size_t row = (*i)++;
		const struct field *f = &d->fields[row];
		const char *rest = level_rest(at, f);
		if (rest == NULL)
			continue;
		const char *dot = strchr(rest, '.');
		*ret = (struct level_member){.name = rest, .name_len = strlen(rest), .row = f};
		if (dot == NULL)
			return true;
		ret->name_len = (size_t)(dot - rest);
		ret->row = NULL;
		ret->deeper = (struct level){f->json, (size_t)(dot + 1 - f->json)};
		if (!level_seen(d, ret->deeper, row))
			return true;
	}
	return false;
}

bool field_written(const struct field *f, const void *obj)
{
	bool always = (f->flags & FF_ALWAYS) != 0;
	if (f->flags & FF_WITH_NEXT)
		return get_num(f, obj) != 0 || field_written(f + 1, obj);
	switch (f->type) {
	case F_STRING:
		return get_str(f, obj) != NULL;
	case F_BOOL:
		return always || get_bool(f, obj);
	case F_INT:
	case F_DURATION:
		/* Left out, a zero would come back as the default. */
		return always || (f->flags & FF_HAS_DEFAULT) || get_num(f, obj) != 0;
	case F_TIME:
		return get_num(f, obj) != 0;
	case F_RV:
		return get_rv(f, obj) != 0;
	case F_OBJECT:
		return get_sub(f, obj) != NULL;
	case F_INLINE:
		return always || (f->flags & FF_REQUIRED) ||
		       level_written(f->sub, (struct level){0}, get_sub(f, obj));
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		return always || get_list(f, obj).n != 0;
	}
	return false;
}

bool level_written(const struct desc *d, struct level at, const void *obj)
{
	for (size_t i = 0; i < d->n; i++)
		if (level_rest(at, &d->fields[i]) != NULL && field_written(&d->fields[i], obj))
			return true;
	return false;
}

static bool str_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool map_equal(struct any_list a, struct any_list b)
{
	const struct api_kv *x = a.at, *y = b.at;
	for (size_t i = 0; i < a.n; i++)
		if (!str_equal(x[i].key, y[i].key) || !str_equal(x[i].value, y[i].value))
			return false;
	return true;
}

static bool list_equal(const struct field *f, struct any_list a, struct any_list b)
{
	if (a.n != b.n)
		return false;
	if (f->type == F_MAP)
		return map_equal(a, b);
	for (size_t i = 0; i < a.n; i++) {
		if (f->type == F_STRINGS) {
			if (!str_equal(((const char **)a.at)[i], ((const char **)b.at)[i]))
				return false;
		} else if (!desc_equal(f->sub, list_item(f, a, i), list_item(f, b, i))) {
			return false;
		}
	}
	return true;
}

bool field_equal(const struct field *f, const void *a, const void *b)
{
	switch (f->type) {
	case F_STRING:
		return str_equal(get_str(f, a), get_str(f, b));
	case F_BOOL:
		return get_bool(f, a) == get_bool(f, b);
	case F_INT:
	case F_DURATION:
	case F_TIME:
		return get_num(f, a) == get_num(f, b);
	case F_RV:
		return get_rv(f, a) == get_rv(f, b);
	case F_OBJECT:
	case F_INLINE: {
		const void *x = get_sub(f, a), *y = get_sub(f, b);
		return x == y || (x != NULL && y != NULL && desc_equal(f->sub, x, y));
	}
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		return list_equal(f, get_list(f, a), get_list(f, b));
	}
	return false;
}

bool level_equal(const struct desc *d, struct level at, const void *a, const void *b)
{
	for (size_t i = 0; i < d->n; i++)
		if (level_rest(at, &d->fields[i]) != NULL && !field_equal(&d->fields[i], a, b))
			return false;
	return true;
}

bool desc_equal(const struct desc *d, const void *a, const void *b)
{
	return level_equal(d, (struct level){0}, a, b);
}

void default_value(const struct field *f, void *obj)
{
	if (!(f->flags & FF_HAS_DEFAULT))
		return;
	if (f->type == F_STRING && get_str(f, obj) == NULL)
		put_member(f, obj, &f->def_str, sizeof(f->def_str));
	if (f->type == F_INT && get_num(f, obj) == 0)
		put_member(f, obj, &f->def_num, sizeof(f->def_num));
	int64_t ms;
	if (f->type == F_DURATION && get_num(f, obj) == 0 && duration_parse(f->def_str, &ms) == 0)
		put_member(f, obj, &ms, sizeof(ms));
}

void desc_default(const struct desc *d, void *obj, struct arena *a)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		default_value(f, obj);
		if (f->type == F_INLINE || (f->type == F_OBJECT && get_sub(f, obj) != NULL)) {
			desc_default(f->sub, get_sub(f, obj), a);
		} else if (f->type == F_LIST) {
			struct any_list l = get_list(f, obj);
			for (size_t k = 0; k < l.n; k++)
				desc_default(f->sub, list_item(f, l, k), a);
		}
	}
}

static void clone_into(const struct desc *d, void *to, struct arena *a);

static void clone_list(const struct field *f, void *to, struct arena *a)
{
	struct any_list l = get_list(f, to);
	size_t size = f->type == F_MAP       ? sizeof(struct api_kv)
		      : f->type == F_STRINGS ? sizeof(char *)
					     : f->sub->size;
	l.at = l.n != 0 ? arena_memdup(a, l.at, l.n * size) : NULL;
	put_member(f, to, &l, sizeof(l));
	for (size_t i = 0; i < l.n; i++) {
		if (f->type == F_MAP) {
			struct api_kv *kv = (struct api_kv *)l.at + i;
			kv->key = arena_strdup(a, kv->key);
			kv->value = arena_strdup(a, kv->value);
		} else if (f->type == F_STRINGS) {
			const char **s = (const char **)l.at + i;
			*s = arena_strdup(a, *s);
		} else {
			clone_into(f->sub, list_item(f, l, i), a);
		}
	}
}

/* `to` is a shallow copy: replaces what it points at by copies in the arena. */
static void clone_into(const struct desc *d, void *to, struct arena *a)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		if (f->type == F_STRING) {
			const char *s = arena_strdup(a, get_str(f, to));
			put_member(f, to, &s, sizeof(s));
		} else if (f->type == F_INLINE) {
			clone_into(f->sub, get_sub(f, to), a);
		} else if (f->type == F_OBJECT && get_sub(f, to) != NULL) {
			void *sub = desc_clone(f->sub, get_sub(f, to), a);
			put_member(f, to, &sub, sizeof(sub));
		} else if (f->type == F_MAP || f->type == F_STRINGS || f->type == F_LIST) {
			clone_list(f, to, a);
		}
	}
}

void *desc_clone(const struct desc *d, const void *obj, struct arena *a)
{
	void *copy = arena_memdup(a, obj, d->size);
	clone_into(d, copy, a);
	return copy;
}

struct int_range field_range(const struct field *f)
{
	if (f->min != 0 || f->max != 0)
		return (struct int_range){f->min, f->max};
	if (f->bits == 32)
		return (struct int_range){INT32_MIN, INT32_MAX};
	return (struct int_range){-JSON_INT_MAX, JSON_INT_MAX};
}

static void path_add(const struct path *at, struct buf *out)
{
	if (at->up != NULL)
		path_add(at->up, out);
	if (at->name != NULL)
		buf_addf(out, "%s%s", out->len != 0 ? "." : "", at->name);
	else if (at->up != NULL)
		buf_addf(out, "[%zu]", at->index);
}

int path_error(const struct path *at, struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct buf where = {.limit = PATH_TEXT_MAX};
	path_add(at, &where);
	err_set(err, ERR_TERMINAL, "%s: %s", where.len != 0 ? where.data : "object", text);
	buf_done(&where);
	return -1;
}
