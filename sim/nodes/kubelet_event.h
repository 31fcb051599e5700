/*
 * The events Pulled that kubelets write about containers, as kubelet 1.34 writes them; best effort:
 * what the API server does not take is lost. With --instant none of drop's own pull pods, of which
 * there are so many then.
 */
#ifndef DROP_SIM_NODES_KUBELET_EVENT_H
#define DROP_SIM_NODES_KUBELET_EVENT_H

#include "base/buf.h"

#include "sim/nodes/kubelet.h"

/* Events that wait to be written; more are lost. */
#define KEVENTS_MAX 1024

struct kevent {
	TAILQ_ENTRY(kevent) link;
	struct kubelet *kubelet;
	char *ns, *pod, *uid, *container, *image; /* owned */
	bool init, was_pulled;
	bool lost;                  /* is not written: lostEventsPercent */
	int64_t took_ms, waited_ms; /* of the pull */
	int64_t bytes, at_s;
	int64_t fetched; /* bytes that the pull had to fetch; 0: it was a look */
	int64_t at_ms;   /* boot */
	uint64_t number;
};

/* The image of p->cur is there. Pulled: the pull began and was queued at these times of the pod. */
void kevent_add(struct kpod *p, bool was_pulled, struct now now);
/* The first that waits, which is the caller's now; NULL: none. */
struct kevent *kevent_take(struct kubelet_env *env);
/* Its JSON; node: the name of its node. */
void kevent_write(const struct kevent *e, const char *node, struct buf *out);
void kevent_free(struct kevent *e);
/* The same as the kubelet knows it, for nodes_starts(). */
void kevent_tell(const struct kevent *e, const char *node, struct buf *out);

#endif
