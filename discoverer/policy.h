/*
 * One DiscoveryPolicy as we follow it: its spec, what each source last had, when each is
 * asked next, and its status as the API server has it. policy.c keeps that up to date,
 * sync.c asks and publishes.
 */
#ifndef DROP_DISCOVERER_POLICY_H
#define DROP_DISCOVERER_POLICY_H

#include "discoverer/discoverer.h"
#include "discoverer/image_list.h"
#include "discoverer/plan.h"

/*
 * When some sources have answered and others have not, so long is waited for these before
 * the status is written without them: a stuck source does not hide what the others found.
 */
#define PATIENCE_MS 3000

struct source_state {
	struct query *query;         /* being asked; NULL: not */
	struct source_images images; /* its last good results */
	bool answered;    /* since its spec is what it is; before that nothing is known */
	enum fault fault; /* of the last answer */
	char text[ERR_TEXT_MAX], note[ERR_TEXT_MAX], warning[ERR_TEXT_MAX];
	size_t left_out[DROP_REASONS_COUNT]; /* by its last answer */
	bool plain;                          /* its credentials go over http */
	int fails;                           /* in a row */
	int64_t retry_ms;                    /* ask again then; CLOCK_NEVER: with all others */
};

struct policy {
	struct discoverer *d;
	char *name, *uid;
	uint64_t read;    /* of the last read from nothing that had it */
	struct arena mem; /* of obj */
	const struct discoverypolicy *obj;
	struct regex *filter;
	struct arena plan_mem;
	struct plan plan; /* of a copy of obj's spec; with a spec_error only its queries */
	char spec_error[ERR_TEXT_MAX]; /* "" : none (rule 31) */
	struct source_state *sources;
	size_t n;
	int64_t full_ms; /* all sources are asked then; CLOCK_NEVER: not acting */

	size_t running;
	bool dirty;         /* there is something to publish */
	bool synced;        /* a source has answered since the last status */
	int64_t publish_ms; /* no later than this, if dirty */

	struct arena status_mem;
	struct discoverypolicy_status status; /* as the API server has it, as far as we know */
	uint64_t written_rv; /* of our last write: the status of older objects says nothing */
	int64_t acked_ms;    /* boot ms of its answer */
	uint64_t write;      /* request id; 0: none under way */
	struct write_ctx *writing;
	int64_t write_after_ms; /* a write failed: not before */
	int write_fails;
	bool refused; /* the API server found the object invalid at the last write */
};

struct write_ctx {             /* lives from kube_send to its answer */
	struct policy *policy; /* NULL: forgotten */
	bool synced;
	bool plain; /* the first to say that credentials go over http */
	struct arena mem;
	struct discoverypolicy_status status;
};

/* policy_state.c */
/* Rule 31: sets filter, plan and spec_error; what is not valid makes the whole policy wait. */
void policy_check(struct policy *policy);
void policy_set_status(struct policy *policy, const struct discoverypolicy_status *status);
/* Stops all queries. */
void policy_stop(struct policy *policy);
/* What becomes of the write under way is nothing to the policy any more. */
void policy_forget_write(struct policy *policy);

/* policy.c */
/* An object of the feed, new or changed. */
void policy_put(struct discoverer *d, const struct discoverypolicy *obj, struct now now);
struct policy *policy_find(const struct discoverer *d, const char *name);
/* Also out of the map. */
void policy_free(struct policy *policy);
/*
 * It was listed by a list that began after fresh_ms: if our last write was acknowledged before that
 * and is not on the list, it is lost (the API server's store was restored from an older backup).
 * Then the status is what was read, and the sources are asked anew.
 */
void policy_listed(struct policy *policy, int64_t fresh_ms, struct now now);
/* Starts to be followed, or stops. */
void policy_act(struct policy *policy, bool act, struct now now);

/* sync.c */
/* Asks who is due, takes the answers, publishes. Returns the boot ms of its next turn. */
int64_t policy_turn(struct policy *policy, struct now now);

/* measure.c */
/* A source has answered, or failed. */
void measure_answer(struct policy *policy, const struct query *q);
/* What the list has now, by type of source. */
void measure_found(struct policy *policy, const struct discovered_images *images);
/* All series of the policy go. */
void measure_forget(struct policy *policy);

/* plain_event.c */
/* The one event that says that credentials go over http. */
void plain_event_send(struct policy *policy);

/* publish.c */
/* Writes the status if it is time. Returns when it wants to be called again. */
int64_t policy_publish(struct policy *policy, struct now now);

#endif
