/*
 * HTTP requests as they come and go. A request is only noted here, inside the server's loop;
 * what it needs is done in the turn that follows. Invariant: a visit is in m->visits until it
 * was answered, or its client has left.
 */
#include "metricsd/metricsd.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Which server was asked. */
enum place { AT_METRICS = 1, AT_HEALTH = 2, AT_PAGE = 4 };

static const struct door {
	unsigned places;
	enum visit_page page;
} doors[] = {
	{AT_METRICS, VISIT_METRICS},
	{AT_HEALTH, VISIT_READY},
	{AT_METRICS | AT_PAGE, VISIT_PAGE},
	{AT_METRICS | AT_PAGE, VISIT_JSON},
};

/* Sends away whom the API server does not know. Anybody else: false. */
static bool refuse(struct proc *p, struct http_exchange *x, const char *path, enum access said)
{
	if (said == ACCESS_UNAUTHORIZED)
		visit_say(p, x, path, 401,
			  "Unauthorized: the API server does not know this token\n");
	else if (said == ACCESS_FORBIDDEN)
		visit_say(p, x, path, 403,
			  "Forbidden: get on the non-resource URL /metrics is wanted\n");
	else
		return false;
	return true;
}

/* ---- the door ---- */

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

static bool is_stranger(const struct visit *v)
{
	return v->state == VISIT_AT_THE_DOOR && !v->known;
}

static size_t strangers(const struct metricsd *m, const char *peer)
{
	const struct visit *v;
	size_t n = 0;
	TAILQ_FOREACH(v, &m->visits, link)
	n += is_stranger(v) && (peer == NULL || strcmp(v->peer, peer) == 0);
	return n;
}

/* Too many unknown tokens wait: the oldest of the address with the most of them goes. */
static void limit_strangers(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	struct visit *v, *most = NULL;
	size_t n_most = 0;
	if (strangers(m, NULL) <= STRANGERS_MAX)
		return;
	TAILQ_FOREACH(v, &m->visits, link)
	{
		size_t n = is_stranger(v) ? strangers(m, v->peer) : 0;
		if (n > n_most) {
			n_most = n;
			most = v;
		}
	}
	visit_dismiss(p, most, 503, "Too many requests with tokens that are not known yet\n");
}

/* Fills in what the visit's token is good for. */
static void show_token(struct metricsd *m, struct visit *v, const char *token, enum access said)
{
	int64_t now_ms = clock_boot_ms();
	v->known = access_is_known(&m->access, &v->key, now_ms);
	if (said == ACCESS_UNKNOWN)
		v->state = VISIT_AT_THE_DOOR;
	if (said == ACCESS_UNKNOWN || access_is_ending(&m->access, &v->key, now_ms))
		v->token = xstrdup(token);
}

static void enter(struct proc *p, enum place at, struct http_exchange *x,
		  const struct http_request *r, const struct door *door)
{
	struct metricsd *m = proc_state(p);
	bool guarded = at == AT_METRICS && m->kube != NULL;
	const char *token = bearer(r->authorization);
	struct access_key key = {{0}};
	enum access said = ACCESS_ALLOWED;
	if (guarded && token == NULL) {
		visit_say(p, x, visit_path(door->page), 401,
			  "Unauthorized: a bearer token is wanted\n");
		return;
	}
	if (guarded) {
		key = access_key(token);
		said = access_find(&m->access, &key, clock_boot_ms());
	}
	if (refuse(p, x, visit_path(door->page), said))
		return;
	struct visit *v = xcalloc(1, sizeof(*v));
	*v = (struct visit){
		.exchange = x,
		.page = door->page,
		.local = at == AT_PAGE,
		.state = VISIT_INSIDE,
		.form = negotiate_form(r->accept),
		.gzip = negotiate_gzip(r->accept_encoding),
		.key = key,
	};
	snprintf(v->peer, sizeof(v->peer), "%s", r->peer);
	if (guarded)
		show_token(m, v, token, said);
	TAILQ_INSERT_TAIL(&m->visits, v, link);
	http_set_user(x, v);
	limit_strangers(p);
}

static bool is_open(const struct metricsd *m, enum place at, const struct door *door)
{
	bool page = door->page == VISIT_PAGE || door->page == VISIT_JSON;
	return (door->places & at) != 0 && (at == AT_PAGE || m->options.status_page || !page);
}

static void on_request(struct proc *p, enum place at, struct http_exchange *x,
		       const struct http_request *r)
{
	if (at == AT_PAGE && (r->host == NULL || !listen_is_local_name(r->host))) {
		visit_say(p, x, "other", 403,
			  "Only localhost and loopback addresses are served here\n");
		return;
	}
	if (strcmp(r->method, "GET") != 0) {
		visit_say(p, x, "other", 405, "Only GET is served here\n");
		return;
	}
	if (at == AT_HEALTH && is_path(r->uri, "/healthz")) {
		struct buf body = {0};
		bool well = serve_health(p, false, &body);
		visit_say(p, x, "/healthz", well ? 200 : 500, body.data);
		buf_done(&body);
		return;
	}
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		if (is_open(proc_state(p), at, &doors[i]) &&
		    is_path(r->uri, visit_path(doors[i].page))) {
			enter(p, at, x, r, &doors[i]);
			return;
		}
	visit_say(p, x, "other", 404, "Not found\n");
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
	visit_free(proc_state(ctx), user);
}

/* Nothing of ours is a stream. */
static void on_drained(void *ctx, void *user)
{
	(void)ctx;
	(void)user;
}

const struct http_ops visit_metrics_ops = {on_metrics_request, on_closed, on_drained};
const struct http_ops visit_health_ops = {on_health_request, on_closed, on_drained};
const struct http_ops visit_page_ops = {on_page_request, on_closed, on_drained};

/* ---- inside ---- */

static void admit(struct proc *p, struct visit *v)
{
	struct metricsd *m = proc_state(p);
	enum access said = access_find(&m->access, &v->key, clock_boot_ms());
	if (said == ACCESS_ALLOWED)
		v->state = VISIT_INSIDE;
	else if (refuse(p, v->exchange, visit_path(v->page), said))
		visit_free(m, v);
	else if (!review_ask(p, v))
		visit_dismiss(p, v, 503, "Ask again\n");
}

/* Newest first: the oldest have waited so long that their clients may have given up. */
void visits_admit(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	struct visit *v, *next;
	for (v = TAILQ_LAST(&m->visits, visit_list); v != NULL; v = next) {
		next = TAILQ_PREV(v, visit_list, link);
		if (v->state == VISIT_AT_THE_DOOR)
			admit(p, v);
		else if (v->token != NULL) /* a yes that ends soon */
			(void)review_ask(p, v);
	}
}

bool visits_wait(const struct metricsd *m, bool for_page)
{
	const struct visit *v;
	TAILQ_FOREACH(v, &m->visits, link)
	if (v->state == VISIT_INSIDE &&
	    (v->page == VISIT_PAGE || v->page == VISIT_JSON) == for_page)
		return true;
	return false;
}
