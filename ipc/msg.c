/*
 * Expands the catalogue into its tables and encodes by them. One walk over a field
 * table serves every message; a list is a nested table.
 */
#include "ipc/msg.h"

#include <assert.h>
#include <string.h>

#include <msgpack.h>

#include "base/names.h"
#include "ipc/msg_table.h"
#include "ipc/wire.h"

static const char *const proc_names[] = {
	[PROC_NONE] = "none",
	[PROC_WATCHER] = "watcher",
	[PROC_RECONCILER] = "reconciler",
	[PROC_PULLER] = "puller",
	[PROC_DISCOVERER] = "discoverer",
	[PROC_METRICSD] = "metricsd",
	[PROC_CTL] = "ctl",
	[PROC_ANY] = "any",
	[PROC_ASKER] = "metricsd or ctl",
};

#define FIELDS_OF(fields) .row = (fields), .n_row = sizeof(fields) / sizeof((fields)[0])

#define TYPE_U64    .type = MSG_F_U64
#define TYPE_I64    .type = MSG_F_I64
#define TYPE_BOOL   .type = MSG_F_BOOL
#define TYPE_STR    .type = MSG_F_STR
#define TYPE_BIN    .type = MSG_F_BIN
#define TYPE_OBJECT .type = MSG_F_OBJECT
#define TYPE_FRAME  .type = MSG_F_FRAME
#define TYPE_LIST(g)                                                                               \
	.type = MSG_F_LIST, FIELDS_OF(rows_##g), .row_size = sizeof(struct msg_##g), .group = #g

#define FIELD(S, number, kind, member, text)                                                       \
	{.id = (number),                                                                           \
	 .name = #member,                                                                          \
	 .doc = (text),                                                                            \
	 .offset = offsetof(struct S, member),                                                     \
	 TYPE_##kind},
#define GROUP_TABLE(g) static const struct msg_field rows_##g[] = {FIELDS_##g(FIELD, msg_##g)};
GROUPS(GROUP_TABLE)

#define MESSAGE_TABLE(id, name, from, to, pattern, reply, doc)                                     \
	static const struct msg_field fields_##name[] = {FIELDS_##name(FIELD, msg_##name)};        \
	static_assert(sizeof(fields_##name) / sizeof(struct msg_field) <= MSG_FIELDS_MAX,          \
		      "the set of fields seen has a bit for each");
MESSAGES(MESSAGE_TABLE)

#define INFO(number, word, sender, reader, way, answer, text)                                      \
	[MSG_##word] = {.id = (number),                                                            \
			.name = #word,                                                             \
			.from = PROC_##sender,                                                     \
			.to = PROC_##reader,                                                       \
			.pattern = MSG_##way,                                                      \
			.reply = MSG_##answer,                                                     \
			.doc = (text),                                                             \
			.size = sizeof(struct msg_##word),                                         \
			.fields = fields_##word,                                                   \
			.n_fields = sizeof(fields_##word) / sizeof(struct msg_field)},
const struct msg_info messages[MSG_COUNT] = {MESSAGES(INFO)};

const char *proc_id_name(enum proc_id id)
{
	return name_of(NAMES(proc_names), id);
}

int proc_id_find(const char *name)
{
	return name_find(NAMES(proc_names), name);
}

bool msg_party(enum proc_id row, enum proc_id other, enum proc_id id)
{
	if (row == PROC_ASKER)
		return id == PROC_METRICSD || id == PROC_CTL;
	return row == id || (row == PROC_ANY && id != other && id != PROC_CTL);
}

struct msg_rows msg_rows_get(const void *member)
{
	struct msg_rows rows;
	memcpy(&rows, member, sizeof(rows));
	return rows;
}

const char *msg_str_get(const void *member)
{
	const char *s;
	memcpy(&s, member, sizeof(s));
	return s;
}

static void encode_fields(msgpack_packer *pk, const struct msg_field *fields, size_t n,
			  const char *base);

static void encode_value(msgpack_packer *pk, const struct msg_field *f, const char *member)
{
	switch (f->type) {
	case MSG_F_U64:
		msgpack_pack_uint64(pk, *(const uint64_t *)(const void *)member);
		break;
	case MSG_F_I64:
		msgpack_pack_int64(pk, *(const int64_t *)(const void *)member);
		break;
	case MSG_F_BOOL:
		if (*(const bool *)member)
			msgpack_pack_true(pk);
		else
			msgpack_pack_false(pk);
		break;
	case MSG_F_STR:
		wire_pack_str(pk, msg_str_get(member));
		break;
	case MSG_F_BIN:
	case MSG_F_OBJECT:
	case MSG_F_FRAME: {
		const struct msg_bin *bin = (const void *)member;
		msgpack_pack_bin_with_body(pk, bin->data, bin->len);
		break;
	}
	case MSG_F_LIST: {
		struct msg_rows rows = msg_rows_get(member);
		msgpack_pack_array(pk, rows.n);
		for (size_t i = 0; i < rows.n; i++)
			encode_fields(pk, f->row, f->n_row,
				      (const char *)rows.at + i * f->row_size);
		break;
	}
	}
}

static void encode_fields(msgpack_packer *pk, const struct msg_field *fields, size_t n,
			  const char *base)
{
	msgpack_pack_map(pk, n);
	for (size_t i = 0; i < n; i++) {
		msgpack_pack_int(pk, fields[i].id);
		encode_value(pk, &fields[i], base + fields[i].offset);
	}
}

int msg_encode(enum msg_type type, enum proc_id from, const void *body, struct buf *out,
	       struct err *err)
{
	assert(type > MSG_none && type < MSG_COUNT);
	const struct msg_info *info = &messages[type];
	size_t start = out->len, limit = out->limit;
	msgpack_packer pk;
	msgpack_packer_init(&pk, out, wire_write);
	out->limit = start + MSG_MAX;
	msgpack_pack_array(&pk, 4);
	msgpack_pack_int(&pk, MSG_VERSION);
	msgpack_pack_int(&pk, info->id);
	msgpack_pack_int(&pk, from);
	encode_fields(&pk, info->fields, info->n_fields, body);
	bool full = out->full || (limit != 0 && out->len > limit);
	out->limit = limit;
	if (!full)
		return 0;
	out->full = false;
	out->len = start;
	if (out->data != NULL)
		out->data[start] = '\0';
	return err_set(err, ERR_BUG, "message %s: over %d bytes", info->name, MSG_MAX);
}
