/* See pages.h. */
#include "discoverer/pages.h"

#include <string.h>

#include "base/buf.h"
#include "kube/urls.h"

#include "discoverer/registry/headers.h"

#define STRING(x)   STRING_(x)
#define STRING_(x)  #x
#define FIRST_QUERY "n=" STRING(PAGE_TAGS)

const char *page_first_query(bool counted)
{
	return counted ? FIRST_QUERY : NULL;
}

enum page_next page_next(struct arena *a, const struct page *page, const char **ret_query)
{
	struct weburl there;
	struct err err;
	const char *link = link_next(a, page->link);
	if (link == NULL) {
		if (!page->counted || page->tags != PAGE_TAGS || page->news == 0)
			return PAGE_END;
		struct buf query = {0};
		buf_adds(&query, FIRST_QUERY "&last=");
		url_escape(&query, page->last);
		*ret_query = arena_strndup(a, query.data, query.len);
		buf_done(&query);
		return PAGE_MORE;
	}
	const char *joined = weburl_join(a, weburl_text(a, page->list), link);
	if (joined == NULL || weburl_parse(a, joined, &there, &err) < 0 || there.query == NULL ||
	    *there.query == '\0' || (page->query != NULL && strcmp(there.query, page->query) == 0))
		return PAGE_BAD;
	*ret_query = there.query;
	return PAGE_MORE;
}
