/*
 * The answer of Prometheus' query and query_range as it arrives (behaviour.md 27): series
 * with an image label go to a struct results, nothing else is kept. Pure.
 *
 * Bounded is the work and not the size: PROM_SAMPLES_MAX samples, and PROM_BYTES_MAX bytes besides
 * PROM_SAMPLE_BYTES for each of them. Where a bound is hit, the error says what to change.
 */
#ifndef DROP_DISCOVERER_PROM_ANSWER_H
#define DROP_DISCOVERER_PROM_ANSWER_H

#include "discoverer/json/jsonsax.h"
#include "discoverer/results.h"

#define PROM_TEXT_MAX 255
/* A range of a week at 5 minutes is 2,017 samples a series: room for 12,000 series of it. */
#define PROM_SAMPLES_MAX 25000000
#define PROM_BYTES_MAX   (16 * 1024 * 1024)
/* A time and a value, as text. */
#define PROM_SAMPLE_BYTES 64
/* No answer within the bounds has more bytes. */
#define PROM_ANSWER_MAX (PROM_BYTES_MAX + (size_t)PROM_SAMPLES_MAX * PROM_SAMPLE_BYTES)

struct prom_answer {             /* zeroed but for results: ready */
	struct results *results; /* NULL: only the error is of interest */
	struct sax sax;
	char status[16], type[16];
	char error_type[64], error[PROM_TEXT_MAX + 1]; /* cut, as they came */
	char warning[PROM_TEXT_MAX + 1]; /* the first; of those that make it incomplete, if any */
	size_t warnings, incomplete;     /* of warnings: that say that data is missing */
	bool partial;                    /* isPartial of VictoriaMetrics */
	bool has_result, odd;            /* odd: an element of result that is no series */
	bool vector, matrix;             /* series of this form were seen */
	bool points;                     /* we are in the list of samples of a series */
	size_t bytes, samples;
	size_t series, unlabelled; /* unlabelled: without an image */
	size_t histograms; /* series with an image that are native histograms and no number */
	char labels[64];   /* names of labels that the first unlabelled series has, cut */
	/* The series we are in. */
	char image[RESULTS_IMAGE_MAX + 2];
	size_t image_len;
	bool valued, histogram;
	double sum, highest;
	int64_t time_ms; /* of the sample we are in */
	/* Of the series' samples, for results' signals; borrowed, results->n_rules, empty. NULL:
	 * none.
	 */
	struct signal_state *states;
};

/* ERR_TERMINAL: not what Prometheus answers; nothing more is to be fed then. */
int prom_answer_feed(struct prom_answer *p, const char *bytes, size_t n, struct err *err);
/* After the last byte. 0 also if Prometheus reports an error: see prom_answer_failed(). */
int prom_answer_end(struct prom_answer *p, struct err *err);
bool prom_answer_failed(const struct prom_answer *p);
/*
 * After prom_answer_end(), of an answer that is no error: why data is missing in it, "" if none
 * is. What the answer lacks says nothing then.
 */
void prom_answer_lacks(const struct prom_answer *p, char out[ERR_TEXT_MAX]);
/* Why it names no image though it is fine. */
void prom_answer_empty(const struct prom_answer *p, char out[ERR_TEXT_MAX]);

#endif
