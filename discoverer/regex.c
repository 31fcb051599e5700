/*
 * See regex.h. PCRE2 is named here and nowhere else. Steps are counted by callouts, which the
 * compiler puts before each item of the expression; they also see the time.
 */
#include "discoverer/regex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/xalloc.h"

/* Steps between two looks at the clock, which is a system call; while time is short, none. */
#define LOOK_STEPS 16
/* Integers that PCRE2 needs for a state: 3 in the list of this place, 3 in that of the next. */
#define WORKSPACE (6 * REGEX_STATES_MAX)

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	int64_t spent_us;
	/* Of the match that is going on. */
	int64_t began_us;
	int steps;
};

static int64_t cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int on_step(pcre2_callout_block *block, void *ctx)
{
	struct regex *r = ctx;
	bool poor = r->spent_us > REGEX_SPENT_MAX_US;
	(void)block;
	r->steps++;
	if (r->steps > (poor ? REGEX_POOR_STEPS : REGEX_STEPS_MAX))
		return PCRE2_ERROR_CALLOUT;
	if (!poor && r->steps % LOOK_STEPS != 0)
		return 0;
	bool late = cpu_us() - r->began_us > (poor ? REGEX_POOR_US : REGEX_TEXT_MAX_US);
	return late ? PCRE2_ERROR_CALLOUT : 0;
}

/* ---- what is not supported ---- */

struct items {
	const char *pattern;
	bool bad;
};

/* \K, and verbs but (*FAIL). Look-arounds may also be written (*name:, in lower case. */
static int on_item(pcre2_callout_enumerate_block *block, void *ctx)
{
	struct items *items = ctx;
	const char *p = items->pattern + block->pattern_position;
	size_t n = block->next_item_length;
	bool keep = n == 2 && memcmp(p, "\\K", 2) == 0;
	bool verb = n > 2 && memcmp(p, "(*", 2) == 0 && !islower((unsigned char)p[2]);
	bool fail = n > 2 && memcmp(p, "(*F", 3) == 0;
	items->bad |= keep || (verb && !fail);
	return 0;
}

static int supported(const pcre2_code *code, const char *pattern, struct err *err)
{
	struct items items = {.pattern = pattern};
	uint32_t references = 0;
	pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &references);
	if (references > 0)
		return err_set(err, ERR_TERMINAL,
			       "back-references, and conditions on a group, are not supported: "
			       "they can take too long to match");
	pcre2_callout_enumerate(code, on_item, &items);
	if (items.bad)
		return err_set(
			err, ERR_TERMINAL,
			"\\K and verbs such as (*SKIP) are not supported: a filter only says yes "
			"or no");
	return 0;
}

int regex_new(const char *pattern, struct regex **ret, struct err *err)
{
	int why;
	PCRE2_SIZE where;
	char text[128] = "";
	*ret = NULL;
	if (pattern == NULL || *pattern == '\0')
		return 0;
	if (strlen(pattern) > REGEX_PATTERN_MAX)
		return err_set(err, ERR_TERMINAL, "longer than %d bytes", REGEX_PATTERN_MAX);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
					 PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT,
					 &why, &where, NULL);
	if (code == NULL) {
		pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof(text));
		return err_set(err, ERR_TERMINAL, "%s at offset %zu", text, (size_t)where);
	}
	if (supported(code, pattern, err) < 0) {
		pcre2_code_free(code);
		return -1;
	}
	struct regex *r = xcalloc(1, sizeof(*r));
	r->code = code;
	r->data = pcre2_match_data_create(2, NULL); /* the match, and a group */
	r->limits = pcre2_match_context_create(NULL);
	if (r->data == NULL || r->limits == NULL)
		abort(); /* out of memory */
	pcre2_set_callout(r->limits, on_step, r);
	pcre2_set_depth_limit(r->limits, REGEX_DEPTH_MAX);
	pcre2_set_heap_limit(r->limits, REGEX_HEAP_MAX_KIB);
	*ret = r;
	return 0;
}

int regex_new_group(const char *pattern, struct regex **ret, struct err *err)
{
	uint32_t groups = 0;
	if (regex_new(pattern, ret, err) < 0)
		return -1;
	if (*ret != NULL)
		pcre2_pattern_info((*ret)->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups == 1)
		return 0;
	*ret = regex_free(*ret);
	return err_set(err, ERR_TERMINAL, "has %u groups: exactly one is needed, (?:...) is none",
		       groups);
}

bool regex_group(struct regex *r, const char *text, const char **ret, size_t *ret_len)
{
	r->steps = 0;
	r->began_us = cpu_us();
	int rc = pcre2_match(r->code, (PCRE2_SPTR)text, strlen(text), 0, 0, r->data, r->limits);
	r->spent_us += cpu_us() - r->began_us;
	if (rc < 2)
		return false;
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->data);
	*ret = text + at[2];
	*ret_len = at[3] - at[2];
	return true;
}

struct regex *regex_free(struct regex *r)
{
	if (r != NULL) {
		pcre2_match_context_free(r->limits);
		pcre2_match_data_free(r->data);
		pcre2_code_free(r->code);
		free(r);
	}
	return NULL;
}

enum regex_answer regex_match(struct regex *r, const char *text)
{
	static int workspace[WORKSPACE]; /* the process has one thread */
	if (r == NULL)
		return REGEX_YES;
	r->steps = 0;
	r->began_us = cpu_us();
	int rc = pcre2_dfa_match(r->code, (PCRE2_SPTR)text, strlen(text), 0, PCRE2_DFA_SHORTEST,
				 r->data, r->limits, workspace, WORKSPACE);
	r->spent_us += cpu_us() - r->began_us;
	if (rc >= 0)
		return REGEX_YES;
	bool no = rc == PCRE2_ERROR_NOMATCH ||
		  (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21);
	return no ? REGEX_NO : REGEX_OVER;
}
