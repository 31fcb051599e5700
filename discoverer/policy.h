/*
 * One DiscoveryPolicy as we follow it: its spec, what each source last had, when each is
 * asked next, and its status as the API server has it. policy.c keeps these up to date,
 * sync.c asks and publishes.
 */
#ifndef DROP_DISCOVERER_POLICY_H
#define DROP_DISCOVERER_POLICY_H

#include "discoverer/discoverer.h"
#include "discoverer/image_list.h"
#include "discoverer/plan.h"

/*
 * When some sources have answered, the others get this much more time before the status is
 * written without them: a source that hangs does not hold back the results of the others.
 */
#define PATIENCE_MS 3000

struct source_state {
	struct query *query;         /* being asked; NULL: not */
	struct source_images images; /* its last good results */
	bool answered;    /* at least once with its present spec; before that nothing is known */
	enum fault fault; /* of the last answer */
	char text[ERR_TEXT_MAX], note[ERR_TEXT_MAX], warning[ERR_TEXT_MAX];
	size_t left_out[DROP_REASONS_COUNT]; /* by its last answer */
	bool plain;                          /* its credentials go over http */
	int fails;                           /* consecutive failures */
	int64_t retry_ms; /* when to ask again; CLOCK_NEVER: together with all others */
};

struct policy {
	struct discoverer *d;
	char *name, *uid;
	uint64_t read;    /* the last full read of the feed (d->read) that had this policy */
	struct arena mem; /* of obj */
	const struct discoverypolicy *obj;
	struct regex *filter;
	struct arena plan_mem;
	struct plan plan; /* made from a copy of obj's spec; if spec_error is set only its queries
			     are valid */
	char spec_error[ERR_TEXT_MAX]; /* "" : none (rule 31) */
	struct source_state *sources;
	size_t n;
	int64_t full_ms; /* when all sources are asked; CLOCK_NEVER: not the leader */

	size_t running;
	bool dirty;         /* the status has to be written */
	bool synced;        /* a source has answered since the last status */
	int64_t publish_ms; /* if dirty: write the status no later than this */

	struct arena status_mem;
	struct discoverypolicy_status status; /* as the API server has it, as far as we know */
	uint64_t written_rv; /* resourceVersion of our last write; the status in older objects is
				ignored */
	int64_t acked_ms;    /* boot ms when that write was answered */
	uint64_t write;      /* request id; 0: none under way */
	struct write_ctx *writing;
	int64_t write_after_ms; /* after a failed write: no new one before this */
	int write_fails;
	bool refused; /* the API server found the object invalid at the last write */
};

struct write_ctx {             /* lives from kube_send to its answer */
	struct policy *policy; /* NULL: the policy ignores the outcome */
	bool synced;
	bool plain; /* this status is the first to say that credentials go over http */
	struct arena mem;
	struct discoverypolicy_status status;
};

/* policy_state.c */
/* Rule 31: sets filter, plan and spec_error; what is not valid makes the whole policy wait. */
void policy_check(struct policy *policy);
void policy_set_status(struct policy *policy, const struct discoverypolicy_status *status);
/* Stops all queries. */
void policy_stop(struct policy *policy);
/* Detaches the write under way: its outcome no longer concerns the policy. */
void policy_forget_write(struct policy *policy);

/* policy.c */
/* An object of the feed, new or changed. */
void policy_put(struct discoverer *d, const struct discoverypolicy *obj, struct now now);
struct policy *policy_find(const struct discoverer *d, const char *name);
/* Also removes it from d->policies. */
void policy_free(struct policy *policy);
/*
 * It was listed by a list that began after fresh_ms: if our last write was acknowledged before that
 * and is not on the list, it is lost (the API server's store was restored from an older backup).
 * Then the status is what was read, and the sources are asked anew.
 */
void policy_listed(struct policy *policy, int64_t fresh_ms, struct now now);
/* Begins or ends the syncing of the policy (this replica became leader, or is none any more). */
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
