/*
 * The discoverer alone asks Prometheus and registries which images are wanted, and alone
 * writes the status of DiscoveryPolicies (behaviour.md 26-31).
 *
 * It reads DiscoveryPolicies from the watcher and Secrets by name from the API server, both
 * only while the lease is held; a standby sends no requests. What a policy found is kept in its
 * status, from which a restarted discoverer goes on. It also finds out what registries say of
 * images (image_facts.h). dropctl discover has a policy tried
 * without any of that (try.c). It has no watches of its own, and it does not pull images.
 */
#ifndef DROP_DISCOVERER_DISCOVERER_H
#define DROP_DISCOVERER_DISCOVERER_H

#include "base/map.h"
#include "ipc/options.h"
#include "ipc/feed.h"
#include "ipc/proc.h"
#include "kube/kube.h"

#include "discoverer/image_facts.h"
#include "discoverer/lead.h"
#include "discoverer/registry/limiter.h"
#include "discoverer/source.h"
#include "discoverer/registry/tokens.h"
#include "discoverer/usage_reader.h"
#include "discoverer/usage_saver.h"

/* Policies tried at once for dropctl discover. */
#define TRIES_MAX 4

struct policy; /* discoverer/policy.h */
struct try;    /* discoverer/try.c */

struct discoverer {
	struct discoverer_options options; /* first */
	struct proc *proc;
	struct kube *kube;
	struct limiter limiter;
	struct tokens tokens;
	struct query_env env;
	struct feed feed;
	struct lead lead;
	bool acting;         /* policies are followed */
	struct map policies; /* by name */
	uint64_t read;       /* counts the full reads of the feed, the running one included */
	struct map nodes;    /* by name; discoverer/nodes_seen.h */
	bool nodes_wanted, nodes_known;
	struct try *tries[TRIES_MAX];
	struct image_facts_state facts;
	struct usage_reader usage;
	struct usage_saver saver;
	bool events_legacy; /* events.k8s.io is forbidden: core/v1 */
};

/* discoverer.c */
int discoverer_init(struct proc *p, struct err *err);
int64_t discoverer_turn(struct proc *p, struct now now);
void discoverer_done(struct proc *p);
void on_doorbell(struct proc *p, const struct msg_in *in);
void on_changes(struct proc *p, const struct msg_in *in);

/* measure.c */
void discoverer_collect(struct proc *p);

/* try.c */
void on_discover(struct proc *p, const struct msg_in *in);
int64_t tries_turn(struct proc *p, struct now now);
void tries_done(struct discoverer *d);
/* Does any policy need the number of nodes? */
bool tries_count_nodes(const struct discoverer *d);

#endif
