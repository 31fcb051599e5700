/*
 * What the discoverer counts and measures (docs/metrics.md). Series are removed with their
 * policy, and when the lease is lost: a standby has none.
 */
#include "discoverer/policy.h"

#include <string.h>

#define US_PER_MS 1000

void measure_answer(struct policy *policy, const struct query *q)
{
	struct metrics *m = proc_metrics(policy->d->proc);
	struct arena scratch = ARENA_INIT;
	const char *url = query_shown(q, &scratch);
	metric_set(m, METRIC_discovery_source_health, q->fault == FAULT_NONE,
		   LABELS(policy->name, q->ops->type, url));
	metric_observe(m, METRIC_discovery_source_latency_seconds, q->took_ms * US_PER_MS,
		       LABELS(policy->name, q->ops->type));
	if (q->results.counts[DROP_filter_limit] > 0)
		metric_add(m, METRIC_discovery_filter_limit_total,
			   (int64_t)q->results.counts[DROP_filter_limit],
			   LABELS(policy->name, q->ops->type));
	arena_done(&scratch);
}

void measure_found(struct policy *policy, const struct discovered_images *images)
{
	struct metrics *m = proc_metrics(policy->d->proc);
	for (size_t i = 0; i < policy->n; i++) {
		const char *type = policy->plan.queries.at[i].type;
		int64_t found = 0;
		if (type == NULL) /* refused by the CRD; stored objects may be older */
			continue;
		for (size_t k = 0; k < images->n; k++)
			found += images->at[k].source != NULL &&
				 strcmp(images->at[k].source, type) == 0;
		/* An image of a pipeline may be of several queries. */
		for (size_t k = 0; policy->plan.queries.pipeline && k < policy->n; k++)
			if (strcmp(policy->plan.queries.at[k].type, type) == 0)
				found += (int64_t)policy->sources[k].images.n;
		metric_set(m, METRIC_discovery_images_found, found, LABELS(policy->name, type));
	}
}

void measure_forget(struct policy *policy)
{
	static const enum metric_id ours[] = {
		METRIC_discovery_images_found, METRIC_discovery_source_health,
		METRIC_discovery_source_latency_seconds, METRIC_discovery_filter_limit_total};
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		metric_drop(proc_metrics(policy->d->proc), ours[i], "policy", policy->name);
}

void discoverer_collect(struct proc *p)
{
	const struct discoverer *d = proc_state(p);
	kube_stats(d->kube, proc_api_counter, p);
}
