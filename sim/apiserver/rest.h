/*
 * What the API answers: everything but watches, from a parsed request to status code and
 * body. Uses only the store; time is an argument.
 */
#ifndef DROP_SIM_APISERVER_REST_H
#define DROP_SIM_APISERVER_REST_H

#include "base/arena.h"
#include "base/buf.h"

#include "sim/play/target.h"

#define REST_BODY_MAX (3 * 1024 * 1024) /* bytes of a request body, as an API server takes */

struct rest_request {
	const struct target *target;
	const char *accept, *content_type; /* headers, or NULL */
	const char *body;                  /* NUL-terminated */
	size_t len;
	struct now now;
	int64_t stale_ms; /* lists that allow it are as of so long ago (fault stale-list) */
};

struct rest_answer {
	int code;
	const char *type;  /* Content-Type */
	struct buf body;   /* owned by the caller of rest_answer */
	int retry_after_s; /* 0: none */
	char warning[512]; /* value of the Warning header; "": none */
};

/* target->res is not NULL and the verb is no watch. */
void rest_answer(struct store *s, const struct rest_request *req, struct arena *a,
		 struct rest_answer *ret);
/* A metav1.Status as the answer. */
void rest_refuse(const struct api_error *e, const struct target *t, struct rest_answer *ret);

/* resourceVersion as a number; "": 0. -1: 400 or, beyond what exists, 504. */
int rest_version(const struct store *s, const char *text, uint64_t *ret, struct api_error *e);

#endif
