/*
 * URLs of servers other than the API server: parsing, resolving relative URLs, comparing origins.
 * Uses curl's URL parser, so that the URL we check is the one that curl connects to. Pure.
 */
#ifndef DROP_KUBE_WEBURL_H
#define DROP_KUBE_WEBURL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* Maximum length of a URL from outside, in bytes. */
#define WEBURL_MAX 8192

struct weburl {                      /* strings in the arena of the call */
	const char *scheme;          /* http or https, lower case */
	const char *host;            /* lower case; an IPv6 address in its brackets */
	const char *port;            /* always there */
	const char *path;            /* "/" at least, as it was written */
	const char *query;           /* without its mark; NULL: none */
	const char *user, *password; /* decoded; NULL: none. Never part of what is shown */
};

/* http and https only, with a host. ERR_TERMINAL says what is wrong, without the URL's userinfo. */
int weburl_parse(struct arena *a, const char *text, struct weburl *ret, struct err *err);
/* scheme://host[:port][path][?query], the port unless it is the scheme's own; no userinfo. */
char *weburl_text(struct arena *a, const struct weburl *url);
/* Puts `path`, which begins with "/", behind the URL's own without its trailing slashes. */
void weburl_below(struct arena *a, struct weburl *url, const char *path);
/* Puts `params`, which are escaped already, behind the URL's own query. */
void weburl_add_query(struct arena *a, struct weburl *url, const char *params);
/* What people see: without userinfo and query. Never NULL: an unreadable URL is "?". */
const char *weburl_shown(struct arena *a, const char *text);
/* What `ref` means on the page `base`; userinfo in it is dropped. NULL: no URL of ours. */
char *weburl_join(struct arena *a, const char *base, const char *ref);
/* The same scheme, host and port? Only there may credentials go. */
bool weburl_same_origin(const struct weburl *a, const struct weburl *b);
/* "scheme://host:port" */
char *weburl_origin(struct arena *a, const struct weburl *url);

#endif
