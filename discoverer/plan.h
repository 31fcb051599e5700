/*
 * What a DiscoveryPolicy asks for, whichever form its spec has (behaviour.md 26, 55). `sources` is
 * the pipeline without signals, ranked by the highest score; so the rest of the discoverer handles
 * only one form. Pure but for the files of time zones.
 */
#ifndef DROP_DISCOVERER_PLAN_H
#define DROP_DISCOVERER_PLAN_H

#include "api/kinds.h"
#include "base/arena.h"
#include "base/err.h"

#include "discoverer/image_list.h"
#include "discoverer/pipeline/ranking.h"
#include "discoverer/pipeline/signal.h"

struct desc; /* api/desc.h */

/* Defaults of a query without `lookback`, and without `maxScan`. */
#define PLAN_LOOKBACK_MS (24 * 3600 * INT64_C(1000))
#define PLAN_SCAN        1000

struct plan_queries { /* borrowed from the spec */
	const struct discovery_source *at;
	size_t n;
	const struct desc *desc; /* of one */
	bool pipeline;
};

struct plan_query {         /* its signals */
	size_t *signals;    /* indexes in the spec */
	const char **names; /* of these */
	size_t n;
};

struct plan { /* lives in an arena; the spec is borrowed */
	struct plan_queries queries;
	struct plan_query *of; /* one for each query */
	size_t n_signals;
	const struct discovery_signals *signals;
	bool *used;             /* by the ranking, one for each signal */
	struct ranking ranking; /* its nodes are plan_nodes()'s to set */
	const struct exposure_nodes *nodes;
	bool counts_nodes; /* the ranking needs their number */
};

/* Works for an invalid spec, too. */
struct plan_queries plan_queries(const struct discoverypolicy_spec *spec);
/* ERR_TERMINAL: what is not valid, and where. ret is as good as empty then. */
int plan_make(const struct discoverypolicy_spec *spec, struct arena *a, struct plan *ret,
	      struct err *err);
/* "sources[0]", "queries[0] NAME". */
const char *plan_query_name(const struct plan_queries *queries, size_t i, struct arena *a);
/* The rules of a query's signals at a moment, in the order of plan->of. Files are read. */
int plan_rules(const struct discovery_signals *signals, const struct discovery_source *query,
	       int64_t now_ms, struct arena *a, struct signal_rule **ret, size_t *ret_n,
	       struct err *err);
/*
 * What list_make() needs of the plan. matching: Ready nodes that the selector matches; all Ready
 * nodes if there is none.
 */
void plan_list_rules(const struct plan *plan, int64_t matching, struct ranking *ranking,
		     struct list_rules *rules);
/* Converts the list to the form of the status. */
struct discovered_images plan_images(const struct plan *plan, const struct list *list,
				     struct arena *a);

#endif
