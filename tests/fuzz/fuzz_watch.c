/*
 * The watch parser on any bytes, cut at any place: the first byte says how. Fed whole and
 * fed in parts it must find the same events.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "kube/watch_parse.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct seen {
	uint64_t hash;
	size_t events;
};

static void on_event(void *ctx, const struct watch_event *e)
{
	struct seen *s = ctx;
	s->events++;
	s->hash = hash_bytes(s->hash, &e->type, sizeof(e->type));
	s->hash = hash_bytes(s->hash, e->object.at, e->object.len);
	s->hash = hash_str(s->hash, e->rv);
}

static struct seen parse(const char *bytes, size_t n, size_t step)
{
	struct watch_parser p = {0};
	struct seen s = {.hash = HASH_START};
	for (size_t at = 0; at < n; at += step)
		if (watch_parse(&p, bytes + at, n - at < step ? n - at : step, on_event, &s,
				NULL) != 0)
			break;
	watch_parser_done(&p);
	return s;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *bytes = (const char *)data + 1;
	struct seen whole = parse(bytes, size - 1, size);
	struct seen parts = parse(bytes, size - 1, 1 + data[0] % 64);
	if (whole.events != parts.events || whole.hash != parts.hash)
		abort();
	return 0;
}
