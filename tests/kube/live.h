/*
 * Helpers of the live tests: a client on the cluster of $DROP_TEST_KUBECONFIG, requests
 * that are waited for, and a reflector that counts what it is told.
 */
#ifndef DROP_TESTS_KUBE_LIVE_H
#define DROP_TESTS_KUBE_LIVE_H

#include <stdbool.h>

#include "base/map.h"
#include "kube/kube.h"
#include "kube/reflector.h"

/* Everything is waited for with this limit; no check depends on how long it takes. */
#define LIVE_LIMIT_MS 60000

struct live_answer {
	bool done;
	int code, attempts;
	char reason[64], message[256];
	char *body; /* free() it */
};

struct live_view { /* what a reflector told */
	struct reflector *reflector;
	struct map objects; /* name -> resourceVersion, both owned by the entry */
	int begun, synced, changed, gone, troubles;
	int64_t began_ms;
	char trouble[512];
};

struct kube *live_kube(void);
/* Runs the client until *done or the limit; fails the test then. */
void live_until(struct kube *k, bool (*met)(void *ctx), void *ctx, const char *what);
struct live_answer live_send(struct kube *k, enum kube_method method, const char *path,
			     const char *body);
/* The same; the status must be `code`. Frees the answer. */
void live_expect(struct kube *k, enum kube_method method, const char *path, const char *body,
		 int code);
void live_view_start(struct kube *k, struct live_view *v, const char *path, const char *selector,
		     size_t page);
void live_view_stop(struct live_view *v);

#endif
