/* See tokens.h. */
#include "discoverer/registry/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct token_entry {
	char *key, *token;
	int64_t until_ms;
	uint64_t used;
};

static void wipe(struct token_entry *e)
{
	explicit_bzero(e->token, strlen(e->token));
	free(e->token);
	free(e->key);
}

static void remove_at(struct tokens *t, size_t i)
{
	t->bytes -= strlen(t->at[i].token);
	wipe(&t->at[i]);
	t->at[i] = t->at[--t->n];
}

static struct token_entry *find(struct tokens *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i].key, key) == 0)
			return &t->at[i];
	return NULL;
}

const char *tokens_get(struct tokens *t, const char *key, int64_t now_ms)
{
	struct token_entry *e = find(t, key);
	if (e == NULL || now_ms >= e->until_ms)
		return NULL;
	e->used = ++t->used;
	return e->token;
}

void tokens_drop(struct tokens *t, const char *key)
{
	struct token_entry *e = find(t, key);
	if (e != NULL)
		remove_at(t, (size_t)(e - t->at));
}

/* Room for one more: what has expired goes, then what was not used for longest. */
static void make_room(struct tokens *t, size_t bytes, int64_t now_ms)
{
	for (size_t i = t->n; i-- > 0;)
		if (now_ms >= t->at[i].until_ms)
			remove_at(t, i);
	while (t->n > 0 && (t->n == TOKENS_MAX || t->bytes + bytes > TOKENS_BYTES_MAX)) {
		size_t oldest = 0;
		for (size_t i = 1; i < t->n; i++)
			if (t->at[i].used < t->at[oldest].used)
				oldest = i;
		remove_at(t, oldest);
	}
}

void tokens_put(struct tokens *t, const char *key, const char *token, int64_t expires_s,
		int64_t now_ms)
{
	int64_t life_s = expires_s <= 0 ? TOKEN_LIFE_S : expires_s;
	if (life_s > TOKEN_LIFE_MAX_S)
		life_s = TOKEN_LIFE_MAX_S;
	tokens_drop(t, key);
	make_room(t, strlen(token), now_ms);
	if (t->at == NULL)
		t->at = xcalloc(TOKENS_MAX, sizeof(*t->at));
	t->bytes += strlen(token);
	t->at[t->n++] = (struct token_entry){
		.key = xstrdup(key),
		.token = xstrdup(token),
		.until_ms = now_ms + life_s * 900,
		.used = ++t->used,
	};
}

void tokens_done(struct tokens *t)
{
	while (t->n > 0)
		remove_at(t, t->n - 1);
	free(t->at);
	*t = (struct tokens){0};
}
