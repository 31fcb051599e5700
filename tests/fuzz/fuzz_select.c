/*
 * Selectors, as they come from a query: the first line is the labels, the second the fields, the
 * rest an object. Whatever they are: no crash, a refusal has a text, and what is kept says the
 * same as what it was kept from.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "sim/store/select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

/* Up to the line's end, which becomes its NUL; returns what follows. */
static char *line(char *text)
{
	size_t n = strcspn(text, "\n");
	char *next = text[n] != '\0' ? text + n + 1 : text + n;
	text[n] = '\0';
	return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *labels = xcalloc(size + 1, 1);
	if (size != 0)
		memcpy(labels, data, size);
	char *fields = line(labels), *json = line(fields);
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		struct arena a = ARENA_INIT;
		struct api_error e = {0};
		struct selector *s;
		if (selector_parse(r, labels, fields, &a, &s, &e) == 0) {
			struct selector *kept = selector_keep(s);
			require(selector_match(s, "ns", "name", NULL, json) ==
				selector_match(kept, "ns", "name", NULL, json));
			selector_free(kept);
		} else {
			require(e.code == 400 && e.message[0] != '\0');
		}
		arena_done(&a);
	}
	free(labels);
	return 0;
}
