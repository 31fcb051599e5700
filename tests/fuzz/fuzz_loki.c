/*
 * What the pipeline form reads of others: Loki's answer at any split of its bytes, a log line, the
 * text of an event, a duration, a version in a tag, a time zone file (behaviour.md 55).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/zone.h"

#include "discoverer/loki_answer.h"
#include "discoverer/loki_event.h"
#include "discoverer/registry/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct count {
	size_t streams, labels, lines, bytes;
};

static void on_stream(void *ctx)
{
	struct count *c = ctx;
	c->streams++;
}

static void on_label(void *ctx, const char *name, const char *value)
{
	struct count *c = ctx;
	c->labels++;
	c->bytes += strlen(name) + strlen(value);
}

static void on_entry(void *ctx, int64_t time_ns, const char *line, size_t len)
{
	struct count *c = ctx;
	if (time_ns < 0 || line[len] != '\0')
		abort();
	c->lines++;
	c->bytes += len;
}

/* -1: refused. step: bytes at a time. */
static int read_answer(const uint8_t *data, size_t size, size_t step, struct count *c)
{
	static char line[LOKI_LINE_MAX + 1];
	static struct loki_answer l;
	struct err err;
	l = (struct loki_answer){
		.stream = on_stream, .label = on_label, .entry = on_entry, .ctx = c, .line = line};
	*c = (struct count){0};
	for (size_t at = 0; at < size; at += step)
		if (loki_answer_feed(&l, (const char *)data + at,
				     size - at < step ? size - at : step, &err) < 0)
			return -1;
	return loki_answer_end(&l, &err);
}

static void read_texts(const char *text)
{
	static struct event_reader r;
	static const struct loki_parser parser;
	struct event_found found;
	struct version v;
	event_reader_init(&r, &parser);
	event_stream(&r);
	event_label(&r, "message", text);
	if (event_line(&r, text, strlen(text), &found) && found.len == 0)
		abort();
	struct pull_event e = event_read(text);
	if (!(e.seconds >= -1) || !(e.bytes >= -1))
		abort();
	if (!(event_seconds(text, strlen(text)) >= -1))
		abort();
	if (version_find(text, &v) && version_order(&v, &v) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct count whole, pieces;
	const struct zone *zone;
	struct err err;
	int rc = read_answer(data, size, size + 1, &whole);
	if (rc != read_answer(data, size, 3, &pieces))
		abort();
	if (rc == 0 && memcmp(&whole, &pieces, sizeof(whole)) != 0)
		abort();
	read_texts(arena_strndup(&a, (const char *)data, strnlen((const char *)data, size)));
	if (zone_parse(data, size, &a, &zone, &err) == 0)
		(void)zone_local(zone, INT64_C(1700000000));
	arena_done(&a);
	return 0;
}
