/*
 * One table: name and sentence of each. See lease_trouble.h.
 */
#include "kube/lease_trouble.h"

#include <stddef.h>

static const struct {
	const char *name, *text;
} table[LEASE_TROUBLES] = {
	[LEASE_FINE] = {"", NULL},
	[LEASE_UNANSWERED] = {"unanswered", "the API server does not answer"},
	[LEASE_FORBIDDEN] = {"forbidden",
			     "no permission: grant get, create and update on leases (RBAC)"},
	[LEASE_UNAUTHORIZED] = {"unauthorized", "the API server rejects the credentials"},
	[LEASE_CONFLICT] = {"conflict", "conflict on every write: another client keeps writing it"},
	[LEASE_REFUSED] = {"refused", "the API server refuses the write"},
	[LEASE_SERVER_ERROR] = {"server_error", "the API server returns server errors"},
	[LEASE_UNREADABLE] = {"unreadable", "the answer of the API server is not a Lease"},
};

enum lease_trouble lease_trouble_of(int code)
{
	switch (code) {
	case 0:
		return LEASE_UNANSWERED;
	case 401:
		return LEASE_UNAUTHORIZED;
	case 403:
		return LEASE_FORBIDDEN;
	case 409:
		return LEASE_CONFLICT;
	case 408:
	case 429:
		return LEASE_SERVER_ERROR;
	default:
		return code >= 400 && code < 500 ? LEASE_REFUSED : LEASE_SERVER_ERROR;
	}
}

const char *lease_trouble_name(enum lease_trouble t)
{
	return t < LEASE_TROUBLES ? table[t].name : "";
}

const char *lease_trouble_text(enum lease_trouble t)
{
	return t < LEASE_TROUBLES ? table[t].text : NULL;
}
