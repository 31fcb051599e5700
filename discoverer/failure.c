/* See failure.h. */
#include "discoverer/failure.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "kube/weburl.h"

#include "discoverer/answer_words.h"

enum fault failure_of(const struct fetch_result *r, const char *what, char out[ERR_TEXT_MAX])
{
	struct arena a = ARENA_INIT;
	const char *url = weburl_shown(&a, r->url), *moved = "";
	char words[FAULT_TEXT_MAX + 1] = "";
	bool answered = r->end == FETCH_ANSWER;
	if (!answered)
		fault_clean(words, what != NULL ? what : r->text);
	else if (what != NULL)
		fault_clean(words, what);
	else
		answer_words(words, &(struct answer){NULL, url, r->body, r->len});
	if (r->html && (what != NULL || words[0] == '\0'))
		snprintf(words, sizeof(words), "got an HTML page from %s", url);
	else if (r->redirected)
		moved = arena_printf(&a, " (redirected to %s)", url);
	if (what != NULL || !answered)
		snprintf(out, ERR_TEXT_MAX, "%s%s", words, moved);
	else
		snprintf(out, ERR_TEXT_MAX, "HTTP %d%s%s%s", r->code, moved,
			 words[0] != '\0' ? ": " : "", words);
	arena_done(&a);
	return what != NULL ? FAULT_INVALID
	       : answered   ? fault_of_code(r->code)
			    : fault_of_end(r->end);
}
