/*
 * JSON patch (RFC 6902): `kubectl patch --type=json`. Pure.
 */
#ifndef DROP_SIM_STORE_JSON_PATCH_H
#define DROP_SIM_STORE_JSON_PATCH_H

#include <cjson/cJSON.h>

#include "sim/store/store.h"

#define JSON_PATCH_MAX 10000 /* operations of one patch, as an API server takes */

/*
 * Changes target, an object, in place; what a failing operation comes after stays changed, so the
 * caller works on a copy. -1: e has 400, 413, or 422 for an operation that cannot be done.
 */
int json_patch(cJSON *target, const cJSON *patch, struct api_error *e);

#endif
