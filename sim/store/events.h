/*
 * Events have two API groups and one storage: what is written as events.k8s.io/v1 can be read
 * as v1 and the other way round, with other names for the same fields. Pure.
 */
#ifndef DROP_SIM_STORE_EVENTS_H
#define DROP_SIM_STORE_EVENTS_H

#include <cjson/cJSON.h>

#include "base/buf.h"

#include "sim/objects/resources.h"

/* Renames in place what differs, apiVersion included; nothing when from == to. */
void events_convert(const struct resource *from, const struct resource *to, cJSON *obj);
/* Fields that an API server always writes, in the v1 form. */
void events_complete(cJSON *obj);
/* Stored text as a client of `to` sees it: the text itself, or out, which is cleared first. */
const char *events_text(const struct resource *from, const struct resource *to, const char *json,
			struct buf *out);

#endif
