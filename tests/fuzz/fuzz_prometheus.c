/*
 * Answers of Prometheus (discoverer/prom_answer.h), fed in two parts at a place that the first byte
 * chooses. Whatever is accepted has scores and names within their limits.
 */
#include <stdlib.h>
#include <string.h>

#include "discoverer/prom_answer.h"
#include "discoverer/score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct prom_answer p;
	struct results results = {.sum = size > 0 && data[0] & 1};
	struct err err;
	size_t split = size > 0 ? data[0] * size / 256 : 0;
	const char *text = (const char *)data;
	p = (struct prom_answer){.results = &results};
	if (prom_answer_feed(&p, text, split, &err) == 0 &&
	    prom_answer_feed(&p, text + split, size - split, &err) == 0)
		(void)prom_answer_end(&p, &err);
	for (size_t i = 0; i < results.n; i++) {
		int64_t score = score_integer(results.at[i].score);
		size_t len = strlen(results.at[i].image);
		if (score > SCORE_MAX || score < -SCORE_MAX || len == 0 || len > RESULTS_IMAGE_MAX)
			abort();
	}
	results_done(&results);
	return 0;
}
