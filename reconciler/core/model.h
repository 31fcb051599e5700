/*
 * What the core knows: data only. Private to the core: the outside sees core.h only.
 * Each part of it belongs to the file of its name. Files call downwards only (tests/check):
 *
 *   core
 *   gate  images  leadership  pull_queue
 *   node_condition
 *   gate_images
 *   pull_starts
 *   image_stats  nodes  policy_status  status_writes
 *   image_status  pods
 *   pod_answers
 *   pulls
 *   pull_pods
 *   adopt  stale_pods
 *   check_answers
 *   faults  pairs
 *   checks  held  image_health  losses  node_faults
 *   budgets
 *   unlisted
 *   pace  sizes
 *   platforms
 *   digests  suspend
 *   policies
 *   policy_windows
 *   byte_rate  causes  facts  node_pods  pair_delay  pulled_images  slots  status_hash
 *   wall_clock
 *   this header
 *
 * A node is a slot, reused after it is gone. An image has one small `struct pair` for
 * each slot; bit arrays say which slots wait. A pull pod is a pod that is wanted or was
 * seen; it carries one or more pulls, each of one image. What concerns one pair is decided by
 * pair_settle(), and only there.
 *
 * Not leading, the model just mirrors what is observed: nodes, specs, policies, pods,
 * and of each image what its status says. core_lead(true) makes sense of it (leadership.c).
 */
#ifndef DROP_RECONCILER_CORE_MODEL_H
#define DROP_RECONCILER_CORE_MODEL_H

#include "api/health.h"
#include "api/pullpod.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/texts.h"
#include "base/timers.h"
#include "reconciler/core/actions.h"
#include "reconciler/rules/backoff.h"
#include "reconciler/rules/list.h"
#include "reconciler/rules/outcome.h"
#include "reconciler/rules/presence.h"
#include "reconciler/rules/pull_windows.h"
#include "reconciler/rules/startup.h"
#include "reconciler/rules/status_ack.h"
#include "reconciler/rules/target.h"

/* Slots are added in steps, so that 5,000 nodes do not cost the memory of 8,192. */
#define SLOTS_STEP 256
/* Defaults of behaviour.md 11, 12 and 14 where no policy says otherwise. */
#define DEFAULT_BACKOFF_MS     ((struct backoff){30 * 1000, 5 * 60 * 1000})
#define DEFAULT_DELAY_MS       (10 * 1000)
#define DEFAULT_TIMEOUT_MS     (30 * 60 * 1000)
#define DEFAULT_PULLS_PER_NODE 2

enum timer_owner {
	TIMER_POD,
	TIMER_IMAGE,
	TIMER_POLICY,
	TIMER_STATUS,
	TIMER_POLICY_STATUS,
	TIMER_HELD,
	TIMER_CONDITION,
	TIMER_WINDOWS,
};

struct held { /* a node that has, or had, a startup taint (held.h, gate.h); 45, 46 */
	int slot;
	bool remove, tolerate; /* it has taints that we remove; that others remove */
	bool unfinished;       /* its autoscaler or cloud provider has not finished its setup */
	bool unsettled;        /* what targets it is not known yet (startup.h) */
	int64_t ready_s;       /* Ready since then, as the node says, by our clock; 0: it is not */
	/* By the clock of held_now_s(): when it was created, and became Ready; 0: it is not. */
	int64_t created_at_s, ready_at_s;
	int64_t clock_s;     /* our wall clock less boot time, when the node came */
	bool open;           /* decided, for good; what follows is only removal of the taint */
	bool timed_out;      /* the deadline opened it */
	bool by_hand;        /* requested with dropctl gate open */
	bool asked;          /* a removal is unanswered */
	uint32_t removals;   /* in a row, each undone by another client */
	uint32_t failures;   /* of removals in a row */
	int64_t removed_ms;  /* boot ms of the last removal; 0: none */
	int64_t again_ms;    /* none is asked for before; boot ms */
	struct timer timer;  /* deadline, or again_ms */
	struct link touched; /* in core.held_touched: to be looked at */
	struct link wanted;  /* in core.removals: to be asked for */
	/* 47 (node_condition.h). */
	bool said_true;         /* the Node's condition is True: it stays as it is */
	bool saying;            /* a write of it is unanswered */
	bool saying_true;       /* and says so */
	uint64_t said;          /* hash of what was written last; 0: nothing that is known */
	int64_t say_ms;         /* no write before; boot ms */
	struct timer say_timer; /* deadline, or say_ms */
	struct link to_say;     /* in core.conditions: to be written */
};

struct node_slot {    /* there are thousands: members are placed so that there are no gaps */
	char *name;   /* owned; NULL: the slot is free */
	bool present; /* the node exists; else only some status names it */
	bool eligible, is_virtual;
	bool last;               /* other nodes come first: it may be removed soon */
	bool checks_credentials; /* its kubelet refuses listed images to other credentials (17a) */
	bool lists_unpacked;     /* its runtime lists what an image takes on the disk (40) */
	bool was_eligible;       /* at any time since its uid is known */
	bool platform_told;      /* else "arch" is a guess */
	uint8_t platform_number; /* in core.platforms */
	enum target_state state : 8; /* why it is not eligible */
	uint32_t rank;               /* place in name order */
	int64_t away_ms;             /* boot ms since which it is not eligible; 0: it is */
	uint64_t disk_bytes;         /* capacity for images and more; 0: not known (41) */
	uint64_t bytes_per_s;        /* mean of its pulls; 0: none was measured (image sizes, 40) */
	/*
	 * 14. The node took no pods, whatever the image: one probe at a time finds out. Pulls there
	 * come after those of other nodes until one succeeds.
	 */
	struct gate fault;
	char *fault_text;       /* owned; NULL: none */
	int64_t cold_ms;        /* a new node: boot ms since which it lacks images; 0: it is warm */
	uint64_t read;          /* last full read that had it */
	struct presence images; /* that it says it has */
	struct held *held;      /* owned; NULL: it never had a startup taint */
	struct unlisted *unlisted; /* owned; NULL: not needed yet (unlisted.h) */
	uint64_t machine;          /* hash of the machineID that it told last; 0: none */
	int64_t installed_s;       /* it changed then: unix seconds; 0: not while we looked */
	uint64_t facts;            /* hash of everything below */
	uint32_t n_live;
	uint32_t n_leaving;         /* pods that belong to nothing any more, and still pull */
	int64_t created;            /* unix seconds */
	void *mem;                  /* block of what follows */
	const char *uid, *platform; /* "os/arch" */
	struct api_map labels;
	struct node_taints taints;
};

enum {                         /* struct pair.flags */
       PAIR_LIVE = 1 << 0,     /* a pull of it holds a slot */
       PAIR_DEGRADES = 1 << 1, /* its last failure is of the kind that makes Degraded */
       PAIR_REPULL = 1 << 2,   /* cached, and due again (behaviour.md 15) */
       /* What pair_settle() has counted in the image: */
       PAIR_TARGETED = 1 << 3,
       PAIR_READY = 1 << 4,
       PAIR_DEGRADED = 1 << 5,
       PAIR_FAILING = 1 << 6,
       /* 18. The node has lost it: the next pull is not attempt 0 again (6). */
       PAIR_EVICTED = 1 << 7,
};

struct pair {              /* one image on one node; 16 bytes, there are a million of them */
	uint32_t pulled_s; /* unix seconds until 2106; 0: not cached */
	uint32_t failed_s; /* last failure */
	uint32_t retry_ds; /* boot time in tenths of a second; 0: at once */
	uint16_t attempts; /* failures since the last success */
	uint8_t cause;     /* index in image.causes; 0: none */
	uint8_t flags;
};
_Static_assert(sizeof(struct pair) == 16, "a million pairs must stay small");

struct loss { /* how often a node has lost the image again, and when last */
	uint16_t n;
	uint32_t at_s;
};

struct cause_text {
	char *reason, *message;
};
#define CAUSES_MAX 256 /* texts an image remembers, [0] for none; cause is a uint8_t */

struct platform { /* faults of (image, os/arch), behaviour.md 14 */
	char *name;
	struct gate gate;
};
/* Platforms of nodes that are distinguished; all others count as one. */
#define NODE_PLATFORMS_MAX 63
#define PLATFORMS_MAX      8 /* with a fault at one time; more count as the image's */

struct registry { /* behaviour.md 14; shared by the images of a host */
	char *host;
	struct gate gate;
	uint32_t n_images, n_live;
	int64_t failed_ms; /* last fault since the last success; 0: none */
	int failed_slot;
};

struct last_start { /* what minDelayBetweenPulls counts from (11, 55) */
	bool known;
	int slot;   /* on which node; -1: gone or unknown */
	int64_t ms; /* boot ms */
};

enum suspended { /* 50. What keeps pulls of an image from starting (suspend.h) */
		 SUSPENDED_NOT,
		 SUSPENDED_IMAGE,
		 SUSPENDED_SET,
		 SUSPENDED_POLICY,
};

struct known_zone {
	char *name;
	const struct zone *zone;
};

struct suspended_set {
	char *name, *uid;
	uint64_t read;
};

struct policy_status_hash {
	bool known;
	uint64_t hash;
	int64_t generation; /* observedGeneration */
};

struct policy_status { /* what the API has, and when it is written (policy_status.c) */
	struct timer timer;
	struct status_ack ack;
	struct policy_status_hash known, sent, seen;
	bool ready; /* condition Ready, and since when (unix seconds); 0: never told */
	int64_t since;
	int64_t suspended_s; /* since when its status has Suspended, unix seconds; 0: it has not */
	struct health_memory health;
};

struct policy {
	char *name; /* owned; NULL: the built-in default policy */
	char *uid;  /* owned; NULL: never present */
	int64_t generation;
	uint64_t spec_hash;
	char *invalid;  /* owned: what is wrong with its spec; NULL: nothing */
	bool present;   /* else images name it, it does not exist, and the default applies */
	bool dirty;     /* something may be startable */
	bool node_full; /* something waited for room on a node */
	uint64_t read;
	int64_t max_nodes, max_pulls, max_per_node; /* max_pulls 0: no limit */
	int64_t max_held;                           /* 46; 0: no limit */
	int64_t max_images;                         /* of a pod (42) */
	bool by_image; /* max_nodes and delay_ms are for each image (55) */
	int64_t delay_ms, timeout_ms, repull_ms;
	bool sizes;               /* its images are paced by their bytes: they are asked for (35) */
	uint64_t bytes_per_s;     /* 0: no limit */
	uint64_t max_image_bytes; /* 41; 0: no limit */
	int64_t disk_percent;     /* 41; 0: no limit */
	bool said_unchecked;      /* that disk_percent is not checked on a node */
	bool suspend;             /* 50 */
	/* 51 (policy_windows.h). */
	struct pull_window *windows; /* owned */
	size_t n_windows;
	char *no_zone;       /* owned: a time zone that is named and unknown; NULL: none */
	bool zone_turned;    /* the last spec has no_zone, or that before had */
	bool zone_told;      /* that it is unknown */
	bool windows_obeyed; /* by new nodes, too */
	bool shut;           /* no window is open, or no_zone */
	int64_t shut_from_s, shut_until_s; /* unix seconds in which `shut` holds */
	struct timer windows_timer;
	bool checks, repull_always; /* registryChecks is not Disabled; repullMode is Always */
	struct backoff backoff;
	void *mem; /* block of what follows */
	struct api_map selector;
	struct api_tolerations tolerations;
	uint32_t n_images;
	/* In flight under this policy: */
	uint32_t n_pulls, n_nodes;
	uint32_t
		n_leaving; /* pods that belong to nothing any more, and still pull (stale_pods.c) */
	uint16_t *on_node; /* pulls by slot */
	uint64_t *busy;    /* slots with any */
	/* 46. Pods of held nodes are counted here, and not above: by slot, NULL: none so far. */
	uint16_t *apart_on;
	uint32_t n_apart_nodes;
	struct last_start last;
	/* 40. What the last pull moves, and the boot microsecond from which that counts. */
	uint64_t paid_bytes;
	int64_t paid_from_us;
	int64_t alone_ms;             /* before this boot ms each image goes alone (44) */
	uint64_t most_bytes, most_of; /* of its largest image, as of core.sizes_seen (sizes.h) */
	struct timer wake;
	struct link touched; /* in core.touched_policies: its status may have changed */
	struct policy_status status;
};

enum phase { PHASE_NONE, PHASE_PENDING, PHASE_PULLING, PHASE_READY, PHASE_DEGRADED, PHASE_COUNT };

struct status_hash { /* a status, as one hash per row of its table: 5,000 names cost 8 bytes */
	bool known;
	enum phase phase;
	uint64_t row[CACHEDIMAGE_STATUS_ROWS_MAX]; /* unused ones are 0 */
};

struct condition_memory {
	char status[8];
	int64_t since; /* unix seconds */
};

/* More bytes of one image are not believed, so that sums and products fit: 8 TiB. */
#define SIZE_LARGEST (UINT64_C(1) << 43)
#define SIZES_MAX    8 /* platforms of an image that a size is known for */
struct listed_size {   /* what nodes of one platform list (sizes.h) */
	char *platform;
	uint64_t bytes;
	bool unpacked; /* as a runtime lists it that counts what is on the disk */
};

struct tag_check { /* what the registry told of the tag (checks.h); times: boot ms, unix s */
	struct link wanted; /* in core.checks: it is to be asked */
	bool asked;         /* a question is unanswered */
	bool due;           /* it is for repulls that are due */
	bool for_repulls;   /* so was the last one, and it was answered */
	int64_t hold_ms;    /* pulls that its answer may make needless wait until then */
	uint64_t asked_of;  /* image.seen_platforms of the last question */
	bool public_wanted; /* a kubelet gives it to us only if it is public (17a) */
	int64_t checked_ms; /* the last answer of this life; 0: none */
	int64_t retry_ms;   /* nothing is asked before: there was no answer */
	int64_t again_ms;   /* nor, if no repull is due, before this: it was not all told */
	int64_t checked_s;  /* the last answer, also of an earlier life; 0: none */
	int64_t moved_s;    /* the first that told this digest */
	int64_t settled_s;  /* each node had what the registry had then; 0: not known */
	char *digest;       /* NULL: not known */
	uint64_t listed_as; /* ref_hash() of repository@digest */
	bool is_public;
	struct image_platforms platforms; /* owned; of an index, or "" (platforms.h) */
	char *trouble;                    /* why the last question told nothing; NULL: it did */
	int code;
	int64_t told_since_s; /* our pulls have told image.digest since; 0: not known */
};

struct image {
	char *name, *uid; /* owned */
	uint64_t read;
	int64_t created; /* unix seconds; 0: not told */
	int64_t generation;
	uint64_t spec_hash;
	void *mem; /* block of the spec's parts that follow */
	const char *reference, *normal, *host, *pull_policy, *policy_name;
	struct api_name_refs secrets;
	struct api_map selector;
	struct api_tolerations tolerations;
	struct pod_metadata pod_metadata;
	int64_t priority;
	uint64_t listed_as;           /* ref_hash(): its name in node.status.images */
	bool fixed;                   /* where it is listed, a pull could bring nothing new (17) */
	bool gates;                   /* held nodes wait for it (45) */
	bool suspend;                 /* its own spec says so (50) */
	enum suspended suspended : 8; /* by which object */
	char *set_uid;         /* owned: of the CachedImageSet that controls it; NULL: none */
	struct policy *policy; /* the one it names (may not be present), or the default */
	struct registry *registry;

	struct pair *pairs;          /* by slot */
	uint64_t *waiting, *backoff; /* slots that want a pull: now, or after their back-off */
	uint64_t *repulls;           /* slots that are cached: what they wait for is a repull */
	presence_size *sizes; /* by slot, as last listed there; NULL: listed nowhere so far */
	struct listed_size *listed_sizes; /* owned; by platform */
	size_t n_listed_sizes;
	struct loss *losses; /* by slot; NULL: no node has lost it so far (losses.h) */
	struct tag_check check;
	/* By slot, of an image that was checked; else NULL. Last pull by a pod, unix seconds; slots
	 * whose node has something else under the tag. */
	uint32_t *pod_s;
	uint64_t *outdated;
	/* 39. Slots that it would be for, did it have their platform; NULL: none so far. */
	uint64_t *left_out;
	uint32_t n_left_out;
	uint32_t *budget; /* by slot (budgets.c); NULL: nothing is blocked by its size so far */
	uint32_t n_too_large, n_no_room;
	bool skipped_before;     /* as the status of an earlier life says, nodes were left out */
	uint64_t seen_platforms; /* by their numbers: nodes that it is for have them */
	uint64_t *held; /* slots where a pod of an earlier pull is still there: none starts */
	uint32_t n_targeted, n_ready, n_degraded, n_failing, n_live;
	uint32_t n_waiting[2];  /* [1]: repulls */
	uint32_t n_paced;       /* live pulls that its policy counts (55) */
	struct last_start last; /* under its policy */
	int64_t waiting_ms;     /* boot ms since which there are any; 0: there are none */
	struct cause_text *causes;
	size_t n_causes;
	struct link pulls; /* attached ones */

	bool adopted; /* pairs come from the status and were not made sense of yet */
	bool proven;  /* a node has succeeded with this reference */
	bool said_no_nodes;
	int64_t slow_ms; /* slow start counts from here; 0: nothing in flight yet */
	struct gate fault, rejected;
	char *rejected_text;
	struct platform *platforms;
	size_t n_platforms;
	uint32_t probe_rank; /* the next probe goes to a node at or after this rank */
	int64_t tried_ms;    /* last start */
	struct timer retry;  /* earliest end of a back-off, or repull */
	int64_t repull_s;    /* earliest repull, unix seconds; 0: none */

	int64_t pull_ms;                 /* mean of its pulls that succeeded; 0: none so far */
	int64_t pulled_at, attempted_at; /* unix seconds */
	char *digest;
	/* Its pod did not tell the digest; a Node is being read; else which, in core.resolves. */
	bool digest_owed, resolving;
	int resolve_slot;
	struct link resolve;
	struct condition_memory ready, progress;
	struct health_memory health; /* 59 */
	int64_t no_policy_s; /* unix seconds: since when PolicyResolved is False; 0: it is not */
	int64_t left_out_s;  /* the same, of nodes that are left out (39) */
	int64_t suspended_s; /* the same, of its being suspended (50) */

	/* Writing (status_writes.c). */
	struct link touched;
	struct timer status;
	struct status_hash known; /* what the API has, as far as we know */
	struct status_hash seen;  /* last observed */
	struct status_hash sent;  /* in flight */
	struct status_ack ack;
	uint64_t outcomes;               /* outcomes recorded so far */
	uint64_t sent_outcomes, durable; /* how many of them the write in flight, the API has */
	int64_t pace_ms;                 /* after the last write, by its size */
};

enum pod_state {
	POD_ASK,   /* wanted; not made when we asked: ask again */
	POD_ASKED, /* wanted; no answer yet */
	POD_MADE,  /* the API server has it, we did not see it yet */
	POD_SEEN,
};

enum pull_state {
	PULL_LOOSE,  /* not looked at yet: we do not lead */
	PULL_LIVE,   /* wanted or running: no outcome */
	PULL_DONE,   /* outcome recorded; its pod is deleted once that is durable */
	PULL_DOOMED, /* belongs to nothing */
};

struct pull_pod;

/* What a pull is of: an image as it was when the pod was made. Thousands of pulls share one. */
struct pulled_image { /* pulled_images.h */
	const char *name, *uid, *reference; /* held in core.texts */
	uint32_t holders;
	char key[];
};

struct kept_outcome { /* struct outcome in half the space; strings held in core.texts */
	union {
		struct { /* OUTCOME_PULLED */
			const char *digest;
			int64_t took_s;
		};
		struct { /* any other */
			const char *reason, *message;
			int64_t due_ms;
		};
	};
	enum outcome_kind kind : 8;
	enum fault fault : 8;
	bool untaken : 1, contained : 1;
};

/* One image of a pod: what it is and what came of it. Read its outcome with pull_outcome(). */
struct pull {
	struct pull_pod *pod;
	struct image *image; /* attached to it */
	struct link of_image;
	const struct pulled_image *of; /* NULL only until what the pod carries is known */
	struct kept_outcome outcome;
	uint32_t waiting_reason; /* struct outcome_memory; seen_ms is the pod's */
	uint32_t waiting_ms;     /* after that */
	union {
		int64_t began_ms;  /* PULL_LIVE: since then */
		uint64_t outcomes; /* PULL_DONE: its own is among the image's first this many */
	};
	int slot;             /* of the pod's node while attached, else -1 */
	uint32_t repull_s;    /* not 0: a repull, decided then; as its name says */
	uint32_t repull_at_s; /* the same, by our wall clock as it is set now (wall_clock.h) */
	uint16_t attempt;
	int8_t container; /* place of its container (api/pullpod.h) */
	enum pull_state state : 4;
	bool noted : 1; /* our annotations say what it is; else upstream made it */
	bool stuck : 1; /* the status says what keeps it */
	bool paced : 1; /* its image's n_paced counts it */
	bool stale : 1; /* stale_pods.h */
};
_Static_assert(sizeof(struct pull) <= 104, "tens of thousands wait until their status is written");

struct pull_pod { /* what carries them: what the API server and the limits know of */
	char *name;
	char *uid; /* NULL: not seen */
	struct node_pods *node;  /* NULL: none is known (node_pods.h) */
	struct link of_node;     /* in its list */
	const char *node_uid;    /* held in core.texts */
	int64_t created;         /* unix seconds */
	uint64_t read;
	enum pod_state state : 8;
	bool asked : 1;          /* its start is unanswered */
	bool made : 1;           /* the API server has it, though we did not see it yet */
	bool vanished : 1;       /* it was deleted while its start was unanswered */
	bool deleting : 1;       /* its delete is unanswered, or done */
	bool idle : 1;           /* its policy does not count it: the kubelet has not taken it */
	bool apart : 1;          /* it is for a held node: counted apart (46) */
	bool leaving : 1;        /* its node's n_leaving counts it (stale_pods.h) */
	bool paced : 1;          /* paced_by's n_leaving counts it */
	bool shows : 1;          /* it is to be seen by the kubelet (37) */
	bool shown : 1;          /* so it stays until the timer; core.n_shown counts it */
	uint32_t n_live;         /* pulls of it that are live: while there are any it has a slot */
	int slot;                /* and this is its node */
	uint32_t n_pulls;
	int64_t seen_ms;         /* when we first looked at it; 0: never */
	int64_t made_ms;         /* since then at the latest, if `made` */
	int64_t deleted_ms;      /* boot ms of the answer that it is done; 0: none */
	int64_t started_ms;      /* last time that its start was asked for */
	struct policy *policy;   /* that it is counted in; NULL: holds no slot */
	struct policy *paced_by; /* that it was counted in last; NULL: none that is left */
	struct link queued;      /* in core.asks, core.shown or core.deletes */
	/* To ask or delete again, to give up waiting for it; seen with live pulls: to judge them. */
	struct timer timer;
	struct pull pulls[]; /* at least one; fixed for its life */
};

struct node_pods { /* of one node name, whether there is such a node or not */
	struct link pods;   /* struct pull_pod, at least one */
	uint32_t n_leaving; /* of them */
	char name[];
};

struct fact_list {
	struct core_fact *at;
	size_t n, cap;
	struct arena mem; /* their strings */
};

struct core {
	bool leading;
	bool clock_known;  /* clock_s is: since the first call */
	int64_t led_s;     /* leads since then: unix seconds */
	int64_t clock_s;   /* our wall clock less boot time, when it was last looked at */
	uint64_t read;     /* number of the full read going on or last done */
	int64_t listed_ms; /* each kind was listed by a list that began after this moment */
	struct node_slot *nodes;
	size_t n_slots, cap; /* used at any time; size of all arrays by slot */
	uint32_t *free_slots;
	size_t n_free;
	uint32_t *order; /* named slots by name */
	size_t n_order;
	/* 13. New nodes: eligible for the first time after our first full read; by slot. */
	bool synced;
	uint64_t *fresh;
	uint32_t n_fresh;
	struct map node_names; /* value: slot + 1 */
	struct map images;
	struct image **queue; /* all images by priority, then name */
	size_t n_queue;
	struct map policies;
	struct map zones;          /* struct known_zone by name (51) */
	struct map suspended_sets; /* struct suspended_set by uid (suspend.h) */
	struct policy fallback;
	struct map registries;
	struct map pods;              /* struct pull_pod by name */
	struct map node_pods;         /* struct node_pods by node name */
	uint32_t n_leaving;           /* pods, of all nodes */
	struct map pulled_images;     /* struct pulled_image by key */
	struct texts texts;           /* of pulls: thousands have the same outcome */
	int64_t pull_ms;              /* mean of all pulls that succeeded */
	uint64_t bytes_per_s;         /* the same of their bytes a second; 0: none was measured */
	uint64_t sizes_seen;          /* counts what may change what follows */
	uint64_t mean_bytes, mean_of; /* of images, as of that count (sizes.h) */
	struct timers timers, writes, policy_writes;
	struct link touched, touched_policies, asks, shown, deletes, resolves, checks;
	uint32_t n_shown;
	bool held_back;              /* a pull waits for a pod of an earlier one to go */
	bool quota_full;             /* a pod was refused for a quota, which may count ended ones */
	struct startup_keys startup; /* owned; 45 */
	int64_t startup_deadline_ms;
	bool gate_wait;  /* gating images are about to come (core_gate_wait) */
	uint32_t n_held; /* nodes with a struct held */
	struct link held_touched, removals, conditions;
	bool node_conditions;                /* each node gets one (47) */
	char *platforms[NODE_PLATFORMS_MAX]; /* of nodes, as they came; owned */
	size_t n_platforms;
	bool checks_allowed;   /* registries may be asked */
	char *excluded_taints; /* owned; of nodes that get no pods (2); NULL: none more */
	struct fact_list facts; /* that wait to be told */
	struct fact_list told;  /* that were handed out last */
	size_t avoided;         /* pulls that were not needed, since the last turn */
	uint64_t avoided_bytes; /* of those, as far as known */
	struct arena scratch; /* emptied by each public function */
};

#endif
