/*
 * JSON into structs, row by row, in one pass over the text and without a tree of it: most
 * of an object of the API server is of no interest to us, and is skipped where it stands.
 *
 * Decisions: unknown members are skipped and null counts as absent, as in Kubernetes;
 * of a repeated key the first wins; numbers must be integers that a double carries
 * exactly; texts must be UTF-8, or encoding them again would change them; bytes after
 * the object are an error. Nesting is limited by base/jscan.h and our own recursion by
 * the descriptors.
 */
#include "api/desc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/jscan.h"
#include "base/utf8.h"

#include "api/walk.h"

/* Rows of a descriptor: one bit each in the sets below. */
#define ROWS_MAX 64
/* Room for so many elements or pairs at first; it doubles. */
#define LIST_FIRST 8

struct decoder {
	struct jscan text;
	bool defaults;
	struct arena *a;
	struct err *err;
};

static int decode_object(struct decoder *d, const struct desc *desc, const struct path *at,
			 void *obj);

/* What is no JSON is said once, at the top. */
static int wrong(struct decoder *d, const struct path *at, const char *what)
{
	return d->text.bad ? -1 : path_error(at, d->err, "must be %s", what);
}

static int copy_text(struct decoder *d, const struct jtext *from, const struct path *at,
		     const char **ret)
{
	const char *text = jtext_copy(from, d->a);
	if (text == NULL) {
		d->text.bad = true;
		return -1;
	}
	for (const char *s = text; *s != '\0'; s += utf8_len(s))
		if (utf8_len(s) == 0)
			return path_error(at, d->err, "must be UTF-8");
	*ret = text;
	return 0;
}

static int decode_string(struct decoder *d, const struct path *at, const char **ret)
{
	struct jtext text;
	if (jscan_next(&d->text) != JSCAN_STRING || !jscan_text(&d->text, &text))
		return wrong(d, at, "a string");
	return copy_text(d, &text, at, ret);
}

static int decode_int(struct decoder *d, const struct field *f, const struct path *at, int64_t *ret)
{
	const double max = f->bits == 32 ? INT32_MAX : (double)JSON_INT_MAX;
	const double min = f->bits == 32 ? INT32_MIN : -(double)JSON_INT_MAX;
	double v;
	if (jscan_next(&d->text) != JSCAN_NUMBER || !jscan_number(&d->text, &v))
		return wrong(d, at, "an integer");
	if (!(v >= min && v <= max) && !(f->flags & FF_CLAMP))
		return path_error(at, d->err, "integer out of range");
	v = v < min ? min : v > max ? max : v;
	*ret = (int64_t)v;
	if ((double)*ret != v)
		return path_error(at, d->err, "must be an integer, not a fraction");
	return 0;
}

static int decode_bool(struct decoder *d, const struct path *at, bool *ret)
{
	if (jscan_next(&d->text) != JSCAN_BOOL || !jscan_bool(&d->text, ret))
		return wrong(d, at, "true or false");
	return 0;
}

static int decode_rv(struct decoder *d, const struct path *at, uint64_t *ret)
{
	const char *s;
	if (decode_string(d, at, &s) != 0)
		return -1;
	*ret = 0;
	if (*s == '\0')
		return 0;
	errno = 0;
	*ret = strtoull(s, NULL, 10);
	if (s[strspn(s, "0123456789")] != '\0' || errno != 0)
		return wrong(d, at, "a number in digits");
	return 0;
}

static int decode_time(struct decoder *d, const struct field *f, const struct path *at,
		       int64_t *ret)
{
	bool is_time = f->type == F_TIME;
	const char *s = NULL;
	struct jtext text;
	if (jscan_next(&d->text) == JSCAN_STRING && jscan_text(&d->text, &text))
		s = jtext_copy(&text, d->a);
	if (s == NULL || (is_time ? time_parse(s, ret) : duration_parse(s, ret)) != 0)
		return wrong(d, at,
			     is_time ? "a time such as 2006-01-02T15:04:05Z"
				     : "a duration such as 1h30m or 10s");
	return 0;
}

/* Room for one more element behind n of them. */
static void *grow(struct arena *a, void *list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return list;
	*cap = *cap != 0 ? *cap * 2 : LIST_FIRST;
	void *bigger = arena_array(a, *cap, size);
	if (n != 0)
		memcpy(bigger, list, n * size);
	return bigger;
}

struct sort_kv {
	struct api_kv kv;
	size_t order;
};

static int compare_kv(const void *x, const void *y)
{
	const struct sort_kv *a = x, *b = y;
	int c = strcmp(a->kv.key, b->kv.key);
	return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

/* The pairs as they come. */
static int decode_pairs(struct decoder *d, const struct path *at, struct sort_kv **all, size_t *n)
{
	struct jtext name;
	size_t cap = 0;
	jscan_enter(&d->text);
	for (; jscan_member(&d->text, &name); (*n)++) {
		*all = grow(d->a, *all, *n, &cap, sizeof(**all));
		struct sort_kv *one = &(*all)[*n];
		*one = (struct sort_kv){{NULL, ""}, *n};
		if (copy_text(d, &name, at, &one->kv.key) != 0)
			return -1;
		struct path in = {at, one->kv.key, 0};
		if (!jscan_null(&d->text) && decode_string(d, &in, &one->kv.value) != 0)
			return -1;
	}
	return 0;
}

static int decode_map(struct decoder *d, const struct path *at, struct any_list *ret)
{
	struct sort_kv *all = NULL;
	size_t n = 0;
	if (jscan_next(&d->text) != JSCAN_OBJECT)
		return wrong(d, at, "an object of strings");
	if (decode_pairs(d, at, &all, &n) != 0)
		return -1;
	if (n == 0)
		return 0;
	qsort(all, n, sizeof(*all), compare_kv);
	struct api_kv *kv = arena_array(d->a, n, sizeof(*kv));
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(all[i].kv.key, all[i - 1].kv.key) != 0)
			kv[ret->n++] = all[i].kv;
	ret->at = kv;
	return 0;
}

static int decode_list(struct decoder *d, const struct field *f, const struct path *at,
		       struct any_list *ret)
{
	size_t cap = 0, size = f->type == F_STRINGS ? sizeof(char *) : f->sub->size;
	if (jscan_next(&d->text) != JSCAN_ARRAY)
		return wrong(d, at, "a list");
	jscan_enter(&d->text);
	for (; jscan_element(&d->text); ret->n++) {
		struct path in = {at, NULL, ret->n};
		ret->at = grow(d->a, ret->at, ret->n, &cap, size);
		int rc = f->type == F_STRINGS
				 ? decode_string(d, &in, (const char **)ret->at + ret->n)
				 : decode_object(d, f->sub, &in, list_item(f, *ret, ret->n));
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int decode_sub(struct decoder *d, const struct field *f, const struct path *at, void *obj)
{
	void *sub = f->type == F_INLINE ? get_sub(f, obj) : arena_alloc(d->a, f->sub->size);
	if (f->type == F_OBJECT)
		put_member(f, obj, &sub, sizeof(sub));
	return decode_object(d, f->sub, at, sub);
}

static int decode_value(struct decoder *d, const struct field *f, const struct path *at, void *obj)
{
	union {
		const char *s;
		int64_t num;
		uint64_t rv;
		bool b;
		struct any_list list;
	} v = {0};
	int rc = 0;
	size_t size = sizeof(v.num);
	switch (f->type) {
	case F_STRING:
		size = sizeof(v.s);
		rc = decode_string(d, at, &v.s);
		break;
	case F_BOOL:
		size = sizeof(v.b);
		rc = decode_bool(d, at, &v.b);
		break;
	case F_INT:
		rc = decode_int(d, f, at, &v.num);
		break;
	case F_RV:
		rc = decode_rv(d, at, &v.rv);
		break;
	case F_DURATION:
	case F_TIME:
		rc = decode_time(d, f, at, &v.num);
		break;
	case F_MAP:
		size = sizeof(v.list);
		v.list = (struct any_list){0};
		rc = decode_map(d, at, &v.list);
		break;
	case F_STRINGS:
	case F_LIST:
		size = sizeof(v.list);
		v.list = (struct any_list){0};
		rc = decode_list(d, f, at, &v.list);
		break;
	case F_OBJECT:
	case F_INLINE:
		return decode_sub(d, f, at, obj);
	}
	if (rc == 0)
		put_member(f, obj, &v, size);
	return rc;
}

/* ---- members ---- */

/* What a member of a level's JSON object is: a row, the rows of a deeper level, or nothing. */
struct match {
	const struct field *row; /* NULL: unknown, or met before */
	struct level deeper;     /* len not 0: row is the first below it */
};

/* A name without its escapes; "" if it cannot be one of ours, as for one with a dot or a NUL. */
static struct jtext plain(struct decoder *d, const struct jtext *name)
{
	const char *text = name->plain ? name->at : jtext_copy(name, d->a);
	size_t len = name->plain || text == NULL ? name->len : strlen(text);
	if (text == NULL || memchr(text, '.', len) != NULL || memchr(text, '\0', len) != NULL)
		len = 0;
	return (struct jtext){text, len, true};
}

/* Rows that an earlier member of this object was are in `met`: the first wins. */
static struct match find(const struct desc *desc, struct level at, struct jtext name, uint64_t *met)
{
	struct match m = {0};
	if (name.len == 0)
		return m;
	for (size_t i = 0; i < desc->n; i++) {
		const struct field *f = &desc->fields[i];
		const char *rest = *met >> i & 1 ? NULL : level_rest(at, f);
		if (rest == NULL || strncmp(rest, name.at, name.len) != 0)
			continue;
		char next = rest[name.len];
		if (next != '\0' && next != '.')
			continue;
		*met |= UINT64_C(1) << i;
		if (m.row == NULL)
			m.row = f;
		if (next == '\0')
			return m;
		m.deeper = (struct level){m.row->json, at.len + name.len + 1};
	}
	return m;
}

static int decode_level(struct decoder *d, const struct desc *desc, struct level at,
			const struct path *path, void *obj, uint64_t *have)
{
	struct jtext name;
	uint64_t met = 0;
	jscan_enter(&d->text);
	while (jscan_member(&d->text, &name)) {
		struct match m = find(desc, at, plain(d, &name), &met);
		if (m.row == NULL) {
			jscan_skip(&d->text);
			continue;
		}
		struct path in = {path, m.row->json, 0};
		if (jscan_null(&d->text))
			continue;
		if (m.deeper.len == 0) {
			*have |= UINT64_C(1) << (m.row - desc->fields);
			if (decode_value(d, m.row, &in, obj) != 0)
				return -1;
		} else if (jscan_next(&d->text) != JSCAN_OBJECT) {
			return d->text.bad ? -1
					   : path_error(&in, d->err, "\"%.*s\" must be an object",
							(int)name.len, name.at);
		} else if (decode_level(d, desc, m.deeper, path, obj, have) != 0) {
			return -1;
		}
	}
	return 0;
}

static void default_absent(const struct field *f, struct arena *a, void *obj)
{
	default_value(f, obj);
	/* An embedded object exists even when the JSON lacks it; a pointer stays NULL. */
	if (f->type == F_INLINE)
		desc_default(f->sub, get_sub(f, obj), a);
}

static int decode_object(struct decoder *d, const struct desc *desc, const struct path *at,
			 void *obj)
{
	uint64_t have = 0;
	assert(desc->n <= ROWS_MAX);
	if (jscan_next(&d->text) != JSCAN_OBJECT)
		return wrong(d, at, "an object");
	if (decode_level(d, desc, (struct level){0}, at, obj, &have) != 0)
		return -1;
	for (size_t i = 0; d->defaults && i < desc->n; i++)
		if (!(have >> i & 1))
			default_absent(&desc->fields[i], d->a, obj);
	return 0;
}

int desc_decode(const struct desc *d, const char *json, size_t len, bool defaults, struct arena *a,
		void *ret, struct err *err)
{
	memset(ret, 0, d->size);
	struct decoder dec = {
		.text = jscan_of(json, json != NULL ? len : 0),
		.defaults = defaults,
		.a = a,
		.err = err,
	};
	int rc = decode_object(&dec, d, &(struct path){0}, ret);
	if (dec.text.bad)
		return err_set(err, ERR_TERMINAL, "%s: not valid JSON", d->name);
	if (rc == 0 && !jscan_over(&dec.text))
		rc = err_set(err, ERR_TERMINAL, "more after the object");
	return rc == 0 ? 0 : err_wrap(err, "%s", d->name);
}
