/*
 * CustomResourceDefinitions from the descriptor tables: what the API server checks,
 * defaults, documents and prints is what the engine decodes (behaviour.md 33). Pure.
 */
#ifndef DROP_API_CRD_H
#define DROP_API_CRD_H

#include "base/buf.h"

#include "api/kinds.h"

/*
 * Appends the YAML of apiextensions.k8s.io/v1 for one of our kinds (kinds[kind].ours).
 * The same tables give the same bytes.
 */
void crd_write(enum kind kind, struct buf *out);

#endif
