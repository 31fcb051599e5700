/*
 * The merge patch (RFC 7386) between two structs. Invariant, tested with random
 * structs: encode(old) patched with diff(old, new) is encode(new).
 *
 * An object whose patch is not empty also carries its FF_ALWAYS integers, changed
 * or not: a zero that the server never got is no different from one it has, and a
 * status must show it (behaviour.md, preamble).
 */
#include "api/desc.h"

#include "api/walk.h"

static bool diff_level(const struct desc *d, struct level at, const void *old, const void *new,
		       struct buf *out);

static void diff_name(const char *name, size_t len, bool *first, struct buf *out)
{
	buf_addf(out, "%s\"%.*s\":", *first ? "" : ",", (int)len, name);
	*first = false;
}

static void diff_pair(const char *key, const char *value, bool *first, struct buf *out)
{
	buf_adds(out, *first ? "" : ",");
	*first = false;
	buf_add_json(out, key);
	buf_adds(out, ":");
	if (value != NULL)
		buf_add_json(out, value);
	else
		buf_adds(out, "null");
}

static const char *value_of(const struct api_kv *kv)
{
	return kv->value != NULL ? kv->value : "";
}

/* Both maps are sorted by key: one merging pass. */
static void diff_map(struct any_list old, struct any_list new, struct buf *out)
{
	const struct api_kv *o = old.at, *n = new.at;
	bool first = true;
	size_t i = 0, k = 0;
	buf_adds(out, "{");
	while (i < old.n || k < new.n) {
		int c = i == old.n ? 1 : k == new.n ? -1 : strcmp(o[i].key, n[k].key);
		if (c < 0) {
			diff_pair(o[i++].key, NULL, &first, out);
		} else if (c > 0) {
			diff_pair(n[k].key, value_of(&n[k]), &first, out);
			k++;
		} else {
			if (strcmp(value_of(&o[i]), value_of(&n[k])) != 0)
				diff_pair(n[k].key, value_of(&n[k]), &first, out);
			i++;
			k++;
		}
	}
	buf_adds(out, "}");
}

/* Both sides are written and differ. */
static void diff_value(const struct field *f, const void *old, const void *new, struct buf *out)
{
	if (f->type == F_OBJECT || f->type == F_INLINE)
		diff_level(f->sub, (struct level){0}, get_sub(f, old), get_sub(f, new), out);
	else if (f->type == F_MAP)
		diff_map(get_list(f, old), get_list(f, new), out);
	else
		encode_value(f, new, out);
}

static void diff_row(const struct level_member *m, const void *old, const void *new, bool *first,
		     struct buf *out)
{
	const struct field *f = m->row;
	bool differs = !field_equal(f, old, new);
	if (!differs && !(f->type == F_INT && (f->flags & FF_ALWAYS)))
		return;
	bool had = field_written(f, old), has = field_written(f, new);
	if (!had && !has)
		return;
	diff_name(m->name, m->name_len, first, out);
	if (!has)
		buf_adds(out, "null");
	else if (!had || !differs)
		encode_value(f, new, out);
	else
		diff_value(f, old, new, out);
}

static void diff_deeper(const struct desc *d, const struct level_member *m, const void *old,
			const void *new, bool *first, struct buf *out)
{
	if (level_equal(d, m->deeper, old, new))
		return;
	diff_name(m->name, m->name_len, first, out);
	if (!level_written(d, m->deeper, new))
		buf_adds(out, "null");
	else if (!level_written(d, m->deeper, old))
		encode_level(d, m->deeper, new, out);
	else
		diff_level(d, m->deeper, old, new, out);
}

static bool diff_level(const struct desc *d, struct level at, const void *old, const void *new,
		       struct buf *out)
{
	if (level_equal(d, at, old, new))
		return false;
	struct level_member m;
	bool first = true;
	buf_adds(out, "{");
	for (size_t i = 0; level_next(d, at, &i, &m);) {
		if (m.row != NULL)
			diff_row(&m, old, new, &first, out);
		else
			diff_deeper(d, &m, old, new, &first, out);
	}
	buf_adds(out, "}");
	return true;
}

bool desc_diff(const struct desc *d, const void *old, const void *new, struct buf *out)
{
	return diff_level(d, (struct level){0}, old, new, out);
}
