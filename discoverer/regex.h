/*
 * imageFilter and tagFilter (behaviour.md 31): PCRE2 expressions on strings that others choose.
 *
 * A filter only says yes or no, so it is answered by pcre2_dfa_match, which never goes back in the
 * text: an expression that would backtrack for ever is as good as any other. What that algorithm
 * cannot do (back-references and their like) is refused when the policy is read, as RE2 refuses it.
 *
 * Each match is bounded. A text beyond the limits does not match and is told apart (REGEX_OVER), so
 * that it can be counted: a user with the right to push a tag must not be able to stop a policy.
 */
#ifndef DROP_DISCOVERER_REGEX_H
#define DROP_DISCOVERER_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes of an expression. */
#define REGEX_PATTERN_MAX 4096
/* Limits of one match: items of the expression tried, CPU time, states at a place of the text,
 * nested look-arounds and groups, KiB of heap. */
#define REGEX_STEPS_MAX    100000
#define REGEX_TEXT_MAX_US  20000
#define REGEX_STATES_MAX   1300
#define REGEX_DEPTH_MAX    200
#define REGEX_HEAP_MAX_KIB 1024
/* CPU time of all matches of one struct regex; after it, each match has only the limits below,
 * which are still far more than a text takes that is not made for it. */
#define REGEX_SPENT_MAX_US 1000000
#define REGEX_POOR_STEPS   2000
#define REGEX_POOR_US      5000

struct regex;

enum regex_answer {
	REGEX_NO,
	REGEX_YES,
	REGEX_OVER, /* beyond a limit: counts as no */
};

/*
 * NULL or "": matches all, *ret is NULL. ERR_TERMINAL: where and why it is not valid, or what of it
 * is not supported. Make a new one for each sync, as it counts the CPU time used.
 */
int regex_new(const char *pattern, struct regex **ret, struct err *err);
/*
 * The same of an expression with exactly one group, for regex_group(); not NULL or "". It is
 * matched with backtracking, within the same limits: what a group has, the other algorithm does not
 * tell.
 */
int regex_new_group(const char *pattern, struct regex **ret, struct err *err);
/* The text of the group of the first match; false: there is none, or it took too long. */
bool regex_group(struct regex *r, const char *text, const char **ret, size_t *ret_len);
/* NULL is fine. */
struct regex *regex_free(struct regex *r);
/* Matches anywhere in the text, like Go's MatchString. Text that is not valid UTF-8: REGEX_NO. */
enum regex_answer regex_match(struct regex *r, const char *text);

#endif
