/*
 * The inside of a source of type registry: a walk for each repository, a few at a time.
 * source_registry.c begins and ends walks and judges the whole; tag_walk.c reads one repository's
 * pages. Credentials are the client's job (discoverer/registry/client.h).
 */
#ifndef DROP_DISCOVERER_TAG_WALK_H
#define DROP_DISCOVERER_TAG_WALK_H

#include "base/map.h"
#include "kube/weburl.h"

#include "discoverer/list_answer.h"
#include "discoverer/regex.h"
#include "discoverer/registry/client.h"
#include "discoverer/registry/version.h"
#include "discoverer/source.h"
#include "discoverer/template.h"

/* Limits of one repository: tags that are read; pages, as a hostile server may send empty ones. */
#define TAGS_MAX  10000
#define PAGES_MAX 1000
/* Repositories that are read at the same time. */
#define WALKS_MAX 4

struct walk_tag {
	const char *name;
	struct version version; /* of a query of the pipeline form */
	size_t index;           /* in the order of the registry */
	/* Its number among all tags, and among those after tagSeek; 0: it is not after it. */
	size_t place, place_after;
};

struct walk { /* over the pages of one repository */
	struct query *q;
	size_t repository; /* index in the spec */
	const char *name;
	bool busy;
	struct registry_call call; /* of the page that is asked for */
	struct arena mem;
	struct tags_answer *tags;

	struct weburl list; /* the page, without a query */
	const char *query;  /* in mem; NULL: none */
	bool counted;       /* pages are asked for with a number of tags */

	size_t pages, page_tags, page_news;
	struct map names;        /* every tag so far, in mem */
	size_t seen, seen_after; /* seen_after: those that come after tagSeek by name */
	bool over;               /* there are more than may be read */
	const char *last;        /* the last name of the page, in mem */
	struct walk_tag *kept;   /* match tagFilter, in order; of topX the last */
	size_t n_kept, cap_kept;
};

struct registry {
	/* The walk is over: what its repository is worth now (discoverer/results.h).
	 * source_registry.c goes on from there. */
	void (*walk_ended)(struct walk *w, enum part_state state);
	struct registry_client client;
	const char *shown; /* for {{.Registry}} */
	struct template template;
	struct regex *filter, *version; /* version: NULL, of no versionPattern */
	struct walk walks[WALKS_MAX];
	size_t next, done, failed;
	bool own; /* AUTH_OWN was asked for and accepted: walks begin with it */
};

/* tag_walk.c */
/* Calls walk_ended() in the end, perhaps before it returns. */
void walk_begin(struct walk *w, struct query *q, size_t repository);
void walk_clear(struct walk *w);

#endif
