/* usage/starts.c: which starts are first ones, and how their image came there (behaviour 56). */
#include "tests/unit.h"

#include "usage/starts.h"

static void use(struct starts *s, const char *node, uint64_t image, bool cold)
{
	struct start start = {.node = (char *)node,
			      .node_uid = (char *)node,
			      .image = "r.example/i:1",
			      .at_s = 5,
			      .cold = cold,
			      .waited = 7};
	starts_used(s, image, &start);
}

static void rule_56_first_starts_only(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	assert_null(starts_after(s, 0));
	use(s, "a", 1, true);
	use(s, "a", 1, false);
	use(s, "b", 1, false);
	use(s, "a", 2, false);
	assert_int_equal(starts_head(s), 3);
	const struct start *first = starts_after(s, 0);
	assert_string_equal(first->node, "a");
	assert_true(first->cold && first->waited == 7 && first->seq == 1);
	assert_int_equal(first->brought, BROUGHT_UNKNOWN);
	assert_string_equal(starts_after(s, 1)->node, "b");
	assert_null(starts_after(s, 3));
	assert_null(starts_after(s, 99));
	starts_free(s);
}

static void rule_56_how_the_image_came_there(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	starts_pulled(s, "a", 1, true);
	starts_pulled(s, "a", 1, false); /* a later look at it */
	use(s, "a", 1, false);
	assert_int_equal(starts_after(s, 0)->brought, BROUGHT_BY_US);
	starts_pulled(s, "b", 1, false);
	use(s, "b", 1, false);
	assert_int_equal(starts_after(s, 1)->brought, BROUGHT_BEFORE);
	/* Nothing new came. */
	starts_pulled(s, "a", 1, false);
	use(s, "a", 1, false);
	assert_int_equal(starts_head(s), 2);
	/* A pull of ours may have brought another digest: the next start is told again. */
	starts_pulled(s, "a", 1, true);
	use(s, "a", 1, false);
	assert_int_equal(starts_head(s), 3);
	starts_free(s);
}

/* 400 nodes with 50 images each: what we brought is known of all of them but a few. */
static void rule_56_pairs_keep_their_places(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	int ours = 0;
	char node[16];
	for (uint64_t n = 0; n < 400; n++)
		for (uint64_t image = 1; image <= 50; image++) {
			snprintf(node, sizeof(node), "n%d", (int)n);
			starts_pulled(s, node, image, true);
		}
	for (uint64_t n = 0; n < 400; n++)
		for (uint64_t image = 1; image <= 50; image++) {
			snprintf(node, sizeof(node), "n%d", (int)n);
			use(s, node, image, false);
			ours += starts_after(s, starts_head(s) - 1)->brought == BROUGHT_BY_US;
		}
	print_message("# of 20,000 pairs %d were remembered\n", ours);
	assert_in_range(ours, 19950, 20000);
	starts_free(s);
}

static void rule_56_the_log_is_bounded(void **state)
{
	(void)state;
	struct starts *s = starts_new();
	for (uint64_t i = 1; i <= 2 * STARTS_MAX; i++)
		use(s, "a", i, false);
	assert_int_equal(starts_after(s, 0)->seq, starts_head(s) - STARTS_MAX + 1);
	size_t n = 0;
	for (uint64_t seq = 0; starts_after(s, seq) != NULL; n++)
		seq = starts_after(s, seq)->seq;
	assert_int_equal(n, STARTS_MAX);
	starts_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_56_first_starts_only),
		cmocka_unit_test(rule_56_how_the_image_came_there),
		cmocka_unit_test(rule_56_pairs_keep_their_places),
		cmocka_unit_test(rule_56_the_log_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
