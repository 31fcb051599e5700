/* See manifest.h. */
#include "dropctl/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/tables.h"
#include "api/yaml_tree.h"

const char *manifest_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int manifest_read(const char *path, struct buf *ret, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	char part[16384];
	int rc = 0;
	if (in == NULL)
		return err_set(err, ERR_TERMINAL, "%s: %s", path, strerror(errno));
	*ret = (struct buf){.limit = YAML_BYTES_MAX};
	for (size_t n; (n = fread(part, 1, sizeof(part), in)) > 0 && !ret->full;)
		buf_add(ret, part, n);
	if (ferror(in))
		rc = err_set(err, ERR_TERMINAL, "%s: cannot be read", manifest_name(path));
	else if (ret->full)
		rc = err_set(err, ERR_TERMINAL, "%s: over %d bytes: split it", manifest_name(path),
			     YAML_BYTES_MAX);
	else
		buf_adds(ret, ""); /* so that it is a text */
	if (!standard)
		fclose(in);
	if (rc < 0)
		buf_done(ret);
	return rc;
}

int manifest_kind(const struct yaml_doc *doc, const char **ret, struct err *err)
{
	const cJSON *kind = cJSON_GetObjectItemCaseSensitive(doc->root, "kind");
	*ret = NULL;
	if (cJSON_IsNull(doc->root))
		return 0;
	if (!cJSON_IsString(kind)) {
		err_set(err, ERR_TERMINAL, "no kind: not a Kubernetes manifest");
		return err_wrap(err, "line %zu", yaml_where(doc, ""));
	}
	*ret = kind->valuestring;
	return 0;
}

static int check_spelling(const struct desc *spec, const cJSON *root, struct arena *a,
			  struct err *err)
{
	const cJSON *tree = cJSON_GetObjectItemCaseSensitive(root, "spec");
	struct err why;
	if (tree == NULL)
		return 0;
	const char *json = yaml_json(tree, a);
	if (desc_known(spec, json, strlen(json), &why) == 0)
		return 0;
	return err_set(err, why.cls, "spec.%s", why.text);
}

int manifest_decode(const struct yaml_doc *doc, enum kind kind, const struct desc *spec,
		    struct arena *a, void *obj, struct err *err)
{
	const struct desc *d = kinds[kind].desc;
	const char *json = yaml_json(doc->root, a);
	if (check_spelling(spec, doc->root, a, err) != 0 ||
	    desc_decode(d, json, strlen(json), true, a, obj, err) != 0 ||
	    desc_validate(d, obj, err) != 0)
		return yaml_add_line(doc, d->name, err);
	return 0;
}
