/*
 * A registry's tags (behaviour.md 28). Each repository is a walk over pages, a few walks at a
 * time; each answers or fails for itself, and this file says what they come to together.
 */
#include "discoverer/tag_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "discoverer/registry/dockerconfig.h"
#include "discoverer/registry/repository.h"

static const char *template_of(const struct registry_source *r)
{
	return r->image_template != NULL && *r->image_template != '\0' ? r->image_template
								       : TEMPLATE_DEFAULT;
}

static bool has_pattern(const struct registry_source *r)
{
	return r->version_pattern != NULL && *r->version_pattern != '\0';
}

static int check(const struct discovery_source *spec, struct err *err)
{
	const struct registry_source *r = spec->registry;
	struct arena scratch = ARENA_INIT;
	struct template template;
	struct regex *filter = NULL;
	struct weburl url;
	if (r == NULL || r->url == NULL || r->repositories.n == 0)
		return err_set(err, ERR_TERMINAL, "registry: url and repositories are required");
	int rc = weburl_parse(&scratch, r->url, &url, err);
	arena_done(&scratch);
	if (rc < 0)
		return err_wrap(err, "registry.url");
	for (size_t i = 0; i < r->repositories.n; i++)
		if (repository_check(r->repositories.at[i], err) < 0)
			return err_wrap(err, "registry.repositories");
	if (template_parse(template_of(r), &template, err) < 0)
		return err_wrap(err, "registry.imageTemplate");
	if (!template_has(&template, TEMPLATE_TAG))
		return err_set(err, ERR_TERMINAL,
			       "registry.imageTemplate: {{.Tag}} is required, otherwise all tags "
			       "of a repository would be one image");
	if (regex_new(r->tag_filter, &filter, err) < 0)
		return err_wrap(err, "registry.tagFilter");
	filter = regex_free(filter);
	if (has_pattern(r) && regex_new_group(r->version_pattern, &filter, err) < 0)
		return err_wrap(err, "registry.versionPattern");
	regex_free(filter);
	return 0;
}

static const char *url_of(const struct discovery_source *spec)
{
	return spec->registry->url;
}

/* What the Secret's docker configuration has for this registry; what it says by itself wins. */
static int login(struct query *q, struct err *err)
{
	struct auth *a = &q->auth;
	struct weburl url;
	if ((a->docker_config.data == NULL && a->docker_cfg.data == NULL) || a->username != NULL ||
	    a->token != NULL)
		return 0;
	if (weburl_parse(&q->mem, q->spec->registry->url, &url, err) < 0)
		return -1;
	return docker_login(a, q->spec->secret_ref->name, &url, &q->spec->registry->repositories,
			    err);
}

/* ---- parts ---- */

/* Which repository's tag would make this image? The references of one begin and end alike. */
static size_t part_of(const void *ctx, const char *image)
{
	const struct query *q = ctx;
	const struct registry *r = q->backend;
	const struct api_strings *all = &q->spec->registry->repositories;
	size_t part = PART_UNKNOWN, len = strlen(image);
	for (size_t i = 0; i < all->n && part == PART_UNKNOWN; i++) {
		struct buf with = {0};
		template_render(&r->template, r->shown, all->at[i], "\n", &with);
		const char *text = with.data, *tag = strchr(text, '\n'), *end = strrchr(text, '\n');
		size_t before = (size_t)(tag - text), after = strlen(end + 1);
		if (len > before + after && strncmp(image, text, before) == 0 &&
		    strcmp(image + len - after, end + 1) == 0 &&
		    (tag != end || memchr(image + before, '/', len - before - after) == NULL))
			part = i;
		buf_done(&with);
	}
	return part;
}

static void begin_walks(struct query *q);

static void walk_ended(struct walk *w, enum part_state state)
{
	struct query *q = w->q;
	struct registry *r = q->backend;
	q->results.parts[w->repository] = state;
	q->partial |= state == PART_WHOLE || state == PART_ADDED;
	walk_clear(w);
	r->done++;
	begin_walks(q);
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
	if (r->failed > 1)
		query_end(q, q->fault, "%s; and %zu more repositories", text, r->failed - 1);
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
		walk_begin(w, q, r->next++);
	}
	if (r->done == all)
		finished(q);
}

static const char *spec_secret(const struct discovery_source *spec)
{
	return spec->secret_ref != NULL && spec->secret_ref->name != NULL ? spec->secret_ref->name
									  : "";
}

static void start(struct query *q)
{
	const struct registry_source *spec = q->spec->registry;
	struct registry *r = q->backend = xcalloc(1, sizeof(*r));
	r->walk_ended = walk_ended;
	struct err err;
	if (!query_url(q, spec->url, &r->client.home))
		return;
	const char *secret = spec_secret(q->spec);
	r->client.limiter = q->env->limiter;
	r->client.tokens = q->env->tokens;
	r->client.group = q->group;
	r->client.auth = &q->auth;
	r->client.identity = arena_printf(&q->mem, "%s/%s", secret, q->auth.version);
	r->client.over = &q->ended;
	if (template_parse(template_of(spec), &r->template, &err) < 0 ||
	    regex_new(spec->tag_filter, &r->filter, &err) < 0 ||
	    (has_pattern(spec) && regex_new_group(spec->version_pattern, &r->version, &err) < 0)) {
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
	results_parts(&q->results, spec->repositories.n);
	q->results.part_of = part_of;
	q->results.part_ctx = q;
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
	regex_free(r->version);
	free(r);
	q->backend = NULL;
}

const struct source_ops source_registry = {
	.type = "registry",
	.check = check,
	.url = url_of,
	.login = login,
	.start = start,
	.stop = stop,
};
