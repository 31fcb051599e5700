/*
 * Forms of answers, and the cells that kubectl prints.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "sim/apiserver/view.h"
#include "sim/apiserver/view_parts.h"

#define NOW ((struct now){0, 1767323045}) /* 2026-01-02T03:04:05Z */

static const struct resource *of(const char *plural)
{
	for (size_t i = 0; i < resources_n; i++)
		if (strcmp(resources[i].plural, plural) == 0)
			return &resources[i];
	fail_msg("no %s", plural);
	return NULL;
}

static const struct accept_row {
	const char *name, *accept;
	int code; /* 0: served */
	enum view_form want;
} accepts[] = {
	{"nothing", NULL, 0, VIEW_JSON},
	{"empty", "", 0, VIEW_JSON},
	{"JSON", "application/json", 0, VIEW_JSON},
	{"anything", "*/*", 0, VIEW_JSON},
	{"kubectl get",
	 "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;"
	 "g=meta.k8s.io,application/json",
	 0, VIEW_TABLE},
	{"typed clients", "application/vnd.kubernetes.protobuf,application/json", 0, VIEW_JSON},
	{"what our programs ask back",
	 "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", 0, VIEW_META},
	{"spaces", " application/json; as=Table; g=meta.k8s.io; v=v1 , */*", 0, VIEW_TABLE},
	{"a form of another group is passed over",
	 "application/json;as=Table;g=x;v=v1,application/json", 0, VIEW_JSON},
	{"the metadata of a list, of an object",
	 "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", 406, 0},
	{"only protobuf", "application/vnd.kubernetes.protobuf", 406, 0},
	{"text", "text/plain", 406, 0},
};

static void metadata_of_lists(void **state)
{
	(void)state;
	struct api_error e = {0};
	enum view_form form;
	assert_int_equal(view_negotiate("application/json;as=PartialObjectMetadataList;"
					"g=meta.k8s.io;v=v1",
					true, &form, &e),
			 0);
	assert_int_equal(form, VIEW_META);
	assert_int_equal(view_negotiate("application/json;as=PartialObjectMetadata;"
					"g=meta.k8s.io;v=v1",
					true, &form, &e),
			 -1);
	assert_int_equal(e.code, 406);
}

static void what_is_accepted(void **state)
{
	(void)state;
	FOREACH_ROW(struct accept_row, accepts)
	{
		struct api_error e = {0};
		enum view_form form = VIEW_META;
		int rc = view_negotiate(row->accept, false, &form, &e);
		assert_int_equal(rc, row->code != 0 ? -1 : 0);
		assert_int_equal(e.code, row->code);
		if (rc == 0)
			assert_int_equal(form, row->want);
	}
}

/* The cells of the one row, without brackets. */
static void cells(const char *plural, const char *json, struct buf *out)
{
	struct buf text = {0};
	view_object(VIEW_TABLE, of(plural), json, NOW, &text);
	cJSON *table = cJSON_Parse(text.data);
	assert_non_null(table);
	const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(table, "rows"), 0);
	const cJSON *list = cJSON_GetObjectItem(row, "cells");
	assert_int_equal(cJSON_GetArraySize(list),
			 cJSON_GetArraySize(cJSON_GetObjectItem(table, "columnDefinitions")));
	assert_non_null(cJSON_GetObjectItem(cJSON_GetObjectItem(row, "object"), "metadata"));
	for (const cJSON *c = list->child; c != NULL; c = c->next) {
		char *one = cJSON_PrintUnformatted(c);
		buf_addf(out, "%s%s", out->len != 0 ? " " : "", one);
		cJSON_free(one);
	}
	cJSON_Delete(table);
	buf_done(&text);
}

#define BORN "\"creationTimestamp\":\"2026-01-02T03:00:00Z\""

static const struct cell_row {
	const char *name, *plural, *json, *want;
} rows[] = {
	{"a pod that waits", "pods",
	 "{\"metadata\":{\"name\":\"p\"," BORN
	 "},\"spec\":{\"nodeName\":\"n\",\"containers\":[{}]},"
	 "\"status\":{\"phase\":\"Pending\",\"containerStatuses\":[{\"ready\":false,"
	 "\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\"}}}]}}",
	 "\"p\" \"0/1\" \"ImagePullBackOff\" \"0\" \"4m5s\" \"<none>\" \"n\" \"<none>\" "
	 "\"<none>\""},
	{"a pod that is done", "pods",
	 "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{}]},\"status\":{\"phase\":"
	 "\"Succeeded\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"reason\":"
	 "\"Completed\"}}"
	 "}]}}",
	 "\"p\" \"0/1\" \"Completed\" \"0\" \"<unknown>\" \"<none>\" \"<none>\" \"<none>\" "
	 "\"<none>\""},
	{"a pod that runs and was restarted", "pods",
	 "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{}]},\"status\":{\"phase\":"
	 "\"Running\",\"podIP\":\"10.1.2.3\",\"containerStatuses\":[{\"ready\":true,"
	 "\"restartCount\":"
	 "2,\"state\":{\"running\":{}},\"lastState\":{\"terminated\":{\"finishedAt\":"
	 "\"2026-01-02T03:03:05Z\"}}}]}}",
	 "\"p\" \"1/1\" \"Running\" \"2 (60s ago)\" \"<unknown>\" \"10.1.2.3\" \"<none>\" "
	 "\"<none>\" "
	 "\"<none>\""},
	{"a pod that goes", "pods",
	 "{\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":\"2026-01-02T03:03:05Z\"},\"spec\":{}"
	 ","
	 "\"status\":{\"phase\":\"Running\"}}",
	 "\"p\" \"0/0\" \"Terminating\" \"0\" \"<unknown>\" \"<none>\" \"<none>\" \"<none>\" "
	 "\"<none>\""},
	{"a pod that was rejected", "pods",
	 "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{}]},\"status\":{\"phase\":"
	 "\"Failed\",\"reason\":\"OutOfpods\"}}",
	 "\"p\" \"0/1\" \"OutOfpods\" \"0\" \"<unknown>\" \"<none>\" \"<none>\" \"<none>\" "
	 "\"<none>\""},
	{"a container that ended without a reason", "pods",
	 "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{}]},\"status\":{\"phase\":"
	 "\"Failed\",\"containerStatuses\":[{\"state\":{\"terminated\":{\"exitCode\":3}}}]}}",
	 "\"p\" \"0/1\" \"ExitCode:3\" \"0\" \"<unknown>\" \"<none>\" \"<none>\" \"<none>\" "
	 "\"<none>\""},
	{"a node", "nodes",
	 "{\"metadata\":{\"name\":\"n\",\"labels\":{\"node-role.kubernetes.io/b\":\"\","
	 "\"node-role.kubernetes.io/a\":\"\"}," BORN
	 "},\"spec\":{\"unschedulable\":true},\"status\":{"
	 "\"conditions\":[{\"type\":\"DiskPressure\",\"status\":\"False\"},{\"type\":\"Ready\","
	 "\"status\":\"True\"}],\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0.1\"}],"
	 "\"nodeInfo\":{\"kubeletVersion\":\"v1.34.4\",\"osImage\":\"Debian\",\"kernelVersion\":"
	 "\"6.1\",\"containerRuntimeVersion\":\"containerd://1.6\"}}}",
	 "\"n\" \"Ready,SchedulingDisabled\" \"a,b\" \"4m5s\" \"v1.34.4\" \"10.0.0.1\" \"<none>\" "
	 "\"Debian\" \"6.1\" \"containerd://1.6\""},
	{"a node without a word", "nodes", "{\"metadata\":{\"name\":\"n\"}}",
	 "\"n\" \"Unknown\" \"<none>\" \"<unknown>\" \"\" \"<none>\" \"<none>\" \"<unknown>\" "
	 "\"<unknown>\" \"<unknown>\""},
	{"a secret", "secrets",
	 "{\"metadata\":{\"name\":\"s\"," BORN
	 "},\"type\":\"Opaque\",\"data\":{\"a\":\"\",\"b\":\"\"}}",
	 "\"s\" \"Opaque\" 2 \"4m5s\""},
	{"a lease", "leases",
	 "{\"metadata\":{\"name\":\"l\"," BORN "},\"spec\":{\"holderIdentity\":\"me\"}}",
	 "\"l\" \"me\" \"4m5s\""},
	{"an event", "events",
	 "{\"metadata\":{\"name\":\"e\"},\"involvedObject\":{\"kind\":\"CachedImage\",\"name\":"
	 "\"x\"},"
	 "\"reason\":\"PullFailed\",\"type\":\"Warning\",\"message\":\"no\",\"eventTime\":"
	 "\"2026-01-02T03:00:00.000000Z\",\"series\":{\"count\":4,\"lastObservedTime\":"
	 "\"2026-01-02T03:04:00.000000Z\"},\"reportingComponent\":\"drop\"}",
	 "\"5s\" \"Warning\" \"PullFailed\" \"cachedimage/x\" \"\" \"drop\" \"no\" \"4m5s\" \"4\" "
	 "\"e\""},
	{"a CachedImage", "cachedimages",
	 "{\"metadata\":{\"name\":\"c\"," BORN ",\"labels\":{\"drop.corewire.io/imageset\":\"s\"}},"
	 "\"spec\":{\"image\":\"i\",\"tag\":\"1\",\"policyRef\":{\"name\":\"p\"}},\"status\":{"
	 "\"ready\":\"1/2\",\"resolvedDigest\":\"sha256:a\",\"conditions\":[{\"type\":\"X\"},{"
	 "\"type\":\"Ready\",\"reason\":\"Cached\",\"message\":\"m\"}]}}",
	 "\"c\" \"i\" \"1\" \"Cached\" \"1/2\" \"4m5s\" \"sha256:a\" \"s\" \"m\" \"p\""},
	{"a CachedImage without a status", "cachedimages",
	 "{\"metadata\":{\"name\":\"c\"},\"spec\":{\"image\":\"i\"}}",
	 "\"c\" \"i\" null null null null null null null null"},
	{"a DiscoveryPolicy", "discoverypolicies",
	 "{\"metadata\":{\"name\":\"d\"," BORN "},\"status\":{\"sourceCount\":1,\"imageCount\":7,"
	 "\"lastSyncTime\":\"2026-01-01T03:04:05Z\"}}",
	 "\"d\" null 1 7 \"24h\" \"4m5s\" null"},
};

static void what_the_columns_show(void **state)
{
	(void)state;
	FOREACH_ROW(struct cell_row, rows)
	{
		struct buf got = {0};
		cells(row->plural, row->json, &got);
		assert_string_equal(got.data, row->want);
		buf_done(&got);
	}
}

static void spans_as_kubectl_has_them(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *want;
	} spans[] = {
		{-5, "<invalid>"},
		{-1, "0s"},
		{0, "0s"},
		{119, "119s"},
		{120, "2m"},
		{125, "2m5s"},
		{600, "10m"},
		{10799, "179m"},
		{10800, "3h"},
		{3600 * 5 + 60, "5h1m"},
		{3600 * 9, "9h"},
		{86400 + 3600 * 5, "29h"},
		{86400 * 3, "3d"},
		{86400 * 3 + 7200, "3d2h"},
		{86400LL * 300, "300d"},
		{86400LL * 365 * 3 + 86400, "3y1d"},
		{86400LL * 365 * 9, "9y"},
	};
	for (size_t i = 0; i < ROWS(spans); i++) {
		struct buf got = {0};
		view_human_span(spans[i].seconds, &got);
		assert_string_equal(got.data, spans[i].want);
		buf_done(&got);
	}
}

static void lists_and_events(void **state)
{
	(void)state;
	const struct resource *pods = of("pods"), *images = of("cachedimages");
	static const char pod[] =
		"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\","
		"\"resourceVersion\":\"7\"}}";
	static const char image[] = "{\"kind\":\"CachedImage\",\"apiVersion\":"
				    "\"drop.corewire.io/v1alpha1\",\"metadata\":{\"name\":\"c\"}}";
	struct buf out = {0};
	view_list_begin(VIEW_JSON, pods, &out);
	view_list_item(VIEW_JSON, pods, pod, NOW, true, &out);
	view_list_item(VIEW_JSON, pods, pod, NOW, false, &out);
	view_list_end(VIEW_JSON, pods, 9, "x\"", 3, &out);
	assert_string_equal(
		out.data,
		"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{"
		"\"name\":\"p\",\"resourceVersion\":\"7\"}},{\"metadata\":{\"name\":\"p\","
		"\"resourceVersion\":\"7\"}}],\"metadata\":{\"resourceVersion\":\"9\","
		"\"continue\":\"x\\\"\",\"remainingItemCount\":3}}");
	buf_clear(&out, 4096);
	view_list_begin(VIEW_META, images, &out);
	view_list_item(VIEW_META, images, image, NOW, true, &out);
	view_list_end(VIEW_META, images, 9, "", -1, &out);
	assert_string_equal(out.data, "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":"
				      "\"meta.k8s.io/v1\",\"items\":[{\"kind\":"
				      "\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
				      "\"metadata\":{\"name\":\"c\"}}],\"metadata\":{"
				      "\"resourceVersion\":\"9\"}}");
	buf_clear(&out, 4096);
	view_event(VIEW_JSON, images, "ADDED", image, NOW, true, &out);
	view_bookmark(VIEW_JSON, images, 12, true, &out);
	assert_string_equal(
		out.data, "{\"type\":\"ADDED\",\"object\":{\"kind\":\"CachedImage\",\"apiVersion\":"
			  "\"drop.corewire.io/v1alpha1\",\"metadata\":{\"name\":\"c\"}}}\n"
			  "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"CachedImage\","
			  "\"apiVersion\":\"drop.corewire.io/v1alpha1\",\"metadata\":{"
			  "\"resourceVersion\":\"12\",\"creationTimestamp\":null,\"annotations\":{"
			  "\"k8s.io/initial-events-end\":\"true\"}}}}\n");
	buf_done(&out);
}

static void errors_are_statuses(void **state)
{
	(void)state;
	struct api_error e = {.code = 429,
			      .reason = "TooManyRequests",
			      .message = "say \"later\"",
			      .retry_after_s = 2};
	struct buf out = {0};
	view_error(&e, NULL, NULL, &out);
	assert_string_equal(
		out.data,
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		"\"Failure\",\"message\":\"say \\\"later\\\"\",\"reason\":"
		"\"TooManyRequests\",\"details\":{\"retryAfterSeconds\":2},\"code\":429}");
	buf_clear(&out, 4096);
	e = (struct api_error){.code = 422, .reason = "Invalid", .causes = "[{\"field\":\"a\"}]"};
	view_error(&e, of("cachedimages"), "x", &out);
	assert_string_equal(
		out.data,
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		"\"Failure\",\"message\":\"\",\"reason\":\"Invalid\",\"details\":{\"name\":"
		"\"x\",\"group\":\"drop.corewire.io\",\"kind\":\"CachedImage\",\"causes\":[{"
		"\"field\":\"a\"}]},\"code\":422}");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_accepted),
		cmocka_unit_test(metadata_of_lists),
		cmocka_unit_test(what_the_columns_show),
		cmocka_unit_test(spans_as_kubectl_has_them),
		cmocka_unit_test(lists_and_events),
		cmocka_unit_test(errors_are_statuses),
	};
	return cmocka_run_group_tests_name("drop_sim_view", tests, NULL, NULL);
}
