/*
 * What the core wants done and tells, and what became of it: the words between the core
 * (core.h) and the files that carry them out. Everything handed out lives in the turn's arena, but
 * facts, which live until some are handed out again.
 */
#ifndef DROP_RECONCILER_CORE_ACTIONS_H
#define DROP_RECONCILER_CORE_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "reconciler/rules/cause.h"

/* ---- what became of actions ---- */

enum core_start_result {
	START_MADE,    /* created, or it existed already */
	START_REFUSED, /* the API server will not have it: PodRejected, text is its message */
	START_FAILED,  /* unknown or not made; the core asks again, same name */
};
enum core_open_result {               /* of a removal of startup taints (46) */
			OPEN_REMOVED, /* the node has none of them any more */
			OPEN_NOTHING, /* it had none, or is another machine, or gone */
			OPEN_CHANGED, /* its taints changed meanwhile: decide again */
			OPEN_FAILED,  /* not allowed, or not answered */
};
enum core_write_result { WRITE_MADE, WRITE_GONE /* 404, other uid */, WRITE_FAILED };

/* ---- what is to be done ---- */

struct core_start_pull { /* one image of the pod */
	const char *image_name, *image_uid, *reference, *attempt, *pull_policy;
};

struct core_start { /* behaviour.md 5, 6 */
	const char *pod_name, *node, *node_uid;
	const char *batch; /* image label of a pod of several images (44), else NULL */
	bool windows;      /* what the node runs (49) */
	struct core_start_pull *pulls;
	size_t n_pulls;
	struct api_name_refs secrets;
	struct api_tolerations tolerations;
	struct pod_metadata pod_metadata; /* 57 */
};

struct core_open { /* remove the startup taints with these keys from a node (45) */
	const char *node, *node_uid;
	const char *keys; /* separated by commas */
};

struct core_condition { /* write our condition of a node (47) */
	const char *node, *node_uid;
	bool status, turns; /* turns: lastTransitionTime is now */
	const char *reason, *message;
};

struct core_delete {
	const char *pod_name, *pod_uid;
};

struct core_write { /* one status write; at most one in flight an image */
	const char *image_name, *image_uid;
	const struct cachedimage_status *old, *new; /* send the difference */
};

struct core_policy_write { /* status of a PullPolicy, whole; at most one in flight a policy */
	const char *name, *uid;
	const struct pullpolicy_status *status;
};

struct core_resolve { /* read this Node for the digest behind the reference (19) */
	const char *image_name, *image_uid, *reference, *node;
};

struct core_check { /* ask the registry for the digest of the tag (35, 37) */
	const char *image_name, *image_uid, *reference;
	struct api_name_refs secrets;
	int64_t after_ms; /* an answer of before this moment is too old; boot ms */
	bool platforms;   /* and its platforms; the bytes of those for nodes of platforms "sized" */
	const char **sized;
	size_t n_sized;
	const char *have; /* of this digest all that is known; NULL: of none */
};

struct core_told { /* the answer */
	bool known;
	const char *digest;               /* known: "sha256:..." */
	bool is_public;                   /* known: to who has no credentials, too */
	struct image_platforms platforms; /* none: not told */
	const char *text;                 /* else why not, a fixed text */
	int code;                         /* and the HTTP status that led to it, or 0 */
};

enum core_fact_kind { /* behaviour.md 22 */
		      FACT_PULL_STARTED,
		      FACT_PULL_SUCCEEDED,
		      FACT_PULL_FAILED, /* reason and message: as in the condition; also a repull's
					 */
		      FACT_POD_REFUSED, /* by the API server; reason PodRejected */
		      FACT_BATCH_REFUSED,    /* a pod of several images (44); of no image */
		      FACT_EVICTED,          /* the node does not have the image any more (18) */
		      FACT_EVICTING,         /* again and again; message: how often */
		      FACT_POLICY_NOT_FOUND, /* message: the policy's name */
		      FACT_NO_NODES,         /* the image targets no node (4) */
		      FACT_TOO_LARGE,        /* message: how large, and what is allowed (41) */
		      FACT_NO_ROOM,          /* first node that is left out for its disk (41) */
		      FACT_NO_ZONE,          /* a policy names a time zone that is unknown (51) */
		      FACT_DISK_UNCHECKED,   /* first node whose list may be cut (41) */
		      FACT_TAG_MOVED,        /* message: from which digest to which (37) */
		      FACT_NODE_WARM,        /* a new node has all its images; of no image */
		      /* 46, of a node: its startup taint was removed; message: after which images.
		       */
		      FACT_NODE_OPENED,
		      FACT_GATE_TIMED_OUT, /* the deadline came first; message: what is missing */
		      FACT_GATE_CONTESTED, /* the taint is added again; message: how often */
		      FACT_COUNT,
};

struct core_fact { /* something worth an event and a line in the log */
	enum core_fact_kind kind;
	const char *image, *image_uid;   /* of the CachedImage it is about; NULL: of none */
	const char *policy, *policy_uid; /* the same, of the PullPolicy */
	const char *reference;           /* PULL_SUCCEEDED, PULL_FAILED: what was pulled */
	const char *node;                /* NULL where no single node is concerned */
	const char *node_uid;            /* of facts about a node; else NULL */
	const char *pool;                /* the same: the node's pool, "" if it has none */
	const char *reason, *message;    /* why; NULL where the kind says it all */
	enum fault fault;                /* PULL_FAILED, POD_REFUSED: whose */
	/*
	 * PULL_SUCCEEDED: since its start, or our first look at it; NODE_WARM: since the node
	 * could first get pods; NODE_OPENED: since it was Ready; else 0.
	 */
	int64_t took_ms;
	uint64_t bytes;    /* PULL_SUCCEEDED: compressed; 0: not known (40) */
	int64_t kubelet_s; /* PULL_SUCCEEDED: as the kubelet tells it; -1: it does not */
};

struct core_fact_info { /* by kind: the line in the log */
	bool warn;
	const char *text;
};
extern const struct core_fact_info core_fact_infos[FACT_COUNT];

struct core_actions {
	struct core_start *starts;
	size_t n_starts;
	struct core_delete *deletes;
	size_t n_deletes;
	struct core_write *writes;
	size_t n_writes;
	struct core_policy_write *policy_writes;
	size_t n_policy_writes;
	struct core_resolve *resolves;
	size_t n_resolves;
	struct core_check *checks;
	size_t n_checks;
	struct core_open *opens;
	size_t n_opens;
	struct core_condition *conditions;
	size_t n_conditions;
	struct core_fact *facts; /* in the order in which they happened; core_facts() */
	size_t n_facts;
	size_t avoided;         /* pulls that were not needed (17, 37) */
	uint64_t avoided_bytes; /* that these would have moved, as far as known (40) */
};

/* Limits of one turn: the rest waits for the next, so that answers are read in between. */
struct core_room {
	/* How many more the caller can take now. */
	size_t starts, deletes, writes, resolves, policy_writes, checks, opens, conditions;
};

#endif
