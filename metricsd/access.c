/* An array of a few hundred rows: small enough to be searched from the start. */
#include "metricsd/access.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

struct access_key access_key(const char *token)
{
	struct access_key key;
	if (EVP_Digest(token, strlen(token), key.hash, NULL, EVP_sha256(), NULL) != 1)
		abort(); /* out of memory */
	return key;
}

bool access_same(const struct access_key *a, const struct access_key *b)
{
	return CRYPTO_memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

/* NULL: it is not in the cache. */
static const struct access_row *row_of(const struct access_cache *c, const struct access_key *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (access_same(&c->rows[i].key, key))
			return &c->rows[i];
	return NULL;
}

/* When the entry expires. */
static int64_t forgotten_ms(const struct access_row *row)
{
	return row->until_ms + (row->said == ACCESS_ALLOWED ? ACCESS_FORMER_MS : 0);
}

enum access access_find(const struct access_cache *c, const struct access_key *key, int64_t now_ms)
{
	const struct access_row *row = row_of(c, key);
	return row != NULL && now_ms < row->until_ms ? row->said : ACCESS_UNKNOWN;
}

bool access_is_known(const struct access_cache *c, const struct access_key *key, int64_t now_ms)
{
	const struct access_row *row = row_of(c, key);
	return row != NULL && row->said == ACCESS_ALLOWED && now_ms < forgotten_ms(row);
}

bool access_is_ending(const struct access_cache *c, const struct access_key *key, int64_t now_ms)
{
	const struct access_row *row = row_of(c, key);
	return row != NULL && row->said == ACCESS_ALLOWED && now_ms < row->until_ms &&
	       row->until_ms - now_ms < ACCESS_RENEW_MS;
}

void access_remember(struct access_cache *c, const struct access_key *key, enum access said,
		     int64_t now_ms)
{
	size_t at = 0;
	while (at < c->n && !access_same(&c->rows[at].key, key))
		at++;
	if (at == ACCESS_MAX) {
		at = 0;
		for (size_t i = 1; i < ACCESS_MAX; i++)
			if (forgotten_ms(&c->rows[i]) < forgotten_ms(&c->rows[at]))
				at = i;
	} else if (at == c->n) {
		c->n++;
	}
	c->rows[at] = (struct access_row){
		.key = *key,
		.said = said,
		.until_ms = now_ms + (said == ACCESS_ALLOWED ? ACCESS_ALLOW_MS : ACCESS_DENY_MS),
	};
}
