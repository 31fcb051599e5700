/*
 * The replay benchmark of rankings (bench/replay/README.md): synthetic weeks, in which each new
 * node gets the ten images that a ranking chooses from what was seen before its birth; how much of
 * the waiting in the node's first day that saves. Prints a table in Markdown: mean and standard
 * deviation over the seeds.
 *
 * replay [--first SEED] [--seeds N] [--pools 1..4] [--young] [--check]
 *
 * --young: each ranking has less than a day of observations, at all births. --check: prints TAP
 * instead, whether waitingSaved saves more than each other ranking.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "bench/replay/rankings.h"
#include "bench/replay/saved.h"

#define POOLS_MAX 4
#define SEEDS_MAX 1000

#define USUAL                                                                                      \
	{                                                                                          \
		.young_hours = WAITING_YOUNG_HOURS                                                 \
	}

static const struct replay_ranking rankings[] = {
	{"waitingSaved, a list a pool", BY_WAITING, 0, true, USUAL},
	{"waitingSaved, one list", BY_WAITING, 0, false, USUAL},
	{"waitingSaved, allWaiting", BY_WAITING, 0, true, {true, WAITING_YOUNG_HOURS}},
	{"waitingSaved, fitted from the first hour", BY_WAITING, 0, true, {.young_hours = 0}},
	{"waitingSaved, fitted from hour 24", BY_WAITING, 0, true, {.young_hours = 24}},
	{"modelExposure, hand-set windows, 7 days", BY_EXPOSURE, 7, false, {0}},
	{"modelExposure, hand-set windows, 3 days", BY_EXPOSURE, 3, false, {0}},
	{"modelExposure, hand-set windows, 1 day", BY_EXPOSURE, 1, false, {0}},
	{"count × pull time, 7 days", BY_COUNT_TIME, 7, false, {0}},
	{"count × pull time, 1 day", BY_COUNT_TIME, 1, false, {0}},
	{"count, 7 days", BY_COUNT, 7, false, {0}},
	{"concurrency, 7 days", BY_CONCURRENCY, 7, false, {0}},
};
#define RANKINGS ((int)(sizeof(rankings) / sizeof(rankings[0])))

struct options {
	uint64_t first;
	int seeds, pools;
	bool young, check;
};

struct totals { /* of a seed; seconds */
	double without[MEASURES], oracle[MEASURES], with[RANKINGS][MEASURES];
};

static int day_of(const struct world *w, int node)
{
	return (int)(w->nodes[node].born / DAY_S);
}

static bool counts(const struct world *w, int node)
{
	int day = day_of(w, node);
	return day >= LEARN_DAYS && day < LEARN_DAYS + COUNT_DAYS;
}

/* The best fixed list for the pool's nodes of a day, with knowledge of that day. */
static void oracle_list(const struct world *w, double (*by_image)[MEASURES], int measure, int *list,
			int *n)
{
	*n = 0;
	for (; *n < LIST_MAX; (*n)++) {
		int best = -1;
		for (size_t i = 0; i < w->n_images; i++)
			if (by_image[i][measure] > 0 &&
			    (best < 0 || by_image[i][measure] > by_image[best][measure]))
				best = (int)i;
		if (best < 0)
			return;
		list[*n] = best;
		by_image[best][measure] = 0;
	}
}

static void oracle_day(const struct world *w, struct scratch *s, int day, int pool,
		       struct totals *t)
{
	double(*by_image)[MEASURES] = xcalloc(w->n_images, sizeof(*by_image));
	for (size_t k = 0; k < w->n_nodes; k++)
		if (day_of(w, (int)k) == day && w->nodes[k].pool == pool)
			saved_by_image(w, s, (int)k, by_image);
	for (int m = 0; m < MEASURES; m++) {
		int list[LIST_MAX], n;
		oracle_list(w, by_image, m, list, &n);
		for (size_t k = 0; k < w->n_nodes; k++) {
			double waits[MEASURES];
			if (day_of(w, (int)k) != day || w->nodes[k].pool != pool)
				continue;
			saved_waits(w, s, (int)k, list, n, waits);
			t->oracle[m] += waits[m];
		}
	}
	free(by_image);
}

static void node_born(const struct world *w, struct scratch *s, const struct learner *l, int node,
		      struct totals *t)
{
	double waits[MEASURES];
	saved_waits(w, s, node, NULL, 0, waits);
	for (int m = 0; m < MEASURES; m++)
		t->without[m] += waits[m];
	for (int r = 0; r < RANKINGS; r++) {
		int list[LIST_MAX];
		int n = learner_list(l, &rankings[r], w->nodes[node].pool, list);
		saved_waits(w, s, node, list, n, waits);
		for (int m = 0; m < MEASURES; m++)
			t->with[r][m] += waits[m];
	}
}

/* What the ended hour saw of nodes. */
static void count_nodes(const struct world *w, double from, double to, unsigned *nodes,
			unsigned *born)
{
	memset(nodes, 0, POOLS_MAX * sizeof(*nodes));
	memset(born, 0, POOLS_MAX * sizeof(*born));
	for (size_t k = 0; k < w->n_nodes && w->nodes[k].born < to; k++) {
		if (w->nodes[k].dies <= from)
			continue;
		nodes[w->nodes[k].pool]++;
		born[w->nodes[k].pool] += w->nodes[k].born >= from;
	}
}

/* Starts and births in order of time, ranked only from what came before. */
static void replay(const struct world *w, struct scratch *s, bool young, struct totals *t)
{
	struct learner *l = learner_new(w);
	unsigned nodes[POOLS_MAX], born[POOLS_MAX];
	size_t start = 0, node = 0;
	for (long hour = 0; hour < (LEARN_DAYS + COUNT_DAYS) * 24L; hour++) {
		double from = (double)hour * HOUR_S, to = from + HOUR_S;
		count_nodes(w, from - HOUR_S, from, nodes, born);
		learner_hour(l, hour, nodes, born);
		/* Each day at another hour. */
		if (young && hour % 24 == hour / 24 * 5 % 24)
			learner_reset(l);
		while (start < w->n_starts || node < w->n_nodes) {
			double at = start < w->n_starts ? w->starts[start].at : INFINITY;
			double birth = node < w->n_nodes ? w->nodes[node].born : INFINITY;
			if (fmin(at, birth) >= to)
				break;
			if (birth <= at) {
				if (counts(w, (int)node))
					node_born(w, s, l, (int)node, t);
				node++;
			} else {
				learner_start(l, &w->starts[start++]);
			}
		}
	}
	learner_free(l);
}

static void run_seed(uint64_t seed, const struct options *o, struct totals *t)
{
	struct world w;
	world_make(&w, seed, o->pools);
	struct scratch *s = scratch_new(&w);
	replay(&w, s, o->young, t);
	for (int day = LEARN_DAYS; day < LEARN_DAYS + COUNT_DAYS; day++)
		for (int pool = 0; pool < w.pools; pool++)
			oracle_day(&w, s, day, pool, t);
	scratch_free(s);
	world_done(&w);
}

static void print_cell(const double *values, int n)
{
	double sum = 0, squares = 0;
	for (int i = 0; i < n; i++)
		sum += values[i];
	for (int i = 0; i < n; i++)
		squares += (values[i] - sum / n) * (values[i] - sum / n);
	printf(" %.1f ± %.1f |", 100 * sum / n, n > 1 ? 100 * sqrt(squares / (n - 1)) : 0);
}

/* ranking -1: the oracle. */
static void print_row(const struct totals *t, int n, int ranking)
{
	double share[SEEDS_MAX], of_oracle[SEEDS_MAX];
	printf("| %s |", ranking < 0 ? "oracle" : rankings[ranking].name);
	for (int m = 0; m < MEASURES; m++) {
		for (int i = 0; i < n; i++) {
			double with = ranking < 0 ? t[i].oracle[m] : t[i].with[ranking][m];
			double saved = t[i].without[m] - with;
			share[i] = saved / t[i].without[m];
			of_oracle[i] = saved / (t[i].without[m] - t[i].oracle[m]);
		}
		print_cell(share, n);
		print_cell(of_oracle, n);
	}
	printf("\n");
}

static void print_table(const struct totals *t, int n)
{
	printf("| ranking | weekdays 9–17: waiting saved, %% | of the oracle, %% "
	       "| all hours: waiting saved, %% | of the oracle, %% |\n|---|---|---|---|---|\n");
	for (int r = -1; r < RANKINGS; r++)
		print_row(t, n, r);
}

static double mean_saved(const struct totals *t, int n, int ranking)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += 1 - t[i].with[ranking][OFFICE] / t[i].without[OFFICE];
	return sum / n;
}

static void print_checks(const struct totals *t, int n)
{
	int others = 0;
	for (int r = 0; r < RANKINGS; r++) {
		if (rankings[r].kind == BY_WAITING)
			continue;
		double gain = 100 * (mean_saved(t, n, 0) - mean_saved(t, n, r));
		printf("%sok %d - waitingSaved saves %.1f points more than %s\n",
		       gain > 0 ? "" : "not ", ++others, gain, rankings[r].name);
	}
	printf("1..%d\n", others);
}

static int usage(void)
{
	fprintf(stderr, "usage: replay [--first SEED] [--seeds N] [--pools 1..4] [--young] "
			"[--check]\n");
	return 100;
}

int main(int argc, char **argv)
{
	struct options o = {.first = 1, .seeds = 20, .pools = 1};
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--young") == 0 || strcmp(argv[i], "--check") == 0) {
			*(argv[i][2] == 'y' ? &o.young : &o.check) = true;
			continue;
		}
		if (strcmp(argv[i], "--first") == 0)
			o.first = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--seeds") == 0)
			o.seeds = (int)strtol(value, NULL, 10);
		else if (strcmp(argv[i], "--pools") == 0)
			o.pools = (int)strtol(value, NULL, 10);
		else
			return usage();
		i++;
	}
	if (o.seeds < 1 || o.seeds > SEEDS_MAX || o.pools < 1 || o.pools > POOLS_MAX)
		return usage();
	struct totals *totals = xcalloc((size_t)o.seeds, sizeof(*totals));
	for (int i = 0; i < o.seeds; i++)
		run_seed(o.first + (uint64_t)i, &o, &totals[i]);
	if (o.check)
		print_checks(totals, o.seeds);
	else
		print_table(totals, o.seeds);
	free(totals);
	return 0;
}
