/*
 * The list scanner: each list is fed at every split of its bytes, and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "kube/list_scan.h"

static const struct row {
	const char *name, *list;
	const char *items; /* what comes out, each followed by a blank; NULL: an error */
	const char *rv, *token;
} rows[] = {
	{"metadata first",
	 "{\"kind\":\"L\",\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"abc=\"},"
	 "\"items\":[{\"a\":1},{\"b\":[{\"c\":2}]}]}",
	 "{\"a\":1} {\"b\":[{\"c\":2}]} ", "7", "abc="},
	{"items first", "{\"items\":[{\"a\":1},{}],\"metadata\":{\"resourceVersion\":\"7\"}}",
	 "{\"a\":1} {} ", "7", ""},
	{"blanks",
	 " { \"items\" : [ {\"a\" : 1 } , {} ] ,\n\"metadata\" : {\"resourceVersion\" : \"7\" } "
	 "}\n",
	 "{\"a\" : 1 } {} ", "7", ""},
	{"brackets and quotes in strings",
	 "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{\"a\":\"}]\\\"{[\\\\\"},{\"b\":"
	 "\"\\\\\\\"\"}]}",
	 "{\"a\":\"}]\\\"{[\\\\\"} {\"b\":\"\\\\\\\"\"} ", "7", ""},
	{"no items", "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[]}", "", "7", ""},
	{"null items", "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":null}", "", "7", ""},
	{"items elsewhere",
	 "{\"x\":{\"items\":[{\"n\":1}]},\"metadata\":{\"resourceVersion\":\"7\",\"z\":{"
	 "\"continue\":\"n\"}},"
	 "\"items\":[{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"n\"}}]}",
	 "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"n\"}} ", "7", ""},
	{"members after",
	 "{\"metadata\":{\"resourceVersion\":\"7\",\"remainingItemCount\":3},\"items\":[{}],"
	 "\"items2\":[{\"x\":1}]}",
	 "{} ", "7", ""},
	{"cut", "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{}]", NULL, "", ""},
	{"mismatch", "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{]}}", NULL, "", ""},
	{"no version", "{\"metadata\":{},\"items\":[]}", NULL, "", ""},
	{"no list", "{\"kind\":\"Status\",\"metadata\":{\"resourceVersion\":\"7\"}}", NULL, "", ""},
	{"array", "[{}]", NULL, "", ""},
	{"text", "oops", NULL, "", ""},
	{"string", "\"oops\"", NULL, "", ""},
	{"empty", "", NULL, "", ""},
	{"two", "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[]}{}", NULL, "", ""},
	{"trailing", "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[]}x", NULL, "", ""},
	{"escaped token",
	 "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"a\\u003d\"},\"items\":[]}", NULL,
	 "", ""},
};

static void on_item(void *ctx, const char *json, size_t len)
{
	struct buf *out = ctx;
	buf_add(out, json, len);
	buf_adds(out, " ");
}

/* Feeds in blocks that are allocated exactly, so that sanitizers see every overrun. */
static int feed(struct list_scanner *s, const char *bytes, size_t n, struct buf *out)
{
	char *exact = xmalloc(n ? n : 1);
	memcpy(exact, bytes, n);
	int rc = list_scan(s, exact, n, on_item, out, NULL);
	free(exact);
	return rc;
}

static void check(const struct row *row, size_t split, size_t step)
{
	struct list_scanner s = {0};
	struct buf out = {0};
	size_t n = strlen(row->list);
	buf_adds(&out, "");
	int rc = feed(&s, row->list, split, &out);
	for (size_t at = split; rc == 0 && at < n; at += step)
		rc = feed(&s, row->list + at, at + step < n ? step : n - at, &out);
	if (rc == 0)
		rc = list_scan_end(&s, NULL);
	if ((rc == 0) != (row->items != NULL))
		fail_msg("%s, split at %zu: %d", row->name, split, rc);
	if (rc == 0) {
		assert_string_equal(out.data, row->items);
		assert_string_equal(s.rv, row->rv);
		assert_string_equal(s.token, row->token);
	}
	buf_done(&out);
	list_scanner_done(&s);
}

static void all_splits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].list);
		for (size_t split = 0; split <= n; split++)
			check(&rows[i], split, n + 1);
		check(&rows[i], 0, 1);
	}
}

static void limits(void **state)
{
	(void)state;
	struct err err = {0};
	struct list_scanner s = {0};
	struct buf list = {0}, out = {0};
	buf_adds(&list, "{\"items\":[");
	for (int i = 0; i < LIST_DEPTH_MAX; i++)
		buf_adds(&list, "{\"a\":");
	assert_int_equal(list_scan(&s, list.data, list.len, on_item, &out, &err), -1);
	assert_non_null(strstr(err.text, "nested"));
	list_scanner_reset(&s);
	buf_clear(&list, 0);
	buf_adds(&list, "{\"metadata\":{\"continue\":\"");
	for (int i = 0; i < LIST_TOKEN_MAX; i++)
		buf_adds(&list, "x");
	assert_int_equal(list_scan(&s, list.data, list.len, on_item, &out, &err), -1);
	assert_non_null(strstr(err.text, "continue is too long"));
	list_scanner_reset(&s);
	buf_clear(&list, 0);
	buf_adds(&list, "{\"items\":[{\"a\":\"");
	assert_int_equal(list_scan(&s, list.data, list.len, on_item, &out, &err), 0);
	char *fat = xcalloc(1, LIST_ITEM_MAX);
	memset(fat, 'x', LIST_ITEM_MAX);
	/* Too large: skipped, and the next one is an item again. */
	buf_clear(&out, 0);
	assert_int_equal(list_scan(&s, fat, LIST_ITEM_MAX, on_item, &out, &err), 0);
	assert_int_equal(list_scan(&s, fat, LIST_ITEM_MAX, on_item, &out, &err), 0);
	buf_clear(&list, 0);
	buf_adds(&list, "\"},{\"b\":1}],\"metadata\":{\"resourceVersion\":\"7\"}}");
	assert_int_equal(list_scan(&s, list.data, list.len, on_item, &out, &err), 0);
	assert_int_equal(list_scan_end(&s, &err), 0);
	assert_int_equal(s.skipped, 1);
	assert_non_null(strstr(out.data, "{\"b\":1}"));
	assert_null(strchr(out.data, 'x'));
	free(fat);
	list_scanner_done(&s);
	buf_done(&list);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_splits),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests_name("list_scan", tests, NULL, NULL);
}
