/*
 * Packs by position: row i of the descriptor table is element i of the array. What is
 * absent (NULL, 0, false, empty) is nil, and nils at the end are left out, so equal
 * objects have one form only.
 */
#include "ipc/objpack.h"

#include <string.h>

#include <msgpack.h>

#include "api/meta.h"
#include "ipc/objtext.h"
#include "ipc/wire.h"

struct rows { /* the shape of every F_LIST member */
	void *at;
	size_t n;
};

static struct rows rows_get(const void *member)
{
	struct rows rows;
	memcpy(&rows, member, sizeof(rows));
	return rows;
}

static const void *pointer_get(const void *member)
{
	const void *p;
	memcpy(&p, member, sizeof(p));
	return p;
}

/* ---- pack ---- */

static size_t used_fields(const struct desc *d, const char *obj);

static bool absent(const struct field *f, const char *member)
{
	switch (f->type) {
	case F_STRING:
	case F_OBJECT:
		return pointer_get(member) == NULL;
	case F_BOOL:
		return !*(const bool *)member;
	case F_INT:
	case F_RV:
	case F_DURATION:
	case F_TIME:
		return *(const int64_t *)(const void *)member == 0;
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		return rows_get(member).n == 0;
	case F_INLINE:
		return used_fields(f->sub, member) == 0;
	}
	return true;
}

static size_t used_fields(const struct desc *d, const char *obj)
{
	size_t n = d->n;
	while (n > 0 && absent(&d->fields[n - 1], obj + d->fields[n - 1].offset))
		n--;
	return n;
}

static void pack_object(msgpack_packer *pk, const struct desc *d, const char *obj);

/*
 * More characters are repeated. Only where a row says so: the watcher's limits count packed bytes,
 * and what they stand for must not be much more in another process (watcher/quota.h).
 */
#define SHARED_MAX 255

static size_t shared_max(const struct field *f)
{
	return (f->flags & FF_KEYS_ALIKE) != 0 ? SHARED_MAX : 0;
}

/*
 * A key is packed as how many characters it has in common with the one before it, and the rest:
 * maps are sorted, and keys of one group (drop.corewire.io/pull-0.attempt) differ in their ends.
 */
static void pack_map(msgpack_packer *pk, const struct api_map *map, size_t most)
{
	const char *last = "";
	msgpack_pack_array(pk, map->n * 3);
	for (size_t i = 0; i < map->n; i++) {
		const char *key = map->at[i].key;
		size_t shared = 0;
		while (shared < most && key[shared] != '\0' && key[shared] == last[shared])
			shared++;
		msgpack_pack_uint64(pk, shared);
		wire_pack_str(pk, key + shared);
		objtext_pack(pk, map->at[i].value);
		last = key;
	}
}

static void pack_list(msgpack_packer *pk, const struct field *f, const char *member)
{
	if (f->type == F_MAP) {
		pack_map(pk, (const void *)member, shared_max(f));
	} else if (f->type == F_STRINGS) {
		const struct api_strings *strings = (const void *)member;
		msgpack_pack_array(pk, strings->n);
		for (size_t i = 0; i < strings->n; i++)
			objtext_pack(pk, strings->at[i]);
	} else {
		struct rows rows = rows_get(member);
		msgpack_pack_array(pk, rows.n);
		for (size_t i = 0; i < rows.n; i++)
			pack_object(pk, f->sub, (const char *)rows.at + i * f->sub->size);
	}
}

static void pack_value(msgpack_packer *pk, const struct field *f, const char *member)
{
	if (absent(f, member)) {
		msgpack_pack_nil(pk);
		return;
	}
	switch (f->type) {
	case F_STRING:
		objtext_pack(pk, pointer_get(member));
		break;
	case F_BOOL:
		msgpack_pack_true(pk);
		break;
	case F_RV:
		msgpack_pack_uint64(pk, *(const uint64_t *)(const void *)member);
		break;
	case F_INT:
	case F_DURATION:
	case F_TIME:
		msgpack_pack_int64(pk, *(const int64_t *)(const void *)member);
		break;
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		pack_list(pk, f, member);
		break;
	case F_OBJECT:
		pack_object(pk, f->sub, pointer_get(member));
		break;
	case F_INLINE:
		pack_object(pk, f->sub, member);
		break;
	}
}

static void pack_object(msgpack_packer *pk, const struct desc *d, const char *obj)
{
	size_t n = used_fields(d, obj);
	msgpack_pack_array(pk, n);
	for (size_t i = 0; i < n; i++)
		pack_value(pk, &d->fields[i], obj + d->fields[i].offset);
}

void obj_pack(const struct desc *d, const void *obj, struct buf *out)
{
	msgpack_packer pk;
	msgpack_packer_init(&pk, out, wire_write);
	pack_object(&pk, d, obj);
}

/* ---- unpack ---- */

static int unpack_object(const struct desc *d, const msgpack_object *o, struct arena *a, char *ret,
			 struct err *err);

static const char *unpack_key(const msgpack_object *at, size_t most, const char *last,
			      struct arena *a)
{
	const msgpack_object *shared = &at[0], *rest = &at[1];
	const char *end;
	if (shared->type != MSGPACK_OBJECT_POSITIVE_INTEGER || shared->via.u64 > most ||
	    shared->via.u64 > strlen(last) || wire_str(rest, a, &end) != 0 || end == NULL)
		return NULL;
	size_t n = (size_t)shared->via.u64, size = strlen(end) + 1;
	char *key = arena_alloc(a, n + size);
	memcpy(key, last, n);
	memcpy(key + n, end, size);
	return key;
}

static int unpack_map(const msgpack_object_array *from, size_t most, struct arena *a,
		      struct api_map *ret)
{
	const char *last = "";
	if (from->size % 3 != 0)
		return -1;
	ret->n = from->size / 3;
	ret->at = arena_array(a, ret->n, sizeof(*ret->at));
	for (size_t i = 0; i < ret->n; i++) {
		const msgpack_object *at = &from->ptr[i * 3];
		last = ret->at[i].key = unpack_key(at, most, last, a);
		if (last == NULL || objtext_unpack(&at[2], a, &ret->at[i].value) != 0)
			return -1;
	}
	return 0;
}

static int unpack_strings(const msgpack_object_array *from, struct arena *a,
			  struct api_strings *ret)
{
	ret->n = from->size;
	ret->at = arena_array(a, ret->n, sizeof(*ret->at));
	for (size_t i = 0; i < ret->n; i++)
		if (objtext_unpack(&from->ptr[i], a, &ret->at[i]) != 0)
			return -1;
	return 0;
}

static int unpack_rows(const struct desc *sub, const msgpack_object_array *from, struct arena *a,
		       char *member, struct err *err)
{
	struct rows rows = {arena_array(a, from->size, sub->size), from->size};
	for (size_t i = 0; i < rows.n; i++)
		if (unpack_object(sub, &from->ptr[i], a, (char *)rows.at + i * sub->size, err) != 0)
			return -1;
	memcpy(member, &rows, sizeof(rows));
	return 0;
}

static int unpack_sub(const struct field *f, const msgpack_object *o, struct arena *a, char *member,
		      struct err *err)
{
	if (f->type == F_LIST)
		return unpack_rows(f->sub, &o->via.array, a, member, err);
	if (f->type == F_INLINE)
		return unpack_object(f->sub, o, a, member, err);
	void *sub = arena_alloc(a, f->sub->size);
	memcpy(member, &sub, sizeof(sub));
	return unpack_object(f->sub, o, a, sub, err);
}

static int unpack_value(const struct field *f, const msgpack_object *o, struct arena *a,
			char *member, struct err *err)
{
	void *at = member;
	bool array = o->type == MSGPACK_OBJECT_ARRAY;
	int bad = -1;
	if (o->type == MSGPACK_OBJECT_NIL)
		return 0;
	switch (f->type) {
	case F_STRING:
		bad = objtext_unpack(o, a, at);
		break;
	case F_BOOL:
		bad = o->type == MSGPACK_OBJECT_BOOLEAN ? 0 : -1;
		*(bool *)at = bad == 0 && o->via.boolean;
		break;
	case F_RV:
		bad = o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? 0 : -1;
		*(uint64_t *)at = bad == 0 ? o->via.u64 : 0;
		break;
	case F_INT:
	case F_DURATION:
	case F_TIME:
		bad = wire_int(o, at);
		break;
	case F_MAP:
		bad = array ? unpack_map(&o->via.array, shared_max(f), a, at) : -1;
		break;
	case F_STRINGS:
		bad = array ? unpack_strings(&o->via.array, a, at) : -1;
		break;
	case F_OBJECT:
	case F_INLINE:
	case F_LIST:
		if (array)
			return unpack_sub(f, o, a, member, err);
		break;
	}
	if (bad != 0)
		return err_set(err, ERR_TERMINAL, "packed field %s: wrong type", f->json);
	return 0;
}

static int unpack_object(const struct desc *d, const msgpack_object *o, struct arena *a, char *ret,
			 struct err *err)
{
	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size > d->n)
		return err_set(err, ERR_TERMINAL, "packed %s: not an array of its fields", d->name);
	for (uint32_t i = 0; i < o->via.array.size; i++)
		if (unpack_value(&d->fields[i], &o->via.array.ptr[i], a, ret + d->fields[i].offset,
				 err) != 0)
			return err_wrap(err, "%s", d->name);
	return 0;
}

int obj_unpack(const struct desc *d, const void *bytes, size_t len, struct arena *a, void *ret,
	       struct err *err)
{
	size_t used = 0;
	if (!wire_scan(bytes, len, &used) || used != len)
		return err_set(err, ERR_TERMINAL, "packed %s: cut off or too long", d->name);
	msgpack_unpacked result;
	msgpack_unpacked_init(&result);
	size_t off = 0;
	char *obj = arena_alloc(a, d->size);
	int rc;
	if (msgpack_unpack_next(&result, bytes, len, &off) == MSGPACK_UNPACK_SUCCESS)
		rc = unpack_object(d, &result.data, a, obj, err);
	else
		rc = err_set(err, ERR_TERMINAL, "packed %s: not msgpack", d->name);
	msgpack_unpacked_destroy(&result);
	if (rc == 0)
		memcpy(ret, obj, d->size);
	return rc;
}
