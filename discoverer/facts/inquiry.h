/*
 * One question about an image, from its secrets to the answer (behaviour.md 35, 36). The room's
 * files from top to bottom:
 *
 *   inquiry    the steps: secrets, HEAD, GET if needed, platforms if requested
 *   endpoints  which server is asked
 *   hosts      whether that server may be asked now
 *   facts      the result: the answer, or why there is none
 *
 * It ends exactly once, before its deadline, whatever the servers do. Of their answers only
 * digests, sizes, names of platforms and status codes are passed on.
 */
#ifndef DROP_DISCOVERER_FACTS_INQUIRY_H
#define DROP_DISCOVERER_FACTS_INQUIRY_H

#include "kube/kube.h"

#include "discoverer/facts/facts.h"

struct endpoints; /* discoverer/facts/endpoints.h */
struct hosts;     /* discoverer/facts/hosts.h */
struct limiter;
struct tokens;
struct inquiry;

struct inquiry_env { /* what all inquiries share */
	struct kube *kube;
	struct limiter *limiter;
	struct tokens *tokens;
	const struct endpoints *endpoints;
	struct hosts *hosts;
	const char *pod_namespace;
};

/* Limits of one question: secrets that are read; platforms whose sizes are asked for. */
#define INQUIRY_SECRETS_MAX   8
#define INQUIRY_PLATFORMS_MAX 16

struct inquiry_request { /* copied */
	const char *reference;
	const char *const *secrets; /* names */
	size_t n_secrets;
	bool platforms;           /* return the platforms of an index, too */
	bool bytes;               /* and the sizes of all of them, within the limits */
	const char *const *sized; /* without `bytes`: sizes only for these platforms of nodes
				     (api/platform.h) */
	size_t n_sized;
	bool sparing;     /* reads at most a quarter of what the host may be asked for */
	const char *have; /* a digest of which everything is known already; NULL: none */
	int64_t deadline_ms;
	uint64_t number; /* unique, so that tokens are not shared with other inquiries */
};

struct inquiry *inquiry_new(const struct inquiry_env *env, const struct inquiry_request *request);
/* NULL is fine; stops what is under way. */
void inquiry_free(struct inquiry *q);
/* Time passed. Returns when it has to be called again. */
int64_t inquiry_tick(struct inquiry *q, int64_t now_ms);
/* NULL: it is under way. */
const struct image_facts *inquiry_facts(const struct inquiry *q);

#endif
