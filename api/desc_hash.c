/*
 * What is kept of an object instead of the object: one hash per row. It answers whether a write
 * would change something; desc_unlike() turns the rows that differ into a merge patch.
 */
#include "api/desc.h"

#include "api/walk.h"
#include "base/hash.h"

static uint64_t hash_row(uint64_t h, const struct field *f, const void *obj);

static uint64_t hash_number(uint64_t h, uint64_t n)
{
	return hash_bytes(h, &n, sizeof(n));
}

/* "" and an absent string differ in JSON. */
static uint64_t hash_string(uint64_t h, const char *s)
{
	return s != NULL ? hash_str(h, s) : hash_number(h, 0);
}

static uint64_t hash_rows(uint64_t h, const struct desc *d, const void *obj)
{
	for (size_t i = 0; i < d->n; i++)
		h = hash_row(h, &d->fields[i], obj);
	return h;
}

static uint64_t hash_list(uint64_t h, const struct field *f, struct any_list l)
{
	const struct api_kv *pairs = l.at;
	h = hash_number(h, l.n);
	for (size_t i = 0; i < l.n; i++) {
		if (f->type == F_MAP)
			h = hash_string(hash_string(h, pairs[i].key), pairs[i].value);
		else if (f->type == F_STRINGS)
			h = hash_string(h, ((const char **)l.at)[i]);
		else
			h = hash_rows(h, f->sub, list_item(f, l, i));
	}
	return h;
}

static uint64_t hash_row(uint64_t h, const struct field *f, const void *obj)
{
	switch (f->type) {
	case F_STRING:
		return hash_string(h, get_str(f, obj));
	case F_BOOL:
		return hash_number(h, get_bool(f, obj));
	case F_INT:
	case F_DURATION:
	case F_TIME:
		return hash_number(h, (uint64_t)get_num(f, obj));
	case F_RV:
		return hash_number(h, get_rv(f, obj));
	case F_OBJECT:
	case F_INLINE: {
		const void *sub = get_sub(f, obj);
		h = hash_number(h, sub != NULL);
		return sub != NULL ? hash_rows(h, f->sub, sub) : h;
	}
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		return hash_list(h, f, get_list(f, obj));
	}
	return h;
}

uint64_t desc_hash_row(const struct desc *d, size_t row, const void *obj)
{
	return hash_row(HASH_START, &d->fields[row], obj);
}

uint64_t desc_hash(const struct desc *d, const void *obj)
{
	return hash_rows(HASH_START, d, obj);
}

static void unlike_row(const struct field *f, void *obj, struct arena *a);

static void unlike_rows(const struct desc *d, void *obj, struct arena *a)
{
	for (size_t i = 0; i < d->n; i++)
		unlike_row(&d->fields[i], obj, a);
}

static void unlike_list(const struct field *f, void *obj, struct arena *a)
{
	static const char *const text = "?";
	struct any_list l = {0};
	if (get_list(f, obj).n == 0) {
		l.n = 1;
		l.at = f->type == F_STRINGS ? arena_memdup(a, &text, sizeof(text))
					    : arena_alloc(a, f->sub->size);
	}
	put_member(f, obj, &l, sizeof(l));
}

/* An object in its place has every row of its own unlike: the patch must write all of them. */
static void unlike_object(const struct field *f, void *obj, struct arena *a)
{
	const void *was = get_sub(f, obj);
	void *sub = was != NULL ? arena_memdup(a, was, f->sub->size) : arena_alloc(a, f->sub->size);
	if (was != NULL)
		unlike_rows(f->sub, sub, a);
	put_member(f, obj, &sub, sizeof(sub));
}

static void unlike_row(const struct field *f, void *obj, struct arena *a)
{
	static const char *const text = "?";
	switch (f->type) {
	case F_STRING: {
		const char *s = get_str(f, obj);
		s = s == NULL || *s == '\0' ? text : NULL;
		put_member(f, obj, &s, sizeof(s));
		break;
	}
	case F_BOOL: {
		bool other = !get_bool(f, obj);
		put_member(f, obj, &other, sizeof(other));
		break;
	}
	case F_INT:
	case F_DURATION:
	case F_TIME:
	case F_RV: {
		uint64_t other = get_rv(f, obj) ^ 1;
		put_member(f, obj, &other, sizeof(other));
		break;
	}
	case F_OBJECT:
		unlike_object(f, obj, a);
		break;
	case F_INLINE:
		unlike_rows(f->sub, get_sub(f, obj), a);
		break;
	case F_MAP: /* not possible, see desc.h */
		break;
	case F_STRINGS:
	case F_LIST:
		unlike_list(f, obj, a);
		break;
	}
}

void desc_unlike(const struct desc *d, size_t row, void *obj, struct arena *a)
{
	unlike_row(&d->fields[row], obj, a);
}
