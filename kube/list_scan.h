/*
 * Splits the bytes of a List into its items, one object at a time, so that a list of 5,000 large
 * nodes (150 MB) is never in memory as a whole. Accepts any split of the bytes; metadata may come
 * before or after items. Pure. Only the brackets of items are checked; their decoder checks the
 * rest. An item that is too large is skipped, so that it does not keep the others from being
 * listed.
 */
#ifndef DROP_KUBE_LIST_SCAN_H
#define DROP_KUBE_LIST_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Bytes of one item, as of one watch event; larger ones are skipped. */
#define LIST_ITEM_MAX (4 * 1024 * 1024)
/* Open brackets; Kubernetes' own decoder allows 10,000, no schema of ours passes 20. */
#define LIST_DEPTH_MAX 512
/* metadata.continue holds the last key and a version in base64. */
#define LIST_TOKEN_MAX 4096
#define LIST_RV_MAX    64

struct list_scanner {                         /* zeroed: ready */
	uint64_t arrays[LIST_DEPTH_MAX / 64]; /* bit d: the bracket at depth d is '[' */
	int depth;
	bool in_string, escaped, name_next, seen_items, ended, stop;
	char key[24];  /* of the member we are in, at depth 1 or in metadata; cut ones match nothing
			*/
	int top;       /* which member of the list we are in */
	char *capture; /* where the string we are in goes, or NULL */
	size_t capture_len, capture_cap;
	struct buf item; /* the part of an item that came in earlier feeds */
	bool in_item, item_skipped;
	size_t skipped; /* items that were too large */
	char rv[LIST_RV_MAX], token[LIST_TOKEN_MAX];
};

/* An item; borrowed. Setting stop drops the rest of what was fed. */
typedef void (*list_item_fn)(void *ctx, const char *json, size_t len);

/* ERR_RETRY: not a list, or beyond a limit; nothing more is to be fed then. */
int list_scan(struct list_scanner *s, const char *bytes, size_t n, list_item_fn fn, void *ctx,
	      struct err *err);
/* After the last byte: 0 if the list was complete. rv and token ("": last page) are valid then. */
int list_scan_end(const struct list_scanner *s, struct err *err);
void list_scanner_reset(struct list_scanner *s);
void list_scanner_done(struct list_scanner *s);

#endif
