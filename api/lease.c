/*
 * The Lease of leader election (behaviour.md 32). It is read and replaced as a
 * whole; its times have microseconds and are passed through as text.
 */
#include "api/kinds.h"

#include "api/row.h"
#include "api/tables.h"

static const struct field lease_rows[] = {
	ROW(lease, meta, "metadata", F_INLINE, .sub = &api_meta_desc),
	ROW(lease, holder, "spec.holderIdentity", F_STRING),
	ROW(lease, duration_s, "spec.leaseDurationSeconds", F_INT, .bits = 32),
	ROW(lease, transitions, "spec.leaseTransitions", F_INT, .flags = FF_ALWAYS, .bits = 32),
	ROW(lease, acquire_time, "spec.acquireTime", F_STRING),
	ROW(lease, renew_time, "spec.renewTime", F_STRING),
};
DESC(lease, "Lease", "Who leads, and until when.");
