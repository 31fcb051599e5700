/*
 * ipc/metrics.c and metric_table.c: the table is in order, what is recorded is told page by
 * page, labels are escaped and cut, series are bounded and go when they should.
 */
#include "tests/unit.h"

#include <string.h>

#include "ipc/metrics.h"

static struct metrics m;

static int setup(void **state)
{
	(void)state;
	m = (struct metrics){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	metrics_done(&m);
	return 0;
}

static void table_is_in_order(void **state)
{
	(void)state;
	for (int i = 0; i < METRIC_COUNT; i++) {
		const struct metric_info *info = &metric_infos[i];
		size_t labels = 0;
		assert_int_equal(metric_find(info->name), i);
		assert_true(strlen(info->help) > 3);
		assert_int_equal(info->help[strlen(info->help) - 1], '.');
		while (info->labels[labels] != NULL)
			labels++;
		assert_in_range(labels, 0, METRIC_LABELS_MAX);
		assert_int_equal(info->n_bounds > 0, info->type == METRIC_HISTOGRAM);
		assert_in_range(info->n_bounds, 0, METRIC_BUCKETS_MAX - 1);
		for (size_t b = 1; b < info->n_bounds; b++)
			assert_true(info->bounds[b] > info->bounds[b - 1]);
		bool seconds = strstr(info->name, "_seconds") != NULL;
		assert_int_equal(info->unit == METRIC_SECONDS, seconds);
	}
	assert_int_equal(metric_find("drop_no_such_metric"), -1);
}

/* The series that are told before anything happened, of this owner. */
static size_t begun(const char *owner)
{
	size_t n = 0;
	metrics_begin(&m, owner);
	for (int id = 0; id < METRIC_COUNT; id++)
		n += m.families[id].n;
	return n;
}

static void zeros_are_there_from_the_beginning(void **state)
{
	(void)state;
	size_t mine = 0;
	for (const struct metric_zero *z = metric_zeros; z->id != METRIC_COUNT; z++) {
		const struct metric_info *info = &metric_infos[z->id];
		size_t labels = 0, values = 0;
		while (info->labels[labels] != NULL)
			labels++;
		while (values < METRIC_LABELS_MAX && z->labels[values] != NULL)
			values++;
		unit_say(info->name);
		assert_int_equal(values, labels);
		assert_int_equal(info->type, METRIC_COUNTER);
		mine += metric_of_any(z->id) || strcmp(info->owner, "puller") == 0;
	}
	assert_int_equal(begun("puller"), mine);
	assert_int_equal(begun("puller"), mine); /* once each */
	struct arena a = ARENA_INIT;
	struct msg_metrics page;
	bool told = false;
	metrics_page(&m, &(struct msg_metrics_get){0}, &a, &page);
	for (size_t i = 0; i < page.families.n; i++)
		for (size_t k = 0; k < page.families.at[i].samples.n; k++) {
			const struct msg_sample *s = &page.families.at[i].samples.at[k];
			assert_int_equal(s->value, 0);
			told |= strcmp(page.families.at[i].name, "drop_pod_creates_total") == 0 &&
				strcmp(s->labels, "result=\"refused\"") == 0;
		}
	assert_true(told);
	arena_done(&a);
}

static void every_fault_of_a_message_begins_with_zero(void **state)
{
	(void)state;
	size_t n = 0;
	for (const struct metric_zero *z = metric_zeros; z->id != METRIC_COUNT; z++)
		if (z->id == METRIC_messages_dropped_total)
			assert_string_equal(z->labels[0], msg_fault_name((enum msg_fault)n++));
	assert_int_equal(n, MSG_FAULT_COUNT);
}

static const char *const fault_a[] = {"a"}, *const fault_b[] = {"b"};

static void counts_add_up(void **state)
{
	(void)state;
	metric_add(&m, METRIC_turns_total, 2, NULL);
	metric_add(&m, METRIC_turns_total, 3, NULL);
	metric_add(&m, METRIC_messages_dropped_total, 1, fault_a);
	metric_add(&m, METRIC_messages_dropped_total, 1, fault_b);
	metric_add(&m, METRIC_messages_dropped_total, 5, fault_a);
	assert_int_equal(metric_get(&m, METRIC_turns_total, NULL), 5);
	assert_int_equal(metric_get(&m, METRIC_messages_dropped_total, fault_a), 6);
	assert_int_equal(metric_get(&m, METRIC_messages_dropped_total, fault_b), 1);
	assert_int_equal(metric_get(&m, METRIC_messages_dropped_total, LABELS("c")), 0);
}

static void values_are_exact(void **state)
{
	(void)state;
	static const struct {
		const char *want;
		enum metric_unit unit;
		int64_t value;
	} rows[] = {
		{"5", METRIC_NONE, 5},
		{"-5", METRIC_NONE, -5},
		{"9223372036854775807", METRIC_BYTES, INT64_MAX},
		{"0", METRIC_SECONDS, 0},
		{"0.000001", METRIC_SECONDS, 1},
		{"1.5", METRIC_SECONDS, 1500000},
		{"2048", METRIC_SECONDS, 2048000000},
		{"-0.25", METRIC_SECONDS, -250000},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = {0};
		metric_add_value(&b, rows[i].unit, rows[i].value);
		assert_string_equal(b.data, rows[i].want);
		buf_done(&b);
	}
}

/* The only sample of a row. */
static struct msg_sample only(enum metric_id id, struct arena *a)
{
	struct msg_metrics page;
	metrics_page(&m, &(struct msg_metrics_get){0}, a, &page);
	for (size_t f = 0; f < page.families.n; f++)
		if (strcmp(page.families.at[f].name, metric_infos[id].name) == 0) {
			assert_int_equal(page.families.at[f].samples.n, 1);
			return page.families.at[f].samples.at[0];
		}
	fail_msg("%s is not told", metric_infos[id].name);
	return (struct msg_sample){0};
}

static void buckets_hold_their_bounds(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const char *const labels[] = {"p", "registry"};
	const enum metric_id id = METRIC_discovery_source_latency_seconds;
	static const int64_t seen[] = {0, 5000, 5001, 10000000, 10000001};
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		metric_observe(&m, id, seen[i], labels);
	assert_int_equal(metric_get(&m, id, labels), 5);
	struct msg_sample s = only(id, &a);
	assert_string_equal(s.labels, "policy=\"p\",source_type=\"registry\"");
	assert_int_equal(s.value, 20010002);
	assert_int_equal(s.counts.n, 12);
	assert_int_equal(s.counts.at[0].n, 2); /* 5 ms is in the bucket of 5 ms */
	assert_int_equal(s.counts.at[1].n, 1);
	assert_int_equal(s.counts.at[10].n, 1);
	assert_int_equal(s.counts.at[11].n, 1);
	arena_done(&a);
}

static void label_values_are_escaped_and_cut(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	metric_add(&m, METRIC_messages_dropped_total, 1, LABELS("a\"b\\c\nd\xff"));
	assert_string_equal(only(METRIC_messages_dropped_total, &a).labels,
			    "fault=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"");
	metric_drop(&m, METRIC_messages_dropped_total, "fault", "a\"b\\c\nd\xef\xbf\xbd");
	assert_int_equal(m.n_series, 0);
	char longer[2 * METRIC_VALUE_MAX + 1];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	metric_add(&m, METRIC_messages_dropped_total, 1, LABELS(longer));
	assert_int_equal(strlen(only(METRIC_messages_dropped_total, &a).labels),
			 METRIC_VALUE_MAX + strlen("fault=\"\""));
	arena_done(&a);
}

/* Of what does not exist any more nothing is told; other series of the same row stay. */
static void series_of_deleted_objects_go(void **state)
{
	(void)state;
	static const char *const ab[] = {"a", "b", "c"}, *const xb[] = {"x", "a", "c"};
	const enum metric_id id = METRIC_discovery_source_health;
	metric_set(&m, id, 1, ab);
	metric_set(&m, id, 1, xb);
	metric_drop(&m, id, "policy", "a");
	assert_int_equal(metric_get(&m, id, ab), 0);
	assert_int_equal(metric_get(&m, id, xb), 1);
	metric_drop(&m, id, "source_type", "a");
	assert_int_equal(m.n_series, 0);
	metric_set(&m, id, 1, ab);
	metric_mark(&m);
	metric_set(&m, id, 1, xb);
	metric_sweep(&m, id);
	assert_int_equal(metric_get(&m, id, ab), 0);
	assert_int_equal(metric_get(&m, id, xb), 1);
}

static void series_are_bounded(void **state)
{
	(void)state;
	char name[16];
	for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
		snprintf(name, sizeof(name), "%d", i);
		metric_add(&m, METRIC_messages_dropped_total, 1, LABELS(name));
	}
	assert_int_equal(m.n_series, METRIC_SERIES_MAX);
	assert_int_equal(metric_get(&m, METRIC_series_refused_total, NULL), 10);
	/* Those that are there go on counting, and room that was made is used. */
	metric_add(&m, METRIC_messages_dropped_total, 1, LABELS("7"));
	assert_int_equal(metric_get(&m, METRIC_messages_dropped_total, LABELS("7")), 2);
	metric_drop(&m, METRIC_messages_dropped_total, "fault", "7");
	metric_add(&m, METRIC_messages_dropped_total, 1, LABELS("new"));
	assert_int_equal(metric_get(&m, METRIC_messages_dropped_total, LABELS("new")), 1);
}

/* Every series once, whatever the number of pages, and each page fits a message. */
static void pages_tell_everything_once(void **state)
{
	(void)state;
	enum { SERIES = 20000 };
	static bool told[SERIES];
	struct msg_metrics_get get = {0};
	struct msg_metrics page = {.more = true};
	char name[16];
	size_t pages = 0, plain = 0;
	memset(told, 0, sizeof(told));
	for (int i = 0; i < SERIES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		metric_add(&m, METRIC_messages_dropped_total, 1, LABELS(name));
	}
	metric_drop(&m, METRIC_messages_dropped_total, "fault", "77");
	for (; page.more; pages++) {
		struct arena a = ARENA_INIT;
		struct buf b = {0};
		metrics_page(&m, &get, &a, &page);
		assert_int_equal(msg_encode(MSG_metrics, PROC_PULLER, &page, &b, NULL), 0);
		assert_in_range(b.len, 1, METRIC_PAGE_BYTES + 4096);
		for (size_t f = 0; f < page.families.n; f++)
			for (size_t s = 0; s < page.families.at[f].samples.n; s++) {
				const char *labels = page.families.at[f].samples.at[s].labels;
				int i;
				if (sscanf(labels, "fault=\"%d\"", &i) != 1) {
					plain++;
					continue;
				}
				assert_false(told[i]);
				told[i] = true;
			}
		get.after = page.next;
		buf_done(&b);
		arena_done(&a);
	}
	assert_in_range(pages, 2, 20);
	for (int i = 0; i < SERIES; i++)
		assert_int_equal(told[i], i != 77);
	assert_in_range(plain, 1, METRIC_COUNT);
}

/* A place that does not exist, as of another life of the process, is no trouble. */
static void any_place_can_be_asked_for(void **state)
{
	(void)state;
	static const uint64_t places[] = {UINT64_MAX, UINT64_C(5) << 32 | 77, 1};
	metric_add(&m, METRIC_messages_dropped_total, 1, fault_a);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct arena a = ARENA_INIT;
		struct msg_metrics page;
		metrics_page(&m, &(struct msg_metrics_get){places[i]}, &a, &page);
		assert_false(page.more);
		arena_done(&a);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(table_is_in_order),
		TEST(zeros_are_there_from_the_beginning),
		TEST(every_fault_of_a_message_begins_with_zero),
		TEST(counts_add_up),
		TEST(values_are_exact),
		TEST(buckets_hold_their_bounds),
		TEST(label_values_are_escaped_and_cut),
		TEST(series_of_deleted_objects_go),
		TEST(series_are_bounded),
		TEST(pages_tell_everything_once),
		TEST(any_place_can_be_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
