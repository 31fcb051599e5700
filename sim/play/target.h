/*
 * What a request is about: verb, resource, object and options, from its method, path and
 * query. The same facts serve the answer, the audit log, the tally and the faults. Pure.
 */
#ifndef DROP_SIM_PLAY_TARGET_H
#define DROP_SIM_PLAY_TARGET_H

#include "base/arena.h"
#include "sim/store/store.h"

struct query { /* absent texts are "" */
	const char *labels, *fields, *cont, *rv, *rv_match;
	int64_t limit, timeout_s; /* 0: none */
	bool watch, bookmarks;
	bool initial_given, initial; /* sendInitialEvents */
	int64_t grace_s;             /* -1: not given */
	const char *propagation, *dry_run, *validation;
	const char *include; /* includeObject: what goes into the rows of a Table */
};

struct target {
	const char *path;           /* decoded only for resources; without the query */
	const char *verb;           /* as in audit logs: get list watch create update patch delete
				       deletecollection; "" for paths that name no resource */
	const struct resource *res; /* NULL: no resource path */
	const char *ns, *name;      /* "" */
	const char *sub;            /* "status", another subresource's name, or "" */
	struct query query;
};

/* Parts of what a request line says; texts live in the arena. -1: e has 400, 404 or 405, and ret
 * as much as is known. A path that names no resource is no error: res is NULL. */
int target_parse(const char *method, const char *uri, struct arena *a, struct target *ret,
		 struct api_error *e);

/* Percent-decodes n bytes; plus: '+' is a space. NULL: not an encoding, a NUL, or too long. */
const char *target_decode(const char *s, size_t n, bool plus, struct arena *a);
/* The value of a key in "a=1&b=2", decoded, or NULL. */
const char *target_value(const char *pairs, const char *key, struct arena *a);

#endif
