/*
 * The credentials of one source, out of its Secret (behaviour.md 29). Pure but for memory:
 * every byte of a secret lives in blocks that auth_done() wipes, and errors name the Secret
 * and the key, never a value.
 */
#ifndef DROP_DISCOVERER_AUTH_H
#define DROP_DISCOVERER_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "kube/fetch.h"

/* Headers that one Secret may bring (headers.<name>). */
#define AUTH_HEADERS_MAX 32

struct auth_block;

struct auth { /* zeroed: no credentials */
	struct auth_block *blocks;
	const char *token, *username, *password;
	struct fetch_bytes ca, cert, key;
	const char *headers[AUTH_HEADERS_MAX]; /* "Name: value" */
	size_t n_headers;
	char version[64]; /* resourceVersion of the Secret: another one, other credentials */
};

/* The JSON of a Secret, as the API server sends it. ERR_TERMINAL: which key is bad, and how. */
int auth_read(struct auth *a, const char *secret, const char *json, size_t len, struct err *err);
/* From a URL, for a source without a Secret. */
void auth_take(struct auth *a, const char *username, const char *password);
/*
 * Header lines for a request, NULL-terminated; they live in a. bearer: a token that was
 * fetched, used instead of what the Secret says of itself; NULL: none.
 */
const char *const *auth_lines(struct auth *a, const char *bearer);
/* Basic alone, for a token server; NULL: there is no user. */
const char *const *auth_basic_lines(struct auth *a);
/* Is there anything that goes along with a request over http? */
bool auth_sends(const struct auth *a);
/* Does the text repeat a secret? A server may echo what it was sent. */
bool auth_leaks(const struct auth *a, const char *text);
void auth_done(struct auth *a);

#endif
