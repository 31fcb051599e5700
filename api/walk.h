/*
 * What the walkers of the descriptor engine share: access to a member through its
 * row, the path of a value for error texts, and the levels that dotted names make.
 * Private to api/desc_*.c and api/crd*.c.
 *
 * Members are read and written with memcpy: a row knows only "a pointer" or "a
 * list", and reading struct api_owners through another struct type would break
 * the aliasing rules.
 */
#ifndef DROP_API_WALK_H
#define DROP_API_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include "api/desc.h"
#include "api/meta.h"

/* The shape of every {sub *at; size_t n} member: F_MAP, F_STRINGS, F_LIST. */
struct any_list {
	void *at;
	size_t n;
};

static inline const char *get_str(const struct field *f, const void *obj)
{
	const char *s;
	memcpy(&s, (const char *)obj + f->offset, sizeof(s));
	return s == NULL && (f->flags & FF_ALWAYS) ? "" : s;
}

/* F_INT, F_DURATION, F_TIME. */
static inline int64_t get_num(const struct field *f, const void *obj)
{
	int64_t v;
	memcpy(&v, (const char *)obj + f->offset, sizeof(v));
	return v;
}

static inline uint64_t get_rv(const struct field *f, const void *obj)
{
	uint64_t v;
	memcpy(&v, (const char *)obj + f->offset, sizeof(v));
	return v;
}

static inline bool get_bool(const struct field *f, const void *obj)
{
	bool v;
	memcpy(&v, (const char *)obj + f->offset, sizeof(v));
	return v;
}

/* F_OBJECT: the pointer, or NULL. F_INLINE: the member itself. */
static inline void *get_sub(const struct field *f, const void *obj)
{
	if (f->type == F_INLINE)
		return (char *)obj + f->offset;
	void *p;
	memcpy(&p, (const char *)obj + f->offset, sizeof(p));
	return p;
}

static inline struct any_list get_list(const struct field *f, const void *obj)
{
	struct any_list l;
	memcpy(&l, (const char *)obj + f->offset, sizeof(l));
	return l;
}

static inline void put_member(const struct field *f, void *obj, const void *value, size_t size)
{
	memcpy((char *)obj + f->offset, value, size);
}

static inline void *list_item(const struct field *f, struct any_list l, size_t i)
{
	return (char *)l.at + i * f->sub->size;
}

/* Rows below one prefix ("status.nodeInfo."): one JSON object made by dotted names. */
struct level {
	const char *prefix; /* not terminated */
	size_t len;         /* 0: the object itself */
};

/* The part of the row's name below the prefix, or NULL if it is not below it. */
const char *level_rest(struct level at, const struct field *f);

/* One member of a level's JSON object: a row, or a deeper level. */
struct level_member {
	const char *name; /* not terminated */
	size_t name_len;
	const struct field *row; /* NULL: a deeper level */
	struct level deeper;
};

/* for (size_t i = 0; level_next(d, at, &i, &m);) in table order, each name once. */
bool level_next(const struct desc *d, struct level at, size_t *i, struct level_member *ret);

/* Does encode write this row, or any row below this prefix? */
bool field_written(const struct field *f, const void *obj);
bool level_written(const struct desc *d, struct level at, const void *obj);

bool field_equal(const struct field *f, const void *a, const void *b);
bool level_equal(const struct desc *d, struct level at, const void *a, const void *b);

/* Appends the JSON value of one row, or the object of one level. */
void encode_value(const struct field *f, const void *obj, struct buf *out);
void encode_level(const struct desc *d, struct level at, const void *obj, struct buf *out);

/* Sets the default of one row; zero and NULL count as absent. No effect without one. */
void default_value(const struct field *f, void *obj);

/* Range of an integer row: its own, else that of its width (JSON carries 53 bits). */
#define JSON_INT_MAX ((int64_t)1 << 53)
struct int_range {
	int64_t min, max;
};
struct int_range field_range(const struct field *f);

/* Where a value is, as a chain on the walkers' stacks: spec.images[3].tag. */
struct path {
	const struct path *up; /* NULL: the object itself */
	const char *name;      /* NULL: an element */
	size_t index;
};

/* Fills err with "<path>: <text>", ERR_TERMINAL. Returns -1. */
int path_error(const struct path *at, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
