/*
 * Bearer tokens of registries (behaviour.md 28), by realm, service, scope and the identity they
 * were given to. Pure but for memory; what leaves the cache is wiped.
 */
#ifndef DROP_DISCOVERER_REGISTRY_TOKENS_H
#define DROP_DISCOVERER_REGISTRY_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#define TOKENS_MAX 256
/* Bytes of all of them: one may have 64 KiB (discoverer/list_answer.h). */
#define TOKENS_BYTES_MAX (1024 * 1024)
/* Seconds that a token lives when its server does not say (OCI distribution), and at most. */
#define TOKEN_LIFE_S     60
#define TOKEN_LIFE_MAX_S 3600

struct token_entry;

struct tokens { /* zeroed: empty */
	struct token_entry *at;
	size_t n, bytes;
	uint64_t used; /* ever, for the order of use */
};

/* NULL: none that is still good; borrowed until the next put or drop. */
const char *tokens_get(struct tokens *t, const char *key, int64_t now_ms);
/* expires_s: as its server said; 0: it did not. A tenth of it is left for the way. */
void tokens_put(struct tokens *t, const char *key, const char *token, int64_t expires_s,
		int64_t now_ms);
/* It was refused. */
void tokens_drop(struct tokens *t, const char *key);
void tokens_done(struct tokens *t);

#endif
