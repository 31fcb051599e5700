/*
 * Labels and annotations of pull pods (behaviour.md 5, 6): the puller writes them, the reconciler
 * finds the pull by them, the watcher selects by the first label. The labels are upstream's and may
 * be cut to fit; the annotations are ours and exact.
 */
#ifndef DROP_API_PULLPOD_H
#define DROP_API_PULLPOD_H

#include <stdbool.h>

#define PULLPOD_LABEL_MANAGED_BY "app.kubernetes.io/managed-by"
#define PULLPOD_MANAGED_BY       "drop" /* value of the label above */
/* Names of the CachedImage and the node; longer than a label value: cut, with a hash. */
#define PULLPOD_LABEL_IMAGE "drop.corewire.io/cachedimage"
#define PULLPOD_LABEL_NODE  "drop.corewire.io/node"

/* Sidecars would keep the pod from ending, and a node from being scaled down (behaviour 7). */
#define PULLPOD_INJECT_ISTIO   "sidecar.istio.io/inject" /* label and annotation */
#define PULLPOD_INJECT_LINKERD "linkerd.io/inject"
#define PULLPOD_SAFE_TO_EVICT  "cluster-autoscaler.kubernetes.io/safe-to-evict"

/*
 * The keys, besides all of drop.corewire.io/, that drop sets on each pull pod itself: refused
 * wherever users give labels or annotations for pull pods (behaviour 57).
 */
#define PULLPOD_OWN_KEYS(FIRST, NEXT)                                                              \
	FIRST(PULLPOD_LABEL_MANAGED_BY)                                                            \
	NEXT(PULLPOD_INJECT_ISTIO) NEXT(PULLPOD_INJECT_LINKERD) NEXT(PULLPOD_SAFE_TO_EVICT)

/* Whether drop sets a label or annotation of this key itself. */
bool pullpod_own_key(const char *key);

/* The container that pulls. Webhooks may add others: it is found by this name, never by place. */
#define PULLPOD_CONTAINER "pull"

/* Images of one pod at most (behaviour 42). */
#define PULLPOD_IMAGES_MAX 20
/*
 * A pod of several images (behaviour 44): its containers are pull-0, pull-1, ...; its image label
 * is "batch." and the 16 hexadecimal digits of its name, so that a version that knows no batches
 * finds no image of that name, and deletes it; the annotations below are there for each container,
 * as drop.corewire.io/pull-0.reference and so on, but for the node's uid.
 */
#define PULLPOD_BATCH_LABEL "batch."

/* Full name and uid of the CachedImage. */
#define PULLPOD_NOTE_IMAGE     "drop.corewire.io/cachedimage"
#define PULLPOD_NOTE_IMAGE_UID "drop.corewire.io/cachedimage-uid"
#define PULLPOD_NOTE_NODE_UID  "drop.corewire.io/node-uid"
/* What is pulled, as it stands in the container. */
#define PULLPOD_NOTE_REFERENCE "drop.corewire.io/reference"
/* Decimal number, or r<unix second> for a repull. */
#define PULLPOD_NOTE_ATTEMPT "drop.corewire.io/attempt"

/* Place of the container of a pod that pulls one image. */
#define PULLPOD_ONLY (-1)

/* Bytes of a container's name, and of the key of an annotation, with NUL. */
#define PULLPOD_CONTAINER_SIZE 16
#define PULLPOD_KEY_SIZE       64

/* The name of the container at that place: "pull", or "pull-<place>" in a batch. Returns out. */
const char *pullpod_container(char out[PULLPOD_CONTAINER_SIZE], int place);
/* The reverse; false: it is the name of none of them. */
bool pullpod_place(const char *name, int *ret_place);
/* What is told of each container. */
enum pullpod_note {
	PULLPOD_IMAGE,
	PULLPOD_IMAGE_UID,
	PULLPOD_REFERENCE,
	PULLPOD_ATTEMPT,
	PULLPOD_NOTES,
};
/* Which of them an annotation is, and of the container at which place; PULLPOD_NOTES: none. */
enum pullpod_note pullpod_note_read(const char *key, int *ret_place);
/* The key of a PULLPOD_NOTE_* (not the node's uid) for that container. Returns out. */
const char *pullpod_note(char out[PULLPOD_KEY_SIZE], const char *note, int place);

#endif
