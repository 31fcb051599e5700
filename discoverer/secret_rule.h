/*
 * Which Secrets a DiscoveryPolicy may have sent to a source. Whoever may create a policy chooses
 * the server that receives the Secret, so the type and labels of the Secret decide. Pure.
 */
#ifndef DROP_DISCOVERER_SECRET_RULE_H
#define DROP_DISCOVERER_SECRET_RULE_H

#include <stddef.h>

#include "base/err.h"
#include "ipc/options.h"

/* On a Secret: it may be used for discovery. */
#define SECRET_LABEL       "drop.corewire.io/allow"
#define SECRET_LABEL_VALUE "discovery"

/* o: what the options say (docs/configuration.md). May it be read at all? -1, ERR_TERMINAL: why
 * not. Before anything is asked of the API server. */
int secret_rule_name(const struct discoverer_options *o, const char *name, struct err *err);
/* The JSON of a Secret, as the API server sends it: its type and its labels. */
int secret_rule_object(const struct discoverer_options *o, const char *name, const char *json,
		       size_t len, struct err *err);

#endif
