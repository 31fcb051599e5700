/*
 * OpenAPI v3 as far as kubectl asks for it: it wants to see that a kind can be patched with
 * ?fieldValidation= before it lets the server validate (else --validate=false is needed), and
 * `kubectl explain` wants descriptions. So: one path with its methods a resource, and
 * schemas of our kinds from their descriptor tables. Built-in kinds have no schema here.
 */
#ifndef DROP_SIM_APISERVER_OPENAPI_H
#define DROP_SIM_APISERVER_OPENAPI_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * /openapi/v3, /openapi/v3/apis/GROUP/VERSION, and /openapi/v2, which is empty: kubectl reads it
 * before it sends a List, to check by itself what it finds there. Appends the document; false: no
 * such path.
 */
bool openapi_get(const char *path, struct buf *out, const char **ret_type);

#endif
