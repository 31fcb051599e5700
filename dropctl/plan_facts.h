/*
 * What a registry says of an image that is planned (behaviour 40): asked through the discoverer
 * when the reconciler knows no bytes of it, once for each image, and only for the platforms of the
 * nodes that would pull. A plan does without where there is no answer.
 */
#ifndef DROP_DROPCTL_PLAN_FACTS_H
#define DROP_DROPCTL_PLAN_FACTS_H

#include "api/kinds.h"
#include "base/arena.h"
#include "ipc/msg.h"

/* How long the discoverer may take to be there. It answers within 10 s. */
#define PLAN_FACTS_MS 1000

struct plan_facts { /* of one image */
	struct arena mem;
	struct msg_platform_list unsized, told;
	const char *why;    /* not all was told; NULL: it was, or nobody was asked */
	bool wanted, asked; /* the question is still to be sent; was answered or given up */
	int64_t give_up_ms; /* 0: not tried yet */
};

/* The reconciler's answer leaves bytes open that a registry may tell: true, once. */
bool plan_facts_want(struct plan_facts *f, const struct msg_planned *m);
/* The question. */
struct msg_facts_show plan_facts_question(const struct plan_facts *f,
					  const struct cachedimage *image, struct arena *a);
/* The answer; NULL: there is none. */
void plan_facts_answer(struct plan_facts *f, const struct msg_facts_shown *m);
/* For the next image. */
void plan_facts_done(struct plan_facts *f);

#endif
