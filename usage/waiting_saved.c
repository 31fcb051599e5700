/*
 * The ranking of waiting_saved.h. The steps and their letters are explained in
 * docs/decisions/waiting-saved.md: a profile of the day and a rate for each image, fitted robustly
 * to the hours that were seen; the chance that a copy stays unused hour by hour; the seconds of a
 * pull; whether the image is still in use.
 */
#include "usage/waiting_saved.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "usage/demand_state.h"

#define FIT_ROUNDS 5
/* Days without a use that a rate starts from: a single use is no rate. */
#define RATE_DAYS 0.25
/* Visits that the fitted rate counts for against what was seen at that hour. */
#define STAYS_DAYS 3
/* Pulls that the estimate by size counts for, and the seconds that any pull takes. */
#define SIZE_PULLS         2
#define PULL_START_SECONDS 2
/* 0.05 s a MB, until a pull was seen. */
#define SECONDS_A_BYTE (0.05 / 1e6)
/* An image of that size, where not one is known. */
#define USUAL_BYTES 200e6
/* Of the chance that an image is out of use, a day without one. */
#define FADE_A_DAY 0.1

struct fit {
	double profile[DAY_HOURS];   /* share of the day's uses; sum 1, or all 0 */
	double attention[DAY_HOURS]; /* 0 to 1 */
	double (*seen)[DAY_HOURS];   /* [c] uses of each image, outliers cut */
	double *rate;                /* [lambda] uses a day of each image */
};

/* Seconds to pull, from what the pool knows. */
struct pull_model {
	double a_byte, usual_bytes;
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static struct pull_model pull_model(const struct demand_pool *p, struct arena *a)
{
	struct pull_model m = {SECONDS_A_BYTE, USUAL_BYTES};
	if (p->bytes > 0)
		m.a_byte = p->seconds / p->bytes;
	double *sizes = arena_array(a, p->n, sizeof(*sizes));
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->images[i]->used && p->images[i]->bytes > 0)
			sizes[n++] = p->images[i]->bytes;
	if (n > 0) {
		qsort(sizes, n, sizeof(*sizes), by_size);
		m.usual_bytes = sizes[n / 2];
	}
	return m;
}

/* Step 5: the pulls that were seen, and SIZE_PULLS more as its size predicts. */
static double pull_seconds(const struct pull_model *m, const struct demand_image *i)
{
	double bytes = i->bytes > 0 ? i->bytes : m->usual_bytes;
	double by_bytes = log(PULL_START_SECONDS + bytes * m->a_byte);
	return exp((i->log_seconds + SIZE_PULLS * by_bytes) / (i->pulls + SIZE_PULLS));
}

/* Step 6: the chance that it is still in use, after idle uses that were due and a gap of hours. */
static double alive(const struct demand_image *i)
{
	double z = 1 / (1 + (double)i->idle);
	double e = exp(-FADE_A_DAY * i->gap / DAY_HOURS);
	return e * z / (e * z + 1 - e);
}

static void fit_profile(const struct demand_pool *p, struct fit *f)
{
	double all = 0;
	for (int h = 0; h < DAY_HOURS; h++) {
		double sum = 0;
		for (size_t i = 0; i < p->n; i++)
			sum += f->seen[i][h];
		f->profile[h] = p->days[h] > 0 ? sum / p->days[h] : 0;
		all += f->profile[h];
	}
	for (int h = 0; h < DAY_HOURS; h++)
		f->profile[h] = all > 0 ? f->profile[h] / all : 0;
}

static double fit_rate(const struct demand_image *i, const double *seen, const double *profile)
{
	double uses = 0, days = RATE_DAYS;
	for (int h = 0; h < DAY_HOURS; h++) {
		uses += seen[h];
		days += i->days[h] * profile[h];
	}
	return uses / days;
}

/* Step 1: hours that are far above what rate and profile say are cut to their bound. */
static void fit(const struct demand_pool *p, bool all_waiting, struct arena *a, struct fit *f)
{
	f->seen = arena_array(a, p->n, sizeof(*f->seen));
	f->rate = arena_array(a, p->n, sizeof(*f->rate));
	for (size_t i = 0; i < p->n; i++)
		for (int h = 0; h < DAY_HOURS; h++)
			f->seen[i][h] = p->images[i]->uses[h];
	for (int round = 0; round < FIT_ROUNDS; round++) {
		fit_profile(p, f);
		for (size_t i = 0; i < p->n; i++) {
			const struct demand_image *image = p->images[i];
			f->rate[i] = fit_rate(image, f->seen[i], f->profile);
			for (int h = 0; h < DAY_HOURS; h++) {
				double mean = f->rate[i] * f->profile[h] * image->days[h];
				f->seen[i][h] = fmin(image->uses[h], mean + 3 * sqrt(mean) + 1);
			}
		}
	}
	double most = 0;
	for (int h = 0; h < DAY_HOURS; h++)
		most = fmax(most, f->profile[h]);
	for (int h = 0; h < DAY_HOURS; h++) {
		double busy = most > 0 ? f->profile[h] / most : 0;
		f->attention[h] = all_waiting ? 1 : busy * busy;
	}
}

/* Steps 2 and 4: hour by hour from q0, the copy is needed for the first time, weighted. */
static double chance(const struct demand_image *i, const struct fit *f, double rate, double nodes,
		     int q0)
{
	double cold = 1, sum = 0;
	for (int j = 0; j < DAY_HOURS; j++) {
		int h = (q0 + j) % DAY_HOURS;
		double expected = exp(-rate * f->profile[h] / nodes);
		double stays = (i->stays[h] + STAYS_DAYS * expected) / (i->days[h] + STAYS_DAYS);
		sum += cold * (1 - stays) * f->attention[h];
		cold *= stays;
	}
	return fmin(fmax(sum, 0), 1);
}

/* A pool that is young: all hours are alike. */
static double young_chance(const struct demand_image *i, double nodes)
{
	double uses = i->now;
	for (int h = 0; h < DAY_HOURS; h++)
		uses += i->uses[h];
	return 1 - exp(-uses / nodes);
}

static size_t pool_rank(const struct demand *d, const struct demand_pool *p,
			const struct waiting_how *how, struct arena *a, struct waiting_saved **ret)
{
	int q0 = d->hour != HOUR_UNKNOWN ? (int)(d->hour % DAY_HOURS) : 0;
	bool young = p->ticks < how->young_hours;
	double nodes = p->ticks > 0 ? p->mean_nodes : p->nodes > 1 ? p->nodes : 1;
	struct pull_model model = pull_model(p, a);
	struct fit f = {0};
	if (!young)
		fit(p, how->all_waiting, a, &f);
	struct waiting_saved *out = arena_array(a, p->n, sizeof(*out));
	size_t n = 0;
	for (size_t k = 0; k < p->n; k++) {
		const struct demand_image *i = p->images[k];
		if (!i->used)
			continue;
		struct waiting_saved *w = &out[n++];
		w->image = i->name;
		w->seconds = pull_seconds(&model, i);
		w->chance = young ? young_chance(i, nodes)
				  : chance(i, &f, f.rate[k], nodes, q0) * alive(i);
		w->value = w->seconds * w->chance;
	}
	*ret = out;
	return n;
}

static int best_first(const void *a, const void *b)
{
	const struct waiting_saved *x = a, *y = b;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return strcmp(x->image, y->image);
}

static size_t cluster_rank(const struct demand *d, const struct waiting_how *how, struct arena *a,
			   struct waiting_saved **ret)
{
	struct waiting_saved *out = arena_array(a, d->n_images, sizeof(*out));
	double *most = arena_array(a, d->n_images, sizeof(*most));
	struct map by_name = {0};
	size_t n = 0;
	for (size_t k = 0; k < d->n_pools; k++) {
		struct waiting_saved *of_pool;
		double share = demand_share(d, d->pools[k]);
		size_t count = pool_rank(d, d->pools[k], how, a, &of_pool);
		for (size_t i = 0; i < count; i++) {
			struct waiting_saved *sum = map_get(&by_name, of_pool[i].image);
			double adds = of_pool[i].value * share;
			if (sum == NULL) {
				sum = &out[n++];
				sum->image = of_pool[i].image;
				map_put(&by_name, sum->image, sum);
				most[sum - out] = -1;
			}
			sum->value += adds;
			if (adds > most[sum - out]) {
				most[sum - out] = adds;
				sum->seconds = of_pool[i].seconds;
				sum->chance = of_pool[i].chance;
			}
		}
	}
	map_done(&by_name);
	*ret = out;
	return n;
}

size_t waiting_saved_rank(const struct demand *d, const char *pool, const struct waiting_how *how,
			  struct arena *a, struct waiting_saved **ret)
{
	const struct demand_pool *p = pool != NULL ? demand_find_pool(d, pool) : NULL;
	size_t n = 0;
	*ret = NULL;
	if (pool == NULL)
		n = cluster_rank(d, how, a, ret);
	else if (p != NULL)
		n = pool_rank(d, p, how, a, ret);
	if (n > 0)
		qsort(*ret, n, sizeof(**ret), best_first);
	return n;
}
