/*
 * What marks a pod as one of our pulls (behaviour.md 5, 6): the reconciler finds the
 * pull by these, the puller writes them, the watcher selects by the first label. The
 * labels are upstream's and may be cut to fit; the annotations are ours and exact.
 */
#ifndef DROP_API_PULLPOD_H
#define DROP_API_PULLPOD_H

#define PULLPOD_LABEL_MANAGED_BY "app.kubernetes.io/managed-by"
#define PULLPOD_MANAGED_BY       "drop" /* value of the label above */
/* Names of the CachedImage and the node; longer than a label value: cut, with a hash. */
#define PULLPOD_LABEL_IMAGE "drop.corewire.io/cachedimage"
#define PULLPOD_LABEL_NODE  "drop.corewire.io/node"

/* The container that pulls. Webhooks may add others: it is found by this name, never by place. */
#define PULLPOD_CONTAINER "pull"

/* Full name and uid of the CachedImage. */
#define PULLPOD_NOTE_IMAGE     "drop.corewire.io/cachedimage"
#define PULLPOD_NOTE_IMAGE_UID "drop.corewire.io/cachedimage-uid"
#define PULLPOD_NOTE_NODE_UID  "drop.corewire.io/node-uid"
/* What is pulled, as it stands in the container. */
#define PULLPOD_NOTE_REFERENCE "drop.corewire.io/reference"
/* Decimal number, or r<unix second> for a repull. */
#define PULLPOD_NOTE_ATTEMPT "drop.corewire.io/attempt"

#endif
