/* Source of type cluster (behaviour 53): what the watcher has seen workloads start. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"

#include "discoverer/cluster_uses.h"
#include "discoverer/source.h"
#include "discoverer/usage_reader.h"

struct cluster {
	struct usage_waiter waiter; /* first */
	struct query *q;
};

static int check(const struct discovery_source *spec, struct err *err)
{
	if (spec->cluster != NULL && spec->cluster->lookback > CLUSTER_LOOKBACK_MS)
		return err_set(err, ERR_TERMINAL, "cluster.lookback: usage is known for 168h");
	return 0;
}

static void told(struct usage_waiter *w, const struct usage_told *told)
{
	struct query *q = ((struct cluster *)w)->q;
	bool whole;
	if (!told->enabled) {
		query_end(q, FAULT_USAGE, "%s", told->trouble);
		return;
	}
	if (told->trouble != NULL) {
		query_end(q, FAULT_FAILED, "%s", told->trouble);
		return;
	}
	q->samples = cluster_uses(told->usage, q->spec->cluster, clock_now().wall_s, &q->results,
				  &whole);
	if (!whole) {
		char since[TIME_TEXT_MAX];
		time_format(since, told->usage->coverage.since_s);
		snprintf(q->warning, sizeof(q->warning),
			 "usage is known since %s%s: nothing is dropped yet", since,
			 told->usage->coverage.n > 0 ? ", with gaps" : "");
	}
	query_end(q, FAULT_NONE, "%s", "");
}

static void start(struct query *q)
{
	struct cluster *c = xcalloc(1, sizeof(*c));
	*c = (struct cluster){.waiter = {.told = told, .wants_usage = true}, .q = q};
	q->backend = c;
	usage_reader_want(q->env->usage, &c->waiter);
}

static void stop(struct query *q)
{
	struct cluster *c = q->backend;
	if (c == NULL)
		return;
	usage_reader_leave(q->env->usage, &c->waiter);
	free(c);
	q->backend = NULL;
}

const struct source_ops source_cluster = {
	.type = "cluster",
	.check = check,
	.start = start,
	.stop = stop,
};
