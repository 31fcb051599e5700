/*
 * The logins that a kubelet would try for an image, out of its imagePullSecrets (behaviour.md 36).
 * Entries are matched as kubelet's keyring does: scheme left out, a path that begins with /v1/ or
 * /v2/ without that; equal port; as many labels of the host, each a glob; the entry's path is the
 * beginning of the image's. All matches in reverse order of bytes, those of one key in the order of
 * the secrets; an entry for index.docker.io counts for docker.io if none for docker.io matches.
 * Pure but for memory: what is kept of secrets is wiped.
 */
#ifndef DROP_DISCOVERER_REGISTRY_PULL_LOGINS_H
#define DROP_DISCOVERER_REGISTRY_PULL_LOGINS_H

#include "discoverer/registry/auth.h"

/* Logins that are tried for an image; entries of a Secret that are looked at. */
#define PULL_LOGINS_MAX  8
#define PULL_ENTRIES_MAX 1000

struct pull_login {
	char *key; /* the entry's, as kubelet compares it */
	struct auth auth;
};

struct pull_logins { /* zeroed: none */
	struct pull_login at[PULL_LOGINS_MAX];
	size_t n;
};

/*
 * Adds those of one Secret, as the API server sends it, for image: its repository with the host,
 * "docker.io/library/nginx". ERR_TERMINAL: it is no Secret of the two docker types, or broken;
 * names neither it nor what it holds.
 */
int pull_logins_add(struct pull_logins *l, const char *image, const char *json, size_t len,
		    struct err *err);
/* The entry for Docker Hub is dropped if a better one is there. After the last Secret. */
void pull_logins_settle(struct pull_logins *l);
void pull_logins_done(struct pull_logins *l);

/* Does an entry's key match the image, as kubelet's URLsMatch? */
bool pull_login_matches(const char *key, const char *image);

#endif
