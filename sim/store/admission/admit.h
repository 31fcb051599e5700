/*
 * What an object may contain: defaults and validation on create and update. For the kinds
 * of this project from their descriptor tables, including pruning of unknown fields as a
 * structural schema does; their few CEL rules are done in C (sim/store/admission/rules.c), there is
 * no CEL here. For pods, nodes, leases, events and secrets the defaults and checks that our
 * operator and kubectl depend on.
 */
#ifndef DROP_SIM_STORE_ADMISSION_ADMIT_H
#define DROP_SIM_STORE_ADMISSION_ADMIT_H

#include "sim/objects/api_error.h"
#include "sim/objects/resources.h"

typedef struct cJSON cJSON;

/*
 * Is it an object of that kind whose metadata decodes? Built-in kinds get apiVersion and kind
 * where they are left out; metadata exists afterwards. -1: e has 400, or 422 for a wrong kind
 * of ours. admit() asks this too.
 */
int admit_kind(const struct resource *r, cJSON *obj, bool create, struct api_error *e);

/*
 * Changes obj in place: prunes and defaults. old NULL: a create. status: only the status is
 * being written. -1: e has 422 Invalid with causes as an API server words them, or 400.
 */
int admit(const struct resource *r, cJSON *obj, const cJSON *old, bool status, struct api_error *e);

/*
 * fieldValidation=Strict: unknown fields are an error instead of being dropped; of built-in kinds
 * only those of the object itself and its metadata are known. For what a client sent, before
 * admit. -1: e has 400.
 */
int admit_strict(const struct resource *r, const cJSON *obj, struct api_error *e);

/* Did what counts as spec change (generation moves)? */
bool admit_spec_changed(const struct resource *r, const cJSON *old, const cJSON *new);

#endif
