/*
 * ipc/objpack.c: each field type of a descriptor there and back, one form for equal
 * objects, and refusal of whatever does not fit the table.
 */
#include "tests/unit.h"

#include <string.h>

#include "api/kinds.h"
#include "api/tables.h"
#include "ipc/objpack.h"
#include "messages.h"

struct part {
	const char *name;
	int64_t n;
};

struct parts {
	struct part *at;
	size_t n;
};

struct whole {
	const char *text;
	bool flag;
	int64_t number, duration, time;
	uint64_t rv;
	struct api_map map;
	struct api_strings strings;
	struct part *object;
	struct part inside;
	struct parts list;
};

static const struct field part_fields[] = {
	{.json = "name", .type = F_STRING, .offset = offsetof(struct part, name)},
	{.json = "n", .type = F_INT, .offset = offsetof(struct part, n)},
};
static const struct desc part_desc = {
	.name = "Part", .size = sizeof(struct part), .fields = part_fields, .n = ROWS(part_fields)};

#define WHOLE(member, kind)                                                                        \
	{                                                                                          \
		.json = #member, .type = (kind), .offset = offsetof(struct whole, member)          \
	}
#define WHOLE_ALIKE(member, kind)                                                                  \
	{                                                                                          \
		.json = #member, .type = (kind), .offset = offsetof(struct whole, member),         \
		.flags = FF_KEYS_ALIKE                                                             \
	}
#define WHOLE_SUB(member, kind)                                                                    \
	{                                                                                          \
		.json = #member, .type = (kind), .offset = offsetof(struct whole, member),         \
		.sub = &part_desc                                                                  \
	}
static const struct field whole_fields[] = {
	WHOLE(text, F_STRING),       WHOLE(flag, F_BOOL),       WHOLE(number, F_INT),
	WHOLE(duration, F_DURATION), WHOLE(time, F_TIME),       WHOLE(rv, F_RV),
	WHOLE_ALIKE(map, F_MAP),     WHOLE(strings, F_STRINGS), WHOLE_SUB(object, F_OBJECT),
	WHOLE_SUB(inside, F_INLINE), WHOLE_SUB(list, F_LIST),
};
static const struct desc whole_desc = {.name = "Whole",
				       .size = sizeof(struct whole),
				       .fields = whole_fields,
				       .n = ROWS(whole_fields)};

static struct arena arena;

static int reset(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static struct whole full(void)
{
	static struct api_kv kv[] = {{"a", "1"}, {"b", NULL}};
	static const char *strings[] = {"x", "", NULL};
	static struct part one = {"one", -1}, list[] = {{"p", 1}, {NULL, 0}, {"q", INT64_MIN}};
	return (struct whole){"text",  true,         INT64_MIN, INT64_MAX, -7,       UINT64_MAX,
			      {kv, 2}, {strings, 3}, &one,      {"in", 0}, {list, 3}};
}

static void assert_same(const struct whole *a, const struct whole *b)
{
	assert_string_equal(a->text, b->text);
	assert_int_equal(a->flag, b->flag);
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->duration, b->duration);
	assert_int_equal(a->time, b->time);
	assert_true(a->rv == b->rv);
	assert_int_equal(a->map.n, b->map.n);
	assert_string_equal(a->map.at[0].value, b->map.at[0].value);
	assert_null(b->map.at[1].value);
	assert_int_equal(a->strings.n, b->strings.n);
	assert_string_equal(b->strings.at[1], "");
	assert_null(b->strings.at[2]);
	assert_string_equal(a->object->name, b->object->name);
	assert_string_equal(a->inside.name, b->inside.name);
	assert_int_equal(a->list.n, b->list.n);
	assert_null(b->list.at[1].name);
	assert_int_equal(a->list.at[2].n, b->list.at[2].n);
}

static void there_and_back(void **state)
{
	(void)state;
	const struct whole in = full();
	struct whole got;
	struct buf out = {0};
	obj_pack(&whole_desc, &in, &out);
	assert_int_equal(obj_unpack(&whole_desc, out.data, out.len, &arena, &got, NULL), 0);
	assert_same(&in, &got);
	buf_done(&out);
}

static void nothing_is_one_byte(void **state)
{
	(void)state;
	const struct whole in = {0};
	struct whole got = full();
	struct buf out = {0};
	obj_pack(&whole_desc, &in, &out);
	assert_int_equal(out.len, 1);
	assert_int_equal(obj_unpack(&whole_desc, out.data, out.len, &arena, &got, NULL), 0);
	assert_memory_equal(&got, &in, sizeof(in));
	buf_done(&out);
}

/* An object that is there but empty is not an object that is absent. */
static void empty_object_is_kept(void **state)
{
	(void)state;
	struct part nothing = {0};
	const struct whole in = {.object = &nothing};
	struct whole got;
	struct buf out = {0};
	obj_pack(&whole_desc, &in, &out);
	assert_int_equal(obj_unpack(&whole_desc, out.data, out.len, &arena, &got, NULL), 0);
	assert_non_null(got.object);
	buf_done(&out);
}

static void equal_objects_pack_alike(void **state)
{
	(void)state;
	const struct whole in = full();
	struct whole got;
	struct buf one = {0}, two = {0};
	obj_pack(&whole_desc, &in, &one);
	assert_int_equal(obj_unpack(&whole_desc, one.data, one.len, &arena, &got, NULL), 0);
	obj_pack(&whole_desc, &got, &two);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	buf_done(&one);
	buf_done(&two);
}

static void every_kind_there_and_back(void **state)
{
	(void)state;
	static const char json[] =
		"{\"metadata\":{\"name\":\"n\",\"uid\":\"u\",\"resourceVersion\":\"12\",\"labels\":"
		"{\"a\":\"b\"}},\"spec\":{},\"status\":{}}";
	for (int k = 0; k < KIND_COUNT; k++) {
		const struct kind_info *kind = &kinds[k];
		void *in = arena_alloc(&arena, kind->size), *got = arena_alloc(&arena, kind->size);
		struct buf out = {0};
		struct err err;
		assert_int_equal(
			desc_decode(kind->desc, json, strlen(json), true, &arena, in, &err), 0);
		obj_pack(kind->desc, in, &out);
		assert_int_equal(obj_unpack(kind->desc, out.data, out.len, &arena, got, &err), 0);
		assert_true(desc_equal(kind->desc, in, got));
		buf_done(&out);
	}
}

static void cut_and_long(void **state)
{
	(void)state;
	const struct whole in = full();
	struct whole got;
	struct err err;
	struct buf out = {0};
	obj_pack(&whole_desc, &in, &out);
	for (size_t n = 0; n < out.len; n++) {
		void *cut = arena_memdup(&arena, out.data, n);
		assert_int_equal(obj_unpack(&whole_desc, cut, n, &arena, &got, &err), -1);
		assert_int_equal(err.cls, ERR_TERMINAL);
	}
	buf_add(&out, "\xc0", 1);
	assert_int_equal(obj_unpack(&whole_desc, out.data, out.len, &arena, &got, &err), -1);
	buf_done(&out);
}

struct wrong_row {
	const char *name, *bytes;
	size_t len;
	const char *error;
};

#define BYTES(s) s, sizeof(s) - 1
static void wrong(void **state)
{
	(void)state;
	static const struct wrong_row rows[] = {
		{"a map", BYTES("\x80"), "packed Whole: not an array of its fields"},
		{"a number", BYTES("\x01"), "packed Whole: not an array of its fields"},
		{"too many", BYTES("\x9c\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0"),
		 "packed Whole: not an array of its fields"},
		{"string", BYTES("\x91\x01"), "Whole: packed field text: wrong type"},
		{"string with NUL", BYTES("\x91\xa1\x00"), "Whole: packed field text: wrong type"},
		{"bool", BYTES("\x92\xc0\x01"), "Whole: packed field flag: wrong type"},
		{"int", BYTES("\x93\xc0\xc0\xa1x"), "Whole: packed field number: wrong type"},
		{"int too big", BYTES("\x93\xc0\xc0\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
		 "Whole: packed field number: wrong type"},
		{"rv negative", BYTES("\x96\xc0\xc0\xc0\xc0\xc0\xff"),
		 "Whole: packed field rv: wrong type"},
		{"odd map", BYTES("\x97\xc0\xc0\xc0\xc0\xc0\xc0\x92\x00\xa1k"),
		 "Whole: packed field map: wrong type"},
		{"map key nil", BYTES("\x97\xc0\xc0\xc0\xc0\xc0\xc0\x93\x00\xc0\xc0"),
		 "Whole: packed field map: wrong type"},
		{"map key that shares what is not there",
		 BYTES("\x97\xc0\xc0\xc0\xc0\xc0\xc0\x96\x00\xa1k\xc0\x02\xa1l\xc0"),
		 "Whole: packed field map: wrong type"},
		{"map key that shares a text",
		 BYTES("\x97\xc0\xc0\xc0\xc0\xc0\xc0\x93\xa0\xa1k\xc0"),
		 "Whole: packed field map: wrong type"},
		{"uid too short",
		 BYTES("\x91\xd6\x01"
		       "1234"),
		 "Whole: packed field text: wrong type"},
		{"digest too short",
		 BYTES("\x91\xd8\x02"
		       "0123456789abcdef"),
		 "Whole: packed field text: wrong type"},
		{"an unknown ext",
		 BYTES("\x91\xd8\x03"
		       "0123456789abcdef"),
		 "Whole: packed field text: wrong type"},
		{"digest with NUL before it",
		 BYTES("\x91\xc7\x21\x02"
		       "0123456789abcdef0123456789abcdef"
		       "\x00"),
		 "Whole: packed field text: wrong type"},
		{"strings", BYTES("\x98\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x91\x01"),
		 "Whole: packed field strings: wrong type"},
		{"object", BYTES("\x99\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x01"),
		 "Whole: packed field object: wrong type"},
		{"in object", BYTES("\x99\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x91\x01"),
		 "Whole: Part: packed field name: wrong type"},
		{"list of numbers", BYTES("\x9b\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x91\x01"),
		 "Whole: packed Part: not an array of its fields"},
	};
	FOREACH_ROW(struct wrong_row, rows)
	{
		struct whole got;
		struct err err;
		assert_int_equal(obj_unpack(&whole_desc, row->bytes, row->len, &arena, &got, &err),
				 -1);
		assert_string_equal(err.text, row->error);
	}
}

#define HEX32 "0123456789abcdef0123456789abcdef"
#define LONG  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct text_row {
	const char *name;
	size_t packed; /* bytes, with the array's own */
};

/* Each text comes back as it was; what is short is short. */
static void texts(void **state)
{
	(void)state;
	static const struct text_row rows[] = {
		{"", 2},
		{"5f0c2a1e-9b3d-4c7f-8a6e-0123456789ab", 19},
		{"5F0C2A1E-9B3D-4C7F-8A6E-0123456789AB", 39},
		{"5f0c2a1e-9b3d-4c7f-8a6e-0123456789ag", 39},
		{"5f0c2a1e09b3d04c7f08a6e00123456789ab", 39},
		{"5f0c2a1e-9b3d-4c7f-8a6e-0123456789ab-", 40},
		{"sha256:" HEX32 HEX32, 36},
		{"a/b@sha256:" HEX32 HEX32, 40},
		{"a/b@sha256:" HEX32 HEX32 "0", 79},
		{"sha512:" HEX32 HEX32, 74},
		{"sha256:" HEX32 "0123456789abcdef0123456789abcdeF", 74},
		{"256:" HEX32 HEX32, 71},
		{LONG LONG LONG LONG "sha256:" HEX32 HEX32, 236},
		{LONG LONG LONG LONG "@sha256:" HEX32 HEX32, 276},
	};
	FOREACH_ROW(struct text_row, rows)
	{
		const struct whole in = {.text = row->name};
		struct whole got;
		struct buf out = {0};
		obj_pack(&whole_desc, &in, &out);
		assert_int_equal(out.len, row->packed);
		assert_int_equal(obj_unpack(&whole_desc, out.data, out.len, &arena, &got, NULL), 0);
		assert_string_equal(got.text, row->name);
		buf_done(&out);
	}
}

/* Keys share their beginnings, up to a bound. */
static void keys(void **state)
{
	(void)state;
	static char long_one[401], long_two[401];
	memset(long_one, 'k', 400);
	memcpy(long_two, long_one, 400);
	long_two[399] = 'l';
	struct api_kv kv[] = {{"", "x"},
			      {"drop/a.image", "5f0c2a1e-9b3d-4c7f-8a6e-0123456789ab"},
			      {"drop/a.image-uid", NULL},
			      {"drop/b", "2"},
			      {"drop/b\xc3\xa4", "3"},
			      {"drop/b\xc3\xb6", "4"},
			      {long_one, "5"},
			      {long_two, "6"},
			      {"a", "not sorted"}};
	const struct whole in = {.map = {kv, ROWS(kv)}};
	struct whole got;
	struct buf out = {0};
	obj_pack(&whole_desc, &in, &out);
	assert_in_range(out.len, 600, 680);
	assert_int_equal(obj_unpack(&whole_desc, out.data, out.len, &arena, &got, NULL), 0);
	assert_int_equal(got.map.n, ROWS(kv));
	for (size_t i = 0; i < ROWS(kv); i++) {
		assert_string_equal(got.map.at[i].key, kv[i].key);
		if (kv[i].value != NULL)
			assert_string_equal(got.map.at[i].value, kv[i].value);
		else
			assert_null(got.map.at[i].value);
	}
	buf_done(&out);
}

/* Where the row does not say so, a packed key is as long as the key: limits count packed bytes. */
static void keys_of_other_maps(void **state)
{
	(void)state;
	struct api_kv kv[] = {{"drop/a", "1"}, {"drop/b", "2"}};
	struct api_meta meta = {.labels = {kv, 2}}, got;
	struct buf out = {0};
	obj_pack(&api_meta_desc, &meta, &out);
	assert_non_null(memmem(out.data, out.len, "drop/b", 6));
	assert_int_equal(obj_unpack(&api_meta_desc, out.data, out.len, &arena, &got, NULL), 0);
	assert_string_equal(api_map_get(&got.labels, "drop/b"), "2");
	char *second = memmem(out.data, out.len,
			      "\xa6"
			      "drop/b",
			      7);
	assert_non_null(second);
	second[-1] = 1; /* it shares a character */
	assert_int_equal(obj_unpack(&api_meta_desc, out.data, out.len, &arena, &got, NULL), -1);
	buf_done(&out);
}

static void random_strings(void **state)
{
	(void)state;
	uint32_t seed = 7;
	uint8_t bytes[256];
	struct whole got;
	for (int i = 0; i < 10000; i++) {
		size_t n = random_bytes(&seed, bytes, sizeof(bytes));
		int rc = obj_unpack(&whole_desc, bytes, n, &arena, &got, NULL);
		assert_true(rc == 0 || rc == -1);
		arena_reset(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(there_and_back, reset),
		cmocka_unit_test_teardown(nothing_is_one_byte, reset),
		cmocka_unit_test_teardown(empty_object_is_kept, reset),
		cmocka_unit_test_teardown(equal_objects_pack_alike, reset),
		cmocka_unit_test_teardown(every_kind_there_and_back, reset),
		cmocka_unit_test_teardown(texts, reset),
		cmocka_unit_test_teardown(keys, reset),
		cmocka_unit_test_teardown(keys_of_other_maps, reset),
		cmocka_unit_test_teardown(cut_and_long, reset),
		cmocka_unit_test_teardown(wrong, reset),
		cmocka_unit_test_teardown(random_strings, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
