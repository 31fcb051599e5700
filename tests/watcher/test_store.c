/*
 * The compacted log (must 2): a reader that follows it ends up with what
 * is in it, whatever happens between its requests.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "watcher/store.h"

#define ALL ((UINT64_C(1) << KIND_COUNT) - 1)

static void put(struct store *s, enum kind kind, const char *name, const char *value)
{
	store_put(s, kind, name, value, strlen(value));
}

static struct msg_changes ask(struct store *s, struct arena *a, uint64_t epoch, uint64_t seq,
			      uint64_t max_bytes)
{
	struct msg_changes got = {0};
	struct msg_changes_since m = {
		.epoch = epoch, .seq = seq, .kinds = ALL, .max_bytes = max_bytes};
	store_read(s, &m, a, &got);
	return got;
}

static void order_is_that_of_the_last_change(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct store *s = store_new(7);
	put(s, KIND_NODE, "a", "1");
	put(s, KIND_NODE, "b", "1");
	put(s, KIND_POD, "a", "1");
	put(s, KIND_NODE, "a", "2");
	assert_false(store_put(s, KIND_NODE, "b", "1", 1));
	size_t len;
	assert_memory_equal(store_get(s, KIND_NODE, "a", &len), "2", 1);
	assert_int_equal(len, 1);
	assert_null(store_get(s, KIND_POD, "b", &len));
	struct msg_changes got = ask(s, &a, 0, 0, 100000);
	assert_true(got.reset);
	assert_false(got.more);
	assert_int_equal(got.changes.n, 3);
	assert_string_equal(got.changes.at[0].name, "b");
	assert_int_equal(got.changes.at[1].kind, KIND_POD);
	assert_string_equal(got.changes.at[2].name, "a");
	assert_int_equal(got.next, got.head);
	got = ask(s, &a, 7, got.next, 100000);
	assert_false(got.reset);
	assert_int_equal(got.changes.n, 0);
	store_free(s);
	arena_done(&a);
}

static void deletions_are_told_once_and_other_epochs_start_again(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct store *s = store_new(7);
	put(s, KIND_NODE, "a", "1");
	uint64_t before = store_head(s);
	assert_true(store_gone(s, KIND_NODE, "a"));
	assert_false(store_gone(s, KIND_NODE, "a"));
	struct msg_changes got = ask(s, &a, 7, before, 100000);
	assert_int_equal(got.changes.n, 1);
	assert_true(got.changes.at[0].gone);
	got = ask(s, &a, 8, before, 100000);
	assert_true(got.reset);
	assert_int_equal(got.changes.n, 0);
	got = ask(s, &a, 7, store_head(s) + 1, 100000);
	assert_true(got.reset);
	store_free(s);
	arena_done(&a);
}

static void a_reader_behind_the_tombstones_starts_again(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct store *s = store_new(7);
	put(s, KIND_NODE, "stays", "1");
	uint64_t old = store_head(s);
	for (int i = 0; i < STORE_TOMBSTONES_MAX + 1; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		put(s, KIND_NODE, name, "1");
		store_gone(s, KIND_NODE, name);
	}
	struct msg_changes got = ask(s, &a, 7, old, 1 << 30);
	assert_true(got.reset);
	assert_int_equal(got.changes.n, 1);
	assert_string_equal(got.changes.at[0].name, "stays");
	got = ask(s, &a, 7, store_head(s) - 10, 1 << 30);
	assert_false(got.reset);
	assert_int_equal(got.changes.n, 5);
	store_free(s);
	arena_done(&a);
}

static void answers_are_cut_and_go_on(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct store *s = store_new(7);
	char big[1000];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (int i = 0; i < 10; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		put(s, KIND_NODE, name, big);
	}
	uint64_t seq = 0;
	size_t seen = 0, rounds = 0;
	for (bool more = true; more; rounds++) {
		struct msg_changes got = ask(s, &a, 7, seq, 2500);
		assert_int_equal(got.reset, seq == 0);
		assert_in_range(got.changes.n, 1, 2);
		seen += got.changes.n;
		seq = got.next;
		more = got.more;
	}
	assert_int_equal(seen, 10);
	assert_int_equal(rounds, 5);
	/* However small the limit, it goes on. */
	assert_int_equal(ask(s, &a, 7, 0, 1).changes.n, 1);
	store_free(s);
	arena_done(&a);
}

static void a_list_sweeps_what_it_did_not_see(void **state)
{
	(void)state;
	struct store *s = store_new(7);
	put(s, KIND_NODE, "a", "1");
	put(s, KIND_NODE, "b", "1");
	put(s, KIND_POD, "p", "1");
	store_mark(s, KIND_NODE);
	put(s, KIND_NODE, "b", "1");
	put(s, KIND_NODE, "c", "1");
	store_sweep(s, KIND_NODE);
	assert_int_equal(store_count(s, KIND_NODE), 2);
	assert_int_equal(store_count(s, KIND_POD), 1);
	store_free(s);
}

static void sweeping_more_than_the_tombstones_hold_is_safe(void **state)
{
	(void)state;
	struct store *s = store_new(7);
	for (int i = 0; i < 3 * STORE_TOMBSTONES_MAX; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		put(s, KIND_NODE, name, "1");
	}
	store_mark(s, KIND_NODE);
	put(s, KIND_NODE, "n5", "1");
	store_sweep(s, KIND_NODE);
	assert_int_equal(store_count(s, KIND_NODE), 1);
	store_free(s);
}

/* A reader with a small limit follows random changes; at the end it knows exactly the truth. */
static void a_random_reader_converges(void **state)
{
	(void)state;
	enum { NAMES_N = 40 };
	for (uint32_t seed = 1; seed <= 200; seed++) {
		struct arena a = ARENA_INIT;
		struct store *s = store_new(7);
		uint32_t random = seed;
		char known[NAMES_N] = {0}, truth[NAMES_N] = {0}, marked[NAMES_N] = {0};
		uint64_t seq = 0;
		bool more = true;
		for (int step = 0; step < 2000 || more; step++) {
			random = random * 1664525 + 1013904223;
			int k = (int)(random >> 8) % NAMES_N;
			char name[8], value[2] = {(char)('a' + (random >> 20) % 26), 0};
			snprintf(name, sizeof(name), "n%d", k);
			if (step < 2000 && random >> 30 == 0 && truth[k]) {
				store_gone(s, KIND_NODE, name);
				truth[k] = 0;
			} else if (step < 2000) {
				put(s, KIND_NODE, name, value);
				truth[k] = value[0];
			}
			if (step < 2000 && random >> 28 != 5)
				continue;
			struct msg_changes got = ask(s, &a, 7, seq, 200);
			if (got.reset)
				memset(marked, 1, sizeof(marked));
			for (size_t i = 0; i < got.changes.n; i++) {
				const struct msg_change *c = &got.changes.at[i];
				long n = strtol(c->name + 1, NULL, 10);
				known[n] = c->gone ? 0 : (char)c->object.data[0];
				marked[n] = 0;
			}
			for (int i = 0; i < NAMES_N && !got.more; i++) {
				known[i] = marked[i] ? 0 : known[i];
				marked[i] = 0;
			}
			seq = got.next;
			more = got.more;
			arena_reset(&a);
		}
		assert_memory_equal(known, truth, sizeof(known));
		store_free(s);
		arena_done(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_that_of_the_last_change),
		cmocka_unit_test(deletions_are_told_once_and_other_epochs_start_again),
		cmocka_unit_test(a_reader_behind_the_tombstones_starts_again),
		cmocka_unit_test(answers_are_cut_and_go_on),
		cmocka_unit_test(a_list_sweeps_what_it_did_not_see),
		cmocka_unit_test(sweeping_more_than_the_tombstones_hold_is_safe),
		cmocka_unit_test(a_random_reader_converges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
