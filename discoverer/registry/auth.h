/*
 * The credentials of one source, out of its Secret (behaviour.md 29). Pure but for memory:
 * every byte of a secret lives in blocks that auth_done() wipes, and errors name the Secret
 * and the key, never a value.
 */
#ifndef DROP_DISCOVERER_REGISTRY_AUTH_H
#define DROP_DISCOVERER_REGISTRY_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "kube/fetch.h"

/* Headers that one Secret may bring (headers.<name>). */
#define AUTH_HEADERS_MAX 32

struct auth_block;
struct auth_set;

enum auth_how {              /* which credentials a request carries */
		AUTH_NOBODY, /* no login; the headers of the Secret */
		AUTH_OWN,    /* the Secret's user and password, else its token */
		AUTH_TOKEN,  /* a token that was fetched; and the headers of the Secret */
		AUTH_AWAY,   /* the same without these: for another origin than the Secret's */
		AUTH_USER, /* the user and password, if any, and nothing else: for a token server */
};

struct auth { /* zeroed: no credentials */
	struct auth_block *blocks;
	struct auth_set *sets; /* header lines that were made so far */
	const char *token, *username, *password;
	struct fetch_bytes ca, cert, key;
	struct fetch_bytes docker_config, docker_cfg; /* .dockerconfigjson, .dockercfg */
	size_t n_keys;                                /* of the Secret, that are ours */
	const char *headers[AUTH_HEADERS_MAX];        /* "Name: value" */
	size_t n_headers;
	char version[64]; /* resourceVersion of the Secret: another one, other credentials */
};

/* The JSON of a Secret, as the API server sends it. ERR_TERMINAL: which key is bad, and how. */
int auth_read(struct auth *a, const char *secret, const char *json, size_t len, struct err *err);
/* Does it hold anything for a source? docker: one that can use a docker configuration. */
int auth_check(const struct auth *a, const char *secret, bool docker, struct err *err);
/* From a URL, for a source without a Secret; from a docker configuration. */
void auth_take(struct auth *a, const char *username, const char *password);
/*
 * Header lines for a request, NULL-terminated; they live in a, once for each `how` and token.
 * token: for AUTH_TOKEN and AUTH_AWAY; else NULL.
 */
const char *const *auth_lines(struct auth *a, enum auth_how how, const char *token);
/* Is there anything that goes along with a request over http? */
bool auth_sends(const struct auth *a);
/*
 * Does the text repeat a secret, or LEAK_WINDOW bytes of one? A server may echo what it was sent,
 * and the echo may be cut.
 */
bool auth_leaks(const struct auth *a, const char *text);
void auth_done(struct auth *a);

#endif
