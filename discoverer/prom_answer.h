/*
 * The answer of Prometheus' query and query_range as it arrives (behaviour.md 27): series
 * with an image label go to a struct found, nothing else is kept. Pure.
 */
#ifndef DROP_DISCOVERER_PROM_ANSWER_H
#define DROP_DISCOVERER_PROM_ANSWER_H

#include "discoverer/found.h"
#include "discoverer/jsonsax.h"

#define PROM_TEXT_MAX 255

struct prom_answer {         /* zeroed but for found: ready */
	struct found *found; /* NULL: only the error is of interest */
	struct sax sax;
	char status[16], type[16];
	char error_type[64], error[PROM_TEXT_MAX + 1]; /* cut, as they came */
	char warning[PROM_TEXT_MAX + 1];               /* the first */
	size_t warnings;
	bool has_result, odd; /* odd: an element of result that is no series */
	bool vector, matrix;  /* series of this form were seen */
	/* The series we are in. */
	char image[FOUND_IMAGE_MAX + 2];
	size_t image_len;
	bool valued;
	double sum;
	size_t unvalued; /* series with an image and no number (histograms) */
};

/* ERR_TERMINAL: not what Prometheus answers; nothing more is to be fed then. */
int prom_answer_feed(struct prom_answer *p, const char *bytes, size_t n, struct err *err);
/* After the last byte. 0 also if Prometheus reports an error: see prom_answer_failed(). */
int prom_answer_end(struct prom_answer *p, struct err *err);
bool prom_answer_failed(const struct prom_answer *p);

#endif
