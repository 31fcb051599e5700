/*
 * Nodes with a startup taint (behaviour 45, 46): what is known of the taints of one, and which
 * pulls it waits for. Whether it opens is decided in gate.h. Private to the core.
 *
 * Data flow: node_put() notes taints and times here, pair_settle() marks the node whose gating
 * image has changed, a fault of an image marks all; gate_run() looks at what is marked.
 */
#ifndef DROP_RECONCILER_CORE_HELD_H
#define DROP_RECONCILER_CORE_HELD_H

#include "reconciler/core/pace.h"

/* So often it is looked whether the gating images that are about to come are there. */
#define HELD_COMING_MS 1000

/* Takes what a Node says of its startup taints. joined: another machine has the name now. */
void held_look(struct core *c, int slot, const struct node *n, bool joined, struct now now);
/* The node is gone, or its slot is freed. */
void held_end(struct core *c, int slot);
/* All that is marked and asked for: we do not lead any more. */
void held_fence(struct core *c);
/* To be looked at in this turn: the node, or all held ones. */
void held_touch(struct core *c, int slot);
void held_touch_all(struct core *c);

/* Unix seconds by the wall clock as it was when the node came: changes of the clock since then move
 * nothing. */
int64_t held_now_s(const struct held *h, struct now now);
/* 45. Seconds until the node's deadline; 0 or less: it is over. */
int64_t held_left_s(const struct core *c, const struct held *h, struct now now);
/* Has a startup taint, of either kind, and was not opened. */
bool held_is(const struct core *c, int slot);
/* 46. A pull of the image on the node is what a held node waits for. */
bool held_wants(const struct core *c, const struct image *img, int slot);
/* Was a pull of it perhaps one of those, on a node that has been opened or warmed since? */
bool held_may_have_wanted(const struct core *c, const struct image *img);
/* 51. No pull window of the policy is open that a pull of the image on the node heeds. */
bool held_shut(const struct core *c, const struct policy *p, const struct image *img, int slot);
/* The same for any image; awaited: the node is held and waits for it. */
bool held_shut_for(const struct core *c, const struct policy *p, int slot, bool awaited);
/* The same for all that no held node waits for: no node has to be looked at. */
bool held_shut_for_most(const struct core *c, const struct policy *p);
/* What keeps a pull of the image on the node from starting, as far as its policy is concerned. */
enum pace held_pace(const struct core *c, const struct policy *p, const struct image *img, int slot,
		    int64_t now_ms);
/* The taints that say something about targeting: all but the startup taints; in the scratch. */
struct node_taints held_other_taints(struct core *c, const struct node *n);
/* The name of its node pool, by the labels of known providers; "": it is in none. */
const char *held_pool_of(const struct node_slot *s);
/* 45. Pull pods tolerate each startup taint: how many keys, and one toleration for each. */
size_t held_keys(const struct core *c);
void held_tolerate(const struct core *c, struct api_tolerations *list, struct arena *a);

#endif
