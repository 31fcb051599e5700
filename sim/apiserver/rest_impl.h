/*
 * What the reading and the writing half of rest share. Private to rest*.c.
 */
#ifndef DROP_SIM_APISERVER_REST_IMPL_H
#define DROP_SIM_APISERVER_REST_IMPL_H

#include "sim/apiserver/rest.h"
#include "sim/apiserver/view.h"

struct rest {
	struct store *store;
	const struct rest_request *req;
	const struct target *t;
	enum view_form form;
	struct arena *arena;
	struct rest_answer *ret;
};

/* rest_common.c: the object in the version and form asked for. */
void rest_object(struct rest *r, int code, const struct object *o);
int rest_get(struct rest *r, struct api_error *e);
int rest_list(struct rest *r, struct api_error *e);
int rest_create(struct rest *r, struct api_error *e);
int rest_update(struct rest *r, struct api_error *e);
int rest_patch(struct rest *r, struct api_error *e);
int rest_delete(struct rest *r, struct api_error *e);
int rest_delete_collection(struct rest *r, struct api_error *e);
int rest_evict(struct rest *r, struct api_error *e);
/* Of sim/apiserver/rest_write.c: the body as JSON; the query's dryRun; DeleteOptions, of the query where body
 * is NULL. */
int rest_parse_body(const struct rest *r, cJSON **ret, struct api_error *e);
int rest_read_dry_run(const struct rest *r, struct api_error *e);
int rest_read_deletion(const struct rest *r, const cJSON *body, struct deletion *d,
		       struct api_error *e);

#endif
