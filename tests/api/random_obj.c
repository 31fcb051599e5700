/*
 * Random objects: see the header. Values are chosen to hurt: empty strings, quotes,
 * control characters, UTF-8, the largest integers that JSON carries.
 */
#include "tests/api/random_obj.h"

#include <stdio.h>

#include "api/walk.h"

#define ITEMS_MAX 4

uint64_t rng_below(struct rng *r, uint64_t n)
{
	/* splitmix64 */
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % n;
}

static const char *random_string(struct rng *r, struct arena *a)
{
	static const char *const texts[] = {"",
					    "a",
					    "nginx",
					    "\"quoted\"",
					    "back\\slash",
					    "line\nend\ttab\x01",
					    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
					    "null",
					    "0",
					    "a.b/c:d"};
	if (rng_below(r, 3) == 0)
		return arena_printf(a, "s%llu", (unsigned long long)rng_below(r, 50));
	return texts[rng_below(r, sizeof(texts) / sizeof(texts[0]))];
}

static int64_t random_num(struct rng *r, const struct field *f)
{
	static const int64_t small[] = {0, 1, -1, 2, 1000, 12345};
	int64_t limit = f->type == F_TIME       ? 253402300799 /* the year 9999 */
			: f->type == F_DURATION ? 1000000000000
			: f->bits == 32         ? INT32_MAX
						: JSON_INT_MAX;
	if (f->type == F_TIME)
		return (int64_t)rng_below(r, (uint64_t)limit);
	switch (rng_below(r, 4)) {
	case 0:
		return small[rng_below(r, sizeof(small) / sizeof(small[0]))];
	case 1:
		return rng_below(r, 2) ? limit : -limit;
	default:
		return (int64_t)rng_below(r, (uint64_t)limit) - limit / 2;
	}
}

static struct any_list random_list(struct rng *r, const struct field *f, struct arena *a)
{
	struct any_list l = {.n = rng_below(r, ITEMS_MAX)};
	if (f->type == F_MAP) {
		struct api_kv *kv = l.at = arena_array(a, l.n + 1, sizeof(*kv));
		/* Distinct and sorted, but not the same keys each time. */
		for (size_t i = 0; i < l.n; i++)
			kv[i] = (struct api_kv){
				arena_printf(a, "k%zu%llu", i, (unsigned long long)rng_below(r, 3)),
				random_string(r, a)};
	} else if (f->type == F_STRINGS) {
		const char **s = l.at = arena_array(a, l.n + 1, sizeof(*s));
		for (size_t i = 0; i < l.n; i++)
			s[i] = random_string(r, a);
	} else {
		l.at = arena_array(a, l.n + 1, f->sub->size);
		for (size_t i = 0; i < l.n; i++)
			random_object(r, f->sub, a, list_item(f, l, i));
	}
	return l;
}

static void random_field(struct rng *r, const struct field *f, struct arena *a, void *obj)
{
	const char *s = random_string(r, a);
	int64_t num = random_num(r, f);
	uint64_t rv = rng_below(r, UINT64_MAX);
	bool b = rng_below(r, 2) == 1;
	struct any_list l;
	void *sub;
	switch (f->type) {
	case F_STRING:
		put_member(f, obj, &s, sizeof(s));
		break;
	case F_BOOL:
		put_member(f, obj, &b, sizeof(b));
		break;
	case F_INT:
	case F_DURATION:
	case F_TIME:
		put_member(f, obj, &num, sizeof(num));
		break;
	case F_RV:
		put_member(f, obj, &rv, sizeof(rv));
		break;
	case F_INLINE:
		random_object(r, f->sub, a, get_sub(f, obj));
		break;
	case F_OBJECT:
		sub = arena_alloc(a, f->sub->size);
		random_object(r, f->sub, a, sub);
		put_member(f, obj, &sub, sizeof(sub));
		break;
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		l = random_list(r, f, a);
		put_member(f, obj, &l, sizeof(l));
		break;
	}
}

static void clear_field(const struct field *f, void *obj)
{
	static const struct any_list none;
	static const int64_t zero;
	static const bool no;
	static void *const null;
	if (f->type == F_MAP || f->type == F_STRINGS || f->type == F_LIST)
		put_member(f, obj, &none, sizeof(none));
	else if (f->type == F_BOOL)
		put_member(f, obj, &no, sizeof(no));
	else if (f->type == F_STRING || f->type == F_OBJECT)
		put_member(f, obj, &null, sizeof(null));
	else if (f->type == F_INLINE)
		memset(get_sub(f, obj), 0, f->sub->size);
	else
		put_member(f, obj, &zero, sizeof(zero));
}

void random_object(struct rng *r, const struct desc *d, struct arena *a, void *obj)
{
	memset(obj, 0, d->size);
	for (size_t i = 0; i < d->n; i++)
		if (rng_below(r, 2) == 0)
			random_field(r, &d->fields[i], a, obj);
}

void random_change(struct rng *r, const struct desc *d, struct arena *a, void *obj, uint64_t rarity)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		void *sub = f->type == F_OBJECT || f->type == F_INLINE ? get_sub(f, obj) : NULL;
		if (sub != NULL)
			random_change(r, f->sub, a, sub, rarity);
		if (rng_below(r, rarity) != 0)
			continue;
		if (rng_below(r, 3) == 0)
			clear_field(f, obj);
		else
			random_field(r, f, a, obj);
	}
}
