/*
 * What is measured of held nodes (docs/metrics.md, behaviour 46): by node pool, of which at most
 * POOLS_MAX have series of their own, since names of pools are not under our control.
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/explain/held_nodes.h"

#define US_PER_MS 1000
/* Pools with series of their own; further ones share OTHER_POOL. */
#define POOLS_MAX  50
#define OTHER_POOL "(other)"

static const char *label_of(struct reconciler *r, const char *pool)
{
	const char *known = map_get(&r->pools, pool);
	if (known != NULL)
		return known;
	if (r->pools.count >= POOLS_MAX)
		return OTHER_POOL;
	char *name = xstrdup(pool);
	map_put(&r->pools, name, name);
	return name;
}

void measure_gate(struct proc *p, const struct core_fact *f)
{
	struct metrics *m = proc_metrics(p);
	const char *pool = label_of(proc_state(p), f->pool != NULL ? f->pool : "");
	if (f->kind == FACT_NODE_OPENED)
		metric_observe(m, METRIC_node_open_seconds, f->took_ms * US_PER_MS, LABELS(pool));
	else if (f->kind == FACT_GATE_TIMED_OUT)
		metric_add(m, METRIC_gate_timeouts_total, 1, LABELS(pool));
	else
		metric_add(m, METRIC_gate_contested_total, 1, NULL);
}

/* A standby reports it, too: there is an alert for nodes held while there is no leader. */
void collect_held(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct metrics *m = proc_metrics(p);
	struct held_pool *list;
	size_t n = held_pools(r->core, proc_arena(p), &list);
	for (size_t i = 0; i < n; i++) {
		const char *pool = label_of(r, list[i].pool);
		int64_t sum = 0; /* of all that share the label */
		for (size_t k = 0; k < n; k++)
			if (strcmp(label_of(r, list[k].pool), pool) == 0)
				sum += list[k].nodes;
		metric_set(m, METRIC_nodes_held, sum, LABELS(pool));
		/* The series is there before the first time-out, so that increase() sees it. */
		metric_add(m, METRIC_gate_timeouts_total, 0, LABELS(pool));
	}
}

void gate_metrics_done(struct reconciler *r)
{
	char *name;
	for (size_t i = 0; (name = map_next(&r->pools, &i)) != NULL; i = 0) {
		map_del(&r->pools, name);
		free(name);
	}
	map_done(&r->pools);
}
