/*
 * From the text of a kubelet to a root cause (behaviour.md 20) and to whose fault it
 * is (behaviour.md 14). Pure.
 */
#ifndef DROP_RECONCILER_RULES_CAUSE_H
#define DROP_RECONCILER_RULES_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum fault {
	FAULT_NONE,
	FAULT_NODE,     /* this node's; shown, but never makes the image Degraded */
	FAULT_PULL,     /* the pull failed for another reason: only this node waits */
	FAULT_IMAGE,    /* not found, unauthorized, forbidden, invalid name, a missing blob */
	FAULT_PLATFORM, /* no image for this os/arch */
	FAULT_REGISTRY, /* DNS, refused, reset, unreachable, cut off, TLS, timeout, 429, 5xx */
};

/* Bytes of a root cause; kubelet's texts may be kilobytes. */
#define CAUSE_TEXT_MAX 256
/* Used where kubelet's reason is no valid condition reason. */
#define CAUSE_REASON_OTHER "PullFailed"

struct cause {
	enum fault fault;
	const char *text; /* in the arena or static; valid UTF-8 if the input was */
};

/*
 * reason and message of the waiting container (either may be NULL); host: of the
 * reference, used where the text names none; platform: "linux/amd64".
 */
struct cause cause_find(struct arena *a, const char *reason, const char *message, const char *host,
			const char *platform);
/* The end of a long text, cut at a word: at most CAUSE_TEXT_MAX bytes. */
const char *cause_tail(struct arena *a, const char *text);
/* The fault behind a text that cause_find made: what status.failedNodes remembers. */
enum fault cause_fault_of(const char *reason, const char *text);
/*
 * Does a fault of this reason say something about the node, whatever the image (14)? Not so a pod
 * that another client deleted, or one image that its runtime cannot read.
 */
bool cause_concerns_node(enum fault fault, const char *reason);
/*
 * 14. The kind of a failure: equal for two texts that differ only in the node's name, numbers,
 * ids, addresses and punctuation. reason, text and node may be NULL. Not for storage.
 */
uint64_t cause_kind(const char *reason, const char *text, const char *node);
/* reason if it fits metav1.Condition, else PullFailed. */
const char *cause_reason(const char *reason);

#endif
