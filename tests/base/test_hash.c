/* The two hashes: published values, and what each may be used for. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/xalloc.h"

/* Of the authors' reference: the bytes 0, 1, 2, ... under the key 00 01 .. 0f. */
static void test_siphash_published(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		uint64_t want;
	} rows[] = {
		{0, 0x726fdb47dd0e0e31ULL},  {1, 0x74f839c593dc67fdULL},
		{7, 0xab0200f58b01d137ULL},  {8, 0x93f5f5799a932462ULL},
		{9, 0x9e0082df0ba9e4b0ULL},  {15, 0xa129ca6149be45e5ULL},
		{16, 0x3f2acc7f57c29bdbULL}, {31, 0x32d892fad841c342ULL},
		{63, 0x958a324ceb064572ULL},
	};
	struct hash_key key = {{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL}};
	unsigned char bytes[64];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_true(hash_keyed(key, bytes, rows[i].len) == rows[i].want);
		if (rows[i].len < 8)
			continue;
		/* In pieces: the hash so far is the first word of the next one. */
		hash_seed(key);
		assert_true(hash_bytes(key.k[0], bytes + 8, rows[i].len - 8) == rows[i].want);
		hash_seed((struct hash_key){0});
	}
}

static void test_keyed_differs_by_key(void **state)
{
	(void)state;
	uint64_t plain = hash_str(HASH_START, "node-1"), two;
	hash_seed((struct hash_key){{1, 0}});
	assert_true(hash_str(HASH_START, "node-1") != plain);
	two = hash_str(HASH_START, "node-1");
	hash_seed((struct hash_key){{0, 1}});
	assert_true(hash_str(HASH_START, "node-1") != two);
	hash_seed((struct hash_key){0});
	assert_true(hash_str(HASH_START, "node-1") == plain);
	assert_true(hash_str(hash_str(HASH_START, "ab"), "c") !=
		    hash_str(hash_str(HASH_START, "a"), "bc"));
	assert_true(hash_str(HASH_START, NULL) == hash_str(HASH_START, ""));
}

/* Names of pods and events, and jitter, must come out the same in the next life. */
static void test_stable_whatever_the_key(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t want; /* FNV-1a, 64 bits, as published */
	} rows[] = {{"", 0xcbf29ce484222325ULL},
		    {"a", 0xaf63dc4c8601ec8cULL},
		    {"foobar", 0x85944171f73967e8ULL}};
	for (uint64_t k = 0; k < 2; k++) {
		hash_seed((struct hash_key){{k, k}});
		for (size_t i = 0; i < ROWS(rows); i++)
			assert_true(hash_stable_bytes(HASH_STABLE_START, rows[i].text,
						      strlen(rows[i].text)) == rows[i].want);
	}
	hash_seed((struct hash_key){0});
}

#define BLOCKS    12
#define CRAFTED   (BLOCKS * BLOCKS * BLOCKS * BLOCKS)
#define BLOCK_LEN 5
#define LOW_BITS  0xffffULL

/*
 * Five letters after which the low 16 bits of FNV-1a are again what they were: any row of such
 * blocks collides in every table of up to 65,536 slots.
 */
static void find_blocks(char blocks[BLOCKS][BLOCK_LEN])
{
	size_t found = 0;
	for (uint32_t i = 0; found < BLOCKS; i++) {
		char text[BLOCK_LEN];
		for (uint32_t k = 0, rest = i; k < BLOCK_LEN; k++, rest /= 26)
			text[k] = (char)('a' + rest % 26);
		assert_true(i < 11881376);
		uint64_t h = hash_stable_bytes(HASH_STABLE_START, text, BLOCK_LEN);
		if (((h ^ HASH_STABLE_START) & LOW_BITS) == 0)
			memcpy(blocks[found++], text, BLOCK_LEN);
	}
}

/* 20,736 names that were one run of slots: look-ups walked over half of them. */
static void test_crafted_names_do_not_collide(void **state)
{
	(void)state;
	char blocks[BLOCKS][BLOCK_LEN];
	find_blocks(blocks);
	char(*names)[4 * BLOCK_LEN + 1] = xcalloc(CRAFTED, sizeof(*names));
	struct map m = {0};
	for (size_t i = 0; i < CRAFTED; i++) {
		for (size_t k = 0, rest = i; k < 4; k++, rest /= BLOCKS)
			memcpy(names[i] + k * BLOCK_LEN, blocks[rest % BLOCKS], BLOCK_LEN);
		assert_null(map_put(&m, names[i], names[i]));
	}
	size_t steps = 0, mask = m.cap - 1;
	for (size_t i = 0; i < m.cap; i++)
		if (m.slots[i].key != NULL)
			steps += (i - m.slots[i].hash) & mask;
	/* Linear probing at most three quarters full: 1.5 steps on average; before: 10,000. */
	assert_true(steps < 4 * m.count);
	map_done(&m);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_published),
		cmocka_unit_test(test_keyed_differs_by_key),
		cmocka_unit_test(test_stable_whatever_the_key),
		cmocka_unit_test(test_crafted_names_do_not_collide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
