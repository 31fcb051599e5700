/* Arena, buffer, map and shared texts: the containers everything else stands on. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/texts.h"
#include "base/xalloc.h"

static void arena_gives_zeroed_aligned_memory(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(&a, size);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_reset(&a);
	assert_int_equal(a.used, 0);
	unsigned char *again = arena_alloc(&a, 64);
	assert_int_equal(again[63], 0);
	arena_done(&a);
}

static void arena_copies_strings(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	assert_null(arena_strdup(&a, NULL));
	assert_string_equal(arena_strdup(&a, "node-1"), "node-1");
	assert_string_equal(arena_strndup(&a, "node-1", 4), "node");
	assert_string_equal(arena_printf(&a, "%d/%d", 1, 2), "1/2");
	assert_string_equal(arena_printf(&a, "%s", ""), "");
	arena_done(&a);
}

static void buf_stops_at_its_limit_and_says_so(void **state)
{
	(void)state;
	struct buf b = {.limit = 5};
	buf_adds(&b, "abc");
	assert_false(b.full);
	buf_adds(&b, "def");
	assert_true(b.full);
	assert_string_equal(b.data, "abc");
	buf_adds(&b, "d");
	assert_string_equal(b.data, "abc");
	buf_clear(&b, 1024);
	buf_addf(&b, "%05d", 42);
	assert_string_equal(b.data, "00042");
	assert_false(b.full);
	buf_done(&b);
}

static void buf_quotes_json(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{"plain", "abc", "\"abc\""},
		{"quote and backslash", "a\"b\\", "\"a\\\"b\\\\\""},
		{"control", "\n\t\x01\x7f", "\"\\n\\t\\u0001\\u007f\""},
		{"C1 and bidi", "\xc2\x9b\xe2\x80\xae", "\"\\u009b\\u202e\""},
		{"utf-8", "\xc3\xa4\xf0\x9f\x90\xb3", "\"\xc3\xa4\xf0\x9f\x90\xb3\""},
		{"invalid byte", "a\xff z", "\"a\xef\xbf\xbd z\""},
		{"cut sequence", "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buf b = {0};
		unit_say(rows[i].name);
		buf_add_json(&b, rows[i].in);
		assert_string_equal(b.data, rows[i].want);
		buf_done(&b);
	}
}

static void buf_skips_from_the_front(void **state)
{
	(void)state;
	struct buf b = {0};
	buf_skip(&b, 3);
	buf_adds(&b, "abcdef");
	buf_skip(&b, 2);
	assert_string_equal(b.data, "cdef");
	buf_skip(&b, 100);
	assert_int_equal(b.len, 0);
	buf_done(&b);
}

/* Random puts and deletes against a plain array: the map must agree after each. */
static void map_agrees_with_an_array(void **state)
{
	(void)state;
	enum { KEYS = 300, STEPS = 20000 };
	static char keys[KEYS][8];
	static int values[KEYS];
	static bool there[KEYS];
	struct map m = {0};
	uint32_t random = 1;
	size_t count = 0;
	for (int i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "k%d", i);
	for (int step = 0; step < STEPS; step++) {
		random = random * 1664525 + 1013904223;
		int k = (int)(random >> 8) % KEYS;
		void *old = random >> 31 ? map_put(&m, keys[k], &values[k]) : map_del(&m, keys[k]);
		assert_ptr_equal(old, there[k] ? &values[k] : NULL);
		there[k] = random >> 31;
		size_t seen = 0, i = 0;
		count = 0;
		for (int j = 0; step % 500 == 0 && j < KEYS; j++) {
			assert_ptr_equal(map_get(&m, keys[j]), there[j] ? &values[j] : NULL);
			count += there[j];
		}
		while (step % 500 == 0 && map_next(&m, &i) != NULL)
			seen++;
		assert_int_equal(seen, count * (step % 500 == 0));
	}
	map_done(&m);
}

static void texts_are_shared_until_nobody_holds_them(void **state)
{
	(void)state;
	struct texts t = {0};
	char text[] = "registry.example/app:1";
	const char *first = text_hold(&t, text), *again = text_hold(&t, "registry.example/app:1");
	assert_ptr_equal(first, again);
	assert_ptr_not_equal(first, text);
	const char *other = text_hold(&t, "registry.example/app:2");
	assert_string_equal(other, "registry.example/app:2");
	assert_int_equal(t.map.count, 2);
	text_drop(&t, first);
	assert_string_equal(again, text);
	text_drop(&t, again);
	text_drop(&t, other);
	assert_int_equal(t.map.count, 0);
	assert_null(text_hold(&t, NULL));
	text_drop(&t, NULL);
	const char *empty = text_hold(&t, "");
	assert_string_equal(empty, "");
	text_drop(&t, empty);
	texts_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(arena_copies_strings),
		cmocka_unit_test(buf_stops_at_its_limit_and_says_so),
		cmocka_unit_test(buf_quotes_json),
		cmocka_unit_test(buf_skips_from_the_front),
		cmocka_unit_test(map_agrees_with_an_array),
		cmocka_unit_test(texts_are_shared_until_nobody_holds_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
