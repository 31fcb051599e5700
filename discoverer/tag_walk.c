/*
 * The pages of one repository (behaviour.md 28): asked for, read, each tag once, and what they come
 * to. Where the next page is, is pages.c's decision; who asks for it, the client's.
 */
#include "discoverer/tag_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "kube/urls.h"

#include "discoverer/pages.h"
#include "discoverer/registry/repository.h"
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
	results_drop(&w->q->results, image.data, why);
	buf_done(&image);
}

/* Is it a query of the pipeline form? Its tags are ordered by version. */
static bool pipeline(const struct walk *w)
{
	return w->q->results.fractions;
}

static void version_of_tag(const struct walk *w, struct walk_tag *tag)
{
	const struct registry *r = w->q->backend;
	const char *text;
	size_t len;
	if (r->version == NULL)
		version_find(tag->name, &tag->version);
	else if (regex_group(r->version, tag->name, &text, &len))
		version_parse(text, len, &tag->version);
}

/* Tags that may be read of a repository. */
static size_t most_tags(const struct walk *w)
{
	size_t most = (size_t)w->q->spec->registry->max_scan;
	return pipeline(w) && most < TAGS_MAX ? most : TAGS_MAX;
}

static const char *seek_of(const struct walk *w)
{
	const char *seek = w->q->spec->registry->tag_seek;
	return seek != NULL && *seek != '\0' ? seek : NULL;
}

/*
 * Docker's registry up to version 2 gives all tags in no order, whatever `last` says. Then the tag
 * itself is on the first page, and of that page all is read before it is cut.
 */
static bool seeks(const struct walk *w)
{
	return seek_of(w) != NULL && w->pages == 0;
}

static void keep_tag(struct walk *w, const char *tag)
{
	if (w->n_kept == w->cap_kept) {
		w->cap_kept = w->cap_kept != 0 ? 2 * w->cap_kept : 64;
		w->kept = xreallocarray(w->kept, w->cap_kept, sizeof(*w->kept));
	}
	bool after = seek_of(w) != NULL && strcmp(tag, seek_of(w)) > 0;
	w->kept[w->n_kept] = (struct walk_tag){.name = tag,
					       .index = w->n_kept,
					       .place = w->seen,
					       .place_after = after ? w->seen_after : 0};
	if (pipeline(w))
		version_of_tag(w, &w->kept[w->n_kept]);
	w->n_kept++;
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
	if (w->seen == (seeks(w) ? TAGS_MAX : most_tags(w))) {
		w->over = true;
		drop_tag(w, name, DROP_too_many);
		return;
	}
	w->seen++;
	w->seen_after += seek_of(w) != NULL && strcmp(name, seek_of(w)) > 0;
	char *tag = arena_strdup(&w->mem, name);
	map_put(&w->names, tag, tag);
	w->last = tag;
	enum regex_answer answer = regex_match(r->filter, tag);
	if (answer == REGEX_YES)
		keep_tag(w, tag);
	else
		drop_tag(w, tag, answer == REGEX_OVER ? DROP_filter_limit : DROP_tag_filter);
}

/* The first page with tagSeek is read: what is not after it goes, and what is more than may be
 * read.
 */
static void cut_first_page(struct walk *w)
{
	bool ignored = map_get(&w->names, seek_of(w)) != NULL;
	size_t most = most_tags(w), seen = ignored ? w->seen_after : w->seen, n = 0;
	for (size_t i = 0; i < w->n_kept; i++) {
		struct walk_tag tag = w->kept[i];
		size_t place = ignored ? tag.place_after : tag.place;
		if (place == 0 || place > most) {
			drop_tag(w, tag.name, place == 0 ? DROP_tag_seek : DROP_too_many);
			continue;
		}
		tag.index = n;
		w->kept[n++] = tag;
	}
	w->n_kept = n;
	w->over |= seen > most;
	w->seen = seen < most ? seen : most;
}

/* Tags without a version are the oldest; of these, and of equal versions, the later is newer. */
static int oldest_first(const void *a, const void *b)
{
	const struct walk_tag *x = a, *y = b;
	int order = version_order(&x->version, &y->version);
	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* The score is the position among the tags that are kept, 1 for the first. */
static void take_tags(struct walk *w)
{
	const struct registry_source *spec = w->q->spec->registry;
	size_t most = spec->top_x > 0 ? (size_t)spec->top_x : w->n_kept;
	size_t first = w->n_kept > most ? w->n_kept - most : 0;
	struct buf image = {0};
	w->q->results.part = w->repository;
	if (pipeline(w) && w->n_kept > 0)
		qsort(w->kept, w->n_kept, sizeof(*w->kept), oldest_first);
	for (size_t i = 0; i < first; i++)
		drop_tag(w, w->kept[i].name, DROP_top_x);
	for (size_t i = first; i < w->n_kept; i++) {
		const struct sample sample = {0, (double)(i - first + 1)};
		buf_clear(&image, RESULTS_IMAGE_MAX);
		render(w, w->kept[i].name, &image);
		results_sample(&w->q->results, image.data, image.len, SERIES_VALUES, &sample);
	}
	w->q->samples += w->n_kept - first;
	buf_done(&image);
}

/* ---- the life of a walk ---- */

void walk_clear(struct walk *w)
{
	registry_call_stop(&w->call);
	free(w->tags);
	free(w->kept);
	map_done(&w->names);
	arena_done(&w->mem);
	*w = (struct walk){0};
}

/* The first failure of a query is reported. */
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

/* what: as in failure_of(). */
static void refused(struct walk *w, const struct registry_answer *answer, const char *what)
{
	const struct registry *r = w->q->backend;
	const struct fetch_result *res = answer->res;
	char words[ERR_TEXT_MAX], page[40] = "";
	enum fault fault = failure_of(res, what, words);
	bool gone = !answer->token_server && res->end == FETCH_ANSWER && what == NULL &&
		    res->code == 404 && !res->html;
	struct arena a = ARENA_INIT;
	if (w->pages > 0)
		snprintf(page, sizeof(page), "page %zu: ", w->pages + 1);
	const char *from =
		answer->token_server
			? arena_printf(&a, "token server %s: ", weburl_shown(&a, answer->url))
			: page;
	const char *hint = res->end == FETCH_ANSWER || what != NULL || res->html
				   ? repository_hint(&a, &r->client.home, w->name, words)
				   : "";
	w->q->retry_after_ms = res->retry_after_ms;
	walk_failed(w, gone ? PART_GONE : PART_FAILED, fault,
		    arena_printf(&a, "%s%s%s", from, words, hint));
	arena_done(&a);
}

/* ---- pages ---- */

static void on_begin(void *ctx)
{
	struct walk *w = ctx;
	*w->tags = (struct tags_answer){.tag = on_tag, .ctx = w};
	w->page_tags = w->page_news = 0;
}

static int on_page_bytes(void *ctx, const char *bytes, size_t n, struct err *why)
{
	struct walk *w = ctx;
	return tags_answer_feed(w->tags, bytes, n, why);
}

static void ask_page(struct walk *w, const char *query)
{
	w->query = arena_strdup(&w->mem, query);
	w->call.url = w->list;
	w->call.url.query = w->query;
	registry_call_start(&w->call);
}

static void walk_whole(struct walk *w)
{
	struct query *q = w->q;
	const struct registry *r = q->backend;
	take_tags(w);
	if (w->over && q->warning[0] == '\0')
		snprintf(q->warning, sizeof(q->warning),
			 "repository %s has more than %zu tags: only the first %zu were read, "
			 "%s",
			 w->name, w->seen, w->seen,
			 pipeline(w) ? "raise maxScan or set tagSeek"
				     : "the last topX are the last of these");
	r->walk_ended(w, PART_WHOLE);
}

static void page_read(struct walk *w, const struct fetch_result *res)
{
	struct arena a = ARENA_INIT;
	if (seeks(w))
		cut_first_page(w);
	const struct page page = {
		.list = &w->list,
		.query = w->query,
		.link = res->link,
		.tags = w->page_tags + w->tags->unusable,
		.news = w->page_news,
		.last = w->last,
		.counted = w->counted,
	};
	const char *query = NULL;
	w->q->results.counts[DROP_unusable] += w->tags->unusable;
	enum page_next next = w->over ? PAGE_END : page_next(&a, &page, &query);
	if (next == PAGE_MORE && ++w->pages < PAGES_MAX) {
		ask_page(w, query);
	} else if (next == PAGE_END) {
		walk_whole(w);
	} else {
		char text[ERR_TEXT_MAX];
		snprintf(text, sizeof(text),
			 next == PAGE_BAD
				 ? "page %zu does not exist; the %zu tags before it are kept"
				 : "there are more than %zu pages; their %zu tags are kept",
			 next == PAGE_BAD ? w->pages + 2 : w->pages, w->seen);
		take_tags(w);
		walk_failed(w, PART_ADDED, FAULT_INVALID, text);
	}
	arena_done(&a);
}

/* With tagSeek the list begins behind that tag. */
static const char *first_query(struct walk *w)
{
	const char *query = page_first_query(w->counted), *seek = seek_of(w);
	struct buf text = {0};
	if (seek == NULL)
		return query;
	buf_addf(&text, "%s%slast=", query != NULL ? query : "", query != NULL ? "&" : "");
	url_escape(&text, seek);
	query = arena_strdup(&w->mem, text.data);
	buf_done(&text);
	return query;
}

/* A registry may not give so many tags a page, and then say so instead of giving fewer. */
static bool fewer_wanted(const struct walk *w, const struct registry_answer *answer)
{
	return !answer->token_server && answer->res->end == FETCH_ANSWER &&
	       answer->res->code == 400 && w->counted && w->pages == 0;
}

static void on_page(void *ctx, const struct registry_answer *answer)
{
	struct walk *w = ctx;
	struct registry *r = w->q->backend;
	const struct fetch_result *res = answer->res;
	bool ok = !answer->token_server && res->end == FETCH_ANSWER && res->code >= 200 &&
		  res->code <= 299 && answer->what == NULL;
	struct err why;
	if (fewer_wanted(w, answer)) {
		w->counted = false;
		ask_page(w, first_query(w));
	} else if (!ok) {
		refused(w, answer, answer->what);
	} else if (tags_answer_end(w->tags, &why) < 0) {
		refused(w, answer, why.text);
	} else {
		r->own |= answer->sent == AUTH_OWN;
		page_read(w, res);
	}
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
		.tags = xcalloc(1, sizeof(*w->tags)),
	};
	w->call = (struct registry_call){
		.client = &r->client,
		.repository = w->name,
		.accept = "application/json",
		.own = r->own,
		.begin = on_begin,
		.sink = on_page_bytes,
		.done = on_page,
		.ctx = w,
	};
	w->list = repository_url(&w->mem, &r->client.home, w->name, "tags/list");
	ask_page(w, first_query(w));
}
