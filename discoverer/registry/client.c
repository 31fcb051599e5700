/*
 * Sends a call, and carries out what login.h decides about a refusal: asks token servers, and asks
 * again. Invariant: a token is in the call with the origin that it is for, and token_for() gives it
 * to no other.
 */
#include "discoverer/registry/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/urls.h"

#include "discoverer/registry/headers.h"
#include "discoverer/registry/login.h"
#include "discoverer/registry/token_answer.h"
#include "discoverer/registry/tokens.h"

static const char *token_for(const struct registry_call *call, const char *origin)
{
	if (call->token_key == NULL || strcmp(call->token_origin, origin) != 0)
		return NULL;
	return tokens_get(call->client->tokens, call->token_key, clock_boot_ms());
}

static void ask(struct registry_call *call);

static bool over(const struct registry_call *call)
{
	return call->client->over != NULL && *call->client->over;
}

static void end(struct registry_call *call, const struct fetch_result *res, bool token_server,
		const char *what)
{
	/* The call may be started anew in it; its arena is emptied only then. */
	call->done(call->ctx, &(struct registry_answer){.res = res,
							.token_server = token_server,
							.url = call->job.call.url,
							.what = what,
							.sent = call->sent});
}

/* ---- the token server ---- */

static int on_token_bytes(void *ctx, const char *bytes, size_t n)
{
	struct registry_call *call = ctx;
	call->bad = token_answer_feed(call->token, bytes, n, &call->why) < 0;
	return call->bad ? -1 : 0;
}

static void on_token(void *ctx, const struct fetch_result *res)
{
	struct registry_call *call = ctx;
	struct tokens *tokens = call->client->tokens;
	const char *token = NULL;
	if (over(call))
		return;
	if (!call->bad && (res->end != FETCH_ANSWER || res->code < 200 || res->code > 299)) {
		end(call, res, true, NULL);
		return;
	}
	if (!call->bad)
		token = token_answer_end(call->token, &call->why);
	if (token == NULL) {
		end(call, res, true, call->why.text);
		return;
	}
	tokens_put(tokens, call->token_key, token, call->token->expires_s, clock_boot_ms());
	token_answer_done(call->token);
	call->token_fresh = true;
	ask(call);
}

/* May a token server that this registry names be told our user and password? */
static bool may_know_us(const struct weburl *registry, const struct weburl *realm)
{
	return strcmp(realm->scheme, "https") == 0 ||
	       (strcmp(realm->host, registry->host) == 0 &&
		strcmp(realm->scheme, registry->scheme) == 0);
}

static const char *token_query(struct arena *a, const struct weburl *realm,
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
	const char *query = arena_strndup(a, params.data, params.len);
	buf_done(&params);
	return query;
}

static void ask_token(struct registry_call *call, const struct weburl *realm,
		      const struct challenge *c, const char *scope, const struct fetch_result *res,
		      bool home)
{
	const struct registry_client *client = call->client;
	struct auth *auth = client->auth;
	struct weburl url = *realm;
	url.query = token_query(&call->mem, realm, c, scope);
	if (call->token == NULL)
		call->token = xcalloc(1, sizeof(*call->token));
	token_answer_done(call->token); /* also makes it ready */
	call->bad = false;
	call->job = (struct job){
		.call = {.url = weburl_text(&call->mem, &url),
			 .accept = "application/json",
			 .ca = auth->ca,
			 .named_by = res->peer,
			 .sink = on_token_bytes,
			 .done = on_token,
			 .ctx = call},
		.origin = weburl_origin(&call->mem, &url),
		.group = client->group,
	};
	if (home && may_know_us(&client->home, realm))
		call->job.call.credentials = auth_lines(auth, AUTH_USER, NULL);
	if (home && weburl_same_origin(&url, &client->home)) {
		call->job.call.cert = auth->cert;
		call->job.call.key = auth->key;
	}
	job_start(client->limiter, &call->job);
}

/* Another identity, another token; another origin gets an anonymous request. */
static void identify(struct registry_call *call, const struct challenge *c,
		     const struct weburl *realm, const struct fetch_result *res, const char *origin,
		     bool home)
{
	const char *scope =
		c->scope != NULL ? c->scope
				 : arena_printf(&call->mem, "repository:%s:pull", call->repository);
	const char *key = arena_printf(&call->mem, "%s %s %s %s %s", origin, c->realm,
				       c->service != NULL ? c->service : "", scope,
				       home ? call->client->identity : "/");
	free(call->token_key);
	free(call->token_origin);
	call->token_key = xstrdup(key);
	call->token_origin = xstrdup(origin);
	call->token_fresh = false;
	if (token_for(call, origin) != NULL)
		ask(call);
	else
		ask_token(call, realm, c, scope, res, home);
}

/* ---- a refusal ---- */

/* The answer is not what was asked for: true if the request is repeated with other credentials. */
static bool login(struct registry_call *call, const struct fetch_result *res)
{
	const struct registry_client *client = call->client;
	const struct auth *auth = client->auth;
	struct weburl at, realm;
	struct err err;
	if (weburl_parse(&call->mem, res->url, &at, &err) < 0)
		return false;
	struct challenge c = challenge_parse(&call->mem, res->challenge);
	const char *origin = weburl_origin(&call->mem, &at);
	bool home = weburl_same_origin(&at, &client->home), page = !home && res->html;
	/* A login does not survive the way to another origin. */
	bool same = strcmp(origin, call->job.origin) == 0;
	const struct refusal refusal = {
		.code = res->end == FETCH_ANSWER ? res->code : 0,
		.home = home,
		.bearer = c.bearer && c.realm != NULL &&
			  weburl_parse(&call->mem, c.realm, &realm, &err) == 0,
		.basic = c.basic,
		.challenged = res->challenge[0] != '\0',
		.sent = same ? call->sent : AUTH_NOBODY,
		.cached = !call->token_fresh,
		.has_user = auth->username != NULL,
		.has_token = auth->token != NULL,
		.own_tried = call->own_tried,
		.tries = call->tries,
	};
	if (refusal.code != 401 && refusal.code != 403 && refusal.code != 404 && !page)
		return false;
	enum login_next next = login_next(&refusal);
	if (next == LOGIN_GIVE_UP)
		return false;
	call->tries++;
	if (refusal.sent == AUTH_TOKEN)
		tokens_drop(client->tokens, call->token_key);
	call->own = (next == LOGIN_OWN || next == LOGIN_OWN_HOME);
	call->away = next == LOGIN_OWN_HOME || strcmp(res->url, call->job.call.url) == 0
			     ? call->away
			     : arena_strdup(&call->mem, res->url);
	call->away_by = res->named_by;
	if (next == LOGIN_OWN_HOME)
		call->away = NULL;
	if (next == LOGIN_ASK_TOKEN)
		identify(call, &c, &realm, res, origin, home);
	else
		ask(call);
	return true;
}

/* ---- the request itself ---- */

static int on_bytes(void *ctx, const char *bytes, size_t n)
{
	struct registry_call *call = ctx;
	call->bad = call->sink(call->ctx, bytes, n, &call->why) < 0;
	return call->bad ? -1 : 0;
}

static void on_answer(void *ctx, const struct fetch_result *res)
{
	struct registry_call *call = ctx;
	if (over(call))
		return;
	bool ok = res->end == FETCH_ANSWER && res->code >= 200 && res->code <= 299;
	if ((!ok || call->bad) && login(call, res))
		return;
	end(call, res, false, call->bad ? call->why.text : NULL);
}

static void ask(struct registry_call *call)
{
	const struct registry_client *client = call->client;
	struct auth *auth = client->auth;
	struct weburl url = call->url;
	struct err err;
	/* It was parsed when it came. */
	if (call->away != NULL && weburl_parse(&call->mem, call->away, &url, &err) < 0)
		url = call->url;
	bool home = weburl_same_origin(&url, &client->home);
	const char *origin = weburl_origin(&call->mem, &url);
	const char *token = token_for(call, origin);
	call->sent = token != NULL ? AUTH_TOKEN : home && call->own ? AUTH_OWN : AUTH_NOBODY;
	call->own_tried |= call->sent == AUTH_OWN;
	call->bad = false;
	call->begin(call->ctx);
	call->job = (struct job){
		.call = {.url = weburl_text(&call->mem, &url),
			 .accept = call->accept,
			 .head = call->head,
			 .body_max = call->body_max,
			 .ca = auth->ca,
			 .named_by = call->away != NULL ? call->away_by : client->named_by,
			 .sink = on_bytes,
			 .done = on_answer,
			 .ctx = call},
		.origin = origin,
		.group = client->group,
	};
	if (home) {
		call->job.call.credentials = auth_lines(auth, call->sent, token);
		call->job.call.cert = auth->cert;
		call->job.call.key = auth->key;
	} else if (token != NULL) {
		call->job.call.credentials = auth_lines(auth, AUTH_AWAY, token);
	}
	job_start(client->limiter, &call->job);
}

void registry_call_start(struct registry_call *call)
{
	arena_done(&call->mem);
	call->away = NULL;
	call->tries = 0;
	call->own_tried = call->token_fresh = false;
	ask(call);
}

void registry_call_forget(struct registry_call *call)
{
	free(call->token_key);
	free(call->token_origin);
	call->token_key = call->token_origin = NULL;
	call->own = false;
}

void registry_call_stop(struct registry_call *call)
{
	job_stop(&call->job);
	if (call->token != NULL) {
		token_answer_done(call->token);
		free(call->token);
	}
	registry_call_forget(call);
	arena_done(&call->mem);
	*call = (struct registry_call){0};
}
