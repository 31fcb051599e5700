/* JSONPaths as the columns of CRDs write them. */
#include <string.h>

#include "sim/apiserver/view_parts.h"

/* ['a\.b']: up to the closing quote, without the backslashes. */
static const cJSON *quoted_member(const cJSON *v, const char **path)
{
	char name[256];
	size_t n = 0;
	const char *p = *path + 2;
	for (; *p != '\0' && *p != '\''; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		if (n + 1 < sizeof(name))
			name[n++] = *p;
	}
	name[n] = '\0';
	*path = strncmp(p, "']", 2) == 0 ? p + 2 : p + strlen(p);
	return cJSON_GetObjectItemCaseSensitive(v, name);
}

/* [?(@.key=="value")]: the first element that is so. */
static const cJSON *filtered(const cJSON *v, const char **path)
{
	char key[64], value[64];
	const char *p = *path + strlen("[?(@.");
	size_t n = strcspn(p, "=");
	const char *q = p + n + strspn(p + n, "=") + 1; /* behind the quote */
	if (strncmp(p + n, "==\"", 3) != 0 || n >= sizeof(key) ||
	    strcspn(q, "\"") >= sizeof(value)) {
		*path += strlen(*path);
		return NULL;
	}
	memcpy(key, p, n);
	key[n] = '\0';
	n = strcspn(q, "\"");
	memcpy(value, q, n);
	value[n] = '\0';
	*path = strncmp(q + n, "\")]", 3) == 0 ? q + n + 3 : q + strlen(q);
	const cJSON *item = cJSON_IsArray(v) ? v->child : NULL;
	for (; item != NULL; item = item->next) {
		const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
		if (s != NULL && strcmp(s, value) == 0)
			return item;
	}
	return NULL;
}

static const cJSON *plain_member(const cJSON *v, const char **path)
{
	char name[256];
	const char *p = *path + 1;
	size_t n = strcspn(p, ".[");
	*path = p + n;
	if (n == 0 || n >= sizeof(name))
		return NULL;
	memcpy(name, p, n);
	name[n] = '\0';
	return cJSON_GetObjectItemCaseSensitive(v, name);
}

const cJSON *view_path(const cJSON *obj, const char *path)
{
	while (obj != NULL && *path != '\0') {
		if (*path == '.')
			obj = plain_member(obj, &path);
		else if (strncmp(path, "['", 2) == 0)
			obj = quoted_member(obj, &path);
		else if (strncmp(path, "[?(@.", 5) == 0)
			obj = filtered(obj, &path);
		else
			return NULL;
	}
	return obj;
}
