/*
 * Where a registry is asked about an image (behaviour.md 36): the host of the reference over https,
 * docker.io at registry-1.docker.io; --registries names other servers. Pure.
 */
#ifndef DROP_DISCOVERER_FACTS_ENDPOINTS_H
#define DROP_DISCOVERER_FACTS_ENDPOINTS_H

#include "base/arena.h"
#include "base/err.h"
#include "kube/fetch.h"
#include "kube/weburl.h"

#define ENDPOINTS_MAX 64

struct endpoints { /* zeroed: none is named */
	struct arena mem;
	struct {
		const char *host;
		struct weburl url;
		const char *ca_file;   /* NULL: the authorities of the system */
		struct fetch_bytes ca; /* what is in it, PEM; set by who reads it, lives in mem */
	} at[ENDPOINTS_MAX];
	size_t n;
};

struct endpoint {               /* strings in the arena of the call */
	const char *host;       /* of the reference: "docker.io", "r.example:5000" */
	const char *image;      /* with its host: "docker.io/library/nginx" */
	const char *repository; /* without: "library/nginx" */
	const char *target;     /* tag, or "sha256:..." */
	struct weburl home;
	struct fetch_bytes ca;
	enum peer_kind named_by; /* whether home may be local (kube/peer.h) */
};

/* "HOST=URL[;ca=FILE]", separated by commas; NULL or "": none. ERR_TERMINAL: which is wrong. */
int endpoints_parse(struct endpoints *e, const char *text, struct err *err);
void endpoints_done(struct endpoints *e);
/* -1: it is no reference. */
int endpoint_find(const struct endpoints *e, struct arena *a, const char *reference,
		  struct endpoint *ret);

#endif
