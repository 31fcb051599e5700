/*
 * What is not pulled because of its size (behaviour 41): images over the policy's maxImageSize, and
 * images for which a node has no room by maxNodeImageDiskPercent. Private to the core.
 *
 * The room is an estimate: what the node lists and this image, unpacked (4 x the compressed bytes,
 * as containerd lists them; what CRI-O and Docker list as it is), against a share of the node's
 * capacity for ephemeral storage. Shared layers count twice, and on which file system images are is
 * not known. A node that lists BUDGET_LIST_FULL images may have more: there it is not checked.
 *
 * Of each pair is kept, once one of the image is blocked: why, and since when. A pair without room
 * for BUDGET_PATIENCE_S is left out, so that its image can become Ready; with room it is taken up
 * again.
 */
#ifndef DROP_RECONCILER_CORE_BUDGETS_H
#define DROP_RECONCILER_CORE_BUDGETS_H

#include "reconciler/core/model.h"

#define BUDGET_PATIENCE_S (10 * 60)
/* What kubelets list at most by default (nodeStatusMaxImages). */
#define BUDGET_LIST_FULL 50

enum budget_state {
	BUDGET_FREE,
	BUDGET_NO_ROOM,   /* it waits for room */
	BUDGET_LEFT_OUT,  /* the same, for long */
	BUDGET_TOO_LARGE, /* over maxImageSize */
};

/*
 * Looks at the pair again; for: the image is for this node. Facts tell the first of each kind.
 * Returns the boot ms at which the pair has to be looked at again, or CLOCK_NEVER.
 */
int64_t budget_settle(struct core *c, struct image *img, int slot, bool is_for, struct now now);
/* As it was settled last. */
enum budget_state budget_of(const struct image *img, int slot);
/* Pairs of the image without the image that are too large, or that are left out. */
uint32_t budget_too_large(const struct image *img);
uint32_t budget_left_out(const struct image *img);

/*
 * Is there room also for what is being pulled there, and what was and is not listed yet, and for
 * `more` bytes on the disk? true where there is no limit.
 */
bool budget_room(struct core *c, const struct image *img, int slot, uint64_t more);

struct budget_room {     /* bytes on the disk */
	uint64_t needed; /* by this image */
	uint64_t used;   /* by what is listed */
	uint64_t allowed;
};
/* false: there is no limit, or it cannot be checked. */
bool budget_look(struct core *c, const struct image *img, int slot, struct budget_room *ret);
/* "image has 1.2 GB, the policy allows 1.0 GB". */
const char *budget_large_text(struct core *c, const struct image *img, struct arena *a);

/* Nothing is known of any pair. */
void budgets_forget(struct image *img);

#endif
