/*
 * What a registry and its token server answer: tags and tokens (discoverer/list_answer.h). An
 * accepted tag or token can stand in a URL or a header.
 */
#include <stdlib.h>
#include <string.h>

#include "discoverer/list_answer.h"
#include "discoverer/registry/token_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void printable(const char *text, size_t most)
{
	size_t len = strlen(text);
	if (len == 0 || len > most)
		abort();
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			abort();
}

static void on_tag(void *ctx, const char *tag)
{
	(void)ctx;
	printable(tag, TAG_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tags_answer tags;
	static struct token_answer token;
	const char *text = (const char *)data;
	struct err err;
	size_t split = size > 0 ? data[0] * size / 256 : 0;
	tags = (struct tags_answer){.tag = on_tag};
	if (tags_answer_feed(&tags, text, split, &err) == 0 &&
	    tags_answer_feed(&tags, text + split, size - split, &err) == 0)
		(void)tags_answer_end(&tags, &err);
	token = (struct token_answer){0};
	if (token_answer_feed(&token, text, size, &err) == 0) {
		const char *got = token_answer_end(&token, &err);
		if (got != NULL)
			printable(got, TOKEN_MAX);
	}
	return 0;
}
