/*
 * Carries out what login.h decides: asks token servers, and says as whom a page is asked for again.
 * Invariant: a token is in the walk with the origin that it is for, and walk_token() gives it to no
 * other.
 */
#include "discoverer/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/urls.h"

#include "discoverer/headers.h"
#include "discoverer/login.h"
#include "discoverer/tokens.h"

const char *walk_token(const struct walk *w, const char *origin)
{
	if (w->token_key == NULL || strcmp(w->token_origin, origin) != 0)
		return NULL;
	return tokens_get(w->q->env->tokens, w->token_key, clock_boot_ms());
}

/* ---- the token server ---- */

static int on_token_bytes(void *ctx, const char *bytes, size_t n)
{
	struct walk *w = ctx;
	w->bad = token_answer_feed(w->token, bytes, n, &w->why) < 0;
	return w->bad ? -1 : 0;
}

static void on_token(void *ctx, const struct fetch_result *res)
{
	struct walk *w = ctx;
	const char *token = NULL;
	if (w->q->ended)
		return;
	if (!w->bad && (res->end != FETCH_ANSWER || res->code < 200 || res->code > 299)) {
		w->logged_in(w, res, NULL);
		return;
	}
	if (!w->bad)
		token = token_answer_end(w->token, &w->why);
	if (token == NULL) {
		w->logged_in(w, res, w->why.text);
		return;
	}
	tokens_put(w->q->env->tokens, w->token_key, token, w->token->expires_s, clock_boot_ms());
	token_answer_done(w->token);
	w->token_fresh = true;
	w->logged_in(w, NULL, NULL);
}

/* May a token server that this registry names be told the Secret's user and password? */
static bool may_know_us(const struct weburl *registry, const struct weburl *realm)
{
	return strcmp(realm->scheme, "https") == 0 ||
	       (strcmp(realm->host, registry->host) == 0 &&
		strcmp(realm->scheme, registry->scheme) == 0);
}

static const char *token_query(struct walk *w, const struct weburl *realm,
			       const struct challenge *c, const char *scope)
{
	struct buf params = {0};
	if (realm->query != NULL && *realm->query != '\0')
		buf_addf(&params, "%s&", realm->query);
	if (c->service != NULL) {
		buf_adds(&params, "service=");
		url_escape(&params, c->service);
		buf_adds(&params, "&");
	}
	buf_adds(&params, "scope=");
	url_escape(&params, scope);
	const char *query = arena_strndup(&w->page_mem, params.data, params.len);
	buf_done(&params);
	return query;
}

static void ask_token(struct walk *w, const struct weburl *realm, const struct challenge *c,
		      const char *scope, const struct fetch_result *res, bool home)
{
	struct query *q = w->q;
	const struct registry *r = q->backend;
	struct weburl url = *realm;
	url.query = token_query(w, realm, c, scope);
	if (w->token == NULL)
		w->token = xcalloc(1, sizeof(*w->token));
	token_answer_done(w->token); /* also makes it ready */
	w->bad = false;
	w->job = (struct job){
		.call = {.url = weburl_text(&w->page_mem, &url),
			 .accept = "application/json",
			 .ca = q->auth.ca,
			 .named_by = res->peer,
			 .sink = on_token_bytes,
			 .done = on_token,
			 .ctx = w},
		.origin = weburl_origin(&w->page_mem, &url),
		.group = q->group,
	};
	if (home && may_know_us(&r->url, realm))
		w->job.call.credentials = auth_lines(&q->auth, AUTH_USER, NULL);
	if (home && weburl_same_origin(&url, &r->url)) {
		w->job.call.cert = q->auth.cert;
		w->job.call.key = q->auth.key;
	}
	job_start(q->env->limiter, &w->job);
}

/* Another identity, another token; what an origin that is not ours gets is anybody's. */
static enum walk_login identify(struct walk *w, const struct challenge *c,
				const struct weburl *realm, const struct fetch_result *res,
				const char *origin, bool home)
{
	struct query *q = w->q;
	const struct api_name_ref *secret = q->spec->secret_ref;
	const char *name = home && secret != NULL && secret->name != NULL ? secret->name : "";
	const char *scope = c->scope != NULL
				    ? c->scope
				    : arena_printf(&w->page_mem, "repository:%s:pull", w->name);
	const char *key = arena_printf(&w->page_mem, "%s %s %s %s %s/%s", origin, c->realm,
				       c->service != NULL ? c->service : "", scope, name,
				       home ? q->auth.version : "");
	free(w->token_key);
	free(w->token_origin);
	w->token_key = xstrdup(key);
	w->token_origin = xstrdup(origin);
	w->token_fresh = false;
	if (walk_token(w, origin) != NULL)
		return WALK_AGAIN;
	ask_token(w, realm, c, scope, res, home);
	return WALK_WAITS;
}

/* ---- a refusal ---- */

enum walk_login walk_login(struct walk *w, const struct fetch_result *res)
{
	struct query *q = w->q;
	const struct registry *r = q->backend;
	struct weburl at, realm;
	struct err err;
	if (weburl_parse(&w->page_mem, res->url, &at, &err) < 0)
		return WALK_REFUSED;
	struct challenge c = challenge_parse(&w->page_mem, res->challenge);
	const char *origin = weburl_origin(&w->page_mem, &at);
	bool home = weburl_same_origin(&at, &r->url), page = !home && res->html;
	/* A login does not survive the way to another origin. */
	bool same = strcmp(origin, w->job.origin) == 0;
	const struct refusal refusal = {
		.code = res->end == FETCH_ANSWER ? res->code : 0,
		.home = home,
		.bearer = c.bearer && c.realm != NULL &&
			  weburl_parse(&w->page_mem, c.realm, &realm, &err) == 0,
		.basic = c.basic,
		.challenged = res->challenge[0] != '\0',
		.sent = same ? w->sent : AUTH_NOBODY,
		.cached = !w->token_fresh,
		.has_user = q->auth.username != NULL,
		.has_token = q->auth.token != NULL,
		.own_tried = w->own_tried,
		.tries = w->tries,
	};
	if (refusal.code != 401 && refusal.code != 403 && refusal.code != 404 && !page)
		return WALK_REFUSED;
	enum login_next next = login_next(&refusal);
	if (next == LOGIN_GIVE_UP)
		return WALK_REFUSED;
	w->tries++;
	if (refusal.sent == AUTH_TOKEN)
		tokens_drop(q->env->tokens, w->token_key);
	w->own = (next == LOGIN_OWN || next == LOGIN_OWN_HOME);
	w->away = next == LOGIN_OWN_HOME || strcmp(res->url, w->job.call.url) == 0
			  ? w->away
			  : arena_strdup(&w->page_mem, res->url);
	w->away_by = res->named_by;
	if (next == LOGIN_OWN_HOME)
		w->away = NULL;
	return next == LOGIN_ASK_TOKEN ? identify(w, &c, &realm, res, origin, home) : WALK_AGAIN;
}
