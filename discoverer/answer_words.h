/*
 * The error message in a server's answer, as one short line, from the content type and the first
 * bytes of the body. Servers answer with JSON of several forms, with plain text, or, when a
 * login page or a proxy is in the way, with HTML (behaviour.md 30). Pure.
 */
#ifndef DROP_DISCOVERER_ANSWER_WORDS_H
#define DROP_DISCOVERER_ANSWER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "discoverer/fault.h"

/* First bytes of an answer that are enough to tell what it is. */
#define ANSWER_HEAD_MAX 4096

struct answer {
	const char *content_type; /* the header's value; NULL: not known */
	const char *url;          /* that answered, fit for people (weburl_shown); NULL: not told */
	const char *body;         /* the first bytes; may be cut anywhere, need not be text */
	size_t len;
};

/*
 * The words, at most FAULT_TEXT_MAX bytes, one line, valid UTF-8 without control characters; ""
 * if there are none (no body, binary data, JSON without a known member). In this order:
 *   JSON: the first of the members of a table (message, error, errors[].message, ...);
 *   HTML: "got an HTML page from URL", and its title;
 *   XML: its first <Message>;
 *   text: its first line that is not blank.
 */
void answer_words(char out[FAULT_TEXT_MAX + 1], const struct answer *a);
/* By its first bytes, or by the content type if there are none. */
bool answer_is_html(const struct answer *a);

#endif
