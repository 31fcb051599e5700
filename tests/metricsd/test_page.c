/* The status page: nothing that users or registries wrote is taken as HTML, and the JSON is JSON.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "metricsd/json_names.h"
#include "metricsd/page.h"

#define EVIL "<script>alert('x\"&')</script>"

static void fill_overview(struct stats *b)
{
	struct msg_image_name names[] = {{EVIL}, {"fine"}, {"gone"}, {NULL}};
	struct msg_grid_column column = {.name = EVIL, .nodes = 1};
	struct msg_grid_cell cells[] = {{.backoff = 1, .state = "backoff", .text = EVIL}};
	struct msg_grid_row row = {.image = EVIL, .phase = EVIL, .cells = {cells, 1}};
	const struct msg_overview overview = {.leading = true,
					      .images = 4,
					      .images_ready = 1,
					      .images_degraded = 1,
					      .targeted = 7,
					      .ready = 4,
					      .shown = {names, 4},
					      .nodes = 1,
					      .columns = {&column, 1},
					      .rows = {&row, 1}};
	stats_add_overview(b, &overview);
}

static void fill(struct stats *b)
{
	struct msg_progress progress[] = {
		{.image = EVIL,
		 .phase = "Degraded",
		 .policy = EVIL,
		 .targeted = 4,
		 .ready = 1,
		 .pulling = 1,
		 .backoff = 2,
		 .eta_s = -1,
		 .reason = "NodeBackoff",
		 .text = EVIL,
		 .cause = EVIL},
		{.image = "fine",
		 .phase = "Ready",
		 .policy = "",
		 .targeted = 3,
		 .ready = 3,
		 .nodes_skipped = 17},
		{.image = "gone", .phase = "Pending", .policy = "", .policy_missing = true},
		{.image = NULL, .phase = EVIL},
	};
	struct msg_turn turns[] = {{.image = EVIL, .node = EVIL, .turn = "first", .text = EVIL}};
	const struct msg_images_explained images = {.leading = true, .images = {progress, 4}};
	const struct msg_queue_explained queue = {.queue = {turns, 1}};
	struct msg_held_node held_nodes[] = {{.node = EVIL,
					      .pool = EVIL,
					      .state = "Held",
					      .text = EVIL,
					      .gating = 6,
					      .there = 4}};
	const struct msg_held_explained held = {.held = 3, .nodes = {held_nodes, 1}};
	struct discovered_image found[] = {{EVIL, 7, "prometheus"}, {"b", 3, EVIL}};
	struct api_condition ready = {
		.type = "Ready", .status = "False", .reason = "DNSError", .message = EVIL};
	struct registry_source registry = {.url = "https://user:secret@registry"};
	struct discovery_source source = {.type = "registry", .registry = &registry};
	const struct discoverypolicy discovery = {
		.meta = {.name = EVIL},
		.spec = {.sources = {&source, 1}},
		.status = {.discovered_images = {found, 2}, .conditions = {&ready, 1}},
	};
	const struct pullpolicy policy = {.meta = {.name = EVIL},
					  .spec = {.max_concurrent_nodes = 2}};
	fill_overview(b);
	stats_add_images(b, &images);
	stats_add_queue(b, &queue);
	stats_add_held(b, &held);
	stats_add_discovery(b, &discovery);
	stats_add_policy(b, &policy);
}

static const struct page_process processes[] = {
	{"watcher", "settled", true, true, 0, 5 << 20, 1230000},
	{"puller", EVIL, false, false, 7, 0, 0},
};

static void with_page(void (*write)(const struct page *, struct buf *), struct buf *out)
{
	struct stats b = {0};
	fill(&b);
	const struct page page = {.stats = &b,
				  .processes = processes,
				  .n_processes = 2,
				  .supervisor_alive = true,
				  .stats_whole = true,
				  .wall_s = 1700000000};
	write(&page, out);
	assert_int_equal(b.n_failing, 2);
	assert_int_equal(b.n_images, 4);
	stats_done(&b);
}

static void html_is_escaped(void **state)
{
	(void)state;
	struct buf out = {0};
	with_page(page_html, &out);
	assert_null(strstr(out.data, "<script"));
	assert_null(strstr(out.data, "secret"));
	assert_non_null(
		strstr(out.data, "&lt;script&gt;alert(&#39;x&quot;&amp;&#39;)&lt;/script&gt;"));
	assert_non_null(strstr(out.data, "default-src 'none'"));
	assert_non_null(strstr(out.data, "its PullPolicy does not exist"));
	assert_non_null(strstr(out.data, "does not answer"));
	assert_non_null(strstr(out.data, "<th class=n>left out"));
	assert_non_null(strstr(out.data, "<td class=n>17</td>"));
	assert_non_null(strstr(out.data, "Images and nodes</h2>"));
	assert_non_null(strstr(out.data, "1<small>/4</small></b><span class=note>images ready"));
	assert_non_null(strstr(out.data, "4<small>/7</small></b>"));
	assert_non_null(strstr(out.data, "<h2>New nodes</h2>"));
	assert_non_null(strstr(out.data, "<td class=n>4/6</td>"));
	buf_done(&out);
}

/* Of more images than are shown, the sums are of all, and what is not says so. */
static void more_images_than_shown(void **state)
{
	struct stats b = {0};
	struct buf html = {0}, json = {0};
	struct msg_image_name names[] = {{"a"}, {NULL}, {"b"}};
	size_t at = 0;
	(void)state;
	stats_add_overview(&b, &(struct msg_overview){.leading = true,
						      .images = 2000,
						      .images_ready = 1990,
						      .targeted = 2000000,
						      .ready = 1999999,
						      .shown = {names, 3}});
	assert_string_equal(stats_next_name(&b, &at), "a");
	assert_string_equal(stats_next_name(&b, &at), "b");
	assert_null(stats_next_name(&b, &at));
	const struct page page = {.stats = &b, .stats_whole = true};
	page_html(&page, &html);
	page_json(&page, &json);
	assert_non_null(strstr(html.data, "1,990<small>/2,000</small>"));
	assert_non_null(strstr(html.data, ">99.9<small> %</small>"));
	assert_non_null(strstr(html.data, "1,999,999 of 2,000,000"));
	assert_non_null(strstr(html.data, "waiting, of the images below"));
	assert_non_null(strstr(html.data, "500 of 2,000 images, those that are not Ready first;"));
	assert_non_null(strstr(json.data, "\"moreImages\":true"));
	assert_non_null(strstr(json.data, "\"totals\":{\"images\":2000,\"imagesReady\":1990"));
	stats_done(&b);
	buf_done(&html);
	buf_done(&json);
}

static void failures_are_capped(void **state)
{
	struct stats b = {0};
	struct buf html = {0};
	struct msg_progress failing = {.image = "i", .phase = "Degraded", .cause = "not found"};
	(void)state;
	for (int i = 0; i <= STATS_FAILING_MAX; i++)
		stats_add_images(&b, &(struct msg_images_explained){.images = {&failing, 1}});
	const struct page page = {.stats = &b, .stats_whole = true};
	page_html(&page, &html);
	size_t rows = 0;
	for (const char *at = b.failing.data; (at = strstr(at, "<tr>")) != NULL; at++)
		rows++;
	assert_int_equal(rows, STATS_FAILING_MAX);
	assert_non_null(strstr(html.data, "The first 20 of 21; all are in the tables below."));
	stats_done(&b);
	buf_done(&html);
}

static void json_is_json(void **state)
{
	(void)state;
	struct buf out = {0};
	with_page(page_json, &out);
	assert_null(strstr(out.data, "secret"));
	cJSON *all = cJSON_Parse(out.data);
	assert_non_null(all);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(all, "images")), 4);
	const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(all, "images"), 0);
	assert_string_equal(cJSON_GetObjectItem(first, "cause")->valuestring, EVIL);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(all, "queue")), 1);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(all, "processes")), 2);
	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(all, "held")), 3);
	const cJSON *node = cJSON_GetArrayItem(cJSON_GetObjectItem(all, "heldNodes"), 0);
	assert_string_equal(cJSON_GetObjectItem(node, "node")->valuestring, EVIL);
	const cJSON *found = cJSON_GetArrayItem(cJSON_GetObjectItem(all, "discovery"), 0);
	const cJSON *status = cJSON_GetObjectItem(found, "status");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(status, "discoveredImages")), 2);
	cJSON_Delete(all);
	buf_done(&out);
}

static void empty(void **state)
{
	(void)state;
	struct stats b = {0};
	struct buf html = {0}, json = {0};
	const struct page page = {.stats = &b};
	page_html(&page, &html);
	page_json(&page, &json);
	cJSON *all = cJSON_Parse(json.data);
	assert_non_null(all);
	assert_non_null(strstr(html.data, "No CachedImages."));
	assert_non_null(strstr(html.data, "this page is incomplete"));
	cJSON_Delete(all);
	buf_done(&html);
	buf_done(&json);
}

/* 50, 51. */
static void when_pulls_start(void **state)
{
	const char *days[] = {"Sat", EVIL};
	struct pull_window_spec windows[] = {{"22:00", "06:00", {NULL, 0}, NULL},
					     {"12:00", "00:00", {days, 2}, EVIL}};
	struct api_condition bad = {.type = "Ready", .status = "False", .message = "no zone " EVIL};
	struct api_condition stopped = {.type = "Suspended", .status = "True"};
	const struct {
		struct pullpolicy policy;
		const char *says;
	} rows[] = {
		{{.meta = {.name = "p"}}, "<td>at any time</td>"},
		{{.meta = {.name = "p"}, .spec = {.suspend = true, .pull_windows = {windows, 1}}},
		 "<td>suspended</td>"},
		{{.meta = {.name = "p"}, .spec = {.pull_windows = {windows, 2}}},
		 "<td>22:00-06:00 UTC<br>Sat &lt;script&gt;"},
		{{.meta = {.name = "p"},
		  .spec = {.pull_windows = {windows, 1}},
		  .status = {.conditions = {&bad, 1}}},
		 "<td>no zone &lt;script&gt;"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct stats b = {0};
		stats_add_policy(&b, &rows[i].policy);
		assert_non_null(strstr(b.policies.data, rows[i].says));
		assert_null(strstr(b.policies.data, "<script"));
		stats_done(&b);
	}
	struct stats b = {0};
	const struct discoverypolicy discovery = {.meta = {.name = "d"},
						  .status = {.conditions = {&stopped, 1}}};
	stats_add_discovery(&b, &discovery);
	assert_non_null(strstr(b.discovery.data, "; suspended</span>"));
	stats_done(&b);
}

/* The JSON has no more rows than the page, and both say that there are more. */
static void both_are_capped(void **state)
{
	(void)state;
	struct stats b = {0};
	struct buf html = {0}, json = {0};
	struct discovered_image found[STATS_FOUND_MAX + 1];
	for (size_t i = 0; i < STATS_FOUND_MAX + 1; i++)
		found[i] = (struct discovered_image){"image", 1, "registry"};
	const struct discoverypolicy discovery = {
		.meta = {.name = "d"},
		.status = {.discovered_images = {found, STATS_FOUND_MAX + 1}}};
	const struct pullpolicy policy = {.meta = {.name = "p"}};
	for (int i = 0; i < STATS_POLICIES_MAX + 1; i++) {
		stats_add_discovery(&b, &discovery);
		stats_add_policy(&b, &policy);
	}
	const struct page page = {.stats = &b};
	page_html(&page, &html);
	page_json(&page, &json);
	cJSON *all = cJSON_Parse(json.data);
	const cJSON *rows = cJSON_GetObjectItem(all, "discovery");
	const cJSON *first = cJSON_GetArrayItem(rows, 0);
	const cJSON *images =
		cJSON_GetObjectItem(cJSON_GetObjectItem(first, "status"), "discoveredImages");
	assert_int_equal(cJSON_GetArraySize(rows), STATS_POLICIES_MAX);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(all, "policies")),
			 STATS_POLICIES_MAX);
	assert_int_equal(cJSON_GetArraySize(images), STATS_FOUND_MAX);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first, "moreImages")));
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(all, "moreDiscovery")));
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(all, "morePolicies")));
	assert_non_null(strstr(html.data, "The first 200 policies of a kind."));
	cJSON_Delete(all);
	stats_done(&b);
	buf_done(&html);
	buf_done(&json);
}

static const struct msg_saved_hour saved_hours[] = {
	{.hour = 1000, .hits = 3, .saved_us = 90000000},
	{.hour = 1001, .hits = 1, .misses = 1, .saved_us = 45000000, .waited_us = 90000000},
	{.hour = 900, .hits = 9, .saved_us = 900000000},
};

static const struct msg_report report = {
	.leading = true,
	.enabled = true,
	.since_s = 899 * 3600,
	.hits = 13,
	.misses = 1,
	.saved_us = 1035000000,
	.waited_us = 90000000,
	.hours = {(struct msg_saved_hour *)(uintptr_t)saved_hours, 3},
};

/* A bar for each hour that has anything to show, on the scale of its own plot. */
static void rule_56_what_it_saved(void **state)
{
	struct stats b = {0};
	(void)state;
	stats_add_report(&b, &report, 1001 * 3600 + 10);
	assert_non_null(strstr(b.saved.data, "<b class=\"phase Ready\">17m15s"));
	assert_non_null(strstr(b.saved.data, ">93<small> %"));
	assert_non_null(strstr(b.saved.data, "last day, by hour; the longest bar is 1m30s"));
	assert_non_null(strstr(b.saved.data, "last week, by hour; the longest bar is 15m0s"));
	assert_non_null(strstr(b.saved.data, "45s saved, 1m30s waited; 1 hits, 1 misses"));
	const char *day = strstr(b.saved.data, "last day"), *week = strstr(day, "last week, by");
	size_t bars = 0, of_day = 0;
	for (const char *at = day; (at = strstr(at, "<rect")) != NULL; at++) {
		bars++;
		of_day += at < week;
	}
	assert_int_equal(of_day, 3);
	assert_int_equal(bars, 3 + 4);
	cJSON *json = cJSON_Parse(b.saved_json.data);
	assert_true(cJSON_GetObjectItem(json, "savedSeconds")->valuedouble == 1035);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(json, "known")));
	cJSON_Delete(json);
	stats_done(&b);
}

/* Page and JSON say how much of the time is not known, and whether a restart forgets. */
static void rule_56_what_is_not_known(void **state)
{
	(void)state;
	for (int kept = 0; kept < 2; kept++) {
		struct stats b = {0};
		struct msg_report gaps = report;
		gaps.gaps_s = kept ? 0 : 90;
		gaps.kept = kept != 0;
		stats_add_report(&b, &gaps, 1001 * 3600 + 10);
		assert_int_equal(strstr(b.saved.data, "the events of 2 minutes") == NULL, kept);
		assert_int_equal(strstr(b.saved.data, "the report is not saved") == NULL, kept);
		cJSON *json = cJSON_Parse(b.saved_json.data);
		assert_true(cJSON_GetObjectItem(json, "uncoveredSeconds")->valuedouble ==
			    (double)gaps.gaps_s);
		assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(json, "kept")), kept);
		cJSON_Delete(json);
		stats_done(&b);
	}
}

static void rule_56_nothing_without_usage(void **state)
{
	struct stats b = {0};
	(void)state;
	stats_add_report(&b, &(struct msg_report){.leading = true}, 1000);
	assert_non_null(strstr(b.saved.data, "usage.enabled"));
	assert_null(strstr(b.saved.data, "<svg"));
	stats_done(&b);
	stats_add_report(&b, &(struct msg_report){.enabled = true}, 1000);
	assert_int_equal(b.saved.len, 0); /* a standby */
	stats_done(&b);
}

static const struct name_row {
	const char *name, *json, *want;
} name_rows[] = {
	{"words", "{\"bytes_left\":1,\"a\":[{\"policy_missing\":true}]}",
	 "{\"bytesLeft\":1,\"a\":[{\"policyMissing\":true}]}"},
	{"units", "{\"eta_s\":-1,\"pull_ms\":2,\"s\":3}",
	 "{\"etaSeconds\":-1,\"pullMilliseconds\":2,\"s\":3}"},
	{"values stay", "[\"a_b\",{\"x_y\":\"a_s\\\":b_c\"},\"e_s\"]",
	 "[\"a_b\",{\"xY\":\"a_s\\\":b_c\"},\"e_s\"]"},
	{"cut", "{\"a_b", "{\"a_b"},
	{"cut after a backslash", "{\"a_b\\", "{\"a_b\\"},
};

static void names_are_those_of_the_api(void **state)
{
	(void)state;
	FOREACH_ROW(struct name_row, name_rows)
	{
		struct buf out = {0};
		json_names_add(&out, row->json, strlen(row->json));
		assert_string_equal(out.data, row->want);
		buf_done(&out);
	}
}

/* Pulls of one image that wait for the same are one row with their number. */
static void the_queue_is_folded(void **state)
{
	struct stats b = {0};
	struct msg_turn turns[] = {
		{.image = "i", .node = "a", .turn = "x", .text = "waits"},
		{.image = "i", .node = "b", .turn = "x", .text = "waits"},
		{.image = "i", .node = "c", .turn = "x", .text = "waits"},
		{.image = "j", .node = "a", .turn = "x", .text = "waits"},
		{.image = "j", .node = "b", .turn = "x"},
	};
	(void)state;
	stats_add_queue(&b, &(struct msg_queue_explained){.queue = {turns, 5}});
	assert_int_equal(b.n_queue, 5);
	assert_non_null(strstr(b.queue.data, "<td class=n>1</td><td>i</td><td class=n>3</td>"
					     "<td>a &hellip; c</td>"));
	assert_non_null(strstr(b.queue.data, "<td class=n>4</td><td>j</td><td class=n>1</td>"));
	assert_non_null(strstr(b.queue.data, "<td class=n>5</td><td>j</td><td class=n>1</td>"));
	stats_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_56_what_it_saved),
		cmocka_unit_test(rule_56_what_is_not_known),
		cmocka_unit_test(rule_56_nothing_without_usage),
		cmocka_unit_test(the_queue_is_folded),
		cmocka_unit_test(names_are_those_of_the_api),
		cmocka_unit_test(html_is_escaped),
		cmocka_unit_test(more_images_than_shown),
		cmocka_unit_test(failures_are_capped),
		cmocka_unit_test(json_is_json),
		cmocka_unit_test(empty),
		cmocka_unit_test(when_pulls_start),
		cmocka_unit_test(both_are_capped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
