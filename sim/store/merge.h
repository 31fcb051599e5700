/*
 * Patches: JSON merge patch (RFC 7386) and as much of Kubernetes' strategic merge patch as
 * kubectl needs for built-in kinds: lists of known names are merged by their key, with the
 * directives $patch, $setElementOrder, $deleteFromPrimitiveList and $retainKeys. Pure.
 */
#ifndef DROP_SIM_STORE_MERGE_H
#define DROP_SIM_STORE_MERGE_H

#include <cjson/cJSON.h>

/* Changes target, an object, in place. */
void merge_patch(cJSON *target, const cJSON *patch);
void merge_strategic(cJSON *target, const cJSON *patch);

#endif
