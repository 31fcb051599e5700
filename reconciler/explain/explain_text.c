/*
 * The sentences of all reasons. Times are given as UTC time of day, because a back-off lasts
 * minutes; only that of a pull window has its date.
 */
#include <inttypes.h>

#include "api/quantity.h"
#include "reconciler/explain/explain.h"

const char *const explain_group_names[GROUPS] = {
	[GROUP_DONE] = "done",       [GROUP_PULLING] = "pulling",   [GROUP_WAITING] = "waiting",
	[GROUP_BACKOFF] = "backoff", [GROUP_NOTREADY] = "notready", [GROUP_SKIPPED] = "skipped",
};

const struct explain_info explain_infos[EXPLAIN_REASON_COUNT] = {
#define EXPLAIN_INFO(id, text, of, doc) [EXPLAIN_##id] = {#text, GROUP_##of},
	EXPLAIN_REASONS(EXPLAIN_INFO)
#undef EXPLAIN_INFO
};

static const char *clock_text(int64_t unix_s, struct arena *a)
{
	int64_t s = unix_s % (24 * 60 * 60);
	return arena_printf(a, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 " UTC", s / 3600,
			    s / 60 % 60, s % 60);
}

/* What may be days ahead: "2026-03-29 22:00 UTC"; a window opens at a full minute. */
static const char *date_text(int64_t unix_s, struct arena *a)
{
	char text[TIME_TEXT_MAX];
	time_format(text, unix_s);
	return arena_printf(a, "%.10s %.5s UTC", text, text + 11);
}

static const char * or (const char *s, const char *other)
{
	return s != NULL && *s != '\0' ? s : other;
}

static char *backing_off(const struct explain *e, const char *what, const char *who,
			 struct arena *a)
{
	return arena_printf(a, "backing off until %s%s%s%s%s", clock_text(e->at, a),
			    e->detail != NULL ? " after " : "", e->detail != NULL ? what : "",
			    or (e->detail, ""), who);
}

static const char *bytes_text(int64_t bytes, struct arena *a)
{
	char text[QUANTITY_TEXT_MAX];
	quantity_format(text, (uint64_t)bytes);
	return arena_strdup(a, text);
}

static const char *policy_of(const struct explain *e, struct arena *a)
{
	return e->subject != NULL && *e->subject != '\0' ? arena_printf(a, "policy %s", e->subject)
							 : "the default policy";
}

static char *waiting(const struct explain *e, const char *what, struct arena *a)
{
	return arena_printf(a, "waiting for %s: %" PRId64 " of %" PRId64 " %s", policy_of(e, a),
			    e->n, e->limit, what);
}

/* Reasons of nodes that are not targeted (1, 39). */
static char *skipped_text(const struct explain *e, struct arena *a)
{
	switch (e->reason) {
	case EXPLAIN_NO_NODE:
		return arena_strdup(a, "the node does not exist");
	case EXPLAIN_VIRTUAL:
		return arena_strdup(a, "not targeted: virtual node");
	case EXPLAIN_SELECTOR:
		return arena_printf(a, "not targeted: nodeSelector requires label %s", e->subject);
	case EXPLAIN_TAINT:
		return arena_printf(a, "not targeted: taint %s is not tolerated", e->subject);
	case EXPLAIN_PLATFORM:
		return arena_printf(a, "not targeted: no image for %s, %s", e->subject,
				    or (e->detail, "according to the registry"));
	default:
		return arena_strdup(a, "");
	}
}

/* What failed (14). */
static char *backoff_text(const struct explain *e, struct arena *a)
{
	switch (e->reason) {
	case EXPLAIN_BACKOFF:
		return backing_off(e, "", "", a);
	case EXPLAIN_REJECTED:
		return backing_off(e, "the API server refused the pod: ", "", a);
	case EXPLAIN_IMAGE_FAULT:
		return backing_off(e, "", " (all nodes wait)", a);
	case EXPLAIN_PLATFORM_FAULT:
		return backing_off(e, "", arena_printf(a, " (all %s nodes wait)", e->subject), a);
	case EXPLAIN_REGISTRY_FAULT:
		return backing_off(e, "", arena_printf(a, " (all images of %s wait)", e->subject),
				   a);
	case EXPLAIN_NODE_FAULT:
		return backing_off(e, "the node failed: ", " (all images wait on this node)", a);
	default:
		return arena_strdup(a, "");
	}
}

/* What is too large, for all nodes or for this one (41). */
static char *size_text(const struct explain *e, struct arena *a)
{
	if (e->reason == EXPLAIN_TOO_LARGE)
		return arena_printf(a, "not pulled: %s, %s allows %s",
				    bytes_text((int64_t)e->bytes, a), policy_of(e, a),
				    bytes_text(e->limit, a));
	return arena_printf(a, "%s: images use about %s of the allowed %s",
			    e->reason == EXPLAIN_NO_ROOM ? "left out, no room" : "no room",
			    bytes_text(e->n, a), bytes_text(e->limit, a));
}

/* Which limit (11, 12, 40). */
static char *pace_text(const struct explain *e, struct arena *a)
{
	switch (e->reason) {
	case EXPLAIN_POLICY_PULLS:
		return waiting(e, "pulls", a);
	case EXPLAIN_POLICY_BYTES:
		return arena_printf(a, "waiting for %s: next pull at %s, %s a second",
				    policy_of(e, a), clock_text(e->at, a), bytes_text(e->limit, a));
	case EXPLAIN_POLICY_DELAY:
		return arena_printf(a, "waiting for %s: next node%s at %s", policy_of(e, a),
				    e->by_image ? " of this image" : "", clock_text(e->at, a));
	case EXPLAIN_POLICY_NODES:
		return waiting(e, e->by_image ? "nodes pulling this image" : "nodes pulling", a);
	case EXPLAIN_HELD_NODES:
		return waiting(e, "nodes with a startup taint pulling", a);
	case EXPLAIN_SHUT:
		return arena_printf(a, "waiting for %s: its pull windows open at %s",
				    policy_of(e, a), date_text(e->at, a));
	case EXPLAIN_NO_ZONE:
		return arena_printf(a, "waiting for %s: unknown time zone %s", policy_of(e, a),
				    e->detail);
	case EXPLAIN_NODE_PULLS:
		return arena_printf(a, "waiting for the node: %" PRId64 " of %" PRId64 " pulls",
				    e->n, e->limit);
	case EXPLAIN_GATING_FIRST:
		return arena_printf(a,
				    "waiting for %" PRId64
				    " gating image%s of the node (maxPullsPerNode: %" PRId64 ")",
				    e->n, e->n == 1 ? "" : "s", e->limit);
	default:
		return arena_strdup(a, "");
	}
}

static char *text_of(const struct explain *e, struct arena *a)
{
	switch (e->reason) {
	case EXPLAIN_NOT_LEADING:
		return arena_strdup(a, "unknown: this replica is a standby");
	case EXPLAIN_NO_NODE:
	case EXPLAIN_VIRTUAL:
	case EXPLAIN_SELECTOR:
	case EXPLAIN_TAINT:
	case EXPLAIN_PLATFORM:
		return skipped_text(e, a);
	case EXPLAIN_PULLING:
		return arena_printf(a, "pulling since %s in pod %s", clock_text(e->at, a),
				    or (e->subject, "?"));
	case EXPLAIN_CACHED:
		return e->at == 0 ? arena_strdup(a, "the node has the image")
				  : arena_printf(a, "cached since %s", clock_text(e->at, a));
	case EXPLAIN_NOT_ELIGIBLE:
		return arena_printf(a, "not eligible: %s", e->subject);
	case EXPLAIN_TOO_LARGE:
	case EXPLAIN_DISK_BUDGET:
	case EXPLAIN_NO_ROOM:
		return size_text(e, a);
	case EXPLAIN_BACKOFF:
	case EXPLAIN_REJECTED:
	case EXPLAIN_IMAGE_FAULT:
	case EXPLAIN_PLATFORM_FAULT:
	case EXPLAIN_REGISTRY_FAULT:
	case EXPLAIN_NODE_FAULT:
		return backoff_text(e, a);
	case EXPLAIN_PROBE:
		return arena_printf(a, "waiting for the test pull on %s%s%s",
				    or (e->subject, "another image"),
				    e->detail != NULL ? " after " : "", or (e->detail, ""));
	case EXPLAIN_FORMER_POD:
		return arena_strdup(a, "waiting for the pod of an earlier pull to be deleted");
	case EXPLAIN_REGISTRY_ASKED:
		return arena_printf(a, "waiting for the registry's answer until %s at the latest",
				    clock_text(e->at, a));
	case EXPLAIN_SLOW_START:
		return arena_printf(
			a, "slow start: %" PRId64 " of %" PRId64 " pulls until the first succeeds",
			e->n, e->limit);
	case EXPLAIN_POLICY_PULLS:
	case EXPLAIN_POLICY_BYTES:
	case EXPLAIN_POLICY_DELAY:
	case EXPLAIN_POLICY_NODES:
	case EXPLAIN_HELD_NODES:
	case EXPLAIN_SHUT:
	case EXPLAIN_NO_ZONE:
	case EXPLAIN_NODE_PULLS:
	case EXPLAIN_GATING_FIRST:
		return pace_text(e, a);
	case EXPLAIN_SUSPENDED:
		return arena_strdup(a, e->detail);
	case EXPLAIN_NEXT:
		return arena_strdup(a, "next in the queue");
	case EXPLAIN_REASON_COUNT:
		break;
	}
	return arena_strdup(a, "");
}

char *explain_text(const struct explain *e, struct arena *a)
{
	char *text = text_of(e, a);
	return e->repull ? arena_printf(a, "repull: %s", text) : text;
}
