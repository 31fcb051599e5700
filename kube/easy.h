/*
 * Options of curl's easy handles: those of all requests of a client, those that depend on
 * credentials, and those of one request. Handles are reused with their options, so that a request
 * needs few calls.
 */
#ifndef DROP_KUBE_EASY_H
#define DROP_KUBE_EASY_H

#include <curl/curl.h>

#include "kube/transport.h"
#include "kube/lane.h"

struct easy {
	CURL *curl;
	uint64_t generation;           /* of the credentials that are set */
	struct curl_slist *connect_to; /* with tls-server-name */
	struct easy *next;             /* in the lane's list of spare ones */
};

/* user_agent, TLS 1.2 at least, no redirects, http and https only. */
struct easy *easy_new(struct lane *lane, const char *user_agent);
void easy_free(struct easy *e);
/* Authority, client certificate, proxy, server name: whenever the credentials have moved. */
void easy_set_credentials(struct easy *e, const struct credentials *cred);
/* Method, URL, body, timeout. The headers are given back after the transfer. */
struct curl_slist *easy_set_call(struct easy *e, const struct credentials *cred,
				 const struct transport_call *call);
/* NULL unsets; the bytes are copied. */
void easy_set_blob(CURL *c, CURLoption option, const void *bytes, size_t len);
/*
 * proxy_url, or if that is NULL what the environment's proxy variables say; but as in Go none for
 * this machine itself. host: as in the URL.
 */
void easy_set_proxy(CURL *c, const char *proxy_url, const char *host, size_t len);
/* Wipes and frees them: they hold the token. */
void easy_headers_free(struct curl_slist *headers);
/* It broke after a TLS handshake and before any answer: so ends, under TLS 1.3, one of which the
 * server does not like our side. */
bool easy_hung_up(const struct easy *e, CURLcode rc);

#endif
