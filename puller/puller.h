/*
 * The puller is the only process that writes pods and nodes: on request of the reconciler it
 * creates and deletes pull pods and removes startup taints, and returns the result.
 *
 * Receives: pull_start, pod_delete, node_open, node_say and puller_sync from the reconciler;
 * doorbell and changes from the watcher, of which it reads only the lease. It makes no decisions
 * about images, watches nothing and never writes without the lease (behaviour.md 5, 6, 10, 32).
 * Outcomes of pulls are decided by the reconciler from pod events (must 3).
 */
#ifndef DROP_PULLER_PULLER_H
#define DROP_PULLER_PULLER_H

#include "ipc/options.h"
#include "ipc/proc.h"
#include "kube/kube.h"

#include "puller/node_write.h"
#include "ipc/podshape.h"
#include "puller/session.h"
#include "puller/writes.h"

struct puller {
	struct puller_options options; /* first */
	struct pod_shape shape;        /* what they say; strings in `mem` */
	struct arena mem;

	struct kube *kube;
	struct session session;
	struct writes writes;
	struct node_jobs node_jobs;
	bool sync_asked; /* sync_to waits for its answer */
	struct reply_to sync_to;
	bool lease_asked; /* a question to the watcher is open */
	int64_t lease_asked_ms;
	bool leads; /* as said in the log */
};

int puller_init(struct proc *p, struct err *err);
int64_t puller_turn(struct proc *p, struct now now);
void puller_done(struct proc *p);
void puller_collect(struct proc *p);

void on_doorbell(struct proc *p, const struct msg_in *in);
void on_changes(struct proc *p, const struct msg_in *in);
void on_pull_start(struct proc *p, const struct msg_in *in);
void on_pod_delete(struct proc *p, const struct msg_in *in);
void on_node_open(struct proc *p, const struct msg_in *in);
void on_node_say(struct proc *p, const struct msg_in *in);
void on_puller_sync(struct proc *p, const struct msg_in *in);

/* ---- puller/pull.c, for puller/puller.c ---- */

/* Answers what waits and belongs to another session. */
void pull_drop_strangers(struct proc *p);
/* Answers all that waits behind another write. */
void pull_drop_waiting(struct proc *p);

#endif
