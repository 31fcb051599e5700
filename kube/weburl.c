/* See weburl.h: curl_url_get() and what it leaves to its caller. */
#include "kube/weburl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"

static char *part(struct arena *a, CURLU *u, CURLUPart what, unsigned flags)
{
	char *text = NULL, *copy = NULL;
	if (curl_url_get(u, what, &text, flags) == CURLUE_OK)
		copy = arena_strdup(a, text);
	curl_free(text);
	return copy;
}

static char *lower(char *text)
{
	for (char *p = text; p != NULL && *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	return false;
}

static int take_parts(struct arena *a, CURLU *u, struct weburl *ret, struct err *err)
{
	struct weburl url = {
		.scheme = lower(part(a, u, CURLUPART_SCHEME, 0)),
		.host = lower(part(a, u, CURLUPART_HOST, 0)),
		.port = part(a, u, CURLUPART_PORT, CURLU_DEFAULT_PORT),
		.path = part(a, u, CURLUPART_PATH, 0),
		.query = part(a, u, CURLUPART_QUERY, 0),
		.user = part(a, u, CURLUPART_USER, CURLU_URLDECODE),
		.password = part(a, u, CURLUPART_PASSWORD, CURLU_URLDECODE),
	};
	if (url.scheme == NULL ||
	    (strcmp(url.scheme, "http") != 0 && strcmp(url.scheme, "https") != 0))
		return err_set(err, ERR_TERMINAL,
			       "the URL does not begin with http:// or https://");
	if (url.host == NULL || *url.host == '\0' || url.port == NULL)
		return err_set(err, ERR_TERMINAL, "the URL names no host");
	if (url.path == NULL || *url.path == '\0')
		url.path = "/";
	*ret = url;
	return 0;
}

int weburl_parse(struct arena *a, const char *text, struct weburl *ret, struct err *err)
{
	if (strlen(text) > WEBURL_MAX)
		return err_set(err, ERR_TERMINAL, "the URL is longer than %d bytes", WEBURL_MAX);
	if (has_control(text))
		return err_set(err, ERR_TERMINAL, "the URL has blanks or control characters in it");
	CURLU *u = curl_url();
	if (u == NULL)
		abort(); /* out of memory */
	int rc = 0;
	CURLUcode code = curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_BAD_SCHEME || code == CURLUE_UNSUPPORTED_SCHEME ||
	    strstr(text, "://") == NULL)
		rc = err_set(err, ERR_TERMINAL, "the URL does not begin with http:// or https://");
	else if (code != CURLUE_OK)
		rc = err_set(err, ERR_TERMINAL, "the URL is not valid");
	else
		rc = take_parts(a, u, ret, err);
	curl_url_cleanup(u);
	return rc;
}

static bool own_port(const struct weburl *url)
{
	return strcmp(url->port, strcmp(url->scheme, "https") == 0 ? "443" : "80") == 0;
}

char *weburl_text(struct arena *a, const struct weburl *url)
{
	bool plain = own_port(url);
	return arena_printf(a, "%s://%s%s%s%s%s%s", url->scheme, url->host, plain ? "" : ":",
			    plain ? "" : url->port, url->path, url->query ? "?" : "",
			    url->query ? url->query : "");
}

void weburl_below(struct arena *a, struct weburl *url, const char *path)
{
	size_t base = strlen(url->path);
	while (base > 0 && url->path[base - 1] == '/')
		base--;
	url->path = arena_printf(a, "%.*s%s", (int)base, url->path, path);
}

void weburl_add_query(struct arena *a, struct weburl *url, const char *params)
{
	url->query = arena_printf(a, "%s%s%s", url->query != NULL ? url->query : "",
				  url->query != NULL ? "&" : "", params);
}

const char *weburl_shown(struct arena *a, const char *text)
{
	struct weburl url;
	struct err err;
	if (text == NULL || weburl_parse(a, text, &url, &err) < 0)
		return "?";
	url.query = NULL;
	if (strcmp(url.path, "/") == 0)
		url.path = "";
	return weburl_text(a, &url);
}

char *weburl_join(struct arena *a, const char *base, const char *ref)
{
	struct weburl url;
	struct err err;
	char *joined = NULL;
	if (has_control(ref) || strlen(ref) > WEBURL_MAX)
		return NULL;
	CURLU *u = curl_url();
	if (u == NULL)
		abort(); /* out of memory */
	if (curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, ref, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    take_parts(a, u, &url, &err) == 0)
		joined = weburl_text(a, &url);
	curl_url_cleanup(u);
	return joined != NULL && strlen(joined) <= WEBURL_MAX ? joined : NULL;
}

bool weburl_same_origin(const struct weburl *a, const struct weburl *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

char *weburl_origin(struct arena *a, const struct weburl *url)
{
	return arena_printf(a, "%s://%s:%s", url->scheme, url->host, url->port);
}
