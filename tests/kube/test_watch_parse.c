/*
 * The watch parser: each stream is fed at every split of its bytes, and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "kube/watch_parse.h"

#define OBJECT(rv)                                                                                 \
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a}\\\"\",\"resourceVersion\":\"" rv "\"}}"

static const struct row {
	const char *name, *stream;
	const char *events; /* "<type>,<rv>,<initial_end>,<code>,<bytes of object> ..." */
	bool broken;
} rows[] = {
	{"one", "{\"type\":\"ADDED\",\"object\":" OBJECT("5") "}\n", "0,5,0,0,63 ", false},
	{"three",
	 "{\"type\":\"ADDED\",\"object\":" OBJECT("5") "}\n{\"object\":" OBJECT(
		 "6") ",\"type\":\"MODIFIED\"}\r\n"
		      "\n{ \"type\" : \"DELETED\" , \"object\" : " OBJECT("7") " }\n",
	 "0,5,0,0,63 1,6,0,0,63 2,7,0,0,63 ", false},
	{"bookmark",
	 "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\","
	 "\"creationTimestamp\":null}}}\n",
	 "3,9,0,0,61 ", false},
	{"end of initial events",
	 "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\","
	 "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n",
	 "3,9,1,0,87 ", false},
	{"error",
	 "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}"
	 "\n",
	 "4,,0,410,47 ", false},
	{"error without code", "{\"type\":\"ERROR\",\"object\":{}}\n", "4,,0,0,2 ", false},
	{"unfinished", "{\"type\":\"ADDED\",\"object\":" OBJECT("5") "}", "", false},
	{"unknown type", "{\"type\":\"MOVED\",\"object\":" OBJECT("5") "}\n", "", true},
	{"no object", "{\"type\":\"ADDED\"}\n", "", true},
	{"object is a list", "{\"type\":\"ADDED\",\"object\":[]}\n", "", true},
	{"the event does not end", "{\"type\":\"ADDED\",\"object\":{\"metadata\":\n", "", true},
	{"no version", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}\n", "", true},
	{"no JSON", "<html>\n", "", true},
	{"good then bad", "{\"type\":\"ADDED\",\"object\":" OBJECT("5") "}\nx\n", "0,5,0,0,63 ",
	 true},
};

static void on_event(void *ctx, const struct watch_event *e)
{
	buf_addf(ctx, "%d,%s,%d,%d,%zu ", e->type, e->rv, e->initial_end, e->code, e->object.len);
	assert_int_equal(e->object.at[0], '{');
	assert_int_equal(e->object.at[e->object.len - 1], '}');
}

static int feed(struct watch_parser *p, const char *bytes, size_t n, struct buf *out)
{
	char *exact = xmalloc(n ? n : 1);
	memcpy(exact, bytes, n);
	int rc = watch_parse(p, exact, n, on_event, out, NULL);
	free(exact);
	return rc;
}

static void check(const struct row *row, size_t split, size_t step)
{
	struct watch_parser p = {0};
	struct buf out = {0};
	size_t n = strlen(row->stream);
	buf_adds(&out, "");
	int rc = feed(&p, row->stream, split, &out);
	for (size_t at = split; rc == 0 && at < n; at += step)
		rc = feed(&p, row->stream + at, at + step < n ? step : n - at, &out);
	if ((rc != 0) != row->broken)
		fail_msg("%s, split at %zu: %d", row->name, split, rc);
	if (strcmp(out.data, row->events) != 0)
		fail_msg("%s, split at %zu: %s", row->name, split, out.data);
	buf_done(&out);
	watch_parser_done(&p);
}

static void all_splits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].stream);
		for (size_t split = 0; split <= n; split++)
			check(&rows[i], split, n + 1);
		check(&rows[i], 0, 1);
	}
}

struct stopper {
	struct watch_parser p;
	int events;
};

static void stop_at_once(void *ctx, const struct watch_event *e)
{
	struct stopper *s = ctx;
	(void)e;
	s->events++;
	s->p.stop = true;
}

static void stops(void **state)
{
	(void)state;
	struct stopper s = {0};
	const char *stream = rows[1].stream;
	assert_int_equal(watch_parse(&s.p, stream, strlen(stream), stop_at_once, &s, NULL), 0);
	assert_int_equal(s.events, 1);
	watch_parser_reset(&s.p);
	assert_int_equal(watch_parse(&s.p, stream, strlen(stream), stop_at_once, &s, NULL), 0);
	assert_int_equal(s.events, 2);
	watch_parser_done(&s.p);
}

static void too_long(void **state)
{
	(void)state;
	struct watch_parser p = {0};
	struct err err = {0};
	char *fat = xcalloc(1, WATCH_EVENT_MAX + 1);
	memset(fat, 'x', WATCH_EVENT_MAX + 1);
	assert_int_equal(watch_parse(&p, fat, WATCH_EVENT_MAX + 1, on_event, NULL, &err), 0);
	assert_int_equal(watch_parse(&p, fat, WATCH_EVENT_MAX + 1, on_event, NULL, &err), 0);
	assert_int_equal(watch_parse(&p, "\n", 1, on_event, NULL, &err), 0);
	assert_int_equal(p.skipped, 1);
	/* What follows is an event again; what is none breaks the stream. */
	assert_int_equal(watch_parse(&p, "xx\n", 3, on_event, NULL, &err), -1);
	assert_int_equal(watch_parse(&p, "\n", 1, on_event, NULL, &err), -1);
	free(fat);
	watch_parser_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_splits),
		cmocka_unit_test(stops),
		cmocka_unit_test(too_long),
	};
	return cmocka_run_group_tests_name("watch_parse", tests, NULL, NULL);
}
