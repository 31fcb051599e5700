/*
 * Whether JSON written by hand has only members of the table. Kubernetes ignores unknown members;
 * in our files a misspelt key must be an error.
 */
#include "api/desc.h"

#include <strings.h>

#include <cjson/cJSON.h>

#include "api/walk.h"

#define WORD_MAX 64 /* bytes; a longer key is no slip of the finger */
#define SLIPS    2  /* edits between what was written and what may have been meant */

static int known_object(const struct desc *d, struct level at, const cJSON *json,
			const struct path *path, struct err *err);

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* Insertions, deletions and replacements that make b of a, without case (Levenshtein). */
static size_t edits(const char *a, const char *b, size_t b_len)
{
	size_t row[WORD_MAX + 1];
	for (size_t k = 0; k <= b_len; k++)
		row[k] = k;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t corner = row[0];
		row[0] = i + 1;
		for (size_t k = 0; k < b_len; k++) {
			size_t above = row[k + 1];
			size_t same = strncasecmp(a + i, b + k, 1) != 0;
			row[k + 1] = least(above + 1, row[k] + 1, corner + same);
			corner = above;
		}
	}
	return row[b_len];
}

static int unknown(const struct desc *d, struct level at, const char *key, const struct path *path,
		   struct err *err)
{
	struct level_member m;
	struct buf all = {.limit = ERR_TEXT_MAX / 2};
	size_t best = SLIPS + 1;
	char meant[WORD_MAX + 1] = "";
	for (size_t i = 0; level_next(d, at, &i, &m);) {
		buf_addf(&all, "%s%.*s", all.len != 0 ? ", " : "", (int)m.name_len, m.name);
		if (m.name_len > WORD_MAX || strlen(key) > WORD_MAX)
			continue;
		size_t n = edits(key, m.name, m.name_len);
		if (n < best) {
			best = n;
			snprintf(meant, sizeof(meant), "%.*s", (int)m.name_len, m.name);
		}
	}
	int rc = best <= SLIPS ? path_error(path, err, "unknown key; did you mean %s?", meant)
			       : path_error(path, err, "unknown key; there are %s",
					    all.data != NULL ? all.data : "none");
	buf_done(&all);
	return rc;
}

static int known_value(const struct field *f, const cJSON *json, const struct path *path,
		       struct err *err)
{
	if (f->sub == NULL)
		return 0;
	if (f->type != F_LIST)
		return known_object(f->sub, (struct level){0}, json, path, err);
	size_t i = 0;
	for (const cJSON *item = json->child; item != NULL; item = item->next, i++) {
		struct path in = {path, NULL, i};
		if (known_object(f->sub, (struct level){0}, item, &in, err) != 0)
			return -1;
	}
	return 0;
}

static bool find(const struct desc *d, struct level at, const char *key, struct level_member *ret)
{
	size_t len = strlen(key);
	for (size_t i = 0; level_next(d, at, &i, ret);)
		if (ret->name_len == len && memcmp(ret->name, key, len) == 0)
			return true;
	return false;
}

/* A value of another type is desc_decode's to refuse. */
static int known_object(const struct desc *d, struct level at, const cJSON *json,
			const struct path *path, struct err *err)
{
	if (!cJSON_IsObject(json))
		return 0;
	for (const cJSON *item = json->child; item != NULL; item = item->next) {
		struct path in = {path, item->string, 0};
		struct level_member m;
		if (!find(d, at, item->string, &m))
			return unknown(d, at, item->string, &in, err);
		int rc = m.row != NULL ? known_value(m.row, item, &in, err)
				       : known_object(d, m.deeper, item, &in, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

int desc_known(const struct desc *d, const char *json, size_t len, struct err *err)
{
	cJSON *tree = cJSON_ParseWithLength(json, len);
	if (tree == NULL)
		return err_set(err, ERR_TERMINAL, "%s: not valid JSON", d->name);
	int rc = known_object(d, (struct level){0}, tree, NULL, err);
	cJSON_Delete(tree);
	return rc;
}
