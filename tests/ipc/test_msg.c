/*
 * ipc/msg.c and msg_decode.c: every message of the catalogue there and back, and every
 * way to be wrong named as that fault. Bodies come from the tables (messages.h).
 */
#include "tests/unit.h"

#include <string.h>

#include <msgpack.h>

#include "ipc/wire.h"
#include "messages.h"

static struct arena arena;

static int reset(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

#define FOREACH_MESSAGE(t) for (enum msg_type t = MSG_none + 1; t < MSG_COUNT; t++)

static int fault_of(const void *bytes, size_t len)
{
	struct msg m;
	enum msg_fault fault = MSG_FAULT_COUNT;
	struct err err;
	if (msg_decode_why(bytes, len, PROC_ANY, &arena, &m, &fault, &err) == 0)
		return -1;
	assert_int_equal(err.cls, ERR_TERMINAL);
	assert_in_range(fault, 0, MSG_FAULT_COUNT - 1);
	return (int)fault;
}

static void catalogue_is_sound(void **state)
{
	(void)state;
	FOREACH_MESSAGE(t)
	{
		const struct msg_info *m = &messages[t];
		unit_say(m->name);
		for (enum msg_type u = MSG_none + 1; u < t; u++)
			assert_int_not_equal(messages[u].id, m->id);
		for (size_t i = 0; i < m->n_fields; i++)
			for (size_t k = 0; k < i; k++)
				assert_int_not_equal(m->fields[k].id, m->fields[i].id);
		assert_int_equal(m->pattern == MSG_REQ, m->reply != MSG_none);
		if (m->pattern == MSG_REQ) {
			assert_int_equal(messages[m->reply].pattern, MSG_REP);
			assert_int_equal(messages[m->reply].from, m->to);
			assert_int_equal(messages[m->reply].to, m->from);
		}
		assert_int_not_equal(message_sender(m), PROC_NONE);
		assert_int_not_equal(message_reader(m), PROC_NONE);
	}
}

static void round_trip(enum msg_type t, size_t rows)
{
	const struct msg_info *info = &messages[t];
	void *body = message_body(info, rows, &arena);
	struct buf out = {0};
	struct msg m;
	struct err err;
	buf_adds(&out, "before");
	assert_int_equal(msg_encode(t, message_sender(info), body, &out, &err), 0);
	const char *bytes = out.data + strlen("before");
	size_t len = out.len - strlen("before");
	assert_int_equal(msg_decode(bytes, len, message_reader(info), &arena, &m, &err), 0);
	assert_int_equal(m.type, t);
	assert_int_equal(m.from, message_sender(info));
	assert_true(message_equal(info->fields, info->n_fields, body, m.body));
	buf_done(&out);
}

static void round_trips(void **state)
{
	(void)state;
	FOREACH_MESSAGE(t)
	{
		unit_say(messages[t].name);
		for (size_t rows = 0; rows < 40; rows += 13)
			round_trip(t, rows);
	}
}

static void null_and_empty_differ(void **state)
{
	(void)state;
	const struct msg_pod_deleted in = {.pod_name = "", .text = NULL};
	struct buf out = {0};
	struct msg m;
	assert_int_equal(msg_encode(MSG_pod_deleted, PROC_PULLER, &in, &out, NULL), 0);
	assert_int_equal(msg_decode(out.data, out.len, PROC_RECONCILER, &arena, &m, NULL), 0);
	const struct msg_pod_deleted *got = m.body;
	assert_string_equal(got->pod_name, "");
	assert_null(got->text);
	buf_done(&out);
}

/* Cut anywhere, or with anything after it: refused, and never read beyond its end. */
static void cut_and_long(void **state)
{
	(void)state;
	struct buf out = {0};
	FOREACH_MESSAGE(t)
	{
		message_bytes(t, 2, &out);
		for (size_t n = 0; n < out.len; n++) {
			/* A copy of that size: ASan sees one byte too far. */
			void *cut = arena_memdup(&arena, out.data, n);
			assert_int_equal(fault_of(cut, n), MSG_FAULT_malformed);
		}
		buf_add(&out, "\xc0", 1);
		assert_int_equal(fault_of(out.data, out.len), MSG_FAULT_trailing);
		arena_reset(&arena);
	}
	buf_done(&out);
}

/* ---- values of every msgpack type, in the place of every field ---- */

enum value {
	V_NIL,
	V_BOOL,
	V_ZERO,
	V_UINT,
	V_HUGE,
	V_NEGATIVE,
	V_FLOAT,
	V_STR,
	V_STR_NUL,
	V_BIN,
	V_ARRAY,
	V_ARRAY_BAD,
	V_MAP,
	V_EXT,
	V_COUNT,
};

static void pack_value(msgpack_packer *pk, enum value v)
{
	switch (v) {
	case V_NIL:
		msgpack_pack_nil(pk);
		break;
	case V_BOOL:
		msgpack_pack_true(pk);
		break;
	case V_ZERO:
		msgpack_pack_int(pk, 0);
		break;
	case V_UINT:
		msgpack_pack_uint64(pk, INT64_MAX);
		break;
	case V_HUGE:
		msgpack_pack_uint64(pk, UINT64_MAX);
		break;
	case V_NEGATIVE:
		msgpack_pack_int64(pk, INT64_MIN);
		break;
	case V_FLOAT:
		msgpack_pack_double(pk, 1.0);
		break;
	case V_STR:
		msgpack_pack_str_with_body(pk, "text", 4);
		break;
	case V_STR_NUL:
		msgpack_pack_str_with_body(pk, "a\0b", 3);
		break;
	case V_BIN:
		msgpack_pack_bin_with_body(pk, "bin", 3);
		break;
	case V_ARRAY:
		msgpack_pack_array(pk, 0);
		break;
	case V_ARRAY_BAD:
		msgpack_pack_array(pk, 1);
		msgpack_pack_int(pk, 7);
		break;
	case V_MAP:
		msgpack_pack_map(pk, 0);
		break;
	case V_EXT:
		msgpack_pack_ext_with_body(pk, "x", 1, 3);
		break;
	case V_COUNT:
		break;
	}
}

#define BIT(v) (1U << (v))
static const unsigned accepted[] = {
	[MSG_F_U64] = BIT(V_ZERO) | BIT(V_UINT) | BIT(V_HUGE),
	[MSG_F_I64] = BIT(V_ZERO) | BIT(V_UINT) | BIT(V_NEGATIVE),
	[MSG_F_BOOL] = BIT(V_BOOL),
	[MSG_F_STR] = BIT(V_NIL) | BIT(V_STR),
	[MSG_F_BIN] = BIT(V_BIN),
	[MSG_F_OBJECT] = BIT(V_BIN),
	[MSG_F_FRAME] = BIT(V_BIN),
	[MSG_F_LIST] = BIT(V_ARRAY),
};
static const enum value usual[] = {
	[MSG_F_U64] = V_UINT,  [MSG_F_I64] = V_NEGATIVE, [MSG_F_BOOL] = V_BOOL,
	[MSG_F_STR] = V_STR,   [MSG_F_BIN] = V_BIN,      [MSG_F_OBJECT] = V_BIN,
	[MSG_F_FRAME] = V_BIN, [MSG_F_LIST] = V_ARRAY,
};

/* A map of the fields; the one called `odd` has the value v, and so on down into lists. */
static void pack_fields(msgpack_packer *pk, const struct msg_field *fields, size_t n,
			const struct msg_field *odd, enum value v)
{
	msgpack_pack_map(pk, n);
	for (size_t i = 0; i < n; i++) {
		const struct msg_field *f = &fields[i];
		msgpack_pack_int(pk, f->id);
		if (f == odd) {
			pack_value(pk, v);
		} else if (f->type == MSG_F_LIST) {
			msgpack_pack_array(pk, 1);
			pack_fields(pk, f->row, f->n_row, odd, v);
		} else {
			pack_value(pk, usual[f->type]);
		}
	}
}

static void pack_envelope(msgpack_packer *pk, uint64_t version, uint64_t id, uint64_t from)
{
	msgpack_pack_array(pk, 4);
	msgpack_pack_uint64(pk, version);
	msgpack_pack_uint64(pk, id);
	msgpack_pack_uint64(pk, from);
}

static void types_of(const struct msg_info *info, const struct msg_field *fields, size_t n)
{
	struct buf out = {0};
	for (size_t i = 0; i < n; i++)
		for (enum value v = 0; v < V_COUNT; v++) {
			msgpack_packer pk;
			msgpack_packer_init(&pk, &out, wire_write);
			buf_clear(&out, SIZE_MAX);
			pack_envelope(&pk, MSG_VERSION, (uint64_t)info->id, message_sender(info));
			pack_fields(&pk, info->fields, info->n_fields, &fields[i], v);
			int want = accepted[fields[i].type] & BIT(v) ? -1 : MSG_FAULT_field_type;
			if (fault_of(out.data, out.len) != want)
				fail_msg("%s.%s with value %d", info->name, fields[i].name, v);
			arena_reset(&arena);
		}
	buf_done(&out);
}

static void wrong_types(void **state)
{
	(void)state;
	FOREACH_MESSAGE(t)
	{
		const struct msg_info *info = &messages[t];
		types_of(info, info->fields, info->n_fields);
		for (size_t i = 0; i < info->n_fields; i++)
			if (info->fields[i].type == MSG_F_LIST)
				types_of(info, info->fields[i].row, info->fields[i].n_row);
	}
}

/* ---- faults of the envelope and of the set of fields ---- */

struct envelope_row {
	const char *name;
	uint64_t version, id, from;
	int to;
	int fault; /* -1: fine */
};

static void envelopes(void **state)
{
	(void)state;
	static const struct envelope_row rows[] = {
		{"fine", 1, 8, PROC_RECONCILER, PROC_PULLER, -1},
		{"any reader", 1, 8, PROC_RECONCILER, PROC_ANY, -1},
		{"older build", 0, 8, PROC_RECONCILER, PROC_PULLER, MSG_FAULT_version},
		{"newer build", 2, 8, PROC_RECONCILER, PROC_PULLER, MSG_FAULT_version},
		{"id 0", 1, 0, PROC_RECONCILER, PROC_PULLER, MSG_FAULT_unknown},
		{"id of none", 1, 9999, PROC_RECONCILER, PROC_PULLER, MSG_FAULT_unknown},
		{"huge id", 1, UINT64_MAX, PROC_RECONCILER, PROC_PULLER, MSG_FAULT_unknown},
		{"sender may not", 1, 8, PROC_WATCHER, PROC_PULLER, MSG_FAULT_sender},
		{"sender is the reader", 1, 8, PROC_PULLER, PROC_PULLER, MSG_FAULT_sender},
		{"sender none", 1, 8, PROC_NONE, PROC_PULLER, MSG_FAULT_sender},
		{"sender any", 1, 8, PROC_ANY, PROC_PULLER, MSG_FAULT_sender},
		{"huge sender", 1, 8, UINT64_MAX, PROC_PULLER, MSG_FAULT_sender},
		{"not for us", 1, 8, PROC_RECONCILER, PROC_WATCHER, MSG_FAULT_reader},
	};
	FOREACH_ROW(struct envelope_row, rows)
	{
		struct buf out = {0};
		msgpack_packer pk;
		msgpack_packer_init(&pk, &out, wire_write);
		pack_envelope(&pk, row->version, row->id, row->from);
		msgpack_pack_map(&pk, 1);
		msgpack_pack_int(&pk, 1);
		msgpack_pack_int(&pk, 5);
		struct msg m;
		enum msg_fault fault = MSG_FAULT_COUNT;
		int rc = msg_decode_why(out.data, out.len, (enum proc_id)row->to, &arena, &m,
					&fault, NULL);
		assert_int_equal(rc == 0 ? -1 : (int)fault, row->fault);
		buf_done(&out);
	}
}

struct bytes_row {
	const char *name, *bytes;
	size_t len;
	int fault;
};

#define BYTES(s) s, sizeof(s) - 1
static void bytes(void **state)
{
	(void)state;
	/* 94 01 08 02 81 01 05: version 1, puller_sync, from the reconciler, {1: 5} */
	static const struct bytes_row rows[] = {
		{"fine", BYTES("\x94\x01\x08\x02\x81\x01\x05"), -1},
		{"nothing", BYTES(""), MSG_FAULT_malformed},
		{"a number", BYTES("\x05"), MSG_FAULT_envelope},
		{"a map", BYTES("\x80"), MSG_FAULT_envelope},
		{"three parts", BYTES("\x93\x01\x08\x02"), MSG_FAULT_envelope},
		{"five parts", BYTES("\x95\x01\x08\x02\x81\x01\x05\xc0"), MSG_FAULT_envelope},
		{"version is text", BYTES("\x94\xa1\x31\x08\x02\x81\x01\x05"), MSG_FAULT_envelope},
		{"negative id", BYTES("\x94\x01\xff\x02\x81\x01\x05"), MSG_FAULT_envelope},
		{"sender is nil", BYTES("\x94\x01\x08\xc0\x81\x01\x05"), MSG_FAULT_envelope},
		{"fields are an array", BYTES("\x94\x01\x08\x02\x91\x05"), MSG_FAULT_field_type},
		{"missing", BYTES("\x94\x01\x08\x02\x80"), MSG_FAULT_field_missing},
		{"unknown", BYTES("\x94\x01\x08\x02\x82\x01\x05\x07\x05"), MSG_FAULT_field_unknown},
		{"field 0", BYTES("\x94\x01\x08\x02\x82\x01\x05\x00\x05"), MSG_FAULT_field_unknown},
		{"key is text", BYTES("\x94\x01\x08\x02\x81\xa1\x31\x05"), MSG_FAULT_field_unknown},
		{"repeated", BYTES("\x94\x01\x08\x02\x82\x01\x05\x01\x05"),
		 MSG_FAULT_field_repeated},
		{"trailing", BYTES("\x94\x01\x08\x02\x81\x01\x05\x00"), MSG_FAULT_trailing},
		{"reserved byte", BYTES("\x94\x01\x08\x02\x81\x01\xc1"), MSG_FAULT_malformed},
		{"claims 2^32-1 elements", BYTES("\xdd\xff\xff\xff\xff"), MSG_FAULT_malformed},
		{"claims 2^32-1 pairs", BYTES("\xdf\xff\xff\xff\xff\x01"), MSG_FAULT_malformed},
		{"claims 4 GiB of text",
		 BYTES("\xdb\xff\xff\xff\xff"
		       "a"),
		 MSG_FAULT_malformed},
		{"claims 4 GiB of bytes",
		 BYTES("\xc6\xff\xff\xff\xff"
		       "a"),
		 MSG_FAULT_malformed},
		{"claims 4 GiB of ext",
		 BYTES("\xc9\xff\xff\xff\xff\x01"
		       "a"),
		 MSG_FAULT_malformed},
		{"17 levels",
		 BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
		       "\x91\x01"),
		 MSG_FAULT_malformed},
	};
	FOREACH_ROW(struct bytes_row, rows)
	{
		assert_int_equal(fault_of(row->bytes, row->len), row->fault);
	}
}

/* ---- sizes ---- */

/* A `changes` message of exactly len bytes. */
static int encode_of_size(size_t len, struct buf *out, struct err *err)
{
	static uint8_t big[MSG_MAX];
	struct msg_change row = {.object = {big, 0}};
	const struct msg_changes m = {.changes = {&row, 1}};
	struct buf probe = {0};
	row.object.len = 1 << 16; /* so that its length takes as many bytes as it will */
	assert_int_equal(msg_encode(MSG_changes, PROC_WATCHER, &m, &probe, err), 0);
	row.object.len += len - probe.len;
	buf_done(&probe);
	return msg_encode(MSG_changes, PROC_WATCHER, &m, out, err);
}

static void largest(void **state)
{
	(void)state;
	struct buf out = {0};
	struct err err;
	assert_int_equal(encode_of_size(MSG_MAX, &out, &err), 0);
	assert_int_equal(out.len, MSG_MAX);
	assert_int_equal(fault_of(out.data, out.len), -1);
	buf_add(&out, "\xc0", 1);
	assert_int_equal(fault_of(out.data, out.len), MSG_FAULT_oversize);
	buf_clear(&out, SIZE_MAX);
	buf_adds(&out, "kept");
	assert_int_equal(encode_of_size(MSG_MAX + 1, &out, &err), -1);
	assert_int_equal(err.cls, ERR_BUG);
	assert_string_equal(out.data, "kept");
	assert_false(out.full);
	buf_done(&out);
}

static void random_strings(void **state)
{
	(void)state;
	uint32_t seed = 20240607;
	uint8_t bytes_in[512];
	for (int i = 0; i < 10000; i++) {
		size_t n = random_bytes(&seed, bytes_in, sizeof(bytes_in));
		assert_int_not_equal(fault_of(bytes_in, n), -1);
		arena_reset(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(catalogue_is_sound, reset),
		cmocka_unit_test_teardown(round_trips, reset),
		cmocka_unit_test_teardown(null_and_empty_differ, reset),
		cmocka_unit_test_teardown(cut_and_long, reset),
		cmocka_unit_test_teardown(wrong_types, reset),
		cmocka_unit_test_teardown(envelopes, reset),
		cmocka_unit_test_teardown(bytes, reset),
		cmocka_unit_test_teardown(largest, reset),
		cmocka_unit_test_teardown(random_strings, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
