/*
 * Paths of the API, made from kinds[] (api/kinds.h): the only place that knows
 * "/apis/<group>/<version>/namespaces/<ns>/<plural>/<name>/status". Pure.
 */
#ifndef DROP_KUBE_URLS_H
#define DROP_KUBE_URLS_H

#include "api/kinds.h"
#include "base/arena.h"
#include "base/buf.h"

/* ns NULL: over all namespaces, and of kinds that are in none. */
char *url_list(struct arena *a, enum kind kind, const char *ns);
char *url_named(struct arena *a, enum kind kind, const char *ns, const char *name);
char *url_status(struct arena *a, enum kind kind, const char *ns, const char *name);
/* A Secret, which is read by name and never watched. */
char *url_secret(struct arena *a, const char *ns, const char *name);
/* A ConfigMap; name NULL: the collection. */
char *url_configmap(struct arena *a, const char *ns, const char *name);
/* Appends text percent-encoded for a path segment or a query value (RFC 3986, 2.3). */
void url_escape(struct buf *out, const char *text);

#endif
