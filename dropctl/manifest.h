/*
 * Manifests as for kubectl apply: read from a file, each document validated by the descriptor
 * tables of the CRDs. Values that the API server would refuse are errors that name the line.
 */
#ifndef DROP_DROPCTL_MANIFEST_H
#define DROP_DROPCTL_MANIFEST_H

#include "api/kinds.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct desc;
struct yaml_doc;

/* path: a file, or "-" for standard input. ERR_TERMINAL says which and what. */
int manifest_read(const char *path, struct buf *ret, struct err *err);
/* How errors name that file. */
const char *manifest_name(const char *path);
/* The document's kind; NULL: the document is empty. ERR_TERMINAL: it names none. */
int manifest_kind(const struct yaml_doc *doc, const char **ret, struct err *err);
/*
 * The document as an object of this kind, with defaults. Strict about the spec, where a
 * misspelt field means something else; about the rest as lenient as an API server that drops
 * what it does not know. ERR_TERMINAL with the line.
 */
int manifest_decode(const struct yaml_doc *doc, enum kind kind, const struct desc *spec,
		    struct arena *a, void *obj, struct err *err);

#endif
