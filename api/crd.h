/*
 * CustomResourceDefinitions from the descriptor tables: what the API server checks,
 * defaults, documents and prints is what the engine decodes (behaviour.md 33). Pure.
 */
#ifndef DROP_API_CRD_H
#define DROP_API_CRD_H

#include <stdbool.h>

#include "base/buf.h"

#include "api/desc.h"
#include "api/kinds.h"

/* What `kubectl get drop` lists. */
#define CRD_CATEGORY "drop"

struct crd_column {              /* of `kubectl get` */
	const char *name, *type; /* type: string, integer or date */
	const char *path;        /* JSONPath: .a.b, ['a\\.b'], [?(@.type=="Ready")] */
	bool wide;               /* only with -o wide */
	const char *doc;
};

/* The columns of one of our kinds after its name, in order; name == NULL ends. NULL: not ours. */
const struct crd_column *crd_columns(enum kind kind);

/* Appends what a field is, with its default: kubectl explain shows the one, and not the other. */
void crd_description(const struct field *f, struct buf *out);

/*
 * Paths of fields by which the kind can be selected (kubectl get --field-selector), without the
 * leading dot; NULL ends. NULL: none.
 */
const char *const *crd_selectable(enum kind kind);

/*
 * Appends the YAML of apiextensions.k8s.io/v1 for one of our kinds (kinds[kind].ours).
 * The same tables give the same bytes.
 */
void crd_write(enum kind kind, struct buf *out);

#endif
