/* See loki_answer.h. Loki writes the labels of a stream before its lines; others are refused. */
#include "discoverer/loki_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static int wrong(struct err *err, const char *what)
{
	return err_set(err, ERR_TERMINAL, "not a valid Loki response: %s", what);
}

static void copy(char *out, size_t cap, const struct sax *s)
{
	size_t n = utf8_cut(s->text, cap - 1);
	memcpy(out, s->text, n);
	out[n] = '\0';
}

static bool time_of(const struct sax *s, int64_t *ret)
{
	char *end;
	errno = 0;
	*ret = strtoll(s->text, &end, 10);
	return s->len > 0 && *end == '\0' && errno == 0 && *ret >= 0 &&
	       strspn(s->text, "0123456789") == s->len;
}

static int on_line(struct loki_answer *l, const struct sax *s, struct err *err)
{
	if (l->time_ns < 0 || !l->labels)
		return wrong(err, "a line without its time or its labels");
	size_t n = s->total < s->whole_max ? s->total : s->whole_max;
	l->cut += n < s->total;
	l->entries++;
	l->line[n] = '\0';
	l->entry(l->ctx, l->time_ns, l->line, n);
	l->time_ns = -1;
	return 0;
}

static int on_string(struct loki_answer *l, const struct sax *s)
{
	if (s->depth == 1 && sax_at(s, "status"))
		copy(l->status, sizeof(l->status), s);
	else if (s->depth == 1 && (sax_at(s, "error") || sax_at(s, "message")))
		copy(l->error, sizeof(l->error), s);
	else if (s->depth == 2 && sax_at(s, "data.resultType"))
		copy(l->type, sizeof(l->type), s);
	else if (s->depth == 3 && sax_at(s, "data.result.*"))
		l->odd = true;
	else if (s->depth == 5 && sax_at(s, "data.result.*.values.*"))
		l->odd = true;
	return 0;
}

static bool in_stream(const struct sax *s)
{
	return s->depth == 5 && strcmp(s->level[1].key, "data") == 0 &&
	       strcmp(s->level[2].key, "result") == 0 && s->level[3].array &&
	       strcmp(s->level[4].key, "stream") == 0;
}

static int on_text(struct loki_answer *l, const struct sax *s, struct err *err)
{
	if (in_stream(s)) {
		if (!s->cut)
			l->label(l->ctx, s->level[5].key, s->text);
		return 0;
	}
	if (s->depth != 6 || !sax_at(s, "data.result.*.values.*.*"))
		return on_string(l, s);
	if (s->level[6].index == 1 && !time_of(s, &l->time_ns))
		return wrong(err, "the time of a line is no number of nanoseconds");
	return s->level[6].index == 2 ? on_line(l, s, err) : 0;
}

static int on_event(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct loki_answer *l = ctx;
	if (event == SAX_STRING)
		return on_text(l, s, err);
	if (s->depth == 0 && event != SAX_OBJECT && event != SAX_OBJECT_END)
		return wrong(err, "not an object");
	bool null = event == SAX_LITERAL && strcmp(s->text, "null") == 0; /* Go's empty list */
	if ((event == SAX_ARRAY || null) && s->depth == 2 && sax_at(s, "data.result"))
		l->has_result = true;
	if (s->depth == 3 && sax_at(s, "data.result.*")) {
		l->odd |= event != SAX_OBJECT && event != SAX_OBJECT_END;
		if (event == SAX_OBJECT) {
			l->labels = false;
			l->stream(l->ctx);
		}
	}
	if (event == SAX_OBJECT_END && s->depth == 4 && sax_at(s, "data.result.*.stream"))
		l->labels = true;
	if (event == SAX_ARRAY && s->depth == 5 && sax_at(s, "data.result.*.values.*"))
		l->time_ns = -1;
	return 0;
}

int loki_answer_feed(struct loki_answer *l, const char *bytes, size_t n, struct err *err)
{
	l->sax.whole = l->line;
	l->sax.whole_max = LOKI_LINE_MAX;
	return sax_feed(&l->sax, bytes, n, on_event, l, err);
}

int loki_answer_end(struct loki_answer *l, struct err *err)
{
	if (sax_end(&l->sax, on_event, l, err) < 0)
		return -1;
	if (strcmp(l->status, "success") != 0)
		return l->error[0] != '\0' ? err_set(err, ERR_TERMINAL, "%s", l->error)
					   : wrong(err, "status is not success");
	if (l->type[0] != '\0' && strcmp(l->type, "streams") != 0)
		return err_set(err, ERR_TERMINAL,
			       "the query returns numbers (%s): log lines are required, so leave "
			       "out count_over_time and its like",
			       l->type);
	if (!l->has_result || l->odd)
		return wrong(err, "no list of streams");
	return 0;
}
