/*
 * The error text for a request that failed: no response, an HTTP error status, or a body that is
 * not what was asked for (behaviour.md 30). Pure.
 */
#ifndef DROP_DISCOVERER_FAILURE_H
#define DROP_DISCOVERER_FAILURE_H

#include "base/err.h"
#include "kube/fetch.h"

#include "discoverer/fault.h"

/*
 * Writes why r failed, and returns which fault that is. what: what is wrong with the body of a 2xx
 * answer, as its parser says; NULL: the request itself failed. In the text: the status, the
 * server's own words (discoverer/answer_words.h), and the URL without its query, of a web page and
 * after a redirect.
 */
enum fault failure_of(const struct fetch_result *r, const char *what, char out[ERR_TEXT_MAX]);

#endif
