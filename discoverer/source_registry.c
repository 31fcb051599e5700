/*
 * A registry's tags (behaviour.md 28). Each repository is a walk over pages, a few walks at a
 * time. A walk that is told to identify itself by a Bearer token fetches one and goes on.
 *
 * Who gets the secret's credentials: the registry's own origin; and the token server that it
 * names, if that is reached over https or is on the registry's own host. Everybody else is
 * asked anonymously.
 */
#include "discoverer/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/urls.h"
#include "kube/weburl.h"

#include "discoverer/headers.h"
#include "discoverer/list_answer.h"
#include "discoverer/regex.h"
#include "discoverer/template.h"
#include "discoverer/tokens.h"

#define PAGE_TAGS "1000"
/* Tags of a repository that are looked at; pages, of which a hostile one may be empty. */
#define TAGS_MAX  10000
#define PAGES_MAX 1000
/* Repositories walked at once. */
#define WALKS_MAX 4
/* Requests that may be refused with 401 for one page: without a token, with a stale one. */
#define REFUSALS_MAX 2

struct walk { /* over the pages of one repository */
	struct query *q;
	size_t repository; /* index in the spec */
	bool busy;
	struct job job;
	struct tags_answer *tags;
	struct token_answer *token;
	struct arena mem; /* of this repository */
	const char *url;  /* the page */
	char *token_key;  /* of the token in use; NULL: none was asked for so far */
	bool sent_token;  /* with the last request */
	size_t pages, seen, refusals;
	const char **kept; /* those that pass tagFilter, in order; of topX the last */
	size_t n_kept, cap_kept;
	bool bad;
	struct err why;
};

struct registry {
	struct weburl url;
	const char *shown; /* for {{.Registry}} */
	struct template template;
	struct regex *filter;
	struct walk walks[WALKS_MAX];
	size_t next, done, failed;
};

static const char *template_of(const struct registry_source *r)
{
	return r->image_template != NULL && *r->image_template != '\0' ? r->image_template
								       : TEMPLATE_DEFAULT;
}

static int check(const struct discovery_source *spec, struct err *err)
{
	const struct registry_source *r = spec->registry;
	struct arena scratch = ARENA_INIT;
	struct template template;
	struct regex *filter = NULL;
	struct weburl url;
	if (r == NULL || r->url == NULL || r->repositories.n == 0)
		return err_set(err, ERR_TERMINAL,
			       "registry: url and repositories have to be given");
	int rc = weburl_parse(&scratch, r->url, &url, err);
	arena_done(&scratch);
	if (rc < 0)
		return err_wrap(err, "registry.url");
	if (template_parse(template_of(r), &template, err) < 0)
		return err_wrap(err, "registry.imageTemplate");
	if (regex_new(r->tag_filter, &filter, err) < 0)
		return err_wrap(err, "registry.tagFilter");
	regex_free(filter);
	return 0;
}

static const char *url_of(const struct discovery_source *spec)
{
	return spec->registry->url;
}

/* ---- tags ---- */

static void drop_tag(struct walk *w, const char *tag, enum drop_reason why)
{
	const struct registry *r = w->q->backend;
	struct buf image = {0};
	template_render(&r->template, r->shown,
			w->q->spec->registry->repositories.at[w->repository], tag, &image);
	found_drop(&w->q->found, image.data != NULL ? image.data : "", why);
	buf_done(&image);
}

static void on_tag(void *ctx, const char *tag)
{
	struct walk *w = ctx;
	struct registry *r = w->q->backend;
	if (w->seen == TAGS_MAX) {
		drop_tag(w, tag, DROP_too_many);
		return;
	}
	w->seen++;
	enum regex_answer answer = regex_match(r->filter, tag);
	if (answer != REGEX_YES) {
		drop_tag(w, tag, answer == REGEX_OVER ? DROP_filter_limit : DROP_tag_filter);
		return;
	}
	if (w->n_kept == w->cap_kept) {
		w->cap_kept = w->cap_kept != 0 ? 2 * w->cap_kept : 64;
		w->kept = xreallocarray(w->kept, w->cap_kept, sizeof(*w->kept));
	}
	w->kept[w->n_kept++] = arena_strdup(&w->mem, tag);
}

/* The score is the position among the tags that are kept, 1 for the first. */
static void take_tags(struct walk *w)
{
	const struct registry *r = w->q->backend;
	const struct registry_source *spec = w->q->spec->registry;
	size_t most = spec->top_x > 0 ? (size_t)spec->top_x : w->n_kept;
	size_t first = w->n_kept > most ? w->n_kept - most : 0;
	struct buf image = {0};
	for (size_t i = 0; i < first; i++)
		drop_tag(w, w->kept[i], DROP_top_x);
	for (size_t i = first; i < w->n_kept; i++) {
		buf_clear(&image, FOUND_IMAGE_MAX);
		template_render(&r->template, r->shown, spec->repositories.at[w->repository],
				w->kept[i], &image);
		found_add(&w->q->found, image.data != NULL ? image.data : "", image.len,
			  (double)(i - first + 1));
	}
	buf_done(&image);
}

/* ---- the life of a walk ---- */

static void walk_clear(struct walk *w)
{
	job_stop(&w->job);
	if (w->token != NULL) {
		token_answer_done(w->token);
		free(w->token);
	}
	free(w->tags);
	free(w->kept);
	free(w->token_key);
	arena_done(&w->mem);
	*w = (struct walk){0};
}

static void begin_walks(struct query *q);

static void walk_done(struct walk *w)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	walk_clear(w);
	r->done++;
	begin_walks(q);
}

/* One repository that fails does not hide what the others have; the first reason is told. */
static void walk_failed(struct walk *w, enum fault fault, const char *text)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	char words[FAULT_TEXT_MAX + 1];
	fault_clean(words, text);
	if (r->failed++ == 0) {
		q->fault = fault;
		snprintf(q->text, sizeof(q->text), "repository %s: %s",
			 q->spec->registry->repositories.at[w->repository], words);
	}
	walk_done(w);
}

static void walk_refused(struct walk *w, const struct fetch_result *res, const char *who)
{
	struct registry_error *e = xcalloc(1, sizeof(*e));
	char words[FAULT_TEXT_MAX + 1];
	struct buf text = {0};
	enum fault fault =
		res->end != FETCH_ANSWER ? fault_of_end(res->end) : fault_of_code(res->code);
	w->q->retry_after_ms = res->retry_after_ms;
	registry_error_read(e, res->body, res->len);
	if (res->end != FETCH_ANSWER)
		fault_clean(words, res->text);
	else
		fault_clean(words, e->message[0] != '\0' ? e->message : e->code);
	if (res->end == FETCH_ANSWER)
		buf_addf(&text, "%sHTTP %d%s%s", who, res->code, *words ? ": " : "", words);
	else
		buf_addf(&text, "%s%s", who, words);
	free(e);
	walk_failed(w, fault, text.data);
	buf_done(&text);
}

static void ask_page(struct walk *w);

/* ---- tokens ---- */

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
		walk_refused(w, res, "token server: ");
		return;
	}
	if (!w->bad)
		token = token_answer_end(w->token, &w->why);
	if (token == NULL) {
		walk_failed(w, FAULT_INVALID, w->why.text);
		return;
	}
	int64_t now_ms = clock_boot_ms();
	tokens_put(w->q->env->tokens, w->token_key, token, w->token->expires_s, now_ms);
	ask_page(w);
}

static bool may_know_us(const struct weburl *registry, const struct weburl *realm)
{
	return strcmp(realm->scheme, "https") == 0 ||
	       (strcmp(realm->host, registry->host) == 0 &&
		strcmp(realm->scheme, registry->scheme) == 0);
}

static void ask_token(struct walk *w, const struct weburl *realm, const char *service,
		      const char *scope)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	struct weburl url = *realm;
	struct buf params = {0};
	bool known = may_know_us(&r->url, realm);
	if (url.query != NULL && *url.query != '\0')
		buf_addf(&params, "%s&", url.query);
	if (service != NULL) {
		buf_adds(&params, "service=");
		url_escape(&params, service);
		buf_adds(&params, "&");
	}
	buf_adds(&params, "scope=");
	url_escape(&params, scope);
	url.query = arena_strndup(&w->mem, params.data, params.len);
	buf_done(&params);
	if (w->token == NULL)
		w->token = xcalloc(1, sizeof(*w->token));
	token_answer_done(w->token); /* also makes it ready */
	w->bad = false;
	w->job = (struct job){
		.call = {.url = weburl_text(&w->mem, &url),
			 .accept = "application/json",
			 .credentials = known ? auth_basic_lines(&q->auth) : NULL,
			 .ca = q->auth.ca,
			 .sink = on_token_bytes,
			 .done = on_token,
			 .ctx = w},
		.origin = weburl_origin(&w->mem, &url),
		.group = q->group,
	};
	if (weburl_same_origin(&url, &r->url)) {
		w->job.call.cert = q->auth.cert;
		w->job.call.key = q->auth.key;
	}
	job_start(q->env->line, &w->job);
}

/* The page was refused with 401: true if there is something to try. */
static bool identify(struct walk *w, const struct fetch_result *res)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	struct challenge c = challenge_parse(&w->mem, res->challenge);
	struct weburl realm;
	struct err err;
	if (!c.bearer || c.realm == NULL || w->refusals++ == REFUSALS_MAX ||
	    weburl_parse(&w->mem, c.realm, &realm, &err) < 0)
		return false;
	const char *repository = q->spec->registry->repositories.at[w->repository];
	const char *scope =
		c.scope != NULL ? c.scope : arena_printf(&w->mem, "repository:%s:pull", repository);
	const char *key = arena_printf(
		&w->mem, "%s %s %s %s %s/%s", weburl_origin(&w->mem, &r->url), c.realm,
		c.service ? c.service : "", scope,
		q->spec->secret_ref && q->spec->secret_ref->name ? q->spec->secret_ref->name : "",
		q->auth.version);
	if (w->sent_token) /* it is what was refused */
		tokens_drop(q->env->tokens, w->token_key);
	free(w->token_key);
	w->token_key = xstrdup(key);
	if (tokens_get(q->env->tokens, key, clock_boot_ms()) != NULL)
		ask_page(w);
	else
		ask_token(w, &realm, c.service, scope);
	return true;
}

/* ---- pages ---- */

static int on_page_bytes(void *ctx, const char *bytes, size_t n)
{
	struct walk *w = ctx;
	w->bad = tags_answer_feed(w->tags, bytes, n, &w->why) < 0;
	return w->bad ? -1 : 0;
}

/* true: the walk goes on to another page. */
static bool next_page(struct walk *w, const struct fetch_result *res)
{
	struct weburl here, there;
	struct err err;
	char *link = link_next(&w->mem, res->link);
	char *url = link != NULL ? weburl_join(&w->mem, res->url, link) : NULL;
	if (link == NULL || w->seen == TAGS_MAX)
		return false;
	if (url == NULL || weburl_parse(&w->mem, url, &there, &err) < 0 ||
	    weburl_parse(&w->mem, res->url, &here, &err) < 0 ||
	    !weburl_same_origin(&here, &there) || strcmp(url, res->url) == 0 ||
	    ++w->pages == PAGES_MAX) {
		walk_failed(w, FAULT_INVALID, "the link to the next page leads nowhere");
		return true;
	}
	w->url = url;
	w->refusals = 0;
	ask_page(w);
	return true;
}

static void on_page(void *ctx, const struct fetch_result *res)
{
	struct walk *w = ctx;
	struct query *q = w->q;
	if (q->ended)
		return;
	if (res->end == FETCH_ANSWER && res->code == 401 && identify(w, res))
		return;
	if (w->bad) {
		walk_failed(w, FAULT_INVALID, w->why.text);
	} else if (res->end != FETCH_ANSWER || res->code < 200 || res->code > 299) {
		walk_refused(w, res, "");
	} else if (tags_answer_end(w->tags, &w->why) < 0) {
		walk_failed(w, FAULT_INVALID, w->why.text);
	} else {
		q->found.counts[DROP_unusable] += w->tags->unusable;
		if (next_page(w, res))
			return;
		take_tags(w);
		walk_done(w);
	}
}

static void ask_page(struct walk *w)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	struct weburl url;
	if (!query_url(q, w->url, &url))
		return;
	bool ours = weburl_same_origin(&url, &r->url);
	const char *token = NULL;
	if (w->token_key != NULL && ours)
		token = tokens_get(q->env->tokens, w->token_key, clock_boot_ms());
	w->sent_token = token != NULL;
	if (w->tags == NULL)
		w->tags = xcalloc(1, sizeof(*w->tags));
	*w->tags = (struct tags_answer){.tag = on_tag, .ctx = w};
	w->bad = false;
	w->job = (struct job){
		.call = {.url = w->url,
			 .accept = "application/json",
			 .credentials = ours ? auth_lines(&q->auth, token) : NULL,
			 .ca = q->auth.ca,
			 .sink = on_page_bytes,
			 .done = on_page,
			 .ctx = w},
		.origin = weburl_origin(&w->mem, &url),
		.group = q->group,
	};
	if (ours) {
		w->job.call.cert = q->auth.cert;
		w->job.call.key = q->auth.key;
	}
	job_start(q->env->line, &w->job);
}

/* "team/app": its segments escaped, the slashes between them kept. */
static const char *first_page(struct walk *w)
{
	const struct registry *r = w->q->backend;
	const char *p = w->q->spec->registry->repositories.at[w->repository];
	struct weburl url = r->url;
	struct buf path = {0};
	size_t base = strlen(url.path);
	while (base > 0 && url.path[base - 1] == '/')
		base--;
	buf_add(&path, url.path, base);
	buf_adds(&path, "/v2");
	while (*p != '\0') {
		size_t n = strcspn(p, "/");
		char *segment = arena_strndup(&w->mem, p, n);
		buf_adds(&path, "/");
		url_escape(&path, segment);
		p += n + (p[n] == '/');
	}
	buf_adds(&path, "/tags/list");
	url.path = path.data;
	url.query = "n=" PAGE_TAGS;
	const char *text = weburl_text(&w->mem, &url);
	buf_done(&path);
	return text;
}

static void finished(struct query *q)
{
	const struct registry *r = q->backend;
	if (r->failed == 0) {
		query_end(q, FAULT_NONE, "%s", "");
		return;
	}
	char text[ERR_TEXT_MAX];
	snprintf(text, sizeof(text), "%s", q->text);
	q->partial = r->failed < r->done;
	if (r->failed > 1)
		query_end(q, q->fault, "%s; and %zu repositories more", text, r->failed - 1);
	else
		query_end(q, q->fault, "%s", text);
}

static void begin_walks(struct query *q)
{
	struct registry *r = q->backend;
	size_t all = q->spec->registry->repositories.n;
	for (size_t i = 0; i < WALKS_MAX && r->next < all; i++) {
		struct walk *w = &r->walks[i];
		if (w->busy)
			continue;
		*w = (struct walk){.q = q, .repository = r->next++, .busy = true};
		w->url = first_page(w);
		ask_page(w);
	}
	if (r->done == all)
		finished(q);
}

static void start(struct query *q)
{
	const struct registry_source *spec = q->spec->registry;
	struct registry *r = q->backend = xcalloc(1, sizeof(*r));
	struct err err;
	if (!query_url(q, spec->url, &r->url))
		return;
	if (template_parse(template_of(spec), &r->template, &err) < 0 ||
	    regex_new(spec->tag_filter, &r->filter, &err) < 0) {
		query_end(q, FAULT_SPEC, "%s", err.text);
		return;
	}
	/* The URL without its scheme, as upstream names a registry; no user, no last slash. */
	const char *shown = strstr(weburl_shown(&q->mem, spec->url), "://");
	char *name = arena_strdup(&q->mem, shown != NULL ? shown + 3 : "");
	size_t len = strlen(name);
	while (len > 0 && name[len - 1] == '/')
		name[--len] = '\0';
	r->shown = name;
	begin_walks(q);
}

static void stop(struct query *q)
{
	struct registry *r = q->backend;
	if (r == NULL)
		return;
	for (size_t i = 0; i < WALKS_MAX; i++)
		walk_clear(&r->walks[i]);
	regex_free(r->filter);
	free(r);
	q->backend = NULL;
}

const struct source_ops source_registry = {
	.type = "registry",
	.check = check,
	.url = url_of,
	.start = start,
	.stop = stop,
};
