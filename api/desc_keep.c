/*
 * Leaves out of a JSON text what a table does not name: most of an object of the API server (its
 * managedFields, the defaults of each container) is nothing that we read, and cJSON allocates
 * memory for each value. One pass over the text.
 *
 * What is left out is only skipped by its brackets and quotes: an error inside of it is not found.
 * Keys are compared as they stand; one with an escape, or with a NUL, which ends it for cJSON, is
 * kept with all that is in it.
 */
#include "api/desc_keep.h"

#include <string.h>

#include "base/json.h"

#include "api/walk.h"

struct keeper {
	const char *p, *end; /* what was not read yet */
	struct buf *out;
};

static bool keep_object(struct keeper *k, const struct desc *d, struct level at);

/* Is this what follows, blanks apart? Then it is behind us. */
static bool take(struct keeper *k, char c)
{
	k->p = json_skip_blanks(k->p, k->end);
	if (k->p == k->end || *k->p != c)
		return false;
	k->p++;
	return true;
}

/* The end of the value that follows, which is behind us then; NULL: there is none. */
static const char *skip(struct keeper *k)
{
	const char *from = k->p = json_skip_blanks(k->p, k->end);
	const char *after = json_skip_value(from, k->end);
	if (after == NULL || after == from)
		return NULL;
	k->p = after;
	return from;
}

static bool copy(struct keeper *k)
{
	const char *from = skip(k);
	if (from != NULL)
		buf_add(k->out, from, (size_t)(k->p - from));
	return from != NULL;
}

static bool opens(struct keeper *k, char bracket)
{
	k->p = json_skip_blanks(k->p, k->end);
	return k->p < k->end && *k->p == bracket;
}

static bool keep_list(struct keeper *k, const struct desc *d)
{
	take(k, '[');
	buf_add(k->out, "[", 1);
	for (bool first = true; !take(k, ']'); first = false) {
		if (!first && !take(k, ','))
			return false;
		if (!first)
			buf_add(k->out, ",", 1);
		if (!(opens(k, '{') ? keep_object(k, d, (struct level){0}) : copy(k)))
			return false;
	}
	buf_add(k->out, "]", 1);
	return true;
}

/*
 * What the value may have is said by the member's row, or by deeper rows of the same table; if by
 * both, all of it is kept.
 */
static bool keep_value(struct keeper *k, const struct desc *d, const struct level_member *m)
{
	const struct field *row = m->row;
	bool deeper = m->deeper.len != 0;
	if (row == NULL && deeper && opens(k, '{'))
		return keep_object(k, d, m->deeper);
	if (row == NULL || deeper)
		return copy(k);
	if ((row->type == F_OBJECT || row->type == F_INLINE) && opens(k, '{'))
		return keep_object(k, row->sub, (struct level){0});
	if (row->type == F_LIST && opens(k, '['))
		return keep_list(k, row->sub);
	return copy(k);
}

static bool named(const struct desc *d, struct level at, struct json_range key,
		  struct level_member *ret)
{
	*ret = (struct level_member){0};
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		const char *rest = level_rest(at, f);
		if (rest == NULL || rest[0] != key.at[0] || strncmp(rest, key.at, key.len) != 0)
			continue;
		if (rest[key.len] == '\0')
			ret->row = f;
		else if (rest[key.len] == '.')
			ret->deeper =
				(struct level){f->json, (size_t)(rest - f->json) + key.len + 1};
	}
	return ret->row != NULL || ret->deeper.len != 0;
}

/* Stands each of its bytes for itself? */
static bool plain(struct json_range key)
{
	return memchr(key.at, '\\', key.len) == NULL && memchr(key.at, '\0', key.len) == NULL;
}

/* Its key is next; *n counts those that were kept. */
static bool keep_member(struct keeper *k, const struct desc *d, struct level at, size_t *n)
{
	struct level_member m;
	const char *quote = opens(k, '"') ? skip(k) : NULL;
	if (quote == NULL)
		return false;
	struct json_range key = {quote + 1, (size_t)(k->p - quote) - 2};
	bool compared = plain(key);
	if (!take(k, ':'))
		return false;
	if (compared && !named(d, at, key, &m))
		return skip(k) != NULL;
	if ((*n)++ != 0)
		buf_add(k->out, ",", 1);
	buf_add(k->out, quote, key.len + 2);
	buf_add(k->out, ":", 1);
	return compared ? keep_value(k, d, &m) : copy(k);
}

static bool keep_object(struct keeper *k, const struct desc *d, struct level at)
{
	size_t kept = 0;
	if (!take(k, '{'))
		return false;
	buf_add(k->out, "{", 1);
	for (bool first = true; !take(k, '}'); first = false)
		if ((!first && !take(k, ',')) || !keep_member(k, d, at, &kept))
			return false;
	buf_add(k->out, "}", 1);
	return true;
}

bool desc_keep(const struct desc *d, const char *json, size_t len, struct buf *out)
{
	struct keeper k = {json, json + len, out};
	return keep_object(&k, d, (struct level){0}) && json_skip_blanks(k.p, k.end) == k.end;
}
