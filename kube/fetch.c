/*
 * A fetch is one or more transfers, one per redirect. Redirects are followed here and not by curl,
 * because curl would send custom headers to another host. Each transfer has an easy handle of its
 * own that is never used again.
 */
#include "kube/fetch.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/xalloc.h"

#include "kube/client.h"
#include "kube/easy.h"
#include "kube/weburl.h"

struct fetch {
	struct kube *kube;
	struct arena mem;
	const char *url, *accept, *form;
	const char **credentials; /* NULL: there are none, or they were left behind */
	size_t n_credentials;
	struct fetch_bytes ca, cert, key;
	int (*sink)(void *ctx, const char *bytes, size_t n);
	void (*done)(void *ctx, const struct fetch_result *result);
	void *ctx;
	struct transfer *transfer;
	int64_t end_ms, body_began_ms;
	int redirects;
	size_t header_bytes, body_bytes, body_max;
	const char *fault; /* why we broke it off; NULL: we did not */
	bool slow, html, head;
	bool barred; /* an address was not connected to: named_by may not lead there */
	enum peer_kind named_by, peer;
	long port; /* of the URL: a connection to another one is to a proxy */
	struct buf link, challenge, location, type, digest, rate_limit, rate_remaining;
};

/* ---- what arrives ---- */

static void keep_header(struct buf *b, const char *value, size_t n)
{
	while (n > 0 && isspace((unsigned char)*value)) {
		value++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)value[n - 1]))
		n--;
	b->limit = FETCH_HEADER_MAX;
	if (b->len > 0)
		buf_adds(b, ", ");
	if (memchr(value, '\0', n) == NULL)
		buf_add(b, value, n);
}

static size_t on_header(char *line, size_t one, size_t n, void *ctx)
{
	struct fetch *f = ctx;
	const struct {
		const char *name;
		struct buf *into;
	} kept[] = {{"link:", &f->link},
		    {"www-authenticate:", &f->challenge},
		    {"location:", &f->location},
		    {"content-type:", &f->type},
		    {"docker-content-digest:", &f->digest},
		    {"ratelimit-limit:", &f->rate_limit},
		    {"ratelimit-remaining:", &f->rate_remaining}};
	const size_t n_kept = sizeof(kept) / sizeof(kept[0]);
	(void)one;
	f->header_bytes += n;
	if (f->header_bytes > FETCH_HEADERS_MAX) {
		f->fault = "the headers of the answer are too long";
		return 0;
	}
	if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) /* the ones before were of an interim answer */
		for (size_t i = 0; i < n_kept; i++)
			buf_clear(kept[i].into, 0);
	for (size_t i = 0; i < n_kept; i++) {
		size_t len = strlen(kept[i].name);
		if (n > len && strncasecmp(line, kept[i].name, len) == 0)
			keep_header(kept[i].into, line + len, n - len);
	}
	return n;
}

static bool looks_like_html(const char *bytes, size_t n)
{
	while (n > 0 && isspace((unsigned char)*bytes)) {
		bytes++;
		n--;
	}
	return n > 0 && *bytes == '<';
}

static int on_body(void *ctx, const char *bytes, size_t n)
{
	struct fetch *f = ctx;
	if (f->body_bytes == 0)
		f->html = looks_like_html(bytes, n);
	if (f->body_began_ms == 0)
		f->body_began_ms = clock_boot_ms();
	f->body_bytes += n;
	if (f->body_bytes > f->body_max) {
		f->fault = arena_printf(&f->mem, "the answer is larger than %zu MiB",
					f->body_max / 1024 / 1024);
		return -1;
	}
	if (f->sink(f->ctx, bytes, n) < 0) {
		f->fault = "the answer is not understood";
		return -1;
	}
	return 0;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up)
{
	struct fetch *f = ctx;
	(void)total, (void)now, (void)up_total, (void)up;
	int64_t took_ms = f->body_began_ms != 0 ? clock_boot_ms() - f->body_began_ms : 0;
	f->slow = took_ms > FETCH_SLOW_MS &&
		  f->body_bytes < (uint64_t)took_ms / 1000 * FETCH_SLOW_BYTES;
	return f->slow ? 1 : 0;
}

/* ---- who it is ---- */

/* Behind a proxy we do not see where it leads. */
static enum peer_kind peer_at(const struct fetch *f, enum peer_kind kind, long port)
{
	return port == f->port ? kind : PEER_OTHER;
}

/* A new connection: not even tried where we may not go. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = ctx;
	const struct sockaddr *to = &address->addr;
	/* The port is at the same place in both families. */
	long port = ntohs(((const struct sockaddr_in *)(const void *)to)->sin_port);
	if (purpose == CURLSOCKTYPE_IPCXN &&
	    !peer_may_lead(f->named_by, peer_at(f, peer_of(to), port))) {
		f->barred = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Connected, maybe for another request, and nothing is sent yet. */
static int on_connected(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
	struct fetch *f = ctx;
	(void)local_ip, (void)local_port;
	f->peer = peer_at(f, peer_of_text(ip), port);
	if (peer_may_lead(f->named_by, f->peer))
		return CURL_PREREQFUNC_OK;
	f->barred = true;
	return CURL_PREREQFUNC_ABORT;
}

/* ---- how it ends ---- */

static enum fetch_end end_of(const struct fetch *f, const struct transport_result *r)
{
	if (f->slow)
		return FETCH_TIMEOUT;
	if (f->fault != NULL)
		return FETCH_GARBLED;
	/* A server may refuse our certificate, or that there is none, after the handshake
	 * (TLS 1.3). To curl that is a failed read or write, and whether the server's alert is seen
	 * is chance. */
	if (r->hung_up)
		return FETCH_TLS;
	switch (r->transport) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return FETCH_DNS;
	case CURLE_COULDNT_CONNECT:
		return FETCH_REFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TIMEOUT;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WRITE_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return FETCH_GARBLED;
	default:
		break;
	}
	static const int tls[] = {CURLE_SSL_CONNECT_ERROR,
				  CURLE_PEER_FAILED_VERIFICATION,
				  CURLE_SSL_CERTPROBLEM,
				  CURLE_SSL_CACERT_BADFILE,
				  CURLE_SSL_CIPHER,
				  CURLE_SSL_ISSUER_ERROR,
				  CURLE_SSL_INVALIDCERTSTATUS,
				  CURLE_SSL_PINNEDPUBKEYNOTMATCH,
				  CURLE_SSL_CLIENTCERT,
				  CURLE_USE_SSL_FAILED};
	for (size_t i = 0; i < sizeof(tls) / sizeof(tls[0]); i++)
		if (r->transport == tls[i])
			return FETCH_TLS;
	return FETCH_BROKEN;
}

static void fetch_free(struct fetch *f)
{
	for (size_t i = 0; i < f->n_credentials; i++)
		explicit_bzero((char *)f->credentials[i], strlen(f->credentials[i]));
	if (f->key.data != NULL)
		explicit_bzero((void *)f->key.data, f->key.len);
	buf_done(&f->link);
	buf_done(&f->challenge);
	buf_done(&f->location);
	buf_done(&f->type);
	buf_done(&f->digest);
	buf_done(&f->rate_limit);
	buf_done(&f->rate_remaining);
	arena_done(&f->mem);
	free(f);
}

void fetch_stop(struct fetch *f)
{
	if (f == NULL)
		return;
	if (f->transfer != NULL)
		transport_stop(f->transfer);
	fetch_free(f);
}

static void send_now(struct fetch *f);

/* Follows a redirect if it may be followed. 1: on its way; 0: no redirect; -1: a bad one. */
static int redirected(struct fetch *f, int code)
{
	struct weburl from, to;
	struct err err;
	if ((code != 301 && code != 302 && code != 303 && code != 307 && code != 308) ||
	    f->location.len == 0)
		return 0;
	if (f->redirects++ == FETCH_REDIRECTS) {
		f->fault = "redirected too often";
		return -1;
	}
	char *next = weburl_join(&f->mem, f->url, f->location.data);
	if (next == NULL || weburl_parse(&f->mem, next, &to, &err) < 0 ||
	    weburl_parse(&f->mem, f->url, &from, &err) < 0) {
		f->fault = "redirected to what is no http or https URL";
		return -1;
	}
	if (strcmp(from.scheme, "https") == 0 && strcmp(to.scheme, "https") != 0) {
		f->fault = "redirected from https to http";
		return -1;
	}
	if (f->form != NULL && code == 303) {
		f->fault = "redirected with 303 where an answer is due";
		return -1;
	}
	if (!weburl_same_origin(&from, &to)) { /* and they do not come back with a later one */
		for (size_t i = 0; i < f->n_credentials; i++)
			explicit_bzero((char *)f->credentials[i], strlen(f->credentials[i]));
		f->n_credentials = 0;
		f->cert = (struct fetch_bytes){0};
	}
	f->url = next;
	f->named_by = f->peer;
	send_now(f);
	return 1;
}

/*
 * In our words where curl's hold what differs each time (milliseconds, bytes): who writes them
 * down would write the same story again and again.
 */
static const char *words_of(struct fetch *f, enum fetch_end end, const struct transport_result *r)
{
	struct weburl url;
	struct err err;
	if (f->slow)
		return "the answer comes too slowly";
	if (f->fault != NULL)
		return f->fault;
	if (end == FETCH_TIMEOUT)
		return "no answer in time";
	if (r->hung_up)
		return "the server hung up after the TLS handshake: does it want a (different) "
		       "client "
		       "certificate?";
	if (end == FETCH_TLS && strstr(r->error, "wrong version number") != NULL)
		return "the server does not speak TLS on this port: is it http:// and not "
		       "https://?";
	if (end == FETCH_GARBLED && r->transport == CURLE_UNSUPPORTED_PROTOCOL)
		return strncmp(f->url, "https:", 6) == 0
			       ? "the answer is not HTTP"
			       : "the answer is not HTTP: is it https:// and not http://?";
	if ((end != FETCH_DNS && end != FETCH_REFUSED) ||
	    weburl_parse(&f->mem, f->url, &url, &err) < 0)
		return r->error;
	return end == FETCH_DNS
		       ? arena_printf(&f->mem, "cannot resolve host %s", url.host)
		       : arena_printf(&f->mem, "cannot connect to %s port %s", url.host, url.port);
}

static bool is_html(const struct fetch *f, const struct transport_result *refusal)
{
	return f->html || (refusal != NULL && looks_like_html(refusal->body, refusal->len)) ||
	       (f->type.len > 0 && strncasecmp(f->type.data, "text/html", 9) == 0);
}

static const char *header(const struct buf *b)
{
	return b->len > 0 ? b->data : "";
}

static void on_done(void *ctx, const struct transport_result *r)
{
	struct fetch *f = ctx;
	int code = r->code;
	f->transfer = NULL;
	bool barred = code == 0 && f->barred && f->fault == NULL;
	if (barred)
		f->fault = "led to a loopback or link-local address, which gets no requests";
	if (code != 0 && f->fault == NULL) {
		int moved = redirected(f, code);
		if (moved == 1)
			return;
		if (moved < 0)
			code = 0;
	}
	bool whole = code != 0 && f->fault == NULL && !f->slow;
	enum fetch_end end = whole ? FETCH_ANSWER : end_of(f, r);
	bool refused = whole && (code < 200 || code > 299);
	bool shown = refused && f->redirects == 0;
	struct fetch_result result = {
		.end = end,
		.code = whole ? code : 0,
		.text = whole ? "" : words_of(f, end, r),
		.body = shown ? r->body : "",
		.len = shown ? r->len : 0,
		.url = f->url,
		.redirected = f->redirects > 0,
		.html = is_html(f, refused ? r : NULL),
		.peer = f->peer,
		.named_by = f->named_by,
		.link = header(&f->link),
		.challenge = header(&f->challenge),
		.type = header(&f->type),
		.digest = header(&f->digest),
		.rate_limit = header(&f->rate_limit),
		.rate_remaining = header(&f->rate_remaining),
		.retry_after_ms = r->retry_after_ms,
		.barred = barred,
	};
	f->done(f->ctx, &result);
	fetch_free(f);
}

/* ---- sending ---- */

static struct curl_slist *headers_of(const struct fetch *f)
{
	struct buf accept = {0};
	buf_addf(&accept, "Accept: %s", f->accept ? f->accept : "*/*");
	struct curl_slist *list = curl_slist_append(NULL, accept.data);
	buf_done(&accept);
	for (size_t i = 0; i < f->n_credentials; i++)
		list = curl_slist_append(list, f->credentials[i]);
	if (f->form != NULL)
		list = curl_slist_append(list, "Expect:");
	return list;
}

static void send_now(struct fetch *f)
{
	struct easy *e = easy_new(transport_lane(f->kube->transport, KUBE_FETCH),
				  transport_user_agent(f->kube->transport));
	CURL *c = e->curl;
	struct weburl url;
	struct err err;
	struct curl_slist *headers = headers_of(f);
	int64_t left = f->end_ms - clock_boot_ms();
	f->header_bytes = f->body_bytes = 0;
	f->body_began_ms = 0;
	f->html = f->barred = false;
	f->peer = PEER_OTHER;
	if (weburl_parse(&f->mem, f->url, &url, &err) == 0) {
		f->port = strtol(url.port, NULL, 10);
		easy_set_proxy(c, NULL, url.host, strlen(url.host));
		curl_easy_setopt(c, CURLOPT_URL, weburl_text(&f->mem, &url));
	}
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(left > 1 ? left : 1));
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, f);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, f);
	if (f->head)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	if (f->form != NULL) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(f->form));
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, f->form);
	}
	if (f->ca.data != NULL) {
		easy_set_blob(c, CURLOPT_CAINFO_BLOB, f->ca.data, f->ca.len);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (f->cert.data != NULL) {
		easy_set_blob(c, CURLOPT_SSLCERT_BLOB, f->cert.data, f->cert.len);
		easy_set_blob(c, CURLOPT_SSLKEY_BLOB, f->key.data, f->key.len);
	}
	f->transfer = transport_start_foreign(f->kube->transport, &(struct transport_foreign){
									  .easy = e,
									  .headers = headers,
									  .sink = on_body,
									  .done = on_done,
									  .ctx = f,
								  });
}

static struct fetch_bytes copy(struct arena *a, struct fetch_bytes b)
{
	return (struct fetch_bytes){b.data ? arena_memdup(a, b.data, b.len) : NULL, b.len};
}

struct fetch *fetch_start(struct kube *k, const struct fetch_call *call)
{
	struct fetch *f = xcalloc(1, sizeof(*f));
	f->kube = k;
	f->url = arena_strdup(&f->mem, call->url);
	f->accept = arena_strdup(&f->mem, call->accept);
	f->form = arena_strdup(&f->mem, call->form);
	f->head = call->head;
	f->body_max = call->body_max != 0 ? call->body_max : FETCH_BODY_MAX;
	f->named_by = call->named_by;
	while (call->credentials != NULL && call->credentials[f->n_credentials] != NULL)
		f->n_credentials++;
	f->credentials = arena_array(&f->mem, f->n_credentials, sizeof(*f->credentials));
	for (size_t i = 0; i < f->n_credentials; i++)
		f->credentials[i] = arena_strdup(&f->mem, call->credentials[i]);
	f->ca = copy(&f->mem, call->ca);
	f->cert = copy(&f->mem, call->cert);
	f->key = copy(&f->mem, call->key);
	f->sink = call->sink;
	f->done = call->done;
	f->ctx = call->ctx;
	f->end_ms = clock_boot_ms() + FETCH_TIME_MS;
	send_now(f);
	return f;
}
