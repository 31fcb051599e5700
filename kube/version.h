/*
 * Version of the API server: after a refused WatchList, WatchList is tried again only when GET
 * /version returns another version.
 */
#ifndef DROP_KUBE_VERSION_H
#define DROP_KUBE_VERSION_H

struct kube;

/* Requested at most once in this time, for all callers. */
#define VERSION_EVERY_MS 60000

/*
 * Asks for the version, in the background, unless that was done lately. If it differs from the one
 * that was read before, kube->watchlist_strikes is 0 again. The first answer only is remembered. A
 * failure changes nothing.
 */
void version_ask(struct kube *k);

#endif
