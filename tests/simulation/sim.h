/*
 * A pretend cluster around the reconciler's core: API objects, a watch that may lag,
 * kubelets, a puller whose requests and answers may be late or lost, and an unkind
 * world. Everything comes from one seed, so a failing run can be repeated.
 *
 * Virtual time moves in ticks. The truth lives here; what the core sees of it arrives
 * as events. Invariants are checked at every action (check.c) and at the end.
 */
#ifndef DROP_TESTS_SIMULATION_SIM_H
#define DROP_TESTS_SIMULATION_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "reconciler/core/core.h"
#include "tests/simulation/run.h"

#define TICK_MS      100
#define NODES_MAX    10
#define IMAGES_MAX   6
#define POLICIES_MAX 3
#define PODS_MAX     512
#define REQUESTS_MAX 256
#define CREATES_MAX  8192
#define TEXT         160
#define NAME         64

enum fate {                /* what a kubelet makes of a pod */
	    FATE_PULLED,   /* Succeeded */
	    FATE_SCRATCH,  /* StartError, but the image is there */
	    FATE_MISSING,  /* ErrImagePull: not found */
	    FATE_EVICTED,  /* Failed without evidence */
	    FATE_STUCK,    /* never taken by the kubelet */
	    FATE_PLATFORM, /* ErrImagePull: nothing for this platform */
};

/* What a node says of its images: the largest first, cut at its `cap`. */
#define LISTED_MAX 12
struct sim_listed {
	char name[NAME];
	int64_t size;
	unsigned version; /* of the tag, asked.c; 0: no digest is listed */
};
struct sim_report {
	int64_t heartbeat; /* unix seconds, by the node's clock; 0: it never reported */
	size_t n;
	struct sim_listed at[LISTED_MAX];
};

struct sim_node {
	bool exists, ready, cordoned, fargate;
	bool five_names; /* of one of its images */
	size_t cap;
	struct sim_report report;
	int64_t report_ms;
	char name[NAME], uid[NAME];
	bool arm;
	int64_t created;
	char pool[4];
	int64_t turned_ms;           /* became Ready or not, or another machine */
	bool cold, was_cold, opened; /* has the startup taint; ever had it; it was removed once */
	bool decided;                /* that it opens: this core has asked for it */
	int64_t born_ms, ready_ms,
		ready_s; /* this machine; Ready changed, also by the wall clock */
	int64_t disk;    /* bytes that its Node tells; 0: none */
	bool had_disk;   /* ever told some */
	int64_t held_ms; /* a start was answered with "unknown": its slot is kept so long */
};

struct sim_failed {
	char node[NAME], reason[NAME], message[TEXT];
	int64_t attempts, at;
};

struct sim_condition {
	char type[NAME], status[8], reason[NAME], message[TEXT * 2];
	int64_t generation, since;
};

#define SIM_CONDITIONS 6 /* of a CachedImage at most */

struct sim_status {
	bool written;
	int64_t generation, targeted, ready_nodes, pulling, failures, pulled_at, attempted_at;
	char phase[16], ready[32], digest[80], cached_image[TEXT];
	size_t n_cached, n_failed, n_conditions;
	char cached[NODES_MAX][NAME];
	struct sim_failed failed[NODES_MAX];
	struct sim_condition conditions[SIM_CONDITIONS];
	int64_t skipped, checked_at, settled_at;
	bool asked;    /* there is status.registry */
	char told[80]; /* registry.digest */
	size_t n_platforms;
	char platforms[2][16];
};

struct sim_last { /* the last start of a policy, of an image */
	bool known;
	int64_t ms;
	char node[NAME];
};

struct sim_image {
	bool exists;
	char name[NAME], uid[NAME], tag[NAME];
	int64_t generation, priority;
	int policy; /* index, or -1 */
	bool pool_a_only, if_not_present, gates;
	bool suspend, of_set; /* by itself; a set controls it */
	uint64_t rv;
	int64_t changed_ms; /* last change of the spec, or creation */
	int64_t pod_ms;     /* something of a pod of it was told last */
	uint64_t revision;  /* counts spec changes over all images */
	struct sim_last last;
	struct sim_status status;
};

struct sim_policy {
	bool exists;
	char name[NAME];
	int64_t max_nodes, max_pulls, max_per_node, max_images, delay_ms, initial_ms, max_ms;
	int64_t repull_ms;
	int64_t mb_per_s; /* maxBytesPerSecond; 0: none */
	bool by_image;    /* concurrencyScope Image */
	bool suspend;
	int window; /* of stopped.c's table, from 1; 0: none */
	bool obey;  /* newNodesInWindows */
	int64_t disk_percent, changed_ms;
	/* for the invariants: */
	struct sim_last last;
	int64_t last_bytes; /* of the last start; 0: the core may not have known */
	char last_reference[TEXT];
};

struct sim_pull { /* one image of a pod */
	char image[NAME], image_uid[NAME], reference[TEXT], attempt[NAME];
	uint64_t revision; /* of the image when it was created */
	unsigned version;  /* of the tag, pulled */
	enum fate fate;    /* where the whole pod has none of its own */
	bool given_up;     /* the core has told that it failed */
};

struct sim_pod {
	bool exists, labelled, noted, finished, started;
	bool told; /* to the core, ever */
	char name[NAME], uid[NAME], node[NAME], node_uid[NAME], batch[NAME];
	int64_t created_ms, start_ms, end_ms;
	int64_t created; /* unix seconds */
	enum fate fate;  /* FATE_EVICTED, FATE_STUCK: of all; else each pull's counts */
	size_t n_pulls;
	struct sim_pull pulls[IMAGES_MAX];
};

enum request_kind { REQ_START, REQ_DELETE, REQ_WRITE, REQ_OPEN };

struct sim_request {
	bool used, done, lost_answer;
	enum request_kind kind;
	int64_t exec_ms, answer_ms;
	char pod_name[NAME], pod_uid[NAME];
	struct sim_pod pod; /* REQ_START */
	enum core_start_result result;
	char image[NAME], image_uid[NAME];
	struct sim_status old, new; /* REQ_WRITE */
	enum core_write_result write_result;
	enum core_open_result open_result; /* REQ_OPEN: of the node pod_name, pod_uid */
	bool delete_done;
	uint64_t rv;
	int policy; /* REQ_START: whose pacing it was under */
};

struct sim_event {
	enum kind kind;
	bool gone;
	int64_t at_ms; /* delivered then */
	uint64_t rv;
	struct sim_event *next;
	union {
		struct sim_node node;
		struct sim_image image;
		struct sim_policy policy;
		struct sim_pod pod;
	} u;
};

struct sim_create { /* every pull that was ever made, and in which pod last */
	char pod_name[NAME], key[512];
};

struct sim_pulled { /* an image that a node has, or had */
	char node_uid[NAME], reference[TEXT];
	bool gone, ever_gone;
	unsigned version;   /* what the tag meant when it was pulled */
	uint64_t listed_to; /* the life of the core that was told of it; 0: none */
};

struct sim_failure { /* the last of a pair */
	char image_uid[NAME], node_uid[NAME], pod_name[NAME], reference[TEXT];
	uint64_t revision;
	int64_t at_ms;
};
#define FAILURES_MAX 256

struct sim_suspect { /* a node that the core has called faulty, and not well since */
	char node[NAME];
	int64_t at_ms, initial_ms; /* at_ms 0: unused */
};

#define ASKED_MAX 3
struct asked_question { /* of the core to the registry */
	bool used, known;
	int64_t answer_ms;
	char image[NAME], uid[NAME], reference[TEXT];
	unsigned version;
	bool platforms;
};

struct sim {
	struct sim_run run;
	bool faults;
	bool jumps; /* this run moves the wall clock */
	bool repulls;
	bool checks; /* registries are asked */
	struct asked_question questions[ASKED_MAX];
	unsigned versions[IMAGES_MAX]; /* what its tags mean now */
	int64_t registry_down_ms;
	bool startup; /* nodes come with a startup taint, and images gate */
	bool batches; /* policies allow several images a pod */
	bool scopes;  /* policies may count for each image */
	bool stops;   /* images, their set and policies are suspended and resumed */
	bool windows; /* policies have pull windows, and the clock jumps over changes of offsets */
	struct arena zones;
	int64_t change_s; /* of an offset, that it jumps around; unix seconds */
	bool set_suspend;
	int64_t stopped_ms;            /* the last such change */
	bool told_suspend[IMAGES_MAX]; /* of its own, as the core was told last */
	bool disks;                    /* nodes have small disks, and policies heed it */
	int64_t wall_offset_s;
	uint64_t rv, uids, revisions;
	struct core *core;
	bool leading;
	int64_t lead_ms; /* leads again then */
	int64_t turn_ms; /* the core wants a turn then */
	bool touched;    /* something arrived since the last turn */
	int64_t lag_ms;  /* how late the watch is at present */
	int64_t refuse_until_ms;
	int64_t refused_ms; /* the last time */
	struct sim_node nodes[NODES_MAX];
	struct sim_image images[IMAGES_MAX];
	struct sim_policy policies[POLICIES_MAX];
	struct sim_policy fallback;
	struct sim_pod pods[PODS_MAX];
	struct sim_request requests[REQUESTS_MAX];
	struct sim_event *head, *tail;
	struct sim_create *creates;
	size_t n_creates;
	struct sim_pulled *pulled;
	size_t n_pulled;
	struct sim_failure failures[FAILURES_MAX];
	size_t n_failures;
	struct sim_suspect suspects[NODES_MAX];
	char doubted[NODES_MAX][NAME];   /* nodes that a status called faulty as we took the lead */
	struct sim_node told[NODES_MAX]; /* what the core was told last */
	uint64_t life;                   /* of the core */
	uint64_t read_life;              /* that has read everything at least once */
	int64_t led_ms;                  /* leads since */
};

#define PULLED_MAX 4096

/* sim_core.c */
struct now sim_now(const struct sim *s);
void sim_text(char *to, size_t size, const char *from);

/* objects.c: the truth, and what is said of it */
void sim_init(struct sim *s);
void sim_done(struct sim *s);
void sim_reference(const struct sim_image *img, char out[TEXT]);
struct sim_image *sim_image_by_uid(struct sim *s, const char *uid);
struct sim_node *sim_node_by_name(struct sim *s, const char *name);
struct sim_pod *sim_pod_by_name(struct sim *s, const char *name);
/* Something changed: the watch will say so. */
void sim_say(struct sim *s, enum kind kind, bool gone, const void *object);
void sim_put(struct sim *s, const struct sim_event *e);
void sim_deliver(struct sim *s);
/* Events on their way are dropped; everything is put as it is, between mark and sweep. */
void sim_read_all(struct sim *s);
void sim_status_from(struct sim_status *to, const struct cachedimage_status *from);

/* puller.c: actions, and what becomes of them */
void sim_act(struct sim *s, const struct core_actions *acts);
void sim_requests(struct sim *s);
size_t sim_room(const struct sim *s);
/* The core is gone: what was not executed may be, right now, or never. */
void sim_requests_drop(struct sim *s);
void sim_pod_remove(struct sim *s, struct sim_pod *pod);
struct sim_pod *sim_pod_add(struct sim *s, const struct sim_pod *pod);

/* presence.c: what nodes have, and what they say they have */
struct sim_pulled *sim_pulled_find(struct sim *s, const char *node_uid, const char *reference);
/* It has it now / it has it or had it once. */
bool sim_has_pulled(struct sim *s, const char *node_uid, const char *reference);
bool sim_had_pulled(struct sim *s, const char *node_uid, const char *reference);
void sim_pulled_add(struct sim *s, const char *node_uid, const char *reference);
void sim_reports(struct sim *s);
/* Bytes of it, on every node. */
int64_t sim_bytes(const char *reference);
void sim_told(struct sim *s, const struct sim_node *n, bool gone);
bool sim_lists(const struct sim_node *n, const char *reference);
/* Does the node's list prove, sooner or later, that something is not there (18)? */
bool sim_proves(const struct sim_node *n);
void sim_lose_image(struct sim *s);
void sim_preload_image(struct sim *s);

/* held.c: startup taints (45, 46) */
#define HELD_KEY         "cold"
#define HELD_DEADLINE_MS (30 * 1000)
void held_core_new(struct sim *s);
void held_node_new(struct sim *s, struct sim_node *n);
void held_trouble(struct sim *s);
void held_turned(const struct sim *s, struct sim_node *n);
void held_check_open(struct sim *s, const struct core_open *o);
enum core_open_result held_exec_open(struct sim *s, const char *node, const char *uid);
bool held_apart(const struct sim *s, const struct sim_image *img, const struct sim_node *n);
const char *held_left(const struct sim *s); /* NULL: none */

/* disks.c: what fits onto the nodes (41) */
void disks_node_new(struct sim *s, struct sim_node *n);
void disks_policy_new(const struct sim *s, struct sim_policy *p, int i);
void disks_check_start(struct sim *s, const struct core_start *start, int policy);
void disks_calm(struct sim *s);

/* asked.c: the registry behind the tags (35, 37, 38, 39) */
struct core_check;
void asked_core_new(struct sim *s);
void asked_digest(unsigned version, char out[80]);
/* What the reference means now; 0 if nobody asks registries in this run. */
unsigned asked_version(const struct sim *s, const char *reference);
void asked_act(struct sim *s, const struct core_check *k);
void asked_answers(struct sim *s);
void asked_drop(struct sim *s);
void asked_trouble(struct sim *s);
size_t asked_room(const struct sim *s);
/* There may be nothing for the node's platform: it may be left out, or fail. */
bool asked_may_skip(const struct sim *s, const char *reference, const struct sim_node *n);
/* And at this moment there is nothing. */
bool asked_nothing_for(const struct sim *s, const char *reference, const struct sim_node *n);

/* stopped.c: what is suspended (50), and pull windows (51) */
void stopped_core_new(struct sim *s);
void stopped_window(const struct sim_policy *p, struct pullpolicy_spec *spec);
void stopped_init(struct sim *s);
void stopped_trouble(struct sim *s);
void stopped_calm(struct sim *s);
void stopped_check_start(struct sim *s, const struct core_start *start);
/* Something keeps it from starting, or did until a moment ago. */
bool stopped_lately(const struct sim *s, const struct sim_image *img);
void stopped_put_set(struct sim *s);
void stopped_told(struct sim *s, const struct sim_image *img);

/* world.c: kubelets, and trouble */
void sim_kubelets(struct sim *s);
void sim_trouble(struct sim *s);
void sim_calm(struct sim *s);
void sim_crash(struct sim *s);

/* check.c: what must always hold */
void check_alone(struct sim *s, const struct core_start *start);
void check_batch(struct sim *s, const struct core_start *start);
void check_create(struct sim *s, const struct sim_pod *pod);
void check_delete(struct sim *s, const struct core_delete *d);
void check_write(struct sim *s, const struct core_write *w);
void check_fact(struct sim *s, const struct core_fact *f);
bool check_converged(struct sim *s, char *why, size_t size);
bool sim_targets(const struct sim *s, const struct sim_image *img, const struct sim_node *n);
bool sim_missing(const char *reference);
/* paced.c: limits of policies (11, 12, 40) */
/* A pod older than this may have been given up (NodeUnresponsive, 9). */
#define SIM_GIVEN_UP_MS (110 * 1000)
void check_start(struct sim *s, const struct core_start *start, int *ret_policy);
void check_given_up(struct sim *s, const struct core_fact *f);
void check_restart(struct sim *s);
/* The image of a pull that holds the slot of its pair, or NULL. */
struct sim_image *sim_in_flight(struct sim *s, const struct sim_pod *p,
				const struct sim_pull *pull);
/* order.c: which starts come first, and when (13, 14, 17) */
void check_order(struct sim *s, const struct core_actions *acts);
/* 14. What the core says of nodes. */
void check_suspects(struct sim *s, const struct core_fact *f);
/* As it takes the lead: what the statuses say of nodes is known, also when they are gone. */
void check_doubts(struct sim *s);
void check_failed(struct sim *s, const struct sim_pod *p, const struct sim_pull *pull);
/* The pod goes. While nobody leads, the next leader may never hear how it had ended. */
void check_unseen(struct sim *s, const struct sim_pod *p);
int sim_policy_of(const struct sim *s, const struct sim_image *img);
/* Does a node that the core was told of list it? Then the core knows its bytes. */
bool sim_bytes_known(const struct sim *s, const struct sim_image *img, const char *reference);

#endif
