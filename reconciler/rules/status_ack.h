/*
 * Writing one status: what the API server is known to have of it, and when the next write may be
 * sent (behaviour.md 21). Of CachedImages, PullPolicies and CachedImageSets, each of which keeps
 * three copies of its status, as hashes: `known` is what the API server has, `sent` is on its way,
 * `seen` is the last observation. A function that returns enum ack_copy says what `known` becomes.
 *
 * One write is in flight at a time. An observation counts only if it is not older than the last
 * acknowledged write: a watch that lags shows what was before it. Pure; times are boot ms.
 */
#ifndef DROP_RECONCILER_RULES_STATUS_ACK_H
#define DROP_RECONCILER_RULES_STATUS_ACK_H

#include <stdbool.h>
#include <stdint.h>

enum ack_copy {
	ACK_KEEP, /* known stays */
	ACK_SEEN,
	ACK_SENT,
	ACK_NONE, /* what the API server has is unknown: the next write has all fields */
};

struct status_ack { /* zeroed: nothing was written or observed */
	bool writing, ever_written;
	uint64_t seen_rv;
	uint64_t written_rv; /* of the last acknowledged write; 0: none that no list confirmed */
	int64_t written_ms;  /* last sent */
	int64_t acked_ms;    /* last acknowledged */
	int64_t again_ms;    /* not sent before; the caller's, 0 after a success */
	uint32_t failures;   /* in a row */
};

/* The object was observed at this resourceVersion; `seen` is its status. */
enum ack_copy ack_observed(struct status_ack *a, uint64_t rv);
/* `sent` is on its way. */
void ack_sent(struct status_ack *a, int64_t now_ms);
/* The answer; rv: the resourceVersion after the write, 0 if unknown. Only while writing. */
enum ack_copy ack_answered(struct status_ack *a, bool made, uint64_t rv, int64_t now_ms);
/*
 * The object was listed by a list that began after fresh_ms. A write that was acknowledged before
 * that is on the list; where it is not, the API server's store was restored from an older backup
 * (same uids, lower resourceVersions), and what was observed is what there is.
 */
enum ack_copy ack_listed(struct status_ack *a, int64_t fresh_ms);
/* The lead ended: a write in flight may have arrived or not. ever_written stays. */
enum ack_copy ack_fence(struct status_ack *a);
/*
 * When the next write is due: at once, else pace_ms after the last was answered, so that a slow
 * server is asked less often; never before again_ms.
 */
int64_t ack_due(const struct status_ack *a, bool at_once, int64_t pace_ms, int64_t now_ms);

#endif
