/*
 * Which page of a repository's tags is asked next (behaviour.md 28). Of a Link only
 * the query is used; scheme, host and path are those of the first request. So neither a proxy that
 * rewrites hosts and prefixes nor a hostile Link leads to another server. Pure.
 */
#ifndef DROP_DISCOVERER_PAGES_H
#define DROP_DISCOVERER_PAGES_H

#include "base/arena.h"
#include "kube/weburl.h"

/* Tags asked for in a page; a registry may give fewer, or refuse the number. */
#define PAGE_TAGS 1000

struct page {                      /* that was answered */
	const struct weburl *list; /* of the repository's tags, without a query */
	const char *query;         /* it was asked with; NULL: none */
	const char *link;          /* header of the answer; "" if none */
	size_t tags, news;         /* names on it; of those, not seen on pages before */
	const char *last;          /* the last name on it; NULL: none */
	bool counted;              /* PAGE_TAGS were asked for */
};

enum page_next {
	PAGE_END,  /* it was the last one */
	PAGE_MORE, /* *ret_query is the next one's */
	PAGE_BAD,  /* there is a link to a next page, and it is not understood, or leads back */
};

/* The query of the first page. counted: ask for PAGE_TAGS. */
const char *page_first_query(bool counted);
/*
 * A link counts. Without one, a page of exactly PAGE_TAGS with something new on it may have been
 * cut there: the next is asked for by the last name. Strings live in a.
 */
enum page_next page_next(struct arena *a, const struct page *page, const char **ret_query);

#endif
