/*
 * Which Secrets a DiscoveryPolicy may have sent to a source. Whoever may create a policy chooses
 * the server, so what a Secret is for decides, not who names it. Pure.
 */
#ifndef DROP_DISCOVERER_SECRET_RULE_H
#define DROP_DISCOVERER_SECRET_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* On a Secret: it may be used for discovery. */
#define SECRET_LABEL       "drop.corewire.io/allow"
#define SECRET_LABEL_VALUE "discovery"

struct secret_rule {
	const char *mode;  /* --discovery-secrets: any, labelled or named */
	const char *names; /* --discovery-secret-names: separated by commas; NULL: none */
	bool require_tls;  /* --require-tls-credentials */
};

/* May it be read at all? -1, ERR_TERMINAL: why not. Before anything is asked of the API server. */
int secret_rule_name(const struct secret_rule *rule, const char *name, struct err *err);
/* The JSON of a Secret, as the API server sends it: its type and its labels. */
int secret_rule_object(const struct secret_rule *rule, const char *name, const char *json,
		       size_t len, struct err *err);

#endif
