/*
 * What is known of an image at its registry, or why nothing is (behaviour.md 35). Plain data.
 */
#ifndef DROP_DISCOVERER_FACTS_FACTS_H
#define DROP_DISCOVERER_FACTS_FACTS_H

#include "api/platform.h"
#include "discoverer/registry/manifest.h"

/* name, text for status and logs: fixed, never words of a server */
#define FACTS_ENDS(X)                                                                              \
	X(KNOWN, "")                                                                               \
	X(REFERENCE, "it is not an image reference")                                               \
	X(HELD, "the registry failed recently and gets no requests now")                           \
	X(UNREACHABLE, "the registry cannot be reached")                                           \
	X(LATE, "the registry did not answer in time")                                             \
	X(LOCAL, "its address is local to a machine and gets no requests")                         \
	X(UNAUTHORIZED, "the registry requires other credentials")                                 \
	X(NOT_FOUND, "the registry does not have it")                                              \
	X(LIMITED, "the registry limits requests")                                                 \
	X(FAILED, "the registry returns an error")                                                 \
	X(REFUSED, "the registry refused the request")                                             \
	X(UNREADABLE, "the response of the registry is invalid")                                   \
	X(DIGEST, "the response of the registry does not match the digest")                        \
	X(ELSEWHERE, "another server answered for the registry")                                   \
	X(BUDGET, "the limit of requests to the registry is reached")                              \
	X(SPARED, "a plan uses at most a quarter of the limit of requests to the registry")        \
	X(BUSY, "too many requests at once")                                                       \
	X(STANDBY, "this replica is a standby")

#define FACTS_ENUM(name, text) FACTS_##name,
enum facts_end { FACTS_ENDS(FACTS_ENUM) FACTS_END_COUNT };

const char *facts_text(enum facts_end end);

struct platform_facts {
	char name[PLATFORM_SIZE]; /* "linux/arm/v7"; "" of an image that is no index */
	int64_t bytes;            /* compressed; 0: not known */
};

struct image_facts {
	enum facts_end end;
	int code;                 /* HTTP status that led to it; 0: none */
	char digest[DIGEST_SIZE]; /* KNOWN */
	bool is_public;           /* who has no credentials got it, too */
	bool index;
	bool forbidden; /* a Secret could not be read for lack of a right */
	/* If they were wanted, and are known; owned by the inquiry; each name once. */
	struct platform_facts *platforms;
	size_t n_platforms;
	enum facts_end missing; /* KNOWN but for its platforms: why they are not; else KNOWN */
};

#endif
