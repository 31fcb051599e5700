/*
 * The inside of a source of type registry: a walk for each repository, a few at a time. Three
 * files, each uses the next: source_registry.c begins and ends walks and judges the whole;
 * registry_walk.c reads one repository's pages; registry_login.c carries out what login.h decides
 * about a refusal.
 */
#ifndef DROP_DISCOVERER_REGISTRY_H
#define DROP_DISCOVERER_REGISTRY_H

#include "base/map.h"
#include "kube/weburl.h"

#include "discoverer/list_answer.h"
#include "discoverer/regex.h"
#include "discoverer/source.h"
#include "discoverer/template.h"

/* Tags of a repository that are looked at; pages, of which a hostile one may be empty. */
#define TAGS_MAX  10000
#define PAGES_MAX 1000
/* Repositories walked at once. */
#define WALKS_MAX 4

struct walk { /* over the pages of one repository */
	struct query *q;
	size_t repository; /* index in the spec */
	const char *name;
	bool busy;
	struct job job;
	struct arena mem, page_mem; /* of the repository, of the page that is asked for */
	struct tags_answer *tags;
	struct token_answer *token;

	/* The page: its address at home, or where a redirect of it led. */
	struct weburl list; /* without a query */
	const char *query;  /* in mem; NULL: none */
	bool counted;       /* pages are asked for with a number of tags */
	const char *away;   /* in page_mem; NULL: it is asked for at home */
	enum peer_kind away_by;

	/* Who we are to whom (discoverer/login.h). */
	enum auth_how sent;
	bool own, own_tried; /* AUTH_OWN at home; of this page */
	bool token_fresh;    /* fetched for this page */
	char *token_key, *token_origin;
	int tries;
	/* The token server has answered; res NULL: with a token. Else why not: what as in
	 * failure_of(). registry_walk.c goes on from there. */
	void (*logged_in)(struct walk *w, const struct fetch_result *res, const char *what);

	size_t pages, page_tags, page_news;
	struct map names; /* every tag so far, in mem */
	size_t seen;
	bool over;         /* there are more than TAGS_MAX */
	const char *last;  /* the last name of the page, in mem */
	const char **kept; /* those that pass tagFilter, in order; of topX the last */
	size_t n_kept, cap_kept;
	bool bad; /* the answer under way is not understood: why */
	struct err why;
};

struct registry {
	/* The walk is over: what its repository is worth now (discoverer/found.h).
	 * source_registry.c goes on from there. */
	void (*walk_ended)(struct walk *w, enum part_state state);
	struct weburl url;
	const char *shown; /* for {{.Registry}} */
	struct template template;
	struct regex *filter;
	struct walk walks[WALKS_MAX];
	size_t next, done, failed;
	bool own; /* AUTH_OWN was asked for and accepted: walks begin with it */
};

/* registry_walk.c */
/* Ends by walk_ended(), perhaps at once. */
void walk_begin(struct walk *w, struct query *q, size_t repository);
void walk_clear(struct walk *w);

/* registry_login.c */
enum walk_login {
	WALK_REFUSED, /* the answer stands */
	WALK_AGAIN,   /* the page is to be asked for again, as whom the walk says */
	WALK_WAITS,   /* a token server is asked; logged_in() follows */
};
/* The answer is no page: what now? */
enum walk_login walk_login(struct walk *w, const struct fetch_result *res);
/* A token for this origin, or NULL; borrowed until the next turn. */
const char *walk_token(const struct walk *w, const char *origin);

#endif
