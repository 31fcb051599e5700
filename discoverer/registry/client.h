/*
 * Requests to a registry, with the login that it demands (behaviour.md 28, 29, 36). The room's
 * files from top to bottom:
 *
 *   client        sends a request, answers challenges, asks token servers
 *   login         what is done about a refusal: the whole policy, pure
 *   dockerconfig  which entry of a docker configuration is for a registry, pure
 *   auth          the credentials of one asker, and the header lines of them
 *   limiter       how many requests are under way
 *   tokens        tokens that were fetched
 *   token_answer  what a token server says; headers: challenges, links; repository: names
 *
 * The client knows neither policies nor images: its users are the tag lister (tag_walk.c) and the
 * facts about images. Each call ends once, with the last answer.
 */
#ifndef DROP_DISCOVERER_REGISTRY_CLIENT_H
#define DROP_DISCOVERER_REGISTRY_CLIENT_H

#include "base/arena.h"
#include "kube/weburl.h"

#include "discoverer/registry/auth.h"
#include "discoverer/registry/limiter.h"

struct tokens;       /* discoverer/registry/tokens.h */
struct token_answer; /* discoverer/registry/token_answer.h */

struct registry_client { /* who asks which registry; borrowed while a call is under way */
	struct limiter *limiter;
	struct tokens *tokens;
	const void *group;       /* requests of one count together (limiter.h) */
	struct weburl home;      /* the registry */
	struct auth *auth;       /* for home, and for the token server that home names */
	const char *identity;    /* of auth, for the keys of tokens: another one, other tokens */
	enum peer_kind named_by; /* who named home: PEER_NOBODY if that was the user (peer.h) */
	const bool *over; /* true: the asker has ended, nothing is asked any more; NULL: never */
};

struct registry_answer { /* borrowed for the callback */
	const struct fetch_result *res;
	bool token_server; /* it is that of a token server, at `url` */
	const char *url;   /* that was asked */
	const char *what;  /* what is wrong with the body of a 2xx answer, by its reader; or NULL */
	enum auth_how sent; /* the credentials that were sent */
};

struct registry_call { /* lives in the asker; zeroed: idle */
	/* The asker's: */
	const struct registry_client *client;
	struct weburl url;      /* at home */
	const char *repository; /* for the scope of a token, if the challenge has none */
	const char *accept;
	bool head; /* as in fetch.h, this and the next */
	size_t body_max;
	bool own;                 /* begin as AUTH_OWN; after an answer: what was accepted */
	void (*begin)(void *ctx); /* a body begins: discard the bytes of an earlier one */
	/* Bytes of a 2xx answer; -1: it is not understood, *why says how. */
	int (*sink)(void *ctx, const char *bytes, size_t n, struct err *why);
	void (*done)(void *ctx, const struct registry_answer *answer);
	void *ctx;

	/* The client's: */
	struct job job;
	struct arena mem; /* of this call */
	struct token_answer *token;
	const char *away; /* where a redirect led; NULL: it is asked for at home */
	enum peer_kind away_by;
	enum auth_how sent;
	bool own_tried, token_fresh; /* fetched for this call */
	char *token_key, *token_origin;
	int tries;
	bool bad; /* the answer under way is not understood: why */
	struct err why;
};

/*
 * Asks. done is called exactly once, later, unless registry_call_stop() comes first; it may start
 * the call anew. A token of the call before is used again.
 */
void registry_call_start(struct registry_call *call);
/* For a request with other credentials: forgets which login was accepted. */
void registry_call_forget(struct registry_call *call);
/* Idle ones too; frees what it has. */
void registry_call_stop(struct registry_call *call);

#endif
