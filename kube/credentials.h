/*
 * The configuration in use, kept fresh: tokens, authorities and client certificates that
 * are files are reloaded when they change; checked at most every CREDENTIALS_CHECK_MS, and at once
 * after a 401.
 */
#ifndef DROP_KUBE_CREDENTIALS_H
#define DROP_KUBE_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "kube/api_config.h"

#define CREDENTIALS_CHECK_MS 10000

struct credentials {
	struct kube_config config;
	char *authorization; /* "Authorization: ..." header, or NULL; a secret */
	uint64_t generation; /* moves when anything changed; connections made before keep going */
	int64_t next_check_ms;
};

/* Takes over the contents of config. ERR_TERMINAL: a token that cannot be a header. */
int credentials_init(struct credentials *c, struct kube_config *config, struct err *err);
/* Returns whether anything changed. A file that cannot be read leaves the old value in use. */
bool credentials_refresh(struct credentials *c, int64_t now_ms, bool at_once);
void credentials_done(struct credentials *c);

#endif
