/*
 * Receives HTTP requests: finds the route, checks the token, queues the request. All of this runs
 * inside the server's loop; the request is served in the turn that follows. Invariant: a request is
 * in m->requests until it is answered, or its client has closed the connection.
 */
#include "metricsd/metricsd.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Which server received the request. */
enum place { AT_METRICS = 1, AT_HEALTH = 2, AT_PAGE = 4 };

static const struct route {
	unsigned places;
	enum request_page page;
} routes[] = {
	{AT_METRICS, REQUEST_METRICS},
	{AT_HEALTH, REQUEST_READY},
	{AT_METRICS | AT_PAGE, REQUEST_PAGE},
	{AT_METRICS | AT_PAGE, REQUEST_JSON},
};

/* Answers 401 or 403 if the API server refused the token; false: it did not. */
static bool refuse(struct proc *p, struct http_exchange *x, const char *path, enum access said)
{
	if (said == ACCESS_UNAUTHORIZED)
		request_reply(p, x, path, 401,
			      "Unauthorized: the API server does not know this token\n");
	else if (said == ACCESS_FORBIDDEN)
		request_reply(p, x, path, 403,
			      "Forbidden: get on the non-resource URL /metrics is wanted\n");
	else
		return false;
	return true;
}

/* ---- new requests ---- */

/* The token of "Bearer <token>", or NULL. */
static const char *bearer(const char *authorization)
{
	static const char word[] = "Bearer ";
	if (authorization == NULL || strncasecmp(authorization, word, sizeof(word) - 1) != 0)
		return NULL;
	authorization += sizeof(word) - 1;
	authorization += strspn(authorization, " ");
	return *authorization != '\0' ? authorization : NULL;
}

/* The path of a URI, without its query. */
static bool is_path(const char *uri, const char *path)
{
	size_t n = strcspn(uri, "?");
	return n == strlen(path) && memcmp(uri, path, n) == 0;
}

static bool is_stranger(const struct request *v)
{
	return v->state == REQUEST_UNREVIEWED && !v->known;
}

static size_t strangers(const struct metricsd *m, const char *peer)
{
	const struct request *v;
	size_t n = 0;
	TAILQ_FOREACH(v, &m->requests, link)
	n += is_stranger(v) && (peer == NULL || strcmp(v->peer, peer) == 0);
	return n;
}

/* Too many requests with unknown tokens: the oldest one of the address that has most is refused. */
static void limit_strangers(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	struct request *v, *most = NULL;
	size_t n_most = 0;
	if (strangers(m, NULL) <= STRANGERS_MAX)
		return;
	TAILQ_FOREACH(v, &m->requests, link)
	{
		size_t n = is_stranger(v) ? strangers(m, v->peer) : 0;
		if (n > n_most) {
			n_most = n;
			most = v;
		}
	}
	request_refuse(p, most, 503, "Too many requests with tokens that are not known yet\n");
}

/* Sets known and state by the result of the token's last review, and the token itself if it has to
 * be reviewed. */
static void show_token(struct metricsd *m, struct request *v, const char *token, enum access said)
{
	int64_t now_ms = clock_boot_ms();
	v->known = access_is_known(&m->access, &v->key, now_ms);
	if (said == ACCESS_UNKNOWN)
		v->state = REQUEST_UNREVIEWED;
	if (said == ACCESS_UNKNOWN || access_is_ending(&m->access, &v->key, now_ms))
		v->token = xstrdup(token);
}

static void enter(struct proc *p, enum place at, struct http_exchange *x,
		  const struct http_request *r, const struct route *route)
{
	struct metricsd *m = proc_state(p);
	bool guarded = at == AT_METRICS && m->kube != NULL;
	const char *token = bearer(r->authorization);
	struct access_key key = {{0}};
	enum access said = ACCESS_ALLOWED;
	if (guarded && token == NULL) {
		request_reply(p, x, request_path(route->page), 401,
			      "Unauthorized: a bearer token is wanted\n");
		return;
	}
	if (guarded) {
		key = access_key(token);
		said = access_find(&m->access, &key, clock_boot_ms());
	}
	if (refuse(p, x, request_path(route->page), said))
		return;
	struct request *v = xcalloc(1, sizeof(*v));
	*v = (struct request){
		.exchange = x,
		.page = route->page,
		.local = at == AT_PAGE,
		.state = REQUEST_ADMITTED,
		.form = negotiate_form(r->accept),
		.gzip = negotiate_gzip(r->accept_encoding),
		.key = key,
	};
	snprintf(v->peer, sizeof(v->peer), "%s", r->peer);
	if (guarded)
		show_token(m, v, token, said);
	TAILQ_INSERT_TAIL(&m->requests, v, link);
	http_set_user(x, v);
	limit_strangers(p);
}

static bool is_open(const struct metricsd *m, enum place at, const struct route *route)
{
	bool page = route->page == REQUEST_PAGE || route->page == REQUEST_JSON;
	return (route->places & at) != 0 && (at == AT_PAGE || m->options.status_page || !page);
}

static void on_request(struct proc *p, enum place at, struct http_exchange *x,
		       const struct http_request *r)
{
	if (at == AT_PAGE && (r->host == NULL || !listen_is_local_name(r->host))) {
		request_reply(p, x, "other", 403,
			      "Only localhost and loopback addresses are served here\n");
		return;
	}
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
		request_reply(p, x, "other", 405, "Only GET and HEAD are served here\n");
		return;
	}
	if (at == AT_HEALTH && is_path(r->uri, "/healthz")) {
		struct buf body = {0};
		bool well = serve_health(p, false, &body);
		request_reply(p, x, "/healthz", well ? 200 : 500, body.data);
		buf_done(&body);
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (is_open(proc_state(p), at, &routes[i]) &&
		    is_path(r->uri, request_path(routes[i].page))) {
			enter(p, at, x, r, &routes[i]);
			return;
		}
	request_reply(p, x, "other", 404, "Not found\n");
}

static void on_metrics_request(void *ctx, struct http_exchange *x, const struct http_request *r)
{
	on_request(ctx, AT_METRICS, x, r);
}

static void on_health_request(void *ctx, struct http_exchange *x, const struct http_request *r)
{
	on_request(ctx, AT_HEALTH, x, r);
}

static void on_page_request(void *ctx, struct http_exchange *x, const struct http_request *r)
{
	on_request(ctx, AT_PAGE, x, r);
}

static void on_closed(void *ctx, void *user)
{
	request_free(proc_state(ctx), user);
}

/* No answer of ours is a stream. */
static void on_drained(void *ctx, void *user)
{
	(void)ctx;
	(void)user;
}

const struct http_ops request_metrics_ops = {on_metrics_request, on_closed, on_drained};
const struct http_ops request_health_ops = {on_health_request, on_closed, on_drained};
const struct http_ops request_page_ops = {on_page_request, on_closed, on_drained};

/* ---- after the reviews ---- */

static void admit(struct proc *p, struct request *v)
{
	struct metricsd *m = proc_state(p);
	enum access said = access_find(&m->access, &v->key, clock_boot_ms());
	if (said == ACCESS_ALLOWED)
		v->state = REQUEST_ADMITTED;
	else if (refuse(p, v->exchange, request_path(v->page), said))
		request_free(m, v);
	else if (!review_ask(p, v))
		request_refuse(p, v, 503, "Ask again\n");
}

/* Newest first: clients of the oldest may have given up. */
void requests_admit(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	struct request *v, *next;
	for (v = TAILQ_LAST(&m->requests, request_list); v != NULL; v = next) {
		next = TAILQ_PREV(v, request_list, link);
		if (v->state == REQUEST_UNREVIEWED)
			admit(p, v);
		else if (v->token != NULL) /* allowed, but to be reviewed again soon */
			(void)review_ask(p, v);
	}
}

bool requests_wait(const struct metricsd *m, bool for_page)
{
	const struct request *v;
	TAILQ_FOREACH(v, &m->requests, link)
	if (v->state == REQUEST_ADMITTED &&
	    (v->page == REQUEST_PAGE || v->page == REQUEST_JSON) == for_page)
		return true;
	return false;
}
