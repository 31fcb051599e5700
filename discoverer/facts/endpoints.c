/*
 * See endpoints.h. What --registries names is the operator's own word: it may be http, and local to
 * this machine. A host in a reference is anybody's.
 */
#include "discoverer/facts/endpoints.h"

#include <string.h>

#include "api/ref.h"

#define HUB      "docker.io"
#define HUB_HOST "registry-1.docker.io"

static int take(struct endpoints *e, const char *entry, struct err *err)
{
	char *text = arena_strdup(&e->mem, entry), *equals = strchr(text, '=');
	if (equals == NULL || equals == text)
		return err_set(err, ERR_TERMINAL, "\"%s\" is not HOST=URL", entry);
	if (e->n == ENDPOINTS_MAX)
		return err_set(err, ERR_TERMINAL, "more than %d registries", ENDPOINTS_MAX);
	*equals = '\0';
	char *url = equals + 1, *more = strchr(url, ';');
	const char *ca_file = NULL;
	if (more != NULL && strncmp(more, ";ca=/", 5) != 0)
		return err_set(err, ERR_TERMINAL, "what follows \";\" of %s is not ca=/FILE", text);
	if (more != NULL) {
		*more = '\0';
		ca_file = more + strlen(";ca=");
	}
	if (weburl_parse(&e->mem, url, &e->at[e->n].url, err) < 0)
		return err_wrap(err, "%s", text);
	if (e->at[e->n].url.query != NULL || e->at[e->n].url.user != NULL)
		return err_set(err, ERR_TERMINAL, "%s: a URL without user and query is wanted",
			       text);
	e->at[e->n].host = text;
	e->at[e->n++].ca_file = ca_file;
	return 0;
}

int endpoints_parse(struct endpoints *e, const char *text, struct err *err)
{
	for (const char *p = text; p != NULL && *p != '\0';) {
		p += strspn(p, ", ");
		size_t n = strcspn(p, ", ");
		if (n > 0 && take(e, arena_strndup(&e->mem, p, n), err) < 0)
			return -1;
		p += n;
	}
	return 0;
}

void endpoints_done(struct endpoints *e)
{
	arena_done(&e->mem);
	*e = (struct endpoints){0};
}

int endpoint_find(const struct endpoints *e, struct arena *a, const char *reference,
		  struct endpoint *ret)
{
	struct err err;
	const char *normal = ref_normal(a, reference);
	if (normal == NULL)
		return -1;
	const char *image = ref_repository(a, normal), *host = ref_host(a, normal);
	*ret = (struct endpoint){
		.host = host,
		.image = image,
		.repository = image + strlen(host) + 1,
		.target = normal + strlen(image) + 1,
		.named_by = PEER_OTHER,
	};
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->at[i].host, host) == 0) {
			ret->home = e->at[i].url;
			ret->ca = e->at[i].ca;
			ret->named_by = PEER_NOBODY;
			return 0;
		}
	const char *url = arena_printf(a, "https://%s", strcmp(host, HUB) == 0 ? HUB_HOST : host);
	return weburl_parse(a, url, &ret->home, &err);
}
