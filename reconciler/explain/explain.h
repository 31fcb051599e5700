/*
 * Why a pair (image, node) is where it is, in the words of the rules; what each image
 * waits for in sum; what would start next; and what an image that does not exist yet would
 * do. Reads the core and changes nothing. Every answer is a struct (an enum and its
 * parameters); explain_text() is the one place that makes sentences of them.
 *
 * The order of the reasons is the order in which they are looked for: the first that
 * holds is told, so a pair that is not targeted is never said to wait.
 */
#ifndef DROP_RECONCILER_EXPLAIN_EXPLAIN_H
#define DROP_RECONCILER_EXPLAIN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "base/clock.h"

struct core;

/* What a reason means for progress: done, on its way, to come, or never by itself. */
enum explain_group {
	GROUP_DONE,     /* the node has the image */
	GROUP_PULLING,  /* a pull of it is in flight */
	GROUP_WAITING,  /* wants a pull, and others or a limit come first */
	GROUP_BACKOFF,  /* wants a pull, and something failed */
	GROUP_NOTREADY, /* targeted, but the node may not get pods now (behaviour.md 2) */
	GROUP_SKIPPED,  /* not targeted (behaviour.md 1) */
	GROUPS,
};
extern const char *const explain_group_names[GROUPS]; /* "done", "pulling", ... */

/*
 * X(id, name, group, doc): name is for programs (JSON, metrics) and never changes; the
 * parameters named in doc are those of struct explain.
 */
#define EXPLAIN_REASONS(X)                                                                         \
	X(NOT_LEADING, NotLeading, WAITING, "this replica is a standby")                           \
	X(NO_NODE, NoSuchNode, SKIPPED, "the node does not exist")                                 \
	X(VIRTUAL, VirtualNode, SKIPPED,                                                           \
	  "virtual node without a kubelet that pulls (virtual kubelet, Fargate)")                  \
	X(SELECTOR, NodeSelector, SKIPPED, "subject: the required label key=value")                \
	X(TAINT, Taint, SKIPPED, "subject: the taint that is not tolerated")                       \
	X(PLATFORM, Platform, SKIPPED, "subject: its os/arch; detail: what the image is for")      \
	X(NO_ROOM, NoRoom, SKIPPED,                                                                \
	  "left out after 10 minutes of DiskBudget; n: bytes in use; limit: bytes allowed")        \
	X(PULLING, Pulling, PULLING, "subject: the pod's name; at: its start")                     \
	X(CACHED, Cached, DONE, "at: since when")                                                  \
	X(NOT_ELIGIBLE, NotEligible, NOTREADY, "subject: NotReady, DiskPressure, ...")             \
	X(SUSPENDED, Suspended, WAITING, "detail: by what; no time is known")                      \
	X(TOO_LARGE, ImageTooLarge, BACKOFF, "limit: bytes allowed; subject: the policy")          \
	X(DISK_BUDGET, DiskBudget, BACKOFF,                                                        \
	  "n: bytes of images on the disk; limit: bytes allowed")                                  \
	X(BACKOFF, NodeBackoff, BACKOFF,                                                           \
	  "at: its end; detail: what failed on this node; n: times")                               \
	X(REJECTED, PodRejected, BACKOFF, "at: its end; detail: what the API server said")         \
	X(IMAGE_FAULT, ImageFault, BACKOFF, "at: its end; detail: what is wrong with the image")   \
	X(PLATFORM_FAULT, PlatformFault, BACKOFF, "at: its end; subject: os/arch")                 \
	X(REGISTRY_FAULT, RegistryFault, BACKOFF, "at: its end; subject: the registry; detail")    \
	X(NODE_FAULT, NodeFault, BACKOFF, "at: its end; detail: why the node takes no pods")       \
	X(PROBE, Probe, BACKOFF,                                                                   \
	  "a test pull decides for all; subject: the node; detail: the earlier failure")           \
	X(FORMER_POD, FormerPod, WAITING, "the pod of an earlier pull still exists")               \
	X(REGISTRY_ASKED, RegistryAsked, WAITING,                                                  \
	  "at: its end; the registry may say it is needless")                                      \
	X(SLOW_START, SlowStart, WAITING, "n of limit pulls; at: when the limit doubles")          \
	X(POLICY_PULLS, PolicyPulls, WAITING, "subject: the policy; n of limit pulls")             \
	X(POLICY_BYTES, PolicyBytes, WAITING,                                                      \
	  "subject: the policy; limit: bytes a second; at: when the next may start")               \
	X(POLICY_DELAY, PolicyDelay, WAITING, "subject: the policy; at: the delay's end")          \
	X(POLICY_NODES, PolicyNodes, WAITING, "subject: the policy; n of limit nodes pulling")     \
	X(HELD_NODES, HeldNodes, WAITING,                                                          \
	  "subject: the policy; n of limit nodes with a startup taint pulling")                    \
	X(SHUT, PullWindow, WAITING, "subject: the policy; at: when a pull window opens next")     \
	X(NO_ZONE, UnknownTimeZone, WAITING, "subject: the policy; detail: the time zone")         \
	X(NODE_PULLS, NodePulls, WAITING, "n of limit pulls on the node")                          \
	X(GATING_FIRST, GatingImagesFirst, WAITING,                                                \
	  "n: gating images that wait on the node; limit: pulls on the node")                      \
	X(NEXT, Next, WAITING, "next in the queue: no limit holds it back")

enum explain_reason {
#define EXPLAIN_ID(id, name, group, doc) EXPLAIN_##id,
	EXPLAIN_REASONS(EXPLAIN_ID)
#undef EXPLAIN_ID
		EXPLAIN_REASON_COUNT,
};

struct explain_info {
	const char *name;
	enum explain_group group;
};
extern const struct explain_info explain_infos[EXPLAIN_REASON_COUNT];

struct explain { /* strings: in the arena, or borrowed until the core changes */
	enum explain_reason reason;
	const char *node;
	const char *subject, *detail; /* NULL where the reason has none */
	int64_t n, limit;
	int64_t at;     /* unix seconds; 0: unknown */
	bool by_image;  /* nodes and delays are those of this image alone (55) */
	bool repull;    /* the node has the image: what is explained is a repull (15) */
	uint64_t bytes; /* compressed, that a pull there moves (40); 0: not known */
};

/* One sentence without its full stop: "waiting for policy web: 1 of 1 nodes pulling". */
char *explain_text(const struct explain *e, struct arena *a);

/* NULL if there is no such image. A node that is not known is EXPLAIN_NO_NODE. */
const struct explain *explain_pair(struct core *c, const char *image, const char *node,
				   struct now now, struct arena *a);

/*
 * All nodes in name order, after the node `after` (NULL: from the first), at most max: rows
 * in ret_list, their number returned. The last row's node is the next `after`; fewer than max:
 * that was all. -1: no such image.
 */
int explain_nodes(struct core *c, const char *image, const char *after, size_t max, struct now now,
		  struct arena *a, struct explain **ret_list);

struct explain_summary {                    /* of one image */
	const char *image, *phase, *policy; /* policy: that paces it; "" the default one */
	bool policy_missing;                /* it names one that does not exist */
	const char *cause; /* of the failure that came most often in a row; NULL: none fails */
	uint32_t targeted, ready, left_out;     /* left_out: as in nodesSkipped (39, 41) */
	uint32_t groups[GROUPS];                /* nodes by group */
	uint32_t reasons[EXPLAIN_REASON_COUNT]; /* nodes by reason */
	/* Mean of measured pulls, of this image if there are any, else of all; 0: none yet. */
	int64_t pull_ms;
	/*
	 * Rough seconds until every pair that pulls or waits is done, at the policy's pace; -1:
	 * cannot be said (no pull was measured yet, or all that is left backs off). 0: done.
	 */
	int64_t eta_s;
	uint64_t bytes_left; /* of those pairs, compressed; what is not known is not in it */
};

/* In queue order (priority, name), after the image `after` as in explain_nodes(). */
size_t explain_images(struct core *c, const char *after, size_t max, struct now now,
		      struct arena *a, struct explain_summary **ret_list);

/* The same of these images, in this order; those that do not exist are left out. */
size_t explain_images_named(struct core *c, const char *const *names, size_t n, struct now now,
			    struct arena *a, struct explain_summary **ret_list);

struct explain_next { /* one entry of the queue */
	const char *image, *node;
	const char *turn;   /* "held node", "new node", "first", "retry", "repull" (13) */
	struct explain why; /* what holds it at this moment, EXPLAIN_NEXT if nothing does */
};

/* What waits without backing off, in the order in which it would start (13): the first max. */
size_t explain_queue(struct core *c, size_t max, struct now now, struct arena *a,
		     struct explain_next **ret_list);

/*
 * What an image with this spec would do, were it applied now: each node, in the order in which
 * it would be pulled, then those that would be skipped. EXPLAIN_NEXT: would be pulled;
 * EXPLAIN_PULLING: is being pulled, for the image of that name; EXPLAIN_CACHED: has it (17). At
 * most max rows. If an image of that name exists it is as if the spec replaced it. told: what the
 * registry says of the reference; empty: it was not asked, or does not tell.
 */
size_t explain_plan_told(struct core *c, const struct cachedimage *image,
			 const struct image_platforms *told, size_t max, struct now now,
			 struct arena *a, struct explain **ret_list);
/* The same with an empty one. */
size_t explain_plan(struct core *c, const struct cachedimage *image, size_t max, struct now now,
		    struct arena *a, struct explain **ret_list);
/*
 * The platforms of the nodes in such a list that pull unknown bytes; none if registries may not be
 * asked about the image (37).
 */
struct api_strings explain_plan_unsized(struct core *c, const struct cachedimage *image,
					const struct explain *list, size_t n, struct arena *a);

struct explain_limits {     /* of the policy of a planned image (11, 55) */
	const char *policy; /* "": the default one */
	int64_t max_nodes, delay_ms;
	bool by_image; /* both for each image alone */
};
struct explain_limits explain_plan_limits(struct core *c, const struct cachedimage *image,
					  struct arena *a);

struct explain_pods {            /* how an image goes into pods (42) */
	uint64_t images_per_pod; /* of its policy, at least 1 */
	uint64_t together;       /* equal for images that may share a pod */
};
struct explain_pods explain_plan_pods(struct core *c, const struct cachedimage *image,
				      struct arena *a);

#endif
