/*
 * One question about an image, from its secrets to the answer (behaviour.md 35, 36). The room's
 * files from top to bottom:
 *
 *   inquiry    the steps: secrets, HEAD, GET where it must be, platforms where they are wanted
 *   endpoints  which server is asked
 *   hosts      whether it may be asked now
 *   facts      what comes of it: the answer, or why there is none
 *
 * It ends once, in time, whatever the servers do. Nothing of what they say but digests, sizes,
 * names of platforms and status codes is handed on.
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

/* Secrets of an image that are read; platforms whose bytes are asked for, also of one question. */
#define INQUIRY_SECRETS_MAX   8
#define INQUIRY_PLATFORMS_MAX 16

struct inquiry_wish { /* copied */
	const char *reference;
	const char *const *secrets; /* names */
	size_t n_secrets;
	bool platforms;   /* also what an index has */
	bool bytes;       /* and the bytes of all of them, as far as they may be read */
	const char *const *sized; /* else for nodes of these platforms (api/platform.h) */
	size_t n_sized;
	const char *have; /* all that is known of this digest already; NULL: of none */
	int64_t deadline_ms;
	uint64_t number; /* never the same: tokens of its secrets are its own */
};

struct inquiry *inquiry_new(const struct inquiry_env *env, const struct inquiry_wish *wish);
/* NULL is fine; stops what is under way. */
void inquiry_free(struct inquiry *q);
/* Time passed. Returns when it has to be called again. */
int64_t inquiry_tick(struct inquiry *q, int64_t now_ms);
/* NULL: it is under way. */
const struct image_facts *inquiry_facts(const struct inquiry *q);

#endif
