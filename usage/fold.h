/*
 * What workloads start where, folded from kubelets' events "Pulled" as they come (behaviour 52):
 * the one owner of usage. Pure: events, nodes and the time go in. The room's files:
 *
 *   pulled        one event, from JSON
 *   pull_message  what its message says
 *   fold          which events count, for what
 *   images        per image: uses by hour, durations of pulls, namespaces
 *   demand        per node pool and image: the state of the ranking (demand.h lists its files)
 *   nodes         which node is which, and of which pool
 *   coverage      since when, and with which gaps, all events were seen
 *   recent        tables of fixed size of what was seen lately
 *   starts        our pulls and first starts of images on nodes, for the report (56)
 *   shown         what people are shown of it (dropctl usage)
 *   stored        the whole as bytes and back
 *
 * Who may create events can write any of this. So an image counts only once a node listed it in its
 * status, which tenants cannot write; hours are those of the API server's clock, not of the node's;
 * one event adds USAGE_COUNT_MAX uses at most.
 *
 * Bounds: 5,000 images, 20,000 pairs of pool and image, tables of 1 MB in all; 15 MB when full.
 */
#ifndef DROP_USAGE_FOLD_H
#define DROP_USAGE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/clock.h"
#include "base/map.h"

#include "usage/coverage.h"
#include "usage/demand.h"
#include "usage/images.h"
#include "usage/nodes.h"
#include "usage/pulled.h"
#include "usage/recent.h"
#include "usage/starts.h"

/* Uses that one change of one event can add. */
#define USAGE_COUNT_MAX 1000
/* Bytes of an image and seconds of a wait: what says more is forged and counts as not said. */
#define USAGE_BYTES_MAX   1e12
#define USAGE_SECONDS_MAX 86400.0
/* An event that is so much younger than the newest one has a higher version, in one history. */
#define USAGE_HISTORY_S 600
/* The kubelet lets 25 events of a pod through, and then one in five minutes; a container has four
 * (Pulling, Pulled, Created, Started): a pod with this many events Pulled may have others that were
 * never written. */
#define USAGE_POD_EVENTS_MAX 6
#define USAGE_JUMP_S         (2 * 3600)
/* Uses that wait for the hour they are in, while events are listed. */
#define USAGE_LATER_MAX 65536

/* What became of the events: name, sentence for docs/metrics.md. */
#define USAGE_OUTCOMES(X)                                                                          \
	X(used, "uses by workloads")                                                               \
	X(own, "events of drop's own pull pods")                                                   \
	X(repeated, "events that were folded before")                                              \
	X(uncovered, "uses whose image is not known: events that kubelets combined or held back")  \
	X(unknown_node, "events about nodes that do not exist")                                    \
	X(other, "events that are not a kubelet's, or not about an image")                         \
	X(unreadable, "events that could not be decoded")
#define USAGE_OUTCOME_ENUM(name, doc) USAGE_##name,
enum usage_outcome { USAGE_OUTCOMES(USAGE_OUTCOME_ENUM) USAGE_OUTCOME_COUNT };
const char *usage_outcome_name(enum usage_outcome outcome);

/* One use, of an event that counts: the entry point of whatever else counts uses. Borrowed. */
struct usage_use {
	const struct usage_node *node;
	const char *image; /* in normal form */
	uint64_t hash;     /* ref_hash() of it */
	const char *ns;
	uint64_t uses;   /* at least 1 */
	uint64_t rv;     /* of its event */
	bool own;        /* of a pull pod of ours: no use */
	bool own_alone;  /* and of one that pulls one image: its times are those of the image */
	bool was_pulled; /* false: the image was there */
	bool listed;     /* the node lists it in its status */
	bool cold;       /* pulled, and the node did not have it before */
	double seconds, waited, bytes; /* of the pull; -1: not said */
	int64_t at_s;                  /* unix time */
};

/* Does the node list the image in its status? hash: ref_hash() of the reference. */
typedef bool (*usage_lists_fn)(void *ctx, const char *node, uint64_t hash);

struct usage_later { /* uses in an hour that has not begun for the demand */
	int64_t hour;
	uint64_t hash;
	const char *pool; /* of usage.pools */
	uint64_t uses;
};

struct usage {
	char *pod_namespace; /* of our pull pods; owned */
	usage_lists_fn lists;
	void *ctx;
	struct usage_images images;
	struct demand *demand;
	struct map nodes; /* usage/nodes.h */
	struct coverage coverage;
	uint64_t rv;               /* the highest that was folded */
	int64_t created_s;         /* events created until then were folded */
	int64_t newest_s;          /* the latest creation of an event that was seen */
	bool listing;              /* a list of events is under way */
	bool list_folded;          /* and an event of it counted */
	bool broke_off;            /* one before it, of which events counted, did not end */
	uint64_t known_rv;         /* at its begin: what is not above it was folded */
	int64_t began_s, oldest_s; /* of the list; its oldest event, 0: none yet */
	struct usage_later *later;
	size_t n_later;
	bool later_full;               /* merging them does not help */
	int64_t hour;                  /* that runs for the demand; 0: none yet */
	char *pools[DEMAND_POOLS_MAX]; /* names that `later` refers to; owned */
	struct now clock;              /* when our clock was last believed */
	struct recent repeats;         /* by event: its count, of events with more than 1 */
	struct recent pairs;           /* node and image */
	struct recent pods;            /* events of a pod */
	struct starts *starts;         /* for the report of what was saved */
	bool told_all; /* starts have what the API server had when we began */
	uint64_t outcomes[USAGE_OUTCOME_COUNT];
};

/* lists may be NULL: no node lists anything. pod_namespace is copied. */
struct usage *usage_new(const char *pod_namespace, usage_lists_fn lists, void *ctx);
void usage_free(struct usage *u);

/*
 * Unix seconds, for the functions below. A clock that was set by more than USAGE_JUMP_S is not
 * believed until an event of the API server confirms it; till then the time is what it would be
 * without that.
 */
int64_t usage_time(struct usage *u, struct now now);

/* A list of events begins; usage_event() for each; it is complete. */
void usage_list_begin(struct usage *u, int64_t now_s);
void usage_list_end(struct usage *u);
/* May it be stored? Not while a list has still to show events of lower versions than u->rv. */
bool usage_whole(const struct usage *u);
/* One event of a list or a watch. */
void usage_event(struct usage *u, const struct pulled *event, int64_t now_s);
/* Time passes; live: events arrive as they are written. */
void usage_tick(struct usage *u, int64_t now_s, bool live);
/* The API server's history went back: versions are comparable no more. Told at the end of the list
 * that showed it, whose events are those of before. */
void usage_went_back(struct usage *u, int64_t now_s);

/* A node as the watcher keeps it (node_trim), new or changed; the images it lists become real. */
void usage_node_seen(struct usage *u, const struct node *node, const char *pool_label);

/* What usage_event() makes of an event that counts. */
void usage_fold(struct usage *u, const struct usage_use *use);

#endif
