/*
 * What a scalar of YAML is in JSON: the core schema (YAML 1.2, 10.3). Private to
 * api/yaml*.c.
 */
#ifndef DROP_API_YAML_SCALAR_H
#define DROP_API_YAML_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#include "api/yaml_tree.h"

struct yaml_scalar {
	const char *text; /* NUL-terminated; may contain NUL, which is refused */
	size_t len;
	const char *tag; /* NULL: none */
	bool plain;      /* not quoted, no block */
};

/* A new value, or NULL and err (without a line). */
cJSON *yaml_scalar_value(const struct yaml_scalar *s, enum yaml_types types, struct err *err);

#endif
