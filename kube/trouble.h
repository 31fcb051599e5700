/*
 * When a repeated failure is logged: at once when it is new, then once per TROUBLE_AGAIN_MS. A 403
 * only after TROUBLE_DENIED_MS: an API server that has just started refuses everything until it has
 * read its RBAC rules. Pure.
 */
#ifndef DROP_KUBE_TROUBLE_H
#define DROP_KUBE_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#define TROUBLE_AGAIN_MS  60000
#define TROUBLE_DENIED_MS 10000

struct trouble {           /* zeroed: none */
	int kind, code;    /* of the last one told */
	int64_t told_ms;   /* 0: none was told since it worked */
	int64_t denied_ms; /* first 403 in a row; 0: the last failure was another */
};

/*
 * A failure at now_ms (boot ms), code: its HTTP status, 0: no answer; kind: the owner's own number
 * for it. Whether to tell it.
 */
bool trouble_tell(struct trouble *t, int kind, int code, int64_t now_ms);
/* It works again. */
void trouble_over(struct trouble *t);

#endif
