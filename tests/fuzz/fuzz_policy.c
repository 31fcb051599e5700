/*
 * The small texts of a DiscoveryPolicy: imageTemplate, step, filters; and samples
 * (discoverer/score.h). A filter is matched against the rest of the input, within its limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

#include "discoverer/promtime.h"
#include "discoverer/regex.h"
#include "discoverer/score.h"
#include "discoverer/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	size_t first = strnlen((const char *)data, size);
	char *text = arena_strndup(&a, (const char *)data, first);
	struct template t;
	struct err err;
	struct buf out = {0};
	int64_t ms;
	double value;
	if (template_parse(text, &t, &err) == 0)
		template_render(&t, "r", "a/b", "v1", &out);
	if (promtime_parse(text, &ms) == 0 && ms < 1)
		abort();
	if (score_parse(text, strlen(text), &value) &&
	    !(value <= (double)SCORE_MAX && value >= -(double)SCORE_MAX))
		abort();
	size_t half = first / 2;
	char *pattern = arena_strndup(&a, text, half);
	struct regex *r;
	if (regex_new(pattern, &r, &err) == 0)
		(void)regex_match(r, text + half);
	regex_free(r);
	buf_done(&out);
	arena_done(&a);
	return 0;
}
