/*
 * The table of dialects, generated when the program is built, and the one way to fill its texts in.
 */
#include "sim/scenario/dialect.h"

#include <string.h>

static const struct dialect dialects[] = {
#include "sim/scenario/dialects.inc"
};

#define COUNT (sizeof(dialects) / sizeof(dialects[0]))

const char *const dialect_names[] = {
#include "sim/scenario/dialect_names.inc"
	NULL};

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(dialects[i].name, name != NULL ? name : DIALECT_DEFAULT) == 0)
			return &dialects[i];
	return NULL;
}

static const char *value_of(const char *name, size_t len, const struct dialect_word *words,
			    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(words[i].name, name, len) == 0 && words[i].name[len] == '\0')
			return words[i].value;
	return NULL;
}

void dialect_expand(const char *text, const struct dialect_word *words, size_t n, struct buf *out)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "{");
		buf_add(out, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		size_t len = strcspn(text + 1, "}");
		const char *value = value_of(text + 1, len, words, n);
		if (value != NULL) {
			buf_adds(out, value);
			text += len + (text[len + 1] == '}' ? 2 : 1);
		} else {
			buf_add(out, text++, 1);
		}
	}
}
