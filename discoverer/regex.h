/*
 * imageFilter and tagFilter (behaviour.md 31): PCRE2 on strings that others choose, so each
 * match is bounded in steps, depth and heap, and all matches of one sync together in time.
 * A match beyond a limit is an error of the expression, never "no match".
 */
#ifndef DROP_DISCOVERER_REGEX_H
#define DROP_DISCOVERER_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define REGEX_STEPS_MAX    200000
#define REGEX_DEPTH_MAX    2000
#define REGEX_HEAP_MAX_KIB 1024
/* Microseconds of all matches with one expression until regex_rest(). */
#define REGEX_SPENT_MAX_US 1000000

struct regex;

/* NULL or "": matches all, *ret is NULL. ERR_TERMINAL: where and why it is not valid. */
int regex_new(const char *pattern, struct regex **ret, struct err *err);
/* NULL is fine. */
struct regex *regex_free(struct regex *r);
/* Anywhere in the text, as Go's MatchString. 1, 0, or -1: beyond a limit (ERR_TERMINAL). */
int regex_match(struct regex *r, const char *text, struct err *err);
/* A new sync begins: what was spent is forgotten. */
void regex_rest(struct regex *r);

#endif
