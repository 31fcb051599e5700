/*
 * The exposition formats, against golden files, from pages as processes tell them; what does not
 * fit the table is left out; compressed it is the same.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "metricsd/expose.h"
#include "metricsd/gzip.h"

/* A page of what was recorded, as it comes over the wire. */
static void tell(struct metrics *m, struct snapshot *s)
{
	struct arena a = ARENA_INIT;
	struct msg_metrics_get get = {0};
	struct msg_metrics page = {.more = true};
	for (; page.more; get.after = page.next) {
		metrics_page(m, &get, &a, &page);
		snapshot_add(s, &page);
	}
	arena_done(&a);
	metrics_done(m);
}

static void record(struct snapshot *reconciler, struct snapshot *puller)
{
	struct metrics m = {0};
	const char *const image[] = {"docker.io/library/nginx:1.25", ""};
	metric_add(&m, METRIC_turns_total, 7, NULL);
	metric_add(&m, METRIC_images_cached_total, 3, image);
	metric_add(&m, METRIC_images_cached_total, 1, LABELS("odd\"\\\nname", "n1"));
	metric_observe(&m, METRIC_pull_duration_seconds, 1000000, image);
	metric_observe(&m, METRIC_pull_duration_seconds, 2500000, image);
	metric_observe(&m, METRIC_pull_duration_seconds, 9999000000, image);
	metric_set(&m, METRIC_nodes_targeted, 3, LABELS("web"));
	tell(&m, reconciler);
	m = (struct metrics){0};
	metric_add(&m, METRIC_turns_total, 1, NULL);
	metric_add(&m, METRIC_messages_dropped_total, 2, LABELS("sender"));
	metric_add(&m, METRIC_pod_creates_total, 4, LABELS("created"));
	metric_set(&m, METRIC_process_cpu_seconds_total, 1500000, NULL);
	tell(&m, puller);
}

/* Of the families that were recorded: the others are there as well, and grow in number. */
static void keep_interesting(struct buf *text)
{
	static const char *const names[] = {
		"drop_turns", "drop_images_cached", "drop_pull_duration",    "drop_nodes_targeted",
		"# EOF",      "drop_pod_creates",   "drop_messages_dropped", "drop_process_cpu",
	};
	struct buf kept = {0};
	for (char *line = text->data; line != NULL && *line != '\0';) {
		size_t len = (size_t)(strchr(line, '\n') - line) + 1;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (memmem(line, len, names[i], strlen(names[i])) != NULL)
				buf_add(&kept, line, len);
		line += len;
	}
	buf_done(text);
	*text = kept;
}

static void golden(const char *name, const struct buf *text)
{
	char path[512];
	struct buf want = {0};
	char piece[4096];
	snprintf(path, sizeof(path), "%s/%s", GOLDEN, name);
	FILE *f = fopen(path, "r");
	for (size_t n; f != NULL && (n = fread(piece, 1, sizeof(piece), f)) > 0;)
		buf_add(&want, piece, n);
	if (f != NULL)
		fclose(f);
	if (want.data == NULL || strcmp(want.data, text->data) != 0)
		fail_msg("%s is not:\n%s", name, text->data);
	buf_done(&want);
}

static void formats(void **state)
{
	(void)state;
	static const char *const files[] = {
		[EXPOSE_TEXT] = "metrics.text", [EXPOSE_OPENMETRICS] = "metrics.openmetrics"};
	for (int form = EXPOSE_TEXT; form <= EXPOSE_OPENMETRICS; form++) {
		struct snapshot reconciler = {0}, puller = {0};
		struct buf b = {0};
		record(&reconciler, &puller);
		const struct exposed list[] = {{"reconciler", &reconciler}, {"puller", &puller}};
		assert_int_equal(expose(list, 2, (enum expose_form)form, &b), 0);
		keep_interesting(&b);
		golden(files[form], &b);
		buf_done(&b);
		snapshot_done(&reconciler);
		snapshot_done(&puller);
	}
}

/* A process of another build, or one that says nonsense, harms nobody. */
static void what_does_not_fit_is_left_out(void **state)
{
	(void)state;
	struct msg_count counts[3] = {{1}, {2}, {3}};
	struct msg_sample samples[] = {
		{.labels = NULL, .value = 1},
		{.labels = "a=\"b\"", .value = 1, .counts = {counts, 3}},
	};
	struct msg_family families[] = {
		{.name = NULL, .samples = {samples, 2}},
		{.name = "drop_no_such_metric", .samples = {samples, 2}},
		{.name = "drop_turns_total", .samples = {samples, 2}},
		{.name = "drop_pull_duration_seconds", .samples = {samples, 2}},
	};
	const struct msg_metrics page = {.families = {families, 4}};
	struct snapshot s = {0};
	struct buf b = {0};
	snapshot_add(&s, &page);
	const struct exposed list[] = {{"reconciler", &s}};
	assert_int_equal(expose(list, 1, EXPOSE_TEXT, &b), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(snapshot_value(&s, METRIC_turns_total, "", 42), 42);
	snapshot_done(&s);
	buf_done(&b);
}

/* What a process records that is not its own does not come under its name twice. */
static void only_the_owner_is_asked(void **state)
{
	(void)state;
	struct snapshot reconciler = {0}, puller = {0};
	struct buf b = {0};
	record(&reconciler, &puller);
	const struct exposed list[] = {{"puller", &reconciler}};
	assert_int_equal(expose(list, 1, EXPOSE_TEXT, &b), 0);
	assert_null(strstr(b.data, "drop_images_cached_total"));
	assert_non_null(strstr(b.data, "drop_turns_total{process=\"puller\"} 7\n"));
	buf_done(&b);
	snapshot_done(&reconciler);
	snapshot_done(&puller);
}

static void compressed_it_is_the_same(void **state)
{
	(void)state;
	static char text[300000], back[300001];
	struct buf out = {0};
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + (i * i) % 23);
	gzip_add(&out, text, sizeof(text));
	z_stream z = {.next_in = (Bytef *)out.data, .avail_in = (uInt)out.len};
	z.next_out = (Bytef *)back;
	z.avail_out = sizeof(back);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, sizeof(text));
	assert_memory_equal(text, back, sizeof(text));
	inflateEnd(&z);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(only_the_owner_is_asked),
		cmocka_unit_test(compressed_it_is_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
