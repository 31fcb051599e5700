/*
 * Patches of Nodes. The one that removes startup taints (behaviour 46) is made of the Node as it
 * was read. Nothing but the taints with the wanted keys can change by it: it tests the uid and the
 * whole array of taints as read, and replaces the array by the rest of its elements, byte for byte.
 * Pure.
 */
#ifndef DROP_PULLER_NODE_PATCH_H
#define DROP_PULLER_NODE_PATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum node_patch {
	NODE_PATCH_MADE,
	NODE_PATCH_NOTHING, /* it has no taint with such a key */
	NODE_PATCH_OTHER,   /* it has another uid */
	NODE_PATCH_BROKEN,  /* the text is no Node */
};

/* node: JSON, len bytes; keys: separated by commas. Appends a JSON patch (RFC 6902) if MADE. */
enum node_patch node_patch_open(const char *node, size_t len, const char *uid, const char *keys,
				struct buf *patch);

struct node_said {          /* our condition of a node (behaviour 47) */
	bool status, turns; /* turns: lastTransitionTime is at_s */
	const char *reason, *message;
	int64_t at_s;
};
/*
 * The strategic merge patch of that one condition, bound to the uid: a JSON merge patch would
 * replace the kubelet's conditions.
 */
void node_patch_say(const char *uid, const struct node_said *said, struct buf *patch);

#endif
