/*
 * The forms in which objects leave the server: as they are, as a Table (kubectl get), as
 * PartialObjectMetadata; single, in lists and in watch events. Negotiated from Accept. Also
 * the discovery documents that kubectl reads first (/api, /apis, /api/v1, ..., /version,
 * /openapi/v3: sim/apiserver/openapi.h) and /healthz, /readyz, /livez.
 */
#ifndef DROP_SIM_APISERVER_VIEW_H
#define DROP_SIM_APISERVER_VIEW_H

#include "base/buf.h"
#include "base/clock.h"
#include "sim/store/store.h"

enum view_form {
	VIEW_JSON,
	VIEW_TABLE,      /* rows have the object's metadata */
	VIEW_TABLE_FULL, /* rows have the object: ?includeObject=Object */
	VIEW_META,
};

/*
 * From the Accept header (NULL: JSON). list: the answer is a list, whose metadata alone is called
 * PartialObjectMetadataList. -1: nothing of it can be served: 406 in e.
 */
int view_negotiate(const char *accept, bool list, enum view_form *ret, struct api_error *e);
/* Content-Type: the API server says so for all forms. */
#define VIEW_TYPE "application/json"

/* Appends one object. VIEW_TABLE: a Table of one row with its columnDefinitions. */
void view_object(enum view_form form, const struct resource *r, const char *json, struct now now,
		 struct buf *out);
/* A list: begin, each item, end. For tables the items become rows. remaining: -1 unknown. */
void view_list_begin(enum view_form form, const struct resource *r, struct buf *out);
void view_list_item(enum view_form form, const struct resource *r, const char *json, struct now now,
		    bool first, struct buf *out);
void view_list_end(enum view_form form, const struct resource *r, uint64_t rv,
		   const char *continue_token, int64_t remaining, struct buf *out);
/* A watch event line, with '\n'. type: ADDED MODIFIED DELETED BOOKMARK ERROR. first: the
 * columnDefinitions come along in the first Table of a watch. */
void view_event(enum view_form form, const struct resource *r, const char *type, const char *json,
		struct now now, bool first, struct buf *out);
void view_bookmark(enum view_form form, const struct resource *r, uint64_t rv, bool initial_end,
		   struct buf *out);
/* metav1.Status of an error. */
void view_error(const struct api_error *e, const struct resource *r, const char *name,
		struct buf *out);

/* A discovery path ("/apis", "/api/v1", "/version"), without its query: appends its document;
 * false: no such path. */
bool discovery_get(const char *path, const char *accept, struct buf *out, const char **ret_type);

#endif
