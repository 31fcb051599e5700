/*
 * What a pretend cluster is made of and what happens to it: nodes, images, registries,
 * faults of the API, and a timeline of steps. Read from YAML (the first document of a
 * scenario file; the documents after it are Kubernetes objects that exist from the start)
 * by the descriptor tables of sim/scenario/tables.c, which are also its reference page
 * (docs/scenario.md, generated). The same struct sim_step comes from the timeline and, at
 * run time, as JSON from POST /sim/do: one meaning, one code path (sim/play/timeline.h).
 *
 * Ownership as in api/meta.h: everything lives in the arena it was read into.
 */
#ifndef DROP_SIM_SCENARIO_SCENARIO_H
#define DROP_SIM_SCENARIO_SCENARIO_H

#include "api/kinds.h"
#include "base/arena.h"
#include "base/err.h"

struct sim_startup_taint { /* a node registers with it; sim/play/startup_taints.h */
	const char *key, *value, *effect;
	int64_t cleared_ms; /* somebody removes it so long after the registration; 0: nobody */
	int64_t back_ms;    /* somebody puts it back so long after each removal; 0: nobody */
};

struct sim_startup_taints {
	struct sim_startup_taint *at;
	size_t n;
};

struct sim_group { /* nodes that are alike: NAME-000, NAME-001, ... */
	const char *name;
	int64_t count;
	struct api_map labels;
	struct node_taints taints;
	struct sim_startup_taints startup;
	int64_t karpenter_ms;      /* Karpenter registers them so long after they came; 0: none */
	const char *os, *arch;     /* default linux, amd64 */
	const char *kubelet;       /* a dialect (sim/scenario/dialect.h), default 1.34 */
	int64_t disk_mib;          /* for images; over 85 %: the unused go until 80 %, as kubelet */
	int64_t bandwidth_mib;     /* a second, shared by the pulls of a node; 0: at once */
	int64_t max_pods;          /* default 110; beyond: OutOfpods */
	bool parallel_pulls;       /* kubelet's default is one pull after the other */
	int64_t max_images;        /* nodeStatusMaxImages, default 50; -1: all */
	int64_t pad_kib;           /* annotations that make the Node object this fat */
	int64_t heartbeat_s;       /* of the Ready condition, default 300 s as with node leases */
	int64_t lost_events;       /* of a hundred events Pulled, so many are not written */
	int64_t skew_ms;           /* its kubelet's clock is so far ahead; behind with a minus */
	bool by_hand;              /* no kubelet: pods stay as a step pod-status writes them */
	bool absent;               /* exists only after a step `node-join` */
	struct api_strings images; /* references that are there from the start */
};

struct sim_layer {
	const char *name; /* layers of one name are the same content and are fetched once a node */
	int64_t size_mib;
};

struct sim_layers {
	struct sim_layer *at;
	size_t n;
};

struct sim_image { /* what a registry has; what no row names exists too, see any_image */
	const char *ref;
	int64_t size_mib; /* of one layer of its own, when layers are not listed */
	struct sim_layers layers;
	struct api_strings platforms; /* "linux/amd64", of its index; empty: it is no index */
	bool scratch;                 /* has no `true`: StartError */
	bool needs_secret;            /* 401 without an imagePullSecret that exists, or a token */
};

struct sim_registry {
	const char *host;
	const char *fault; /* enum pull_fault by name; "": none */
	int64_t delay_ms;  /* before the first byte */
};

struct sim_metric { /* a series of the pretend Prometheus, sim/play/sources.h */
	const char *image;
	int64_t value;
};

struct sim_metrics {
	struct sim_metric *at;
	size_t n;
};

enum { /* of the API server, sim/play/api_faults.c; names in the table API_FAULTS below */
       SIM_FAULTS_MAX = 256, /* rules of a scenario, and added at run time */
       SIM_STEPS_MAX = 4096,
};

/* id, name, what happens */
#define API_FAULTS(F)                                                                              \
	F(STATUS, "status",                                                                        \
	  "answers with `code` and does nothing; Retry-After `retryAfterSeconds`")                 \
	F(RESET, "reset", "does nothing and resets the connection")                                \
	F(RESET_AFTER, "reset-after", "does it, then resets the connection instead of answering")  \
	F(HANG, "hang", "does it, never answers")                                                  \
	F(SLOW, "slow", "answers after `delay`")                                                   \
	F(TRUNCATE, "truncate", "sends half of the answer, then closes")                           \
	F(DROP_WATCH, "drop-watch", "ends open watches")                                           \
	F(LAG_WATCH, "lag-watch", "open watches see everything `delay` later")                     \
	F(EXPIRE, "expire", "forgets history: older resourceVersions are 410 Gone")                \
	F(STALE_LIST, "stale-list", "lists without a consistent-read demand are `delay` old")

struct sim_api_fault {                /* one rule: which requests, how often, what */
	const char *kind;             /* a name of API_FAULTS */
	struct api_strings verbs;     /* get list watch create update patch delete; empty: all */
	struct api_strings resources; /* plural names, "pods" or "pods/status"; empty: all */
	const char *name;             /* of the object; NULL: any */
	const char *user_agent;       /* a prefix; NULL: any */
	int64_t percent;              /* of those requests; default 100 */
	int64_t limit;                /* then it is used up; 0: none */
	int64_t code, retry_after_s, delay_ms;
};

struct sim_api_faults {
	struct sim_api_fault *at;
	size_t n;
};

/* id, name, arguments it needs, what happens. `for` is the timeline's: the same step with
 * `end` after that time. */
#define SIM_STEPS(S)                                                                               \
	S(NODE_JOIN, "node-join", "node",                                                          \
	  "an absent node registers, or a vanished one comes back")                                \
	S(NODE_NOTREADY, "node-notready", "node",                                                  \
	  "its kubelet stops reporting and acting; Ready becomes Unknown; `for`")                  \
	S(NODE_READY, "node-ready", "node", "ends node-notready")                                  \
	S(NODE_VANISH, "node-vanish", "node",                                                      \
	  "the Node object and its pods are deleted; `for`: comes back")                           \
	S(NODE_REPLACE, "node-replace", "node", "the same name with a new uid and no images")      \
	S(NODE_PRESSURE, "node-pressure", "node", "DiskPressure; `for`")                           \
	S(NODE_FULL, "node-full", "node", "each new pod is OutOfpods; `for`")                      \
	S(NODE_CORDON, "node-cordon", "node", "taint node.kubernetes.io/unschedulable; `for`")     \
	S(NODE_CLOCK, "node-clock", "node by",                                                     \
	  "its kubelet's clock moves `by` (heartbeats, startTime, times of containers); `for`")    \
	S(NODE_STATUS, "node-status", "node status",                                               \
	  "merges it into the Node's status, conditions by their type; a kubelet writes what it "  \
	  "says of itself again, that of a group with `byHand` does not")                          \
	S(POD_STATUS, "pod-status", "node status",                                                 \
	  "merges it (RFC 7386) into the status of the pods there, of those of `image` where it "  \
	  "is given; with `stays` or `for` of those that come later too, `after` so long")         \
	S(POD_MUTATE, "pod-mutate", "pod",                                                         \
	  "each pod that is created, on `node` and of `image` where they are given, gets this "    \
	  "strategic merge patch first, as by a mutating webhook; `for`")                          \
	S(EVICT_IMAGE, "evict-image", "node image", "the image is removed from the node's disk")   \
	S(IMAGE_SET, "image-set", "image", "the tag gets new content of `sizeMiB`")                \
	S(IMAGE_REMOVE, "image-remove", "image", "the registry deletes the image")                 \
	S(REGISTRY_FAULT, "registry-fault", "registry fault",                                      \
	  "each pull and request fails so at that host: a fault of docs/scenario.md; `for`")       \
	S(REGISTRY_HEAL, "registry-heal", "registry", "ends registry-fault")                       \
	S(API_FAULT, "api-fault", "api", "adds the rule; `for`: removes it again")                 \
	S(API_HEAL, "api-heal", "", "removes every api-fault rule and ends every lag")             \
	S(APPLY, "apply", "object", "creates the object or merges it into the one that is there")  \
	S(DELETE, "delete", "object", "deletes the object of that kind and name")                  \
	S(ETCD_BACKUP, "etcd-backup", "", "a backup of all objects, instead of the one before")    \
	S(ETCD_RESTORE, "etcd-restore", "",                                                        \
	  "all objects are restored from the backup, with their uids and resourceVersions, and "   \
	  "later objects are gone; watches end, and the next write gets the version after the "    \
	  "backup's")                                                                              \
	S(CLOCK_JUMP, "clock-jump", "by", "the operator's clocks jump; needs --clock-file; `for`")

enum sim_step_kind {
#define S(id, name, needs, doc) SIM_STEP_##id,
	SIM_STEPS(S)
#undef S
};

/* By name; -1: none. */
int sim_step_kind(const char *name);
/* Does something last that a step with `end` ends, so that `for` has a meaning? */
bool sim_step_lasts(enum sim_step_kind kind);

struct sim_step {
	int64_t at_ms;    /* after the start; steps of one moment run in file order */
	const char *what; /* a name of SIM_STEPS */
	const char *node; /* "name-007", or a group name: each of its nodes */
	const char *image, *registry, *fault;
	int64_t size_mib, for_ms, by_ms;
	const char *clock; /* CLOCK_JUMP: "wall", or "sleep": boot time too, as after a suspend */
	bool end;          /* ends what this step began, instead of beginning it */
	struct sim_api_fault *api;
	const char *object; /* JSON text of a Kubernetes object (any JSON in the file) */
	const char
		*status; /* JSON text, merged into that of pods or nodes; see sim/objects/texts.h */
	const char *pod; /* JSON text of a patch of pods */
	bool stays;      /* POD_STATUS: for pods that come later too, until `end` */
	int64_t after_ms; /* ... so long after they came */
};

struct sim_steps {
	struct sim_step *at;
	size_t n;
};

struct sim_groups {
	struct sim_group *at;
	size_t n;
};
struct sim_images {
	struct sim_image *at;
	size_t n;
};
struct sim_registries {
	struct sim_registry *at;
	size_t n;
};

enum { SIM_EXPECT_MAX = 1024 };

struct sim_expect { /* what must be true in the end for the scene to have worked */
	const char *kind, *name;
	const char *phase, *ready; /* status.phase, status.ready; NULL: any */
	const char *cause;         /* part of the Ready condition's message; NULL: any */
	/* Of a CachedImage: its cachedNodes have what the registry has now; pulls of its reference
	 * by all nodes so far, 0: any. */
	bool current;
	int64_t pulls;
};

struct sim_expects {
	struct sim_expect *at;
	size_t n;
};

struct sim_scenario {
	int64_t seed;
	const char *title;
	bool any_image;         /* references that no row names exist, size by hash; default true */
	int64_t image_size_mib; /* of those, on average; default 50 */
	struct sim_groups nodes;
	struct sim_images images;
	struct sim_registries registries;
	struct sim_metrics metrics;
	struct sim_api_faults faults;
	struct sim_steps timeline;
	struct sim_expects expect;
	struct api_strings objects; /* JSON texts, from the documents after the first */
};

/*
 * Text of a scenario file, at most YAML_BYTES_MAX. ERR_TERMINAL names the line and what would be
 * right: what is written is never ignored, so a misspelt key is an error.
 */
int scenario_read(const char *text, size_t len, struct arena *a, struct sim_scenario *ret,
		  struct err *err);
/* One step as JSON, as POST /sim/do sends it. */
int scenario_read_step(const char *json, size_t len, struct arena *a, struct sim_step *ret,
		       struct err *err);

#endif
