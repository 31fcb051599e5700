/* See regex.h. PCRE2 is named here and nowhere else. */
#include "discoverer/regex.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define PATTERN_MAX 4096

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	int64_t spent_us;
};

int regex_new(const char *pattern, struct regex **ret, struct err *err)
{
	int why;
	PCRE2_SIZE where;
	char text[128] = "";
	*ret = NULL;
	if (pattern == NULL || *pattern == '\0')
		return 0;
	if (strlen(pattern) > PATTERN_MAX)
		return err_set(err, ERR_TERMINAL, "longer than %d bytes", PATTERN_MAX);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
					 PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &why, &where, NULL);
	if (code == NULL) {
		pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof(text));
		return err_set(err, ERR_TERMINAL, "%s at offset %zu", text, (size_t)where);
	}
	struct regex *r = xcalloc(1, sizeof(*r));
	r->code = code;
	r->data = pcre2_match_data_create(1, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (r->data == NULL || r->limits == NULL)
		abort(); /* out of memory */
	pcre2_set_match_limit(r->limits, REGEX_STEPS_MAX);
	pcre2_set_depth_limit(r->limits, REGEX_DEPTH_MAX);
	pcre2_set_heap_limit(r->limits, REGEX_HEAP_MAX_KIB);
	*ret = r;
	return 0;
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

void regex_rest(struct regex *r)
{
	if (r != NULL)
		r->spent_us = 0;
}

int regex_match(struct regex *r, const char *text, struct err *err)
{
	if (r == NULL)
		return 1;
	if (r->spent_us > REGEX_SPENT_MAX_US)
		return err_set(err, ERR_TERMINAL,
			       "it takes more than %d ms to look at all names: make it simpler",
			       REGEX_SPENT_MAX_US / 1000);
	int64_t began_us = clock_boot_us();
	int rc = pcre2_match(r->code, (PCRE2_SPTR)text, strlen(text), 0, 0, r->data, r->limits);
	r->spent_us += clock_boot_us() - began_us;
	if (rc >= 0)
		return 1;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return err_set(err, ERR_TERMINAL, "it takes too many steps to match: make it simpler");
}
