/*
 * Builds paths. Names come from objects of the cluster and are escaped, although the API server
 * accepts none that needs it.
 */
#include "kube/urls.h"

#include <string.h>

void url_escape(struct buf *out, const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	for (; *text != '\0'; text++) {
		if (strchr(unreserved, *text) != NULL)
			buf_add(out, text, 1);
		else
			buf_addf(out, "%%%02X", (unsigned char)*text);
	}
}

static char *path(struct arena *a, enum kind kind, const char *ns, const char *name,
		  const char *sub)
{
	const struct kind_info *info = &kinds[kind];
	struct buf b = {0};
	if (info->group[0] == '\0')
		buf_addf(&b, "/api/%s", info->version);
	else
		buf_addf(&b, "/apis/%s/%s", info->group, info->version);
	if (info->namespaced && ns != NULL) {
		buf_adds(&b, "/namespaces/");
		url_escape(&b, ns);
	}
	buf_addf(&b, "/%s", info->plural);
	if (name != NULL) {
		buf_adds(&b, "/");
		url_escape(&b, name);
	}
	if (sub != NULL)
		buf_addf(&b, "/%s", sub);
	char *copy = arena_strndup(a, b.data, b.len);
	buf_done(&b);
	return copy;
}

char *url_list(struct arena *a, enum kind kind, const char *ns)
{
	return path(a, kind, ns, NULL, NULL);
}

char *url_named(struct arena *a, enum kind kind, const char *ns, const char *name)
{
	return path(a, kind, ns, name, NULL);
}

char *url_status(struct arena *a, enum kind kind, const char *ns, const char *name)
{
	return path(a, kind, ns, name, "status");
}

/* Of kinds that are read or written by name only, and have no table. */
static char *core_path(struct arena *a, const char *ns, const char *plural, const char *name)
{
	struct buf b = {0};
	buf_adds(&b, "/api/v1/namespaces/");
	url_escape(&b, ns);
	buf_addf(&b, "/%s", plural);
	if (name != NULL) {
		buf_adds(&b, "/");
		url_escape(&b, name);
	}
	char *copy = arena_strndup(a, b.data, b.len);
	buf_done(&b);
	return copy;
}

char *url_secret(struct arena *a, const char *ns, const char *name)
{
	return core_path(a, ns, "secrets", name);
}

char *url_configmap(struct arena *a, const char *ns, const char *name)
{
	return core_path(a, ns, "configmaps", name);
}
