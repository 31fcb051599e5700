/*
 * The supervisor's configuration file of any bytes: options that keep to their tables, or an error
 * that names the file.
 */
#include <stdlib.h>
#include <string.h>

#include "supervisor/config.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct config c = {0};
	struct err err = {0};
	int rc = config_text(&c, "file", (const char *)data, size, &err);
	if (rc != 0 && strncmp(err.text, "file: ", 6) != 0)
		abort();
	for (const struct option_def *d = supervisor_option_defs; d->name != NULL; d++) {
		const char *text = NULL;
		if (d->type == OPT_STRING)
			memcpy(&text, (const char *)&c.options + d->offset, sizeof(text));
		bool allowed = text == NULL || d->one_of == NULL;
		for (const char *const *one = d->one_of; !allowed && *one != NULL; one++)
			allowed = strcmp(*one, text) == 0;
		if (!allowed)
			abort();
	}
	config_done(&c);
	return 0;
}
