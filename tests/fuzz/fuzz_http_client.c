/*
 * Untrusted texts of metricsd: HTTP headers, the reviews of tokens, and names that become labels or
 * cells of the status page. None of them leaves its quotes or its line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "metricsd/stats.h"
#include "metricsd/expose.h"
#include "metricsd/html.h"
#include "metricsd/listen.h"
#include "metricsd/review_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_label(const char *text)
{
	struct metrics m = {0};
	struct snapshot s = {0};
	struct arena a = ARENA_INIT;
	struct msg_metrics page;
	struct buf out = {0};
	const struct exposed list[] = {{"reconciler", &s}};
	metric_set(&m, METRIC_nodes_targeted, 1, LABELS(text));
	metric_set(&m, METRIC_consecutive_failures, 2, LABELS(text, text));
	metrics_page(&m, &(struct msg_metrics_get){0}, &a, &page);
	snapshot_add(&s, &page);
	if (expose(list, 1, EXPOSE_OPENMETRICS, &out) != 0)
		abort();
	/* A sample is one line, whatever its labels are. */
	size_t samples = 0;
	for (const char *line = out.data; *line != '\0'; line = strchr(line, '\n') + 1)
		samples += strncmp(line, "drop_nodes_targeted{", 20) == 0 ||
			   strncmp(line, "drop_consecutive_failures{", 26) == 0;
	if (samples != 2)
		abort();
	snapshot_done(&s);
	metrics_done(&m);
	arena_done(&a);
	buf_done(&out);
}

static void as_html(const char *text)
{
	struct buf out = {0};
	html_add(&out, text);
	if (out.data != NULL && strpbrk(out.data, "<>\"'") != NULL)
		abort();
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct listen_address address;
	struct err err;
	struct buf body = {0};
	char *text = arena_strndup(&a, (const char *)data, strnlen((const char *)data, size));
	(void)negotiate_form(text);
	(void)negotiate_gzip(text);
	if (listen_parse("option", text, &address, &err) == 0 &&
	    (address.port < 0 || address.port > 65535))
		abort();
	(void)review_access_body(&body, text, strlen(text));
	(void)review_allowed(text, strlen(text));
	as_label(text);
	as_html(text);
	buf_done(&body);
	arena_done(&a);
	return 0;
}
