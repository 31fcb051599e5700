/* The rankings of rankings.h. All but waitingSaved look at hourly counts of some days. */
#include "bench/replay/rankings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define WEEK_HOURS 168

struct seen { /* an image, in the whole cluster */
	float starts[WEEK_HOURS], runs[WEEK_HOURS];
	double pull_seconds;
	unsigned pulls;
};

struct learner {
	const struct world *w;
	struct seen *seen;
	struct demand *demand;
	long hour;
	double nodes; /* in the last hour */
};

static const char *image_name(int image, char out[16])
{
	snprintf(out, 16, "%d", image);
	return out;
}

static const char *pool_name(int pool)
{
	static const char *const names[] = {"p0", "p1", "p2", "p3"};
	return names[pool];
}

struct learner *learner_new(const struct world *w)
{
	struct learner *l = xcalloc(1, sizeof(*l));
	l->w = w;
	l->seen = xcalloc(w->n_images, sizeof(*l->seen));
	l->demand = demand_new();
	return l;
}

void learner_free(struct learner *l)
{
	demand_free(l->demand);
	free(l->seen);
	free(l);
}

void learner_reset(struct learner *l)
{
	memset(l->seen, 0, l->w->n_images * sizeof(*l->seen));
	demand_free(l->demand);
	l->demand = demand_new();
	demand_hour(l->demand, l->hour, true);
}

void learner_start(struct learner *l, const struct start *s)
{
	char name[16];
	struct seen *seen = &l->seen[s->image];
	const char *pool = pool_name(l->w->nodes[s->node].pool);
	seen->starts[l->hour % WEEK_HOURS] += 1;
	seen->runs[l->hour % WEEK_HOURS] += (float)s->runs;
	demand_use(l->demand, pool, image_name(s->image, name), 1);
	if (!s->first)
		return;
	double seconds = world_pull_seconds(l->w, s->image, s->node);
	seen->pull_seconds += seconds;
	seen->pulls++;
	demand_pull(l->demand, pool, name, seconds, l->w->images[s->image].bytes);
}

void learner_hour(struct learner *l, long hour, const unsigned *nodes, const unsigned *born)
{
	l->hour = hour;
	l->nodes = 0;
	for (int p = 0; p < l->w->pools; p++) {
		demand_nodes(l->demand, pool_name(p), nodes[p], born[p]);
		l->nodes += nodes[p];
	}
	demand_nodes_end(l->demand);
	demand_hour(l->demand, hour, true);
	for (size_t i = 0; i < l->w->n_images; i++) {
		l->seen[i].starts[hour % WEEK_HOURS] = 0;
		l->seen[i].runs[hour % WEEK_HOURS] = 0;
	}
}

struct lookback {
	long hour; /* that runs, the last one */
	int days;  /* at most 7 */
};

/* A day's mean of hours [from, to). */
static double a_day(const float *hours, const struct lookback *b, int from, int to)
{
	double sum = 0;
	for (int i = 0; i < b->days * 24; i++) {
		long h = b->hour + WEEK_HOURS - i;
		if (h % 24 >= from && h % 24 < to)
			sum += hours[h % WEEK_HOURS];
	}
	return sum / b->days;
}

static double score(const struct learner *l, const struct seen *s, const struct replay_ranking *r)
{
	double seconds = s->pulls > 0 ? s->pull_seconds / s->pulls : 0;
	const struct lookback b = {l->hour, r->days};
	switch (r->kind) {
	case BY_COUNT:
		return a_day(s->starts, &b, 0, 24);
	case BY_COUNT_TIME:
		return a_day(s->starts, &b, 0, 24) * seconds;
	case BY_CONCURRENCY:
		return a_day(s->runs, &b, 0, 24);
	case BY_EXPOSURE:
		return a_day(s->starts, &b, 9, 17) * seconds *
		       pow(1 - 1 / fmax(l->nodes, 2), a_day(s->starts, &b, 0, 9));
	case BY_WAITING:
		break;
	}
	return 0;
}

/* list[0..n) is sorted; puts image where its score belongs. */
static int insert(int *list, double *scores, int n, int image, double value)
{
	int at = n < LIST_MAX ? n++ : LIST_MAX;
	for (; at > 0 && scores[at - 1] < value; at--)
		if (at < LIST_MAX) {
			list[at] = list[at - 1];
			scores[at] = scores[at - 1];
		}
	if (at < LIST_MAX) {
		list[at] = image;
		scores[at] = value;
	}
	return n;
}

int learner_list(const struct learner *l, const struct replay_ranking *r, int pool, int *list)
{
	double scores[LIST_MAX];
	int n = 0;
	if (r->kind == BY_WAITING) {
		struct arena a = ARENA_INIT;
		struct waiting_saved *ranked;
		size_t count = waiting_saved_rank(l->demand, r->per_pool ? pool_name(pool) : NULL,
						  &r->how, &a, &ranked);
		for (; n < LIST_MAX && (size_t)n < count; n++)
			list[n] = (int)strtol(ranked[n].image, NULL, 10);
		arena_done(&a);
		return n;
	}
	for (size_t i = 0; i < l->w->n_images; i++) {
		double value = score(l, &l->seen[i], r);
		if (value > 0)
			n = insert(list, scores, n, (int)i, value);
	}
	return n;
}
