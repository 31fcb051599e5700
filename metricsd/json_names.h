/*
 * Names in /status.json: rows of messages have the names of ipc/messages.def, which are turned into
 * the style of the API. docs/status-json.md lists them. Pure.
 */
#ifndef DROP_METRICSD_JSON_NAMES_H
#define DROP_METRICSD_JSON_NAMES_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Appends JSON with the names of its members in camel case: bytes_left as bytesLeft, eta_s as
 * etaSeconds, pull_ms as pullMilliseconds. Texts stay as they are.
 */
void json_names_add(struct buf *out, const char *json, size_t len);

#endif
