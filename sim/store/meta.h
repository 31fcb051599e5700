/*
 * metadata of objects as an API server keeps it: what a client may say and what is the
 * server's, in which order it is stored, and the marks of deletion. Works on trees that
 * the caller owns. Private to this room.
 */
#ifndef DROP_SIM_STORE_META_H
#define DROP_SIM_STORE_META_H

#include <cjson/cJSON.h>

#include "sim/store/impl.h"

/* metadata.<name> as text, or "". */
const char *meta_text(const cJSON *obj, const char *name);
/* metadata.<name>, or NULL. */
cJSON *meta_item(const cJSON *obj, const char *name);
/* Sets or replaces metadata.<name>; value NULL removes it. */
void meta_set(cJSON *obj, const char *name, cJSON *value);
void meta_set_text(cJSON *obj, const char *name, const char *value);
void meta_set_time(cJSON *obj, const char *name, int64_t wall_s);
/* Is s among the strings of that metadata list? */
bool meta_has(const cJSON *obj, const char *list, const char *s);
void meta_add(cJSON *obj, const char *list, const char *s);
void meta_drop(cJSON *obj, const char *list, const char *s);

/* kind, apiVersion and metadata of an object about to be created; names are checked (422, 400). */
int meta_for_create(struct store *s, const struct resource *r, const char *ns, cJSON *obj,
		    struct now now, struct api_error *e);
/* The same for one that replaces `old`: what is the server's is carried over, preconditions that
 * the object itself states (uid, resourceVersion) are checked (409). */
int meta_for_update(const struct resource *r, const struct entry *e, const cJSON *old, cJSON *obj,
		    struct api_error *err);
/* Brings kind, apiVersion and metadata to the front, known fields only and in the stored order. */
void meta_arrange(cJSON *obj);
/* Marks it as being deleted; the generation counts it as a change. */
void meta_mark_deleted(cJSON *obj, int64_t grace_s, struct now now);

#endif
