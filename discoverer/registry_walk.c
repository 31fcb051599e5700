/*
 * The pages of one repository (behaviour.md 28): asked for, read, each tag once, and what they come
 * to. Where the next page is, is pages.c's decision; who asks for it, login.c's.
 */
#include "discoverer/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "discoverer/pages.h"
#include "discoverer/repository.h"
#include "discoverer/failure.h"

/* ---- tags ---- */

static void render(const struct walk *w, const char *tag, struct buf *image)
{
	const struct registry *r = w->q->backend;
	template_render(&r->template, r->shown, w->name, tag, image);
	if (image->data == NULL)
		buf_adds(image, "");
}

static void drop_tag(struct walk *w, const char *tag, enum drop_reason why)
{
	struct buf image = {0};
	render(w, tag, &image);
	found_drop(&w->q->found, image.data, why);
	buf_done(&image);
}

static void keep_tag(struct walk *w, const char *tag)
{
	if (w->n_kept == w->cap_kept) {
		w->cap_kept = w->cap_kept != 0 ? 2 * w->cap_kept : 64;
		w->kept = xreallocarray(w->kept, w->cap_kept, sizeof(*w->kept));
	}
	w->kept[w->n_kept++] = tag;
}

static void on_tag(void *ctx, const char *name)
{
	struct walk *w = ctx;
	const struct registry *r = w->q->backend;
	const char *known = map_get(&w->names, name);
	w->page_tags++;
	if (known != NULL)
		w->last = known;
	if (known != NULL)
		return;
	w->page_news++;
	if (w->seen == TAGS_MAX) {
		w->over = true;
		drop_tag(w, name, DROP_too_many);
		return;
	}
	w->seen++;
	char *tag = arena_strdup(&w->mem, name);
	map_put(&w->names, tag, tag);
	w->last = tag;
	enum regex_answer answer = regex_match(r->filter, tag);
	if (answer == REGEX_YES)
		keep_tag(w, tag);
	else
		drop_tag(w, tag, answer == REGEX_OVER ? DROP_filter_limit : DROP_tag_filter);
}

/* The score is the position among the tags that are kept, 1 for the first. */
static void take_tags(struct walk *w)
{
	const struct registry_source *spec = w->q->spec->registry;
	size_t most = spec->top_x > 0 ? (size_t)spec->top_x : w->n_kept;
	size_t first = w->n_kept > most ? w->n_kept - most : 0;
	struct buf image = {0};
	w->q->found.part = w->repository;
	for (size_t i = 0; i < first; i++)
		drop_tag(w, w->kept[i], DROP_top_x);
	for (size_t i = first; i < w->n_kept; i++) {
		buf_clear(&image, FOUND_IMAGE_MAX);
		render(w, w->kept[i], &image);
		found_add(&w->q->found, image.data, image.len, (double)(i - first + 1));
	}
	buf_done(&image);
}

/* ---- the life of a walk ---- */

void walk_clear(struct walk *w)
{
	job_stop(&w->job);
	if (w->token != NULL) {
		token_answer_done(w->token);
		free(w->token);
	}
	free(w->tags);
	free(w->kept);
	free(w->token_key);
	free(w->token_origin);
	map_done(&w->names);
	arena_done(&w->mem);
	arena_done(&w->page_mem);
	*w = (struct walk){0};
}

/* The first failure of a query is told. */
static void walk_failed(struct walk *w, enum part_state state, enum fault fault, const char *text)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	if (r->failed++ == 0) {
		q->fault = fault;
		snprintf(q->text, sizeof(q->text), "repository %s: %s", w->name, text);
	}
	r->walk_ended(w, state);
}

/* who: "", or whom the answer is of ("token server"). what: as in failure_of(). */
static void refused(struct walk *w, const struct fetch_result *res, const char *who,
		    const char *what)
{
	const struct registry *r = w->q->backend;
	char words[ERR_TEXT_MAX], page[40] = "";
	enum fault fault = failure_of(res, what, words);
	bool gone = *who == '\0' && res->end == FETCH_ANSWER && what == NULL && res->code == 404 &&
		    !res->html;
	struct arena a = ARENA_INIT;
	if (w->pages > 0)
		snprintf(page, sizeof(page), "page %zu: ", w->pages + 1);
	const char *from =
		*who != '\0' ? arena_printf(&a, "%s %s: ", who, weburl_shown(&a, w->job.call.url))
			     : page;
	const char *hint = res->end == FETCH_ANSWER || what != NULL || res->html
				   ? repository_hint(&a, &r->url, w->name, words)
				   : "";
	w->q->retry_after_ms = res->retry_after_ms;
	walk_failed(w, gone ? PART_GONE : PART_FAILED, fault,
		    arena_printf(&a, "%s%s%s", from, words, hint));
	arena_done(&a);
}

/* ---- pages ---- */

static int on_page_bytes(void *ctx, const char *bytes, size_t n)
{
	struct walk *w = ctx;
	w->bad = tags_answer_feed(w->tags, bytes, n, &w->why) < 0;
	return w->bad ? -1 : 0;
}

static void ask_page(struct walk *w);

static void ask_query(struct walk *w, const char *query)
{
	char *kept = arena_strdup(&w->mem, query);
	arena_done(&w->page_mem);
	w->query = kept;
	w->away = NULL;
	w->tries = 0;
	w->own_tried = false;
	ask_page(w);
}

static void walk_whole(struct walk *w)
{
	struct query *q = w->q;
	const struct registry *r = q->backend;
	take_tags(w);
	if (w->over && q->warning[0] == '\0')
		snprintf(q->warning, sizeof(q->warning),
			 "repository %s has more than %d tags: only the first %d were read, "
			 "the last topX are the last of these",
			 w->name, TAGS_MAX, TAGS_MAX);
	r->walk_ended(w, PART_WHOLE);
}

static void page_read(struct walk *w, const struct fetch_result *res)
{
	const struct page page = {
		.list = &w->list,
		.query = w->query,
		.link = res->link,
		.tags = w->page_tags + w->tags->unusable,
		.news = w->page_news,
		.last = w->last,
		.counted = w->counted,
	};
	const char *query;
	w->q->found.counts[DROP_unusable] += w->tags->unusable;
	w->token_fresh = false;
	enum page_next next = w->over ? PAGE_END : page_next(&w->page_mem, &page, &query);
	if (next == PAGE_MORE && ++w->pages < PAGES_MAX) {
		ask_query(w, query);
		return;
	}
	if (next == PAGE_END) {
		walk_whole(w);
		return;
	}
	char text[ERR_TEXT_MAX];
	snprintf(text, sizeof(text),
		 next == PAGE_BAD ? "page %zu does not exist; the %zu tags before it are kept"
				  : "there are more than %zu pages; their %zu tags are kept",
		 next == PAGE_BAD ? w->pages + 2 : w->pages, w->seen);
	take_tags(w);
	walk_failed(w, PART_ADDED, FAULT_INVALID, text);
}

/* A registry may not give so many tags a page, and then say so instead of giving fewer. */
static bool fewer_wanted(const struct walk *w, const struct fetch_result *res)
{
	return res->end == FETCH_ANSWER && res->code == 400 && w->counted && w->pages == 0;
}

static void on_page(void *ctx, const struct fetch_result *res)
{
	struct walk *w = ctx;
	struct query *q = w->q;
	struct registry *r = q->backend;
	if (q->ended)
		return;
	bool ok = res->end == FETCH_ANSWER && res->code >= 200 && res->code <= 299;
	enum walk_login login = !ok || w->bad ? walk_login(w, res) : WALK_REFUSED;
	if (login == WALK_AGAIN) {
		ask_page(w);
	} else if (login == WALK_WAITS) {
		return;
	} else if (fewer_wanted(w, res)) {
		w->counted = false;
		ask_query(w, page_first_query(false));
	} else if (!ok || w->bad) {
		refused(w, res, "", w->bad ? w->why.text : NULL);
	} else if (tags_answer_end(w->tags, &w->why) < 0) {
		refused(w, res, "", w->why.text);
	} else {
		r->own |= w->sent == AUTH_OWN;
		page_read(w, res);
	}
}

static void ask_page(struct walk *w)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	struct weburl url = w->list;
	url.query = w->query;
	if (w->away != NULL && !query_url(q, w->away, &url))
		return;
	bool home = weburl_same_origin(&url, &r->url);
	const char *origin = weburl_origin(&w->page_mem, &url);
	const char *token = walk_token(w, origin);
	w->sent = token != NULL ? AUTH_TOKEN : home && w->own ? AUTH_OWN : AUTH_NOBODY;
	w->own_tried |= w->sent == AUTH_OWN;
	*w->tags = (struct tags_answer){.tag = on_tag, .ctx = w};
	w->page_tags = w->page_news = 0;
	w->bad = false;
	w->job = (struct job){
		.call = {.url = weburl_text(&w->page_mem, &url),
			 .accept = "application/json",
			 .ca = q->auth.ca,
			 .named_by = w->away != NULL ? w->away_by : PEER_NOBODY,
			 .sink = on_page_bytes,
			 .done = on_page,
			 .ctx = w},
		.origin = origin,
		.group = q->group,
	};
	if (home) {
		w->job.call.credentials = auth_lines(&q->auth, w->sent, token);
		w->job.call.cert = q->auth.cert;
		w->job.call.key = q->auth.key;
	} else if (token != NULL) {
		w->job.call.credentials = auth_lines(&q->auth, AUTH_AWAY, token);
	}
	job_start(q->env->limiter, &w->job);
}

/* ---- the beginning ---- */

static void on_login(struct walk *w, const struct fetch_result *res, const char *what)
{
	if (res == NULL)
		ask_page(w);
	else
		refused(w, res, "token server", what);
}

void walk_begin(struct walk *w, struct query *q, size_t repository)
{
	const struct registry *r = q->backend;
	*w = (struct walk){
		.q = q,
		.repository = repository,
		.name = q->spec->registry->repositories.at[repository],
		.busy = true,
		.counted = true,
		.own = r->own,
		.logged_in = on_login,
		.tags = xcalloc(1, sizeof(*w->tags)),
	};
	w->list = repository_tags_url(&w->mem, &r->url, w->name);
	w->query = page_first_query(true);
	ask_page(w);
}
