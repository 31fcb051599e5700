/* Bytes come out of a struct pieces as they went in, however they are added and taken. */
#include "tests/unit.h"

#include "kube/pieces.h"

#define STEPS    20000
#define PART_MAX 40000

static uint32_t next(uint32_t *random, uint32_t below)
{
	*random = *random * 1664525 + 1013904223;
	return (*random >> 8) % below;
}

/* The byte at that place of the stream. */
static char byte_at(size_t place)
{
	return (char)(place * 31 >> 3);
}

static size_t take(struct pieces *q, size_t most, size_t place)
{
	const char *bytes = NULL;
	size_t n = pieces_take(q, most, &bytes);
	assert_true(n <= most);
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != byte_at(place + i))
			fail_msg("byte %zu differs", place + i);
	return n;
}

static void test_order(void **state)
{
	(void)state;
	static char part[PART_MAX];
	struct pieces q;
	uint32_t random = 1;
	size_t in = 0, out = 0;
	pieces_init(&q);
	assert_int_equal(take(&q, 1, 0), 0);
	for (int step = 0; step < STEPS; step++) {
		size_t n = next(&random, next(&random, 10) == 0 ? PART_MAX : 300);
		if (next(&random, 2) == 0) {
			for (size_t i = 0; i < n; i++)
				part[i] = byte_at(in + i);
			pieces_add(&q, part, n);
			in += n;
		} else if (n > 0) {
			size_t had = q.n, got = take(&q, n, out);
			assert_true(had == 0 ? got == 0 : got > 0);
			out += got;
		}
		assert_int_equal(q.n, in - out);
	}
	while (q.n > 0)
		out += take(&q, PART_MAX, out);
	assert_int_equal(out, in);
	pieces_done(&q);
}

/* A stream that is stopped while its bytes are being read. */
static void test_drop(void **state)
{
	(void)state;
	static char part[PART_MAX];
	struct pieces q;
	const char *bytes = NULL, *none;
	pieces_init(&q);
	pieces_drop(&q);
	memset(part, 'a', sizeof(part));
	for (int i = 0; i < 4; i++)
		pieces_add(&q, part, sizeof(part));
	size_t n = pieces_take(&q, 100, &bytes);
	assert_int_equal(n, 100);
	pieces_drop(&q);
	assert_int_equal(q.n, 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(bytes[i], 'a');
	assert_int_equal(pieces_take(&q, 100, &none), 0);
	pieces_add(&q, "bc", 2);
	assert_int_equal(pieces_take(&q, 100, &bytes), 2);
	assert_memory_equal(bytes, "bc", 2);
	pieces_done(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order),
					   cmocka_unit_test(test_drop)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
