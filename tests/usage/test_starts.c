/* usage/starts.c: which starts are first ones, in which order, and what is left out (behaviour 56). */
#include "tests/unit.h"

#include "usage/starts.h"

static uint64_t versions;

static struct start start_of(const char *node, uint64_t image)
{
	return (struct start){.rv = ++versions,
			      .node = (char *)node,
			      .node_uid = (char *)node,
			      .image = "r.example/i:1",
			      .hash = image,
			      .at_s = 5,
			      .waited = 7};
}

static void use(struct starts *s, const char *node, uint64_t image)
{
	struct start start = start_of(node, image);
	starts_add(s, &start);
}

static void own(struct starts *s, const char *node, uint64_t image, bool pulled)
{
	struct start start = start_of(node, image);
	start.own = true;
	start.cold = pulled;
	starts_add(s, &start);
}

static void rule_56_first_starts_only(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	assert_null(starts_after(s, 0));
	use(s, "a", 1);
	use(s, "a", 1);
	use(s, "b", 1);
	use(s, "a", 2);
	assert_int_equal(starts_head(s), 3);
	const struct start *first = starts_after(s, 0);
	assert_string_equal(first->node, "a");
	assert_true(first->waited == 7 && first->seq == 1);
	assert_string_equal(starts_after(s, 1)->node, "b");
	assert_null(starts_after(s, 3));
	assert_null(starts_after(s, 99));
	starts_free(s);
}

static void rule_56_pulls_of_ours(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	own(s, "a", 1, true);
	own(s, "a", 1, false); /* a later look at it */
	use(s, "a", 1);
	own(s, "b", 1, false);
	use(s, "b", 1);
	assert_int_equal(starts_head(s), 4);
	assert_true(starts_after(s, 0)->own && starts_after(s, 0)->cold);
	assert_true(!starts_after(s, 1)->own && starts_after(s, 2)->own);
	/* Nothing new came. */
	own(s, "a", 1, false);
	use(s, "a", 1);
	assert_int_equal(starts_head(s), 4);
	/* A pull of ours may have brought another digest: the next start is told again. */
	own(s, "a", 1, true);
	use(s, "a", 1);
	assert_int_equal(starts_head(s), 6);
	starts_free(s);
}

/* A list has events in the order of names: the first start is that of the lowest version. */
static void rule_56_a_list_is_sorted(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	struct start pull = start_of("a", 1), first = start_of("a", 1), later = start_of("a", 1);
	pull.own = pull.cold = true;
	later.waited = 1;
	starts_unsorted(s);
	starts_add(s, &later);
	starts_add(s, &first);
	starts_add(s, &pull);
	assert_int_equal(starts_head(s), 0);
	starts_sort(s);
	assert_int_equal(starts_head(s), 2);
	assert_int_equal(starts_after(s, 0)->rv, pull.rv);
	assert_int_equal(starts_after(s, 1)->rv, first.rv);
	use(s, "b", 1); /* and then as they come */
	assert_int_equal(starts_head(s), 3);
	starts_free(s);
}

static void rule_56_the_log_is_bounded(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	for (uint64_t i = 1; i <= STARTS_MAX; i++)
		use(s, "a", i);
	assert_int_equal(starts_forgotten_rv(s), 0);
	uint64_t before = versions;
	for (uint64_t i = 1; i <= STARTS_MAX; i++)
		use(s, "b", i);
	assert_int_equal(starts_forgotten_rv(s), before);
	assert_int_equal(starts_after(s, 0)->seq, starts_head(s) - STARTS_MAX + 1);
	size_t n = 0;
	for (uint64_t seq = 0; starts_after(s, seq) != NULL; n++)
		seq = starts_after(s, seq)->seq;
	assert_int_equal(n, STARTS_MAX);
	starts_free(s);
}

/* Of a long list the newest events are kept, in whatever order they come. */
static void rule_56_a_list_is_bounded(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	uint64_t begin = versions, n = 2 * STARTS_LISTED_MAX;
	starts_unsorted(s);
	for (uint64_t i = 0; i < n; i++) {
		struct start start = start_of("c", i);
		start.rv = begin + n - i;
		starts_add(s, &start);
	}
	starts_sort(s);
	assert_true(starts_forgotten_rv(s) >= begin + n - STARTS_LISTED_MAX);
	assert_int_equal(starts_after(s, starts_head(s) - 1)->rv, begin + n);
	starts_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_56_first_starts_only),
		cmocka_unit_test(rule_56_pulls_of_ours),
		cmocka_unit_test(rule_56_a_list_is_sorted),
		cmocka_unit_test(rule_56_the_log_is_bounded),
		cmocka_unit_test(rule_56_a_list_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
