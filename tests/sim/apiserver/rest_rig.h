/*
 * A store behind the API's functions, without HTTP: a request in, code and body out. Time is
 * what the test says it is.
 */
#ifndef DROP_TESTS_SIM_APISERVER_REST_RIG_H
#define DROP_TESTS_SIM_APISERVER_REST_RIG_H

#include <cjson/cJSON.h>

#include "sim/play/api_faults.h"
#include "sim/apiserver/rest.h"
#include "sim/apiserver/watch.h"

#define IMAGES "/apis/drop.corewire.io/v1alpha1/cachedimages"
#define SETS   "/apis/drop.corewire.io/v1alpha1/cachedimagesets"
#define PODS   "/api/v1/namespaces/ns/pods"

struct rig {
	struct store *store;
	struct faults *faults;
	struct watches *watches;
	struct arena arena;
	struct now now;
	struct rest_answer answer; /* of the last request */
	cJSON *body;               /* the same, parsed; NULL if it is no JSON */
};

/* With the namespaces "ns" and "other". */
void rig_init(struct rig *r);
void rig_done(struct rig *r);
/* body: single quotes are written for double ones. Returns the status code. */
int ask(struct rig *r, const char *method, const char *uri, const char *body);
int ask_typed(struct rig *r, const char *method, const char *uri, const char *type,
	      const char *body);
/* What the last answer has at a path like "metadata.name" or "items.0.spec.tag", as text; "" if
 * nothing is there. Valid until the next call. */
const char *at(struct rig *r, const char *path);
/* Names of the last list's items, with a space between them. */
const char *names(struct rig *r);
/* Lets the garbage collector finish. */
void settle(struct rig *r);

/* ?watch=true... of a collection. NULL: refused, see answer.code. */
struct watch *watch(struct rig *r, const char *uri);
/* The next events as "ADDED a, BOOKMARK 7, ...". */
const char *events(struct rig *r, struct watch *w);

#endif
