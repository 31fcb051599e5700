/* Replaces the words of sim/objects/texts.h from left to right; what it puts in is not looked at again. */
#include "sim/objects/texts.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/clock.h"

/* Seconds around now; more is a mistake, and no time is made of it. */
#define OFFSET_MAX_S (100LL * 365 * 86400)

static const char *add_time(const char *at, int64_t wall_s, struct buf *out)
{
	char text[TIME_TEXT_MAX], *end = NULL;
	long long offset = 0;
	if ((*at == '+' || *at == '-') && at[1] >= '0' && at[1] <= '9') {
		offset = strtoll(at, &end, 10);
		at = end;
	}
	if (offset > OFFSET_MAX_S || offset < -OFFSET_MAX_S)
		offset = 0;
	time_format(text, wall_s + offset);
	buf_adds(out, text);
	return at;
}

static const char *after(const char *at, const char *word)
{
	size_t n = strlen(word);
	return strncmp(at, word, n) == 0 ? at + n : NULL;
}

static void fill(cJSON *item, const struct texts *t)
{
	struct buf out = {0};
	for (const char *p = item->valuestring, *next; *p != '\0'; p = next) {
		if ((next = after(p, "$NOW")) != NULL) {
			next = add_time(next, t->wall_s, &out);
		} else if ((next = after(p, "$IMAGE")) != NULL) {
			buf_adds(&out, t->image);
		} else if ((next = after(p, "$NODE")) != NULL) {
			buf_adds(&out, t->node);
		} else {
			buf_add(&out, p, 1);
			next = p + 1;
		}
	}
	cJSON_SetValuestring(item, out.data != NULL ? out.data : "");
	buf_done(&out);
}

void texts_fill(cJSON *tree, const struct texts *texts)
{
	if (cJSON_IsString(tree) && strchr(tree->valuestring, '$') != NULL)
		fill(tree, texts);
	for (cJSON *child = tree != NULL ? tree->child : NULL; child != NULL; child = child->next)
		texts_fill(child, texts);
}
