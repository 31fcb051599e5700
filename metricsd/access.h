/*
 * Who may read metrics: remembers what the API server said of a token, by a hash of it; the
 * token itself is kept nowhere. A yes counts for a minute, a no for ten seconds. That there was a
 * yes is remembered for longer: such a token is asked about before those never seen. Pure but
 * for the hash.
 */
#ifndef DROP_METRICSD_ACCESS_H
#define DROP_METRICSD_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_ALLOW_MS 60000
#define ACCESS_DENY_MS  10000
/* A yes with less time left is asked about again while it still counts. */
#define ACCESS_RENEW_MS (ACCESS_ALLOW_MS / 2)
/* So long after its end a yes gives priority over tokens never seen. */
#define ACCESS_FORMER_MS (10 * 60 * 1000)
/* Tokens remembered; then the one that would be forgotten first makes room, a no before a yes. */
#define ACCESS_MAX 256

enum access {
	ACCESS_UNKNOWN, /* ask */
	ACCESS_ALLOWED,
	ACCESS_UNAUTHORIZED, /* nobody's token */
	ACCESS_FORBIDDEN,    /* somebody's, who may not */
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
/* Was there a yes, that counts or ended less than ACCESS_FORMER_MS ago? */
bool access_is_known(const struct access_cache *c, const struct access_key *key, int64_t now_ms);
/* Does a yes count, but not for long? */
bool access_is_ending(const struct access_cache *c, const struct access_key *key, int64_t now_ms);
void access_remember(struct access_cache *c, const struct access_key *key, enum access said,
		     int64_t now_ms);

#endif
