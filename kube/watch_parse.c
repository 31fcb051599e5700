/*
 * Splits lines and reads a few members; the object itself is passed on as text.
 */
#include "kube/watch_parse.h"

#include <string.h>

#include "base/names.h"

/* Memory kept for the next unfinished line. */
#define LINE_KEEP (64 * 1024)

static const char *const type_names[] = {
	[WATCH_ADDED] = "ADDED",       [WATCH_MODIFIED] = "MODIFIED", [WATCH_DELETED] = "DELETED",
	[WATCH_BOOKMARK] = "BOOKMARK", [WATCH_ERROR] = "ERROR",
};

static int small_number(struct json_range value)
{
	int n = 0;
	for (size_t i = 0; i < value.len && i < 6; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return 0;
		n = n * 10 + (value.at[i] - '0');
	}
	return n;
}

static void cut_blanks(struct json_range *r)
{
	while (r->len > 0 && strchr(" \t\r", r->at[r->len - 1]) != NULL)
		r->len--;
}

/*
 * The API server writes the type first: the object is then all that follows, but for the bracket
 * that ends the event. It is read to its end by whoever decodes it, and not here as well.
 */
static struct json_range object_of(struct json_range line, struct json_range type)
{
	struct json_range o = json_member_rest(line, "object");
	if (o.at == NULL || type.at == NULL || type.at > o.at)
		return json_member(line, "object");
	cut_blanks(&o);
	if (o.len == 0 || o.at[o.len - 1] != '}')
		return (struct json_range){0};
	o.len--;
	cut_blanks(&o);
	return o;
}

static int parse_line(struct json_range line, watch_event_fn fn, void *ctx, struct err *err)
{
	char type[16];
	struct json_range type_text = json_member(line, "type");
	struct watch_event e = {.object = object_of(line, type_text)};
	json_copy_string(type_text, type, sizeof(type));
	int known = name_find(NAMES(type_names), type);
	if (known < 0 || e.object.len == 0 || e.object.at[0] != '{')
		return err_set(err, ERR_RETRY, "the watch sent a line that is no event");
	e.type = (enum watch_event_type)known;
	if (e.type == WATCH_ERROR) {
		e.code = small_number(json_member(e.object, "code"));
	} else {
		struct json_range meta = json_member_rest(e.object, "metadata");
		json_copy_string(json_member(meta, "resourceVersion"), e.rv, sizeof(e.rv));
		if (e.rv[0] == '\0')
			return err_set(err, ERR_RETRY,
				       "the watch sent an object without a version");
		if (e.type == WATCH_BOOKMARK)
			e.initial_end = json_is_string(json_member(json_member(meta, "annotations"),
								   "k8s.io/initial-events-end"),
						       "true");
	}
	fn(ctx, &e);
	return 0;
}

static bool blank(struct json_range line)
{
	const char *end = line.at + line.len;
	return json_skip_blanks(line.at, end) == end;
}

/* Keeps an unfinished line, or the end of one. */
static void keep(struct watch_parser *p, const char *bytes, size_t n)
{
	if (p->skipping)
		return;
	p->line.limit = WATCH_EVENT_MAX;
	buf_add(&p->line, bytes, n);
	if (!p->line.full)
		return;
	buf_clear(&p->line, LINE_KEEP);
	p->skipping = true;
	p->skipped++;
}

int watch_parse(struct watch_parser *p, const char *bytes, size_t n, watch_event_fn fn, void *ctx,
		struct err *err)
{
	const char *end = bytes + n;
	if (p->broken)
		return err_set(err, ERR_BUG, "a broken watch was fed on");
	while (bytes < end && !p->stop) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		if (newline == NULL) {
			keep(p, bytes, (size_t)(end - bytes));
			return 0;
		}
		struct json_range line = {bytes, (size_t)(newline - bytes)};
		if (p->line.len > 0) {
			keep(p, bytes, line.len);
			line = (struct json_range){p->line.data, p->line.len};
		}
		if (!p->skipping && !blank(line) && parse_line(line, fn, ctx, err) != 0) {
			p->broken = true;
			return -1;
		}
		buf_clear(&p->line, LINE_KEEP);
		p->skipping = false;
		bytes = newline + 1;
	}
	return 0;
}

void watch_parser_reset(struct watch_parser *p)
{
	buf_clear(&p->line, LINE_KEEP);
	p->broken = p->stop = p->skipping = false;
	p->skipped = 0;
}

void watch_parser_done(struct watch_parser *p)
{
	buf_done(&p->line);
}
