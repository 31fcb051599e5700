/*
 * Decodes a message strictly: any deviation from the catalogue is a named fault. The bytes come
 * from another process and are not trusted; ipc/wire.h checks them before msgpack-c.
 */
#include "ipc/msg.h"

#include <assert.h>
#include <string.h>

#include <msgpack.h>

#include "base/names.h"
#include "ipc/msg_table.h"
#include "ipc/wire.h"

struct decoder {
	struct arena *arena;
	enum msg_fault fault;
	const struct msg_field *field; /* the one at fault, or NULL */
};

static const char *const fault_texts[MSG_FAULT_COUNT] = {
#define FAULT_TEXT(name, doc) [MSG_FAULT_##name] = (doc),
	MSG_FAULTS(FAULT_TEXT)};

#define FAULT_NAME(name, doc) [MSG_FAULT_##name] = #name,
static const char *const fault_names[] = {MSG_FAULTS(FAULT_NAME)};

const char *msg_fault_name(enum msg_fault fault)
{
	return name_of(NAMES(fault_names), fault);
}

static int fail(struct decoder *d, enum msg_fault fault, const struct msg_field *f)
{
	d->fault = fault;
	d->field = f;
	return -1;
}

static int decode_fields(struct decoder *d, const msgpack_object *o, const struct msg_field *fields,
			 size_t n, char *base);

static int decode_bin(struct decoder *d, const msgpack_object *o, struct msg_bin *ret)
{
	if (o->type != MSGPACK_OBJECT_BIN)
		return -1;
	ret->len = o->via.bin.size;
	ret->data = arena_memdup(d->arena, o->via.bin.ptr, ret->len);
	return 0;
}

static int decode_list(struct decoder *d, const msgpack_object *o, const struct msg_field *f,
		       char *member)
{
	if (o->type != MSGPACK_OBJECT_ARRAY)
		return fail(d, MSG_FAULT_field_type, f);
	struct msg_rows rows = {NULL, o->via.array.size};
	if (rows.n != 0)
		rows.at = arena_array(d->arena, rows.n, f->row_size);
	for (size_t i = 0; i < rows.n; i++)
		if (decode_fields(d, &o->via.array.ptr[i], f->row, f->n_row,
				  (char *)rows.at + i * f->row_size) != 0)
			return -1;
	memcpy(member, &rows, sizeof(rows));
	return 0;
}

static int decode_value(struct decoder *d, const msgpack_object *o, const struct msg_field *f,
			char *member)
{
	void *at = member;
	int bad = -1;
	switch (f->type) {
	case MSG_F_U64:
		bad = o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? 0 : -1;
		if (bad == 0)
			*(uint64_t *)at = o->via.u64;
		break;
	case MSG_F_I64:
		bad = wire_int(o, at);
		break;
	case MSG_F_BOOL:
		bad = o->type == MSGPACK_OBJECT_BOOLEAN ? 0 : -1;
		if (bad == 0)
			*(bool *)at = o->via.boolean;
		break;
	case MSG_F_STR:
		bad = wire_str(o, d->arena, at);
		break;
	case MSG_F_BIN:
	case MSG_F_OBJECT:
	case MSG_F_FRAME:
		bad = decode_bin(d, o, at);
		break;
	case MSG_F_LIST:
		return decode_list(d, o, f, member);
	}
	return bad == 0 ? 0 : fail(d, MSG_FAULT_field_type, f);
}

static const struct msg_field *field_find(const struct msg_field *fields, size_t n,
					  const msgpack_object *key)
{
	if (key->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		for (size_t i = 0; i < n; i++)
			if ((uint64_t)fields[i].id == key->via.u64)
				return &fields[i];
	return NULL;
}

static int decode_fields(struct decoder *d, const msgpack_object *o, const struct msg_field *fields,
			 size_t n, char *base)
{
	if (o->type != MSGPACK_OBJECT_MAP)
		return fail(d, MSG_FAULT_field_type, NULL);
	uint64_t seen = 0;
	for (uint32_t i = 0; i < o->via.map.size; i++) {
		const msgpack_object_kv *kv = &o->via.map.ptr[i];
		const struct msg_field *f = field_find(fields, n, &kv->key);
		if (f == NULL)
			return fail(d, MSG_FAULT_field_unknown, NULL);
		uint64_t bit = UINT64_C(1) << (f - fields);
		if (seen & bit)
			return fail(d, MSG_FAULT_field_repeated, f);
		seen |= bit;
		if (decode_value(d, &kv->val, f, base + f->offset) != 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (!(seen & UINT64_C(1) << i))
			return fail(d, MSG_FAULT_field_missing, &fields[i]);
	return 0;
}

static enum msg_type type_find(uint64_t id)
{
	for (int t = MSG_none + 1; t < MSG_COUNT; t++)
		if ((uint64_t)messages[t].id == id)
			return (enum msg_type)t;
	return MSG_none;
}

/* [version, id, sender, fields], and who it is from and for. */
static int decode_envelope(struct decoder *d, const msgpack_object *o, enum proc_id to,
			   struct msg *ret)
{
	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != 4)
		return fail(d, MSG_FAULT_envelope, NULL);
	const msgpack_object *part = o->via.array.ptr;
	for (int i = 0; i < 3; i++)
		if (part[i].type != MSGPACK_OBJECT_POSITIVE_INTEGER)
			return fail(d, MSG_FAULT_envelope, NULL);
	if (part[0].via.u64 != MSG_VERSION)
		return fail(d, MSG_FAULT_version, NULL);
	ret->type = type_find(part[1].via.u64);
	if (ret->type == MSG_none)
		return fail(d, MSG_FAULT_unknown, NULL);
	const struct msg_info *info = &messages[ret->type];
	uint64_t from = part[2].via.u64;
	if (from == PROC_NONE || from >= PROC_COUNT ||
	    !msg_party(info->from, info->to, (enum proc_id)from))
		return fail(d, MSG_FAULT_sender, NULL);
	ret->from = (enum proc_id)from;
	if (to != PROC_ANY && !msg_party(info->to, info->from, to))
		return fail(d, MSG_FAULT_reader, NULL);
	ret->body = arena_alloc(d->arena, info->size);
	return decode_fields(d, &part[3], info->fields, info->n_fields, ret->body);
}

static int decode(struct decoder *d, const void *bytes, size_t len, enum proc_id to,
		  struct msg *ret)
{
	size_t used = 0;
	if (len > MSG_MAX)
		return fail(d, MSG_FAULT_oversize, NULL);
	if (!wire_scan(bytes, len, &used))
		return fail(d, MSG_FAULT_malformed, NULL);
	if (used != len)
		return fail(d, MSG_FAULT_trailing, NULL);
	msgpack_unpacked result;
	msgpack_unpacked_init(&result);
	size_t off = 0;
	int rc = -1;
	if (msgpack_unpack_next(&result, bytes, len, &off) == MSGPACK_UNPACK_SUCCESS)
		rc = decode_envelope(d, &result.data, to, ret);
	else
		fail(d, MSG_FAULT_malformed, NULL);
	msgpack_unpacked_destroy(&result);
	return rc;
}

int msg_decode_why(const void *bytes, size_t len, enum proc_id to, struct arena *a, struct msg *ret,
		   enum msg_fault *fault, struct err *err)
{
	struct decoder d = {.arena = a};
	struct msg m = {.type = MSG_none};
	if (decode(&d, bytes, len, to, &m) == 0) {
		*ret = m;
		return 0;
	}
	*fault = d.fault;
	return err_set(err, ERR_TERMINAL, "message %s%s%s: %s",
		       m.type == MSG_none ? "of no type" : messages[m.type].name,
		       d.field != NULL ? ", field " : "", d.field != NULL ? d.field->name : "",
		       fault_texts[d.fault]);
}

int msg_decode(const void *bytes, size_t len, enum proc_id to, struct arena *a, struct msg *ret,
	       struct err *err)
{
	enum msg_fault fault;
	return msg_decode_why(bytes, len, to, a, ret, &fault, err);
}
