/*
 * Who may read metrics: a cache of the API server's reviews of tokens, by a hash of the token; the
 * token itself is not kept. A token that was allowed counts as allowed for a minute, one that was
 * refused as refused for ten seconds. That a token was allowed is remembered for longer: it is
 * reviewed again before tokens that were never seen. Pure but for the hash.
 */
#ifndef DROP_METRICSD_ACCESS_H
#define DROP_METRICSD_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_ALLOW_MS 60000
#define ACCESS_DENY_MS  10000
/* An allowed token with less time left is reviewed again while it still counts as allowed. */
#define ACCESS_RENEW_MS (ACCESS_ALLOW_MS / 2)
/* For so long after that time it has priority over tokens that were never seen. */
#define ACCESS_FORMER_MS (10 * 60 * 1000)
/* Tokens in the cache. When it is full, the entry that expires first is replaced, refused tokens
 * before allowed ones. */
#define ACCESS_MAX 256

enum access {
	ACCESS_UNKNOWN, /* to be reviewed */
	ACCESS_ALLOWED,
	ACCESS_UNAUTHORIZED, /* the API server does not know the token */
	ACCESS_FORBIDDEN,    /* its user is not authorized */
};

struct access_key {
	uint8_t hash[32];
};

struct access_row {
	struct access_key key;
	enum access said;
	int64_t until_ms;
};

struct access_cache { /* zeroed: empty */
	struct access_row rows[ACCESS_MAX];
	size_t n;
};

struct access_key access_key(const char *token);
bool access_same(const struct access_key *a, const struct access_key *b);
enum access access_find(const struct access_cache *c, const struct access_key *key, int64_t now_ms);
/* Is it allowed, or was it until less than ACCESS_FORMER_MS ago? */
bool access_is_known(const struct access_cache *c, const struct access_key *key, int64_t now_ms);
/* Is it allowed, and to be reviewed again soon? */
bool access_is_ending(const struct access_cache *c, const struct access_key *key, int64_t now_ms);
void access_remember(struct access_cache *c, const struct access_key *key, enum access said,
		     int64_t now_ms);

#endif
