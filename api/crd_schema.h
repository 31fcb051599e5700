/*
 * The OpenAPI schema of a descriptor, as YAML. Private to api/crd*.c.
 */
#ifndef DROP_API_CRD_SCHEMA_H
#define DROP_API_CRD_SCHEMA_H

#include <stddef.h>

#include "base/buf.h"

#include "api/desc.h"

/* Appends one line, indented; fmt is without the newline. */
void yaml_line(struct buf *out, int indent, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends `key: "text"`; YAML reads a JSON string as it is. */
void yaml_text(struct buf *out, int indent, const char *key, const char *text);

/* `type: object` and what belongs to it; rows without a schema are left out. */
void schema_object(struct buf *out, int indent, const struct desc *d);
/* As the schema of a whole kind: with apiVersion, kind and metadata before the rows. */
void schema_root(struct buf *out, int indent, const struct desc *d);

#endif
