/*
 * Fills easy handles. Security decisions about TLS are here: 1.2 at least, the
 * configured authority alone when there is one, no redirects, http and https only.
 */
#include "kube/easy.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define CONNECT_TIMEOUT_MS   5000L
#define KEEPALIVE_IDLE_S     30L
#define KEEPALIVE_INTERVAL_S 10L

struct easy *easy_new(struct lane *lane, const char *user_agent)
{
	struct easy *e = xcalloc(1, sizeof(*e));
	CURL *c = e->curl = curl_easy_init();
	if (c == NULL)
		abort(); /* out of memory */
	curl_easy_setopt(c, CURLOPT_USERAGENT, user_agent);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* curl's smallest: 64 handles with the usual 64 KiB each cost 0.4 to 0.7 MB. */
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 16 * 1024L);
	/* A resolver that hangs must not block the loop when its transfer is dropped. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* An encrypted key fails; without a passphrase OpenSSL would ask for one on the terminal.
	 */
	curl_easy_setopt(c, CURLOPT_KEYPASSWD, "");
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	lane_adopt(lane, c);
	return e;
}

void easy_free(struct easy *e)
{
	curl_easy_cleanup(e->curl);
	curl_slist_free_all(e->connect_to);
	free(e);
}

void easy_set_blob(CURL *c, CURLoption option, const void *bytes, size_t len)
{
	struct curl_blob blob = {(void *)bytes, len, CURL_BLOB_COPY};
	curl_easy_setopt(c, option, bytes ? &blob : NULL);
}

void easy_set_proxy(CURL *c, const char *proxy_url, const char *host, size_t len)
{
	bool local = (len == 9 && memcmp(host, "localhost", 9) == 0) ||
		     (len > 4 && memcmp(host, "127.", 4) == 0) ||
		     (len == 5 && memcmp(host, "[::1]", 5) == 0);
	if (proxy_url == NULL && local)
		proxy_url = "";
	curl_easy_setopt(c, CURLOPT_PROXY, proxy_url);
}

/* The bytes live in the credentials, which may be reloaded. */
static void set_blob(CURL *c, CURLoption option, const struct config_item *item)
{
	easy_set_blob(c, option, item->data, item->len);
}

/* "host:port" of the server: *host and *port point into it. */
static void host_and_port(const char *server, const char **host, size_t *host_len,
			  const char **port, size_t *port_len)
{
	bool tls = strncmp(server, "https://", 8) == 0;
	const char *p = server + (tls ? 8 : 7);
	size_t all = strcspn(p, "/"), name = 0;
	if (*p == '[')
		while (name < all && p[name] != ']')
			name++;
	while (name < all && p[name] != ':')
		name++;
	*host = p;
	*host_len = name;
	*port = name < all ? p + name + 1 : tls ? "443" : "80";
	*port_len = name < all ? all - name - 1 : strlen(*port);
}

static struct curl_slist *connect_to(const struct kube_config *config)
{
	const char *host, *port;
	size_t host_len, port_len;
	host_and_port(config->server, &host, &host_len, &port, &port_len);
	struct buf b = {0};
	buf_addf(&b, "%s:%.*s:%.*s:%.*s", config->tls_server_name, (int)port_len, port,
		 (int)host_len, host, (int)port_len, port);
	struct curl_slist *list = curl_slist_append(NULL, b.data);
	buf_done(&b);
	return list;
}

void easy_set_credentials(struct easy *e, const struct credentials *cred)
{
	CURL *c = e->curl;
	const struct kube_config *config = &cred->config;
	const char *host, *port;
	size_t host_len, port_len;
	if (e->generation == cred->generation)
		return;
	e->generation = cred->generation;
	if (config->ca.data != NULL) {
		set_blob(c, CURLOPT_CAINFO_BLOB, &config->ca);
		/* The system's authorities are no authorities of this cluster. */
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	set_blob(c, CURLOPT_SSLCERT_BLOB, &config->cert);
	set_blob(c, CURLOPT_SSLKEY_BLOB, &config->key);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, config->insecure ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, config->insecure ? 0L : 2L);
	host_and_port(config->server, &host, &host_len, &port, &port_len);
	easy_set_proxy(c, config->proxy_url, host, host_len);
	/*
	 * Over TLS a burst waits for the first connection, which will carry it all. Without TLS it
	 * is HTTP/1.1, and waiting would put one request behind another that hangs.
	 */
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, strncmp(config->server, "https:", 6) == 0 ? 1L : 0L);
	if (config->tls_server_name != NULL && e->connect_to == NULL) {
		e->connect_to = connect_to(config);
		curl_easy_setopt(c, CURLOPT_CONNECT_TO, e->connect_to);
	}
}

static const char *const method_names[] = {
	[KUBE_GET] = "GET",     [KUBE_POST] = "POST",     [KUBE_PUT] = "PUT",
	[KUBE_PATCH] = "PATCH", [KUBE_DELETE] = "DELETE",
};

/*
 * curl verifies the name in the URL. With tls-server-name that is not where we connect
 * to: the URL gets the name, CONNECT_TO the address, Host what it would have been.
 */
static struct curl_slist *set_url(CURL *c, const struct kube_config *config, const char *path,
				  struct curl_slist *headers)
{
	struct buf url = {0}, other = {0};
	const char *host, *port;
	size_t host_len, port_len;
	if (config->tls_server_name == NULL) {
		buf_addf(&url, "%s%s", config->server, path);
	} else {
		host_and_port(config->server, &host, &host_len, &port, &port_len);
		const char *base = strchr(host, '/');
		buf_addf(&url, "https://%s:%.*s%s%s", config->tls_server_name, (int)port_len, port,
			 base ? base : "", path);
		buf_addf(&other, "Host: %.*s:%.*s", (int)host_len, host, (int)port_len, port);
		headers = curl_slist_append(headers, other.data);
	}
	curl_easy_setopt(c, CURLOPT_URL, url.data);
	buf_done(&url);
	buf_done(&other);
	return headers;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
	struct buf b = {0};
	buf_addf(&b, "%s: %s", name, value);
	list = curl_slist_append(list, b.data);
	buf_done(&b);
	return list;
}

struct curl_slist *easy_set_call(struct easy *e, const struct credentials *cred,
				 const struct transport_call *call)
{
	CURL *c = e->curl;
	struct curl_slist *headers = NULL;
	headers = add_header(headers, "Accept", call->accept ? call->accept : "application/json");
	if (cred->authorization != NULL)
		headers = curl_slist_append(headers, cred->authorization);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, NULL);
	curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	if (call->body != NULL || call->method == KUBE_POST) {
		headers = add_header(headers, "Content-Type",
				     call->content_type ? call->content_type : "application/json");
		/* No 100-continue round trip for a body that may be sent at once. */
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, call->body ? call->body : "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
	}
	if (call->method != KUBE_GET)
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method_names[call->method]);
	headers = set_url(c, &cred->config, call->path, headers);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, call->fresh ? 1L : 0L);
	return headers;
}

void easy_headers_free(struct curl_slist *headers)
{
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
}

bool easy_hung_up(const struct easy *e, CURLcode rc)
{
	curl_off_t shaken_us = 0;
	long header_bytes = 0;
	curl_easy_getinfo(e->curl, CURLINFO_APPCONNECT_TIME_T, &shaken_us);
	curl_easy_getinfo(e->curl, CURLINFO_HEADER_SIZE, &header_bytes);
	return (rc == CURLE_RECV_ERROR || rc == CURLE_SEND_ERROR) && shaken_us != 0 &&
	       header_bytes == 0;
}
