/* See prom_answer.h. Members may come in any order, as JSON has none. */
#include "discoverer/prom_answer.h"

#include <stdio.h>
#include <stdlib.h>
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
	return err_set(err, ERR_TERMINAL, "not a valid Prometheus response: %s", what);
}

/* What PromQL's engine remarks on a query (Prometheus 2.48 and newer) lacks nothing. */
static bool only_remarks(const char *warning)
{
	return strncmp(warning, "PromQL ", 7) == 0;
}

static void on_warning(struct prom_answer *p, const struct sax *s)
{
	bool lacks = !only_remarks(s->text);
	if (p->warnings++ == 0 || (lacks && p->incomplete == 0))
		copy(p->warning, sizeof(p->warning), s);
	p->incomplete += lacks;
}

/* The first series without an image: which labels does it have? */
static void note_label(struct prom_answer *p, const struct sax *s)
{
	size_t have = strlen(p->labels);
	if (p->unlabelled == 0 && s->level[5].key[0] != '\0')
		snprintf(p->labels + have, sizeof(p->labels) - have, "%s%s", have > 0 ? ", " : "",
			 s->level[5].key);
}

static int on_sample(struct prom_answer *p, const struct sax *s, struct err *err)
{
	double value;
	if (s->cut || !score_parse(s->text, s->len, &value))
		return wrong(err, "a sample is not a number");
	p->sum = score_clamp(p->sum + value);
	p->highest = p->valued && p->highest > value ? p->highest : value;
	p->valued = true;
	const struct sample sample = {p->time_ms, value};
	for (size_t i = 0; p->states != NULL && i < p->results->n_rules; i++)
		signal_fold(&p->results->rules[i], &p->states[i], SERIES_VALUES, &sample);
	if (++p->samples > PROM_SAMPLES_MAX)
		return err_set(err, ERR_TERMINAL,
			       "the answer has more than %d samples: raise step, shorten lookback, "
			       "or aggregate in the query: sum by (image) (...)",
			       PROM_SAMPLES_MAX);
	return 0;
}

static void on_time(struct prom_answer *p, const struct sax *s);

/* In data.result.*.values: most of an answer is [time, "value"], ... */
static int on_point(struct prom_answer *p, const struct sax *s, enum sax_event event,
		    struct err *err)
{
	if (s->depth != 6 || !s->level[6].array)
		return 0;
	size_t index = s->level[6].index;
	if (event == SAX_STRING && index == 2)
		return on_sample(p, s, err);
	if (event == SAX_NUMBER && index == 1)
		on_time(p, s);
	else if (event == SAX_NUMBER || event == SAX_LITERAL)
		p->odd = true;
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
		else if (sax_at(s, "warnings.*"))
			on_warning(p, s);
	} else if (s->depth == 5) {
		if (sax_at(s, "data.result.*.metric.image"))
			copy_image(p, s);
		else if (strcmp(s->level[4].key, "metric") == 0)
			note_label(p, s);
		else if (sax_at(s, "data.result.*.value.*") && s->level[5].index == 2)
			return on_sample(p, s, err);
	}
	if (s->depth == 3 && sax_at(s, "data.result.*"))
		p->odd = true;
	return 0;
}

/* Seconds with a fraction, within what an int64_t of milliseconds holds. */
static void on_time(struct prom_answer *p, const struct sax *s)
{
	p->time_ms = (int64_t)(score_clamp(strtod(s->text, NULL) * 1000));
}

/* A number where a sample's text has to be, or anything else that is no series. */
static void on_other(struct prom_answer *p, const struct sax *s, enum sax_event event)
{
	bool element = s->depth == 3 && sax_at(s, "data.result.*");
	if (element && event != SAX_OBJECT)
		p->odd = true;
	if ((event != SAX_NUMBER && event != SAX_LITERAL) || s->depth != 5 ||
	    !sax_at(s, "data.result.*.value.*"))
		return;
	if (s->level[5].index != 1)
		p->odd = true;
	else if (event == SAX_NUMBER)
		on_time(p, s);
}

static void series_begins(struct prom_answer *p)
{
	p->image_len = 0;
	p->valued = p->histogram = false;
	p->sum = p->highest = 0;
	for (size_t i = 0; p->states != NULL && i < p->results->n_rules; i++)
		signal_clear(&p->states[i]);
	if (p->unlabelled == 0)
		p->labels[0] = '\0';
}

static void series_ended(struct prom_answer *p)
{
	p->series++;
	if (p->image_len == 0)
		p->unlabelled++;
	else if (!p->valued)
		p->histograms += p->histogram;
	else if (p->results != NULL)
		results_merge(p->results, p->image, p->image_len,
			      p->results->fractions ? p->highest : p->sum, p->states);
}

static int on_event(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct prom_answer *p = ctx;
	if (p->points && s->depth > 4)
		return on_point(p, s, event, err);
	if (event == SAX_STRING)
		return on_string(p, s, err);
	if (s->depth == 0 && event != SAX_OBJECT && event != SAX_OBJECT_END)
		return wrong(err, "not an object");
	bool null = event == SAX_LITERAL && strcmp(s->text, "null") == 0; /* Go's empty list */
	if ((event == SAX_ARRAY || null) && s->depth == 2 && sax_at(s, "data.result"))
		p->has_result = true;
	if (event == SAX_LITERAL && s->depth == 1 && sax_at(s, "isPartial"))
		p->partial = strcmp(s->text, "true") == 0;
	if (event == SAX_ARRAY && s->depth == 4) {
		p->vector |= sax_at(s, "data.result.*.value");
		p->points = sax_at(s, "data.result.*.values");
		p->matrix |= p->points;
		p->histogram |= sax_at(s, "data.result.*.histogram") ||
				sax_at(s, "data.result.*.histograms");
	}
	if (event == SAX_ARRAY_END && s->depth == 4)
		p->points = false;
	if (s->depth == 3 && sax_at(s, "data.result.*")) {
		if (event == SAX_OBJECT) {
			series_begins(p);
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
	p->bytes += n;
	if (p->bytes > PROM_BYTES_MAX + p->samples * PROM_SAMPLE_BYTES + n)
		return err_set(err, ERR_TERMINAL,
			       "the answer has more than %d MiB besides its samples: aggregate in "
			       "the query: sum by (image) (...)",
			       PROM_BYTES_MAX / 1024 / 1024);
	return sax_feed(&p->sax, bytes, n, on_event, p, err);
}

bool prom_answer_failed(const struct prom_answer *p)
{
	return strcmp(p->status, "error") == 0;
}

void prom_answer_lacks(const struct prom_answer *p, char out[ERR_TEXT_MAX])
{
	out[0] = '\0';
	if (p->partial)
		snprintf(out, ERR_TEXT_MAX,
			 "the server marked the answer as incomplete (isPartial)%s%s",
			 p->warning[0] != '\0' ? ": " : "", p->warning);
	else if (p->incomplete > 0)
		snprintf(out, ERR_TEXT_MAX, "the server marked the answer as incomplete: %s",
			 p->warning);
	else if (p->histograms > 0)
		snprintf(out, ERR_TEXT_MAX,
			 "%zu of %zu series are native histograms, which have no score: use "
			 "histogram_count(...) or histogram_sum(...)",
			 p->histograms, p->series);
}

void prom_answer_empty(const struct prom_answer *p, char out[ERR_TEXT_MAX])
{
	if (p->series == 0)
		snprintf(out, ERR_TEXT_MAX, "the query returned no series");
	else if (p->unlabelled == p->series)
		snprintf(out, ERR_TEXT_MAX,
			 "none of %zu series has a label image%s%s; the query must keep it, as in "
			 "sum by (image) (...)",
			 p->series, p->labels[0] != '\0' ? "; the first has " : "", p->labels);
	else
		snprintf(out, ERR_TEXT_MAX, "no series with a label image has a value");
}

int prom_answer_end(struct prom_answer *p, struct err *err)
{
	if (sax_end(&p->sax, on_event, p, err) < 0)
		return -1;
	if (prom_answer_failed(p))
		return 0;
	if (strcmp(p->status, "success") != 0)
		return wrong(err, "status is neither success nor error");
	bool vector = strcmp(p->type, "vector") == 0, matrix = strcmp(p->type, "matrix") == 0;
	if (!vector && !matrix && p->type[0] != '\0')
		return err_set(err, ERR_TERMINAL,
			       "the query returns a %s, which has no labels: a vector or matrix is "
			       "required",
			       strcmp(p->type, "scalar") == 0   ? "scalar"
			       : strcmp(p->type, "string") == 0 ? "string"
								: "unknown type");
	if (p->type[0] == '\0' || !p->has_result || p->odd || (vector && p->matrix) ||
	    (matrix && p->vector))
		return wrong(err, "no list of series");
	return 0;
}
