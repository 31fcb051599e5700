/*
 * Prints any message as JSON by its table. Objects are unpacked by the descriptor of
 * their kind, so that tap shows them as the API server would; objects that cannot be decoded are
 * marked.
 */
#include "ipc/msg.h"

#include <inttypes.h>
#include <string.h>

#include "api/kinds.h"
#include "ipc/msg_table.h"
#include "ipc/objpack.h"

static void dump_fields(const struct msg_field *fields, size_t n, const char *base, struct arena *a,
			struct buf *out);
static void dump_message(const struct msg *m, struct arena *a, struct buf *out);

static void undecodable(const struct err *err, size_t len, struct buf *out)
{
	buf_addf(out, "{\"bytes\":%zu,\"undecodable\":", len);
	buf_add_json(out, err->text);
	buf_adds(out, "}");
}

/* The value of the row's `kind`, KIND_COUNT if it has none that we know. */
static uint64_t row_kind(const struct msg_field *fields, size_t n, const char *base)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].type == MSG_F_U64 && strcmp(fields[i].name, "kind") == 0)
			return *(const uint64_t *)(const void *)(base + fields[i].offset);
	return KIND_COUNT;
}

static void dump_object(uint64_t kind, const struct msg_bin *bin, struct arena *a, struct buf *out)
{
	struct err err;
	if (bin->len == 0) {
		buf_adds(out, "null");
		return;
	}
	if (kind >= KIND_COUNT) {
		err_set(&err, ERR_TERMINAL, "no such kind");
		undecodable(&err, bin->len, out);
		return;
	}
	void *obj = arena_alloc(a, kinds[kind].size);
	if (obj_unpack(kinds[kind].desc, bin->data, bin->len, a, obj, &err) != 0)
		undecodable(&err, bin->len, out);
	else
		desc_encode(kinds[kind].desc, obj, out);
}

static void dump_frame(const struct msg_bin *bin, struct arena *a, struct buf *out)
{
	struct msg inner;
	struct err err;
	int rc = msg_decode(bin->data, bin->len, PROC_ANY, a, &inner, &err);
	if (rc == 0 && inner.type == MSG_tap_frame) /* no process makes one; ends the recursion */
		rc = err_set(&err, ERR_TERMINAL, "a frame in a frame");
	if (rc != 0)
		undecodable(&err, bin->len, out);
	else
		dump_message(&inner, a, out);
}

static void dump_rows(const struct msg_field *f, const char *member, struct arena *a,
		      struct buf *out)
{
	struct msg_rows rows = msg_rows_get(member);
	buf_adds(out, "[");
	for (size_t i = 0; i < rows.n; i++) {
		buf_adds(out, i == 0 ? "{" : ",{");
		dump_fields(f->row, f->n_row, (const char *)rows.at + i * f->row_size, a, out);
		buf_adds(out, "}");
	}
	buf_adds(out, "]");
}

static void dump_value(const struct msg_field *f, const char *member, uint64_t kind,
		       struct arena *a, struct buf *out)
{
	const void *at = member;
	switch (f->type) {
	case MSG_F_U64:
		buf_addf(out, "%" PRIu64, *(const uint64_t *)at);
		break;
	case MSG_F_I64:
		buf_addf(out, "%" PRId64, *(const int64_t *)at);
		break;
	case MSG_F_BOOL:
		buf_adds(out, *(const bool *)at ? "true" : "false");
		break;
	case MSG_F_STR:
		if (msg_str_get(member) == NULL)
			buf_adds(out, "null");
		else
			buf_add_json(out, msg_str_get(member));
		break;
	case MSG_F_BIN:
		buf_addf(out, "{\"bytes\":%zu}", ((const struct msg_bin *)at)->len);
		break;
	case MSG_F_OBJECT:
		dump_object(kind, at, a, out);
		break;
	case MSG_F_FRAME:
		dump_frame(at, a, out);
		break;
	case MSG_F_LIST:
		dump_rows(f, member, a, out);
		break;
	}
}

static void dump_fields(const struct msg_field *fields, size_t n, const char *base, struct arena *a,
			struct buf *out)
{
	uint64_t kind = row_kind(fields, n, base);
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "%s\"%s\":", i == 0 ? "" : ",", fields[i].name);
		dump_value(&fields[i], base + fields[i].offset, kind, a, out);
	}
}

static void dump_message(const struct msg *m, struct arena *a, struct buf *out)
{
	const struct msg_info *info = &messages[m->type];
	buf_addf(out, "{\"type\":\"%s\",\"from\":\"%s\",", info->name, proc_id_name(m->from));
	dump_fields(info->fields, info->n_fields, m->body, a, out);
	buf_adds(out, "}");
}

void msg_dump_rows(enum msg_type type, const void *body, struct buf *out)
{
	const struct msg_info *info = &messages[type];
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct msg_field *f = &info->fields[i];
		if (f->type != MSG_F_LIST)
			continue;
		struct arena a = ARENA_INIT;
		struct buf list = {0};
		dump_rows(f, (const char *)body + f->offset, &a, &list);
		buf_add(out, list.data + 1, list.len - 2); /* without its brackets */
		buf_done(&list);
		arena_done(&a);
		return;
	}
}

void msg_dump(const struct msg *m, struct buf *out)
{
	struct arena a = ARENA_INIT;
	dump_message(m, &a, out);
	arena_done(&a);
}
