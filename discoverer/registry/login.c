/* See login.h. */
#include "discoverer/registry/login.h"

/* 401: a token is asked for, or the one that was sent is forgotten. */
static enum login_next unauthorized(const struct refusal *r)
{
	bool fresh = r->sent == AUTH_TOKEN && !r->cached;
	/* The Secret's token is a Bearer token: it may be the very one that is wanted. */
	if (r->bearer && r->home && r->has_token && !r->has_user && !r->own_tried)
		return LOGIN_OWN;
	if (r->bearer && !fresh)
		return LOGIN_ASK_TOKEN;
	if (!r->challenged && r->sent == AUTH_TOKEN && r->cached)
		return LOGIN_FORGET;
	return LOGIN_GIVE_UP;
}

/* Some hide from a stranger that there is anything: 403 or 404 instead of 401. */
static bool own_may_help(const struct refusal *r)
{
	if (r->own_tried || !(r->has_user || r->has_token))
		return false;
	if (r->code == 401)
		return !r->challenged || r->basic;
	return (r->code == 403 || r->code == 404) && r->sent == AUTH_NOBODY;
}

enum login_next login_next(const struct refusal *r)
{
	enum login_next next = LOGIN_GIVE_UP;
	if (r->tries >= LOGIN_TRIES_MAX)
		return LOGIN_GIVE_UP;
	if (r->code == 401)
		next = unauthorized(r);
	if (next != LOGIN_GIVE_UP)
		return next;
	if (r->home)
		return own_may_help(r) ? LOGIN_OWN : LOGIN_GIVE_UP;
	bool own = (r->has_user || r->has_token) && !r->own_tried;
	return own ? LOGIN_OWN_HOME : LOGIN_GIVE_UP;
}
