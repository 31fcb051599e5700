/*
 * The members of a JSON object that a table names, as text. Private to api/: desc_decode() builds a
 * tree of what it reads only.
 */
#ifndef DROP_API_DESC_KEEP_H
#define DROP_API_DESC_KEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#include "api/desc.h"

/*
 * Appends the object without members that the table does not know, at any depth. false: the text is
 * not an object with nothing behind it, as far as this is seen without reading its values; then
 * what was appended means nothing.
 */
bool desc_keep(const struct desc *d, const char *json, size_t len, struct buf *out);

#endif
