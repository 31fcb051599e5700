/*
 * What the reconciler counts and measures (docs/metrics.md): facts as they happen, gauges of
 * the core on request. Series go with what they are about: gauges are set anew each
 * time, counters are kept only for references that some image names and for nodes that exist.
 */
#include "reconciler/reconciler.h"

#include <string.h>

#include "base/map.h"
#include "reconciler/core/image_stats.h"

#define US_PER_MS 1000
#define US_PER_S  INT64_C(1000000)

static const char *const fault_names[] = {
	[FAULT_NONE] = "",       [FAULT_NODE] = "node",         [FAULT_PULL] = "pull",
	[FAULT_IMAGE] = "image", [FAULT_PLATFORM] = "platform", [FAULT_REGISTRY] = "registry",
};

static void count_pull(struct metrics *m, const char *result, enum fault fault)
{
	metric_add(m, METRIC_pulls_total, 1, LABELS(result, fault_names[fault]));
}

void measure_fact(struct proc *p, const struct core_fact *f)
{
	const struct reconciler *r = proc_state(p);
	struct metrics *m = proc_metrics(p);
	const char *node = r->options.metrics_per_node ? f->node : "";
	switch (f->kind) {
	case FACT_PULL_STARTED:
		metric_add(m, METRIC_pulls_started_total, 1, NULL);
		break;
	case FACT_PULL_SUCCEEDED:
		metric_add(m, METRIC_images_cached_total, 1, LABELS(f->reference, node));
		metric_observe(m, METRIC_pull_duration_seconds,
			       f->kubelet_s >= 0 ? f->kubelet_s * US_PER_S : f->took_ms * US_PER_MS,
			       LABELS(f->reference));
		metric_add(m, METRIC_pulled_bytes_total, (int64_t)f->bytes, NULL);
		count_pull(m, "succeeded", FAULT_NONE);
		break;
	case FACT_PULL_FAILED:
		metric_add(m, METRIC_pull_errors_total, 1, LABELS(f->reference, node));
		count_pull(m, "failed", f->fault);
		break;
	case FACT_POD_REFUSED:
		count_pull(m, "refused", FAULT_NONE);
		break;
	case FACT_BATCH_REFUSED:
		metric_add(m, METRIC_batches_refused_total, 1, NULL);
		break;
	case FACT_EVICTED:
		metric_add(m, METRIC_evictions_total, 1, NULL);
		break;
	case FACT_TAG_MOVED:
		metric_add(m, METRIC_tag_moves_total, 1, NULL);
		break;
	case FACT_NODE_WARM:
		metric_observe(m, METRIC_node_warmup_seconds, f->took_ms * US_PER_MS, NULL);
		break;
	case FACT_NODE_OPENED:
	case FACT_GATE_TIMED_OUT:
	case FACT_GATE_CONTESTED:
		measure_gate(p, f);
		break;
	case FACT_EVICTING: /* counted as FACT_EVICTED */
	case FACT_POLICY_NOT_FOUND:
	case FACT_NO_NODES:
	case FACT_TOO_LARGE:
	case FACT_NO_ROOM:
	case FACT_DISK_UNCHECKED:
	case FACT_NO_ZONE:
	case FACT_COUNT:
		break;
	}
}

void measure_reconciled(struct proc *p, enum kind kind, bool done)
{
	const char *result = done ? "success" : "error";
	metric_add(proc_metrics(p), METRIC_reconcile_total, 1,
		   LABELS(kinds[kind].singular, result));
}

/* ---- gauges ---- */

static const enum metric_id of_images[] = {
	METRIC_nodes_targeted,
	METRIC_nodes_cached,
	METRIC_consecutive_failures,
	METRIC_image_degraded,
	METRIC_queue_depth,
	METRIC_queue_oldest_seconds,
	METRIC_image_suspended,
	METRIC_policy_windows_open,
	METRIC_policy_windows_change_timestamp_seconds,
};

static void set_image(struct metrics *m, const struct image_stats *f)
{
	metric_set(m, METRIC_nodes_targeted, f->targeted, LABELS(f->image));
	metric_set(m, METRIC_nodes_cached, f->ready, LABELS(f->image));
	metric_set(m, METRIC_consecutive_failures, f->failures, LABELS(f->image, f->reference));
	metric_set(m, METRIC_image_degraded, f->degraded, LABELS(f->image));
	metric_set(m, METRIC_image_suspended, f->suspended, LABELS(f->image));
}

/* What waits, added up by policy: the first image of a policy begins its sums. */
static void set_policies(struct proc *p, const struct image_stats *list, size_t n)
{
	struct metrics *m = proc_metrics(p);
	struct map seen = {0};
	for (size_t i = 0; i < n; i++) {
		const char *policy = list[i].policy;
		int64_t depth = 0, oldest_ms = INT64_MAX;
		if (map_get(&seen, policy) != NULL)
			continue;
		map_put(&seen, policy, m);
		for (size_t k = i; k < n; k++) {
			if (strcmp(list[k].policy, policy) != 0)
				continue;
			depth += list[k].waiting;
			if (list[k].waiting_ms != 0 && list[k].waiting_ms < oldest_ms)
				oldest_ms = list[k].waiting_ms;
		}
		int64_t age_ms = oldest_ms == INT64_MAX ? 0 : clock_boot_ms() - oldest_ms;
		metric_set(m, METRIC_queue_depth, depth, LABELS(policy));
		metric_set(m, METRIC_queue_oldest_seconds, age_ms * US_PER_MS, LABELS(policy));
	}
	map_done(&seen);
}

/* 51. */
static void set_windows(struct proc *p)
{
	const struct reconciler *r = proc_state(p);
	struct metrics *m = proc_metrics(p);
	struct window_stats *list;
	size_t n = core_window_stats(r->core, proc_arena(p), &list);
	for (size_t i = 0; i < n; i++) {
		metric_set(m, METRIC_policy_windows_open, list[i].open, LABELS(list[i].policy));
		metric_set(m, METRIC_policy_windows_change_timestamp_seconds,
			   list[i].change_s * US_PER_S, LABELS(list[i].policy));
	}
}

static bool keep_reference(void *ctx, const char *reference)
{
	return map_get(ctx, reference) != NULL;
}

static bool keep_node(void *ctx, const char *node)
{
	return *node == '\0' || core_has_node(ctx, node);
}

static void prune(struct metrics *m, const struct core *core, const struct image_stats *list,
		  size_t n)
{
	static const enum metric_id by_image[] = {
		METRIC_images_cached_total, METRIC_pull_errors_total, METRIC_pull_duration_seconds};
	struct map references = {0};
	for (size_t i = 0; i < n; i++)
		map_put(&references, list[i].reference, m);
	for (size_t i = 0; i < sizeof(by_image) / sizeof(by_image[0]); i++) {
		metric_keep(m, by_image[i], "image", keep_reference, &references);
		metric_keep(m, by_image[i], "node", keep_node, (void *)(uintptr_t)core);
	}
	map_done(&references);
}

void reconciler_collect(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct metrics *m = proc_metrics(p);
	struct image_stats *list;
	int64_t active = 0;
	size_t n = core_image_stats(r->core, proc_arena(p), &list);
	metric_mark(m);
	/* A standby knows the same, and two replicas must not say it twice. */
	for (size_t i = 0; r->acting && i < n; i++) {
		set_image(m, &list[i]);
		active += list[i].active;
	}
	if (r->acting) {
		set_policies(p, list, n);
		set_windows(p);
	}
	collect_held(p);
	metric_sweep(m, METRIC_nodes_held);
	for (size_t i = 0; i < sizeof(of_images) / sizeof(of_images[0]); i++)
		metric_sweep(m, of_images[i]);
	metric_set(m, METRIC_active_pulls, active, NULL);
	if (r->prune)
		prune(m, r->core, list, n);
	r->prune = false;
	kube_stats(r->kube, proc_api_counter, p);
}
