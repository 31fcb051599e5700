/* Link and WWW-Authenticate (discoverer/registry/headers.h), and what a link means on a page
 * (kube/weburl.h). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "discoverer/registry/headers.h"
#include "kube/weburl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	char *text = arena_strndup(&a, (const char *)data, strnlen((const char *)data, size));
	struct weburl url;
	struct err err;
	(void)challenge_parse(&a, text);
	char *link = link_next(&a, text);
	char *next = weburl_join(&a, "https://user:pw@r.example:5000/v2/a/tags/list?n=1",
				 link != NULL ? link : text);
	/* What we follow is http or https and names nobody's password. */
	if (next != NULL &&
	    (weburl_parse(&a, next, &url, &err) < 0 || url.user != NULL || url.password != NULL))
		abort();
	if (weburl_parse(&a, text, &url, &err) == 0 && weburl_text(&a, &url) == NULL)
		abort();
	(void)weburl_shown(&a, text);
	arena_done(&a);
	return 0;
}
