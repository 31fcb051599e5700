/*
 * The pods that carry pulls. Private to the core.
 *
 * A pod owns what the API server knows it by (name, uid, node), the state of its create and delete,
 * and its place in the limits: it holds one slot of its policy and its node while any of its pulls
 * is live. What each of its images has come to is the pull's (pulls.h).
 */
#ifndef DROP_RECONCILER_CORE_PULL_PODS_H
#define DROP_RECONCILER_CORE_PULL_PODS_H

#include "reconciler/core/model.h"

/* A start or delete that failed is asked for again after this long. */
#define POD_AGAIN_MS 2000
/*
 * The API server has the pod, but the watch does not show it: it was deleted by another client. A
 * list that begins after it was made tells sooner (pods_listed).
 */
#define POD_UNSEEN_MS (2 * 60 * 1000)
/*
 * A pod that was perhaps made, of a start that failed and may not be asked for again, holds its
 * slot this long: by then the watch has shown the pod if there is one.
 */
#define POD_PERHAPS_MS (30 * 1000)

/*
 * 37. A kubelet looks every 5 minutes which containers there are, also ended ones, and what it sees
 * then counts as the last use of their images: its image collection goes by that. A pod of a few
 * seconds is hardly ever seen. So what was made to be seen stays for longer than that, of so many
 * pods at a time.
 */
#define POD_SHOWN_MS   (330 * 1000)
#define PODS_SHOWN_MAX 1000

/* With n_pulls that say nothing yet. */
struct pull_pod *pod_new(struct core *c, const char *name, uint32_t n_pulls);
/* It is gone, or never was; none of its pulls is live. */
void pod_free(struct core *c, struct pull_pod *pod, struct now now);
/* One more of its pulls is live; the first takes the slot. */
void pod_hold(struct core *c, struct pull_pod *pod, const struct pull *p);
/* One less; the last gives the slot back. */
void pod_release(struct core *c, struct pull_pod *pod);
/*
 * 10. Queues it for deletion if it may be: each of its pulls is over, and the outcomes that were
 * recorded are durable. Not before its own start was answered: a repeated create could bring it
 * back.
 */
void pod_settle(struct core *c, struct pull_pod *pod);
/* All its pulls are done: if it `shows` that an image is used, it stays for POD_SHOWN_MS. */
void pod_show(struct core *c, struct pull_pod *pod, struct now now);
/* Those that stay, and are in the way of a pull, go now; all, if a quota is full. */
void pods_shown_yield(struct core *c);
/* The pod is not deleted: asked for again later. */
void pod_not_deleted(struct core *c, struct pull_pod *pod, struct now now);
/* The first of its pulls that is live, or NULL. */
struct pull *pod_live(struct pull_pod *pod);
/* o may borrow strings of the outcome that it replaces. */
void pull_set_outcome(struct core *c, struct pull *p, const struct outcome *o);
/* Its strings live until it is replaced. */
struct outcome pull_outcome(const struct pull *p);

#endif
