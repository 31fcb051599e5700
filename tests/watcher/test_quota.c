/* Which objects are left out because of the store's memory limits. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "watcher/quota.h"

#define MIB (1024 * 1024)

static size_t fill(struct store *s, struct quota *r, enum kind kind, const char *prefix,
		   size_t bytes)
{
	char *object = xcalloc(1, bytes), name[64];
	size_t n = 0;
	for (;; n++) {
		snprintf(name, sizeof(name), "%s-%zu", prefix, n);
		if (!quota_fits(r, kind, name, bytes))
			break;
		store_put(s, kind, name, object, bytes);
	}
	free(object);
	return n;
}

static void bounds_are_apart(void **state)
{
	(void)state;
	struct store *s = store_new(1);
	struct quota *r = quota_new(s);
	size_t n = fill(s, r, KIND_CACHEDIMAGE, "big", 256 * 1024);
	assert_in_range(n, 120, 127);
	assert_false(
		quota_fits(r, KIND_PULLPOLICY, "x", 256 * 1024)); /* one bound for what is ours */
	assert_true(quota_fits(r, KIND_PULLPOLICY, "x", QUOTA_SMALL)); /* small ones go on */
	assert_true(quota_fits(r, KIND_NODE, "x", 256 * 1024));
	assert_true(quota_fits(r, KIND_CACHEDIMAGE, "big-0", 256 * 1024)); /* in its own place */
	assert_false(quota_fits(r, KIND_CACHEDIMAGE, "big-0", 2 * MIB));
	assert_in_range(fill(s, r, KIND_CACHEDIMAGESET, "small", QUOTA_SMALL), 3900, 4200);
	assert_false(quota_fits(r, KIND_PULLPOLICY, "x", QUOTA_SMALL));
	assert_in_range(fill(s, r, KIND_NODE, "node", 256 * 1024), 380, 384);
	store_gone(s, KIND_CACHEDIMAGESET, "small-0");
	assert_true(quota_fits(r, KIND_PULLPOLICY, "x", QUOTA_SMALL));
	quota_free(r);
	store_free(s);
}

static void left_out_until_there_is_room(void **state)
{
	(void)state;
	struct store *s = store_new(1);
	struct quota *r = quota_new(s);
	fill(s, r, KIND_CACHEDIMAGE, "big", 256 * 1024);
	quota_mark(r, KIND_CACHEDIMAGE);
	assert_non_null(quota_leave_out(r, KIND_CACHEDIMAGE, "a", "uid", 256 * 1024));
	assert_null(quota_leave_out(r, KIND_CACHEDIMAGE, "a", "uid", 256 * 1024)); /* known */
	assert_non_null(quota_leave_out(r, KIND_CACHEDIMAGE, "b", NULL, 256 * 1024));
	quota_sweep(r, KIND_CACHEDIMAGE);
	assert_int_equal(quota_count(r, KIND_CACHEDIMAGE), 2);
	assert_int_equal(quota_count(r, KIND_NODE), 0);
	for (size_t told = 0; told < 2; told++)
		quota_untold(r)->told = true;
	assert_null(quota_untold(r));
	assert_false(quota_again(r, KIND_CACHEDIMAGE));
	store_gone(s, KIND_CACHEDIMAGE, "big-0");
	assert_true(quota_again(r, KIND_CACHEDIMAGE));
	size_t named = 0, i = 0;
	for (const struct left_out *l; (l = quota_next(r, KIND_CACHEDIMAGE, &i)) != NULL; named++)
		assert_non_null(strstr(quota_why(l), "32 MiB"));
	assert_int_equal(named, 2);
	quota_settle(r, KIND_CACHEDIMAGE, "a");
	quota_mark(r, KIND_CACHEDIMAGE); /* b is not named by the next list */
	quota_sweep(r, KIND_CACHEDIMAGE);
	assert_int_equal(quota_count(r, KIND_CACHEDIMAGE), 0);
	assert_false(quota_again(r, KIND_CACHEDIMAGE));
	char name[16];
	for (i = 0; i < QUOTA_NAMED_MAX + 5; i++) { /* the others are only counted */
		snprintf(name, sizeof(name), "n-%zu", i);
		quota_leave_out(r, KIND_CACHEDIMAGE, name, "", MIB);
	}
	assert_int_equal(quota_count(r, KIND_CACHEDIMAGE), QUOTA_NAMED_MAX + 5);
	quota_free(r);
	store_free(s);
}

/* Listing its kind again and again would not help it. */
static void one_that_is_too_large_is_not_waited_for(void **state)
{
	(void)state;
	struct store *s = store_new(1);
	struct quota *r = quota_new(s);
	const struct left_out *l =
		quota_leave_out(r, KIND_CACHEDIMAGESET, "a", "uid", QUOTA_OBJECT_MAX + 1);
	assert_non_null(l);
	assert_non_null(strstr(quota_why(l), "512 KiB"));
	assert_false(quota_again(r, KIND_CACHEDIMAGESET));
	quota_leave_out(r, KIND_CACHEDIMAGESET, "a", "uid", QUOTA_OBJECT_MAX); /* it has shrunk */
	assert_true(quota_again(r, KIND_CACHEDIMAGESET));
	quota_free(r);
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_apart),
		cmocka_unit_test(left_out_until_there_is_room),
		cmocka_unit_test(one_that_is_too_large_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
