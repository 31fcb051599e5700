/* ipc/bundle.c: messages together, and every way in which bytes are no bundle. */
#include "tests/unit.h"

#include <string.h>

#include "ipc/bundle.h"

static void add(struct buf *b, uint32_t id, const char *text)
{
	size_t start = b->len;
	bundle_begin(b);
	buf_adds(b, text);
	bundle_end(b, start, id);
}

static void there_and_back(void **state)
{
	(void)state;
	static const char *const texts[] = {"first", "", "third, longer"};
	struct buf b = {0};
	for (uint32_t i = 0; i < ROWS(texts); i++)
		add(&b, 0x80000000U + i, texts[i]);
	const uint8_t *at = (const uint8_t *)b.data;
	size_t left = b.len;
	struct bundle_part part;
	for (uint32_t i = 0; i < ROWS(texts); i++) {
		assert_true(bundle_next(&at, &left, &part));
		assert_int_equal(part.id, 0x80000000U + i);
		assert_int_equal(part.len, strlen(texts[i]));
		assert_memory_equal(part.data, texts[i], part.len);
	}
	assert_false(bundle_next(&at, &left, &part));
	assert_int_equal(left, 0);
	buf_done(&b);
}

struct torn_row {
	const char *name, *bytes;
	size_t len, whole, left;
};

static void torn(void **state)
{
	(void)state;
	static const struct torn_row rows[] = {
		{"nothing", "", 0, 0, 0},
		{"part of a head", "\0\0\0\1\0\0\0", 7, 0, 7},
		{"a head alone", "\0\0\0\1\0\0\0\2", 8, 0, 8},
		{"one byte missing", "\0\0\0\1\0\0\0\2x", 9, 0, 9},
		{"whole", "\0\0\0\1\0\0\0\2xy", 10, 1, 0},
		{"a byte after it", "\0\0\0\1\0\0\0\2xyz", 11, 1, 1},
		{"a length beyond all", "\0\0\0\1\xff\xff\xff\xffxy", 10, 0, 10},
		{"a length that wraps", "\0\0\0\1\xff\xff\xff\xf8xy", 10, 0, 10},
		{"an empty one, then half a head", "\0\0\0\1\0\0\0\0\0\0", 10, 1, 2},
	};
	FOREACH_ROW(struct torn_row, rows)
	{
		const uint8_t *at = (const uint8_t *)row->bytes;
		size_t left = row->len, n = 0;
		for (struct bundle_part part; bundle_next(&at, &left, &part);)
			n++;
		assert_int_equal(n, row->whole);
		assert_int_equal(left, row->left);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back),
					   cmocka_unit_test(torn)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
