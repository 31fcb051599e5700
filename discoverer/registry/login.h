/*
 * What follows a refusal by a registry (behaviour.md 28, 29): whether to ask again, and with which
 * login. Only decides; client.c sends the requests. Pure.
 *
 * An origin is scheme, host and port. The first request of a page carries no login. A challenge is
 * believed for the origin that answered: of the registry's own origin with the Secret's login, of
 * any other (after a redirect) anonymously. A token is for the origin that asked for it and goes to
 * no other.
 */
#ifndef DROP_DISCOVERER_REGISTRY_LOGIN_H
#define DROP_DISCOVERER_REGISTRY_LOGIN_H

#include <stdbool.h>

#include "discoverer/registry/auth.h"

/* Times that one page is asked again for the sake of a login. */
#define LOGIN_TRIES_MAX 5

struct refusal {
	int code;
	bool home;          /* the answer is of the registry's own origin */
	bool bearer, basic; /* what it challenges to; a Bearer without a usable realm is none */
	bool challenged;    /* it has a challenge of any kind */
	enum auth_how sent; /* with the request, to the origin that answered */
	bool cached;        /* AUTH_TOKEN: the token was not fetched for this page */
	bool has_user, has_token; /* in the Secret */
	bool own_tried;           /* AUTH_OWN was sent for this page */
	int tries;
};

enum login_next {
	LOGIN_GIVE_UP,
	LOGIN_ASK_TOKEN, /* at the realm; a token that was sent is forgotten */
	LOGIN_FORGET,    /* the token, and repeat the request anonymously */
	LOGIN_OWN,       /* ask the same again as AUTH_OWN */
	LOGIN_OWN_HOME,  /* ask the registry's own page again as AUTH_OWN: it sent us elsewhere */
};

enum login_next login_next(const struct refusal *r);

#endif
