/*
 * Bodies of refusals of any kind (discoverer/answer_words.h). Whatever comes, the words are one
 * line of valid UTF-8 within their bound. The first byte chooses the content type.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#include "discoverer/answer_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {NULL, "text/html", "application/json", ""};
	char out[FAULT_TEXT_MAX + 1];
	if (size == 0)
		return 0;
	const struct answer a = {.content_type = types[data[0] & 3],
				 .url = data[0] & 4 ? "https://h/p" : NULL,
				 .body = (const char *)data + 1,
				 .len = size - 1};
	answer_words(out, &a);
	if (strlen(out) > FAULT_TEXT_MAX)
		abort();
	for (const char *p = out; *p != '\0'; p += utf8_len(p))
		if (utf8_len(p) == 0 || utf8_hidden(p))
			abort();
	return 0;
}
