/*
 * Keeps a view of one resource: list, then watch, and again after a failure. WatchList streaming
 * where the server has it, else pages; 410 leads to a new list of this resource only; bookmarks
 * move the resourceVersion; no byte for 90 s is a dead connection (must 5). Before a watch goes on
 * from the last resourceVersion, the server's present one is asked for: if that is lower, or the
 * server was away for REFLECTOR_OUTAGE_MS, everything is listed again. Objects are handed on as raw
 * JSON, one at a time; nothing is kept here.
 */
#ifndef DROP_KUBE_REFLECTOR_H
#define DROP_KUBE_REFLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kube/kube.h"

struct reflector;

struct reflector_ops {
	/* A list begins: what is not handed on until synced() is gone. */
	void (*begin)(void *ctx);
	/* One object was added or changed (gone false) or deleted. json is borrowed. */
	void (*object)(void *ctx, bool gone, const char *json, size_t len);
	/* The list is complete; it began at began_ms (boot ms) and was consistent then. */
	void (*synced)(void *ctx, int64_t began_ms);
	/*
	 * Something broke, or an object was left out; the reflector goes on by itself. For the log,
	 * once a failure.
	 */
	void (*trouble)(void *ctx, const struct err *err);
	/* A list begins, or a watch is opened behind one; may be NULL. */
	void (*opened)(void *ctx, bool watch);
	/*
	 * Told before synced(): the list is of a version before one that was seen: the API server's
	 * store was restored from an older backup. Other resources went back with it. May be NULL.
	 */
	void (*went_back)(void *ctx);
};

struct reflector_config {
	const char *path; /* "/api/v1/nodes" or "/apis/drop.corewire.io/v1alpha1/..." ; copied */
	const char *label_selector; /* or NULL; not yet escaped; copied */
	const char *field_selector; /* the same */
	/*
	 * The server has no watch cache of it (events): it is listed in pages, and as a watch has
	 * no bookmarks, the server is asked to end it before silence means that it is dead.
	 */
	bool uncached;
	size_t page; /* objects a page of a paged list; 0: 500 */
};

/* Starts at once. ops and ctx must outlive it. */
struct reflector *reflector_new(struct kube *k, const struct reflector_config *config,
				const struct reflector_ops *ops, void *ctx);
void reflector_free(struct reflector *r);
/* Lists again from a consistent read that begins now. One already begun is replaced. */
void reflector_resync(struct reflector *r);
/* Boot ms when the newest list was sent; 0: none yet. */
int64_t reflector_began_ms(const struct reflector *r);
bool reflector_live(const struct reflector *r); /* listed, and a watch is open */

#endif
