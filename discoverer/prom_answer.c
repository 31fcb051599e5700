/* See prom_answer.h. Members may come in any order, as JSON has none. */
#include "discoverer/prom_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#include "discoverer/score.h"

static void copy(char *out, size_t cap, const struct sax *s)
{
	size_t n = utf8_cut(s->text, cap - 1);
	memcpy(out, s->text, n);
	out[n] = '\0';
}

static int wrong(struct err *err, const char *what)
{
	return err_set(err, ERR_TERMINAL, "not an answer of Prometheus: %s", what);
}

static int on_sample(struct prom_answer *p, const struct sax *s, struct err *err)
{
	double value;
	if (s->cut || !score_parse(s->text, s->len, &value))
		return wrong(err, "a sample is no number");
	p->sum = score_clamp(p->sum + value);
	p->valued = true;
	return 0;
}

static void copy_image(struct prom_answer *p, const struct sax *s)
{
	/* One byte more than is allowed, so that a name that was cut is not taken for another. */
	size_t n = s->len < sizeof(p->image) - 1 ? s->len : sizeof(p->image) - 1;
	memcpy(p->image, s->text, n);
	p->image[n] = '\0';
	p->image_len = n;
}

static int on_string(struct prom_answer *p, const struct sax *s, struct err *err)
{
	if (s->depth == 1) {
		if (sax_at(s, "status"))
			copy(p->status, sizeof(p->status), s);
		else if (sax_at(s, "error"))
			copy(p->error, sizeof(p->error), s);
		else if (sax_at(s, "errorType"))
			copy(p->error_type, sizeof(p->error_type), s);
		else if (sax_at(s, "data"))
			p->odd = true;
	} else if (s->depth == 2) {
		if (sax_at(s, "data.resultType"))
			copy(p->type, sizeof(p->type), s);
		else if (sax_at(s, "warnings.*") && p->warnings++ == 0)
			copy(p->warning, sizeof(p->warning), s);
	} else if (s->depth == 5) {
		if (sax_at(s, "data.result.*.metric.image"))
			copy_image(p, s);
		else if (sax_at(s, "data.result.*.value.*") && s->level[5].index == 2)
			return on_sample(p, s, err);
	} else if (s->depth == 6) {
		if (sax_at(s, "data.result.*.values.*.*") && s->level[6].index == 2)
			return on_sample(p, s, err);
	}
	if (s->depth == 3 && sax_at(s, "data.result.*"))
		p->odd = true;
	return 0;
}

/* A number where a sample's text has to be, or anything else that is no series. */
static void on_other(struct prom_answer *p, const struct sax *s, enum sax_event event)
{
	bool element = s->depth == 3 && sax_at(s, "data.result.*");
	if (element && event != SAX_OBJECT)
		p->odd = true;
	if (event == SAX_NUMBER || event == SAX_LITERAL)
		if ((s->depth == 5 && sax_at(s, "data.result.*.value.*") &&
		     s->level[5].index != 1) ||
		    (s->depth == 6 && sax_at(s, "data.result.*.values.*.*") &&
		     s->level[6].index != 1))
			p->odd = true;
}

static void series_ended(struct prom_answer *p)
{
	if (p->image_len == 0)
		return;
	if (!p->valued)
		p->unvalued++;
	else if (p->found != NULL)
		found_add(p->found, p->image, p->image_len, p->sum);
}

static int on_event(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct prom_answer *p = ctx;
	if (event == SAX_STRING)
		return on_string(p, s, err);
	if (s->depth == 0 && event != SAX_OBJECT && event != SAX_OBJECT_END)
		return wrong(err, "it is no object");
	if (event == SAX_ARRAY && s->depth == 2 && sax_at(s, "data.result"))
		p->has_result = true;
	if (event == SAX_ARRAY && s->depth == 4) {
		p->vector |= sax_at(s, "data.result.*.value");
		p->matrix |= sax_at(s, "data.result.*.values");
	}
	if (s->depth == 3 && sax_at(s, "data.result.*")) {
		if (event == SAX_OBJECT) {
			p->image_len = 0;
			p->valued = false;
			p->sum = 0;
		} else if (event == SAX_OBJECT_END) {
			series_ended(p);
			return 0;
		}
	}
	if (event != SAX_OBJECT_END && event != SAX_ARRAY_END)
		on_other(p, s, event);
	return 0;
}

int prom_answer_feed(struct prom_answer *p, const char *bytes, size_t n, struct err *err)
{
	return sax_feed(&p->sax, bytes, n, on_event, p, err);
}

bool prom_answer_failed(const struct prom_answer *p)
{
	return strcmp(p->status, "error") == 0;
}

int prom_answer_end(struct prom_answer *p, struct err *err)
{
	if (sax_end(&p->sax, on_event, p, err) < 0)
		return -1;
	if (prom_answer_failed(p))
		return 0;
	if (strcmp(p->status, "success") != 0)
		return wrong(err, "its status is neither success nor error");
	bool vector = strcmp(p->type, "vector") == 0, matrix = strcmp(p->type, "matrix") == 0;
	if (!vector && !matrix && p->type[0] != '\0')
		return err_set(err, ERR_TERMINAL,
			       "the query results in a %s, which has no images: it has to be a "
			       "vector or a matrix",
			       strcmp(p->type, "scalar") == 0   ? "scalar"
			       : strcmp(p->type, "string") == 0 ? "string"
								: "type we do not know");
	if (p->type[0] == '\0' || !p->has_result || p->odd || (vector && p->matrix) ||
	    (matrix && p->vector))
		return wrong(err, "it has no list of series");
	return 0;
}
