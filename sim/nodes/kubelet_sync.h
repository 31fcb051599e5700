/* What happens to one pod: the steps of its life, for kubelet.c. */
#ifndef DROP_SIM_NODES_KUBELET_SYNC_H
#define DROP_SIM_NODES_KUBELET_SYNC_H

#include "sim/nodes/kubelet.h"

enum kpod_event {
	KPOD_DUE, /* its timer */
	KPOD_DELETE,
	KPOD_EVICT,
	KPOD_STOP, /* the kubelet goes away */
	KPOD_EVENTS,
};

void kpod_happen(struct kpod *p, enum kpod_event event, struct now now);
/* Is the event handled in the present state of the pod? */
bool kpod_can(const struct kpod *p, enum kpod_event event);
/* KPOD_DUE comes after so long, jitter apart; at once with instant kubelets. */
void kpod_wait(struct kpod *p, int64_t ms, struct now now);
/* Queues the pod for a write, unless a write is unanswered. */
void kpod_queue_write(struct kpod *p);
/* The pull of this pod has ended. */
void kpod_pull_ended(struct kpod *p, bool done, struct now now);
/* Gives back its place of max_pods, if it has one. */
void kpod_inactive(struct kpod *p);

#endif
