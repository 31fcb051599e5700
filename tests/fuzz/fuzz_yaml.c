/*
 * The YAML reader on any bytes: trees whose JSON can be read again, within the limits, or an
 * error that names a line; and a line for any path.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/yaml_tree.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(const struct yaml_doc *doc, const char *path, struct arena *a)
{
	const char *json = yaml_json(doc->root, a);
	const char *end = NULL;
	cJSON *again = cJSON_ParseWithOpts(json, &end, 1);
	if (again == NULL || !cJSON_Compare(doc->root, again, 1) || yaml_where(doc, path) == 0)
		abort();
	cJSON_Delete(again);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	for (int types = YAML_CORE; types <= YAML_TEXTS; types++) {
		struct yaml_docs docs = {0};
		struct err err = {.text = ""};
		struct arena a = ARENA_INIT;
		char *path = arena_strndup(&a, (const char *)data, size);
		int rc = yaml_read((const char *)data, size, (enum yaml_types)types, &docs, &err);
		if (rc == 0 ? err.text[0] != '\0'
			    : docs.at != NULL || strstr(err.text, "line") == NULL)
			abort();
		for (size_t i = 0; i < docs.n; i++)
			check(&docs.at[i], path, &a);
		yaml_done(&docs);
		arena_done(&a);
	}
	return 0;
}
