/*
 * What the registry said of an image's tag, and what that means for one node (behaviour.md 37,
 * 17a). Private to the core. Answers come in at the top (check_answers.h); here is what pairs.c
 * asks.
 *
 * An image is *checkable* if its reference is a tag, its policy is Always and repulls, and neither
 * options nor the PullPolicy forbid it. Per node, and only for images that were checked, two facts
 * are kept: when a pod last pulled it there, and whether it is outdated.
 */
#ifndef DROP_RECONCILER_CORE_CHECKS_H
#define DROP_RECONCILER_CORE_CHECKS_H

#include "reconciler/core/model.h"

/* An answer is good for this long; without one nothing is asked for the second. */
#define CHECK_GOOD_MS  (5 * 60 * 1000)
#define CHECK_RETRY_MS (60 * 1000)
/* Nothing waits longer for an answer. */
#define CHECK_HOLD_MS (5 * 1000)
/* What was not told is asked for again, at the earliest. */
#define CHECK_AGAIN_MS (10 * 60 * 1000)
/* 39. What leaves nodes out is asked again: the tag may mean something else by then. */
#define CHECK_LEFT_OUT_MS (30 * 60 * 1000)
/* A pod at the latest every so many intervals: it shows the kubelet that the image is used. */
#define CHECK_POD_EVERY 7

enum check_match { /* what a node has, compared with the last answer */
		   CHECK_SAME,
		   CHECK_OTHER,   /* the tag refers to another image there */
		   CHECK_UNCLEAR, /* its list does not tell */
};
enum check_match check_compare(const struct core *c, const struct image *img, int slot);

enum check_due {             /* a repull is due on a node (15) */
		 CHECK_POD,  /* it gets a pod */
		 CHECK_WAIT, /* the answer of the registry decides; the image asks */
		 CHECK_DONE, /* the last answer is good, and the same: counts as pulled at it */
};
enum check_due check_due(struct core *c, struct image *img, int slot, int64_t every_s,
			 struct now now);

bool check_possible(struct core *c, const struct image *img);
/* Is the last answer good? */
bool check_good(const struct image *img, struct now now);
/* Was the last pod there so long ago, at at_s (unix), that whatever the registry says there is one?
 */
bool check_pod_due(struct core *c, const struct image *img, int slot, int64_t at_s);
/*
 * 35. Asks what is not known of the reference and may decide something; until CHECK_HOLD_MS later
 * the pulls wait that it may make needless.
 */
void check_facts(struct core *c, struct image *img, struct now now);
/* Does this pull wait for the answer? Then *wake is at most the end of it. */
bool check_holds(struct core *c, const struct image *img, int slot, int64_t now_ms, int64_t *wake);
/*
 * 17a, 38. The node lists the image, and the registry tells that what is there is what a pod would
 * get, without credentials where they matter. Asks if an answer could tell.
 */
bool check_vouches(struct core *c, struct image *img, int slot, struct now now);
/* It counts as pulled there, as the registry vouches for what is there. */
void check_found(const struct core *c, struct image *img, int slot);
/* The node has another image under the tag than the registry. */
bool check_outdated(const struct image *img, int slot);
void check_set_outdated(const struct core *c, struct image *img, int slot, bool on);
/* When a pod last pulled it there, unix seconds; 0: never, or with other secrets. */
int64_t check_pod_s(const struct image *img, int slot);
/* A pod has pulled it there, and told this digest or NULL. */
void check_pulled(struct image *img, int slot, const char *digest, struct now now);
/* Begins to keep what is kept per node: until now each that has it was pulled by a pod. */
void check_keep(const struct core *c, struct image *img);
/* Another machine: it was never pulled there. */
void check_clear(struct image *img, int slot);
/* The image asks for repulls that are due, unless it does already. */
void check_want(struct core *c, struct image *img);

/* A secret is another one: on nodes that heed it, no pull counts as ours any more (17a). */
void check_secrets_changed(const struct core *c, struct image *img);
/* Another reference: nothing is known. */
void check_forget(struct image *img);
/* Nothing is asked any more. */
void check_fence(struct image *img);
void check_done(struct image *img);

#endif
