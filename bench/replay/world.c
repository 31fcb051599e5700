/* The generator of world.h. */
#include "bench/replay/world.h"

#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "bench/replay/chance.h"

#define REPOSITORIES_MAX 99

struct repository {
	double share;     /* of the starts of its pool */
	double per_hours; /* between two tags; 0: none */
	double next_tag;
	bool all_day; /* not only in office hours */
	int image, pool;
	double runs;  /* median of a container, seconds */
	double today; /* noise */
};

struct maker {
	struct world *w;
	struct chance c;
	struct repository repositories[REPOSITORIES_MAX];
	int n_repositories;
	double starts_a_day, weekend, a_byte;
	int batches, batch_image[3], batch_hour[3], batch_starts[3];
};

#define GROW(array, n, cap)                                                                        \
	do {                                                                                       \
		if ((n) == (cap)) {                                                                \
			(cap) = (cap) != 0 ? 2 * (cap) : 64;                                       \
			(array) = xreallocarray(array, cap, sizeof(*(array)));                     \
		}                                                                                  \
	} while (0)

static int add_image(struct maker *m, int pool)
{
	struct world *w = m->w;
	GROW(w->images, w->n_images, w->cap_images);
	double bytes = 250e6 * chance_lognormal(&m->c, 0.9);
	w->images[w->n_images] =
		(struct image){bytes, 2 + bytes * m->a_byte * chance_lognormal(&m->c, 0.25), pool};
	return (int)w->n_images++;
}

static void add_start(struct maker *m, double at, double runs, int image)
{
	struct world *w = m->w;
	GROW(w->starts, w->n_starts, w->cap_starts);
	w->starts[w->n_starts++] = (struct start){.at = at, .runs = runs, .image = image};
}

static void add_node(struct maker *m, double born, double dies, int pool)
{
	struct world *w = m->w;
	if (born >= DAYS * DAY_S)
		return;
	GROW(w->nodes, w->n_nodes, w->cap_nodes);
	w->nodes[w->n_nodes++] = (struct world_node){.born = born, .dies = dies, .pool = pool};
}

static void make_repositories(struct maker *m)
{
	double zipf = chance_between(&m->c, 0.7, 1.3), sum = 0;
	double rolling = chance_between(&m->c, 0, 0.6);
	m->n_repositories = chance_int(&m->c, 30, REPOSITORIES_MAX);
	for (int i = 0; i < m->n_repositories; i++) {
		struct repository *r = &m->repositories[i];
		r->share = pow(i + 1, -zipf);
		r->pool = i % m->w->pools;
		r->all_day = chance_unit(&m->c) < 0.1;
		r->image = add_image(m, r->pool);
		r->runs = 1800 * chance_lognormal(&m->c, 1.2);
		if (chance_unit(&m->c) < rolling)
			r->per_hours = 24.0 * chance_int(&m->c, 2, 6);
		r->next_tag = r->per_hours > 0 ? chance_between(&m->c, 0, r->per_hours * HOUR_S)
					       : INFINITY;
		sum += r->share;
	}
	for (int i = 0; i < m->n_repositories; i++)
		m->repositories[i].share /= sum;
}

/* Share of a day's starts in hour h. */
static double profile(int h, bool all_day)
{
	static const double office[24] = {1,  1,  1,  1,  1,  2,  4, 8, 14, 20, 22, 20,
					  14, 18, 21, 20, 17, 12, 7, 5, 4,  3,  2,  1};
	return all_day ? 1.0 / 24 : office[h] / 219;
}

static void make_hour(struct maker *m, int day, int h, double volume)
{
	double from = day * DAY_S + h * HOUR_S;
	for (int i = 0; i < m->n_repositories; i++) {
		struct repository *r = &m->repositories[i];
		if (from >= r->next_tag) {
			r->image = add_image(m, r->pool);
			r->next_tag += r->per_hours * HOUR_S;
		}
		double mean = volume * r->share * r->today * profile(h, r->all_day);
		for (unsigned n = chance_poisson(&m->c, mean); n > 0; n--)
			add_start(m, from + chance_between(&m->c, 0, HOUR_S),
				  r->runs * chance_lognormal(&m->c, 0.5), r->image);
	}
}

static void make_batch(struct maker *m, double at, int starts, int image)
{
	for (int i = 0; i < starts; i++)
		add_start(m, at + chance_between(&m->c, 0, 1800),
			  300 * chance_lognormal(&m->c, 0.5), image);
}

static void make_starts(struct maker *m)
{
	m->starts_a_day = 1500 * pow(8, chance_unit(&m->c));
	m->weekend = chance_between(&m->c, 0.15, 0.5);
	m->batches = chance_int(&m->c, 0, 3);
	for (int b = 0; b < m->batches; b++) {
		m->batch_image[b] = add_image(m, chance_int(&m->c, 0, m->w->pools - 1));
		m->batch_hour[b] = chance_int(&m->c, 0, 5);
		m->batch_starts[b] = chance_int(&m->c, 50, 400);
	}
	for (int day = 0; day < DAYS; day++) {
		double volume = m->starts_a_day * chance_gamma(&m->c, 12);
		if (day % 7 >= 5)
			volume *= m->weekend;
		for (int i = 0; i < m->n_repositories; i++)
			m->repositories[i].today = chance_gamma(&m->c, 3);
		for (int h = 0; h < 24; h++)
			make_hour(m, day, h, volume);
		for (int b = 0; b < m->batches; b++)
			make_batch(m, day * DAY_S + m->batch_hour[b] * HOUR_S, m->batch_starts[b],
				   m->batch_image[b]);
		if (chance_unit(&m->c) < 0.3) {
			int pool = chance_int(&m->c, 0, m->w->pools - 1);
			make_batch(m, day * DAY_S + chance_int(&m->c, 0, 6) * HOUR_S,
				   chance_int(&m->c, 100, 600), add_image(m, pool));
		}
	}
}

/* A place for a node that is never empty: the next one is born when one dies. */
static void make_place(struct maker *m, int pool, double rotate_every, double rotate_at,
		       double mean_life)
{
	double at = -chance_between(&m->c, 0, DAY_S);
	while (at < DAYS * DAY_S) {
		double dies = INFINITY;
		if (mean_life > 0)
			dies = at - mean_life * log(1 - chance_unit(&m->c));
		if (rotate_every > 0) {
			double turn = rotate_at;
			while (turn <= at + HOUR_S)
				turn += rotate_every;
			dies = fmin(dies, turn + chance_between(&m->c, 0, 0.5 * HOUR_S));
		}
		add_node(m, fmax(at, 0), dies, pool);
		at = dies;
	}
}

static void make_autoscaled(struct maker *m, int pool, int most)
{
	for (int day = 0; day < DAYS; day++) {
		int n = day % 7 >= 5 ? most / 4 : most;
		for (int i = 0; i < n; i++) {
			double from = day * DAY_S + chance_between(&m->c, 6.5, 12) * HOUR_S;
			add_node(m, from, from + chance_between(&m->c, 5, 10) * HOUR_S, pool);
		}
	}
}

static int by_birth(const void *a, const void *b)
{
	double x = ((const struct world_node *)a)->born, y = ((const struct world_node *)b)->born;
	return (x > y) - (x < y);
}

static void make_nodes(struct maker *m)
{
	static const double every[] = {1, 1, 2, 3, 7};
	int total = chance_int(&m->c, 25, 100), kinds = chance_int(&m->c, 1, 7);
	double rotate_every = (kinds & 1) != 0 ? every[chance_int(&m->c, 0, 4)] * DAY_S : 0;
	double rotate_at = chance_between(&m->c, 0, 7) * HOUR_S;
	double mean_life = (kinds & 2) != 0 ? chance_between(&m->c, 2, 7) * DAY_S : 0;
	for (int pool = 0; pool < m->w->pools; pool++) {
		int size = total / m->w->pools;
		for (int i = 0; i < size; i++)
			make_place(m, pool, rotate_every, rotate_at, mean_life);
		if ((kinds & 4) != 0)
			make_autoscaled(m, pool, (int)(size * chance_between(&m->c, 0.1, 0.5)));
	}
	qsort(m->w->nodes, m->w->n_nodes, sizeof(struct world_node), by_birth);
}

static int by_time(const void *a, const void *b)
{
	double x = ((const struct start *)a)->at, y = ((const struct start *)b)->at;
	return (x > y) - (x < y);
}

/* Is the image one of the pool's? With several pools a fifth of an image's starts are elsewhere. */
static int pool_of_start(struct maker *m, const struct start *s)
{
	int pool = m->w->images[s->image].pool;
	if (m->w->pools > 1 && chance_unit(&m->c) < 0.2)
		pool = chance_int(&m->c, 0, m->w->pools - 1);
	return pool;
}

/* Each start goes to one of the nodes of its pool that live then. */
static void place_starts(struct maker *m)
{
	struct world *w = m->w;
	int *alive = xcalloc(w->n_nodes, sizeof(*alive));
	unsigned char *seen = xcalloc(w->n_nodes * w->n_images, 1);
	size_t n = 0, next = 0;
	for (size_t i = 0; i < w->n_starts; i++) {
		struct start *s = &w->starts[i];
		while (next < w->n_nodes && w->nodes[next].born <= s->at)
			alive[n++] = (int)next++;
		for (size_t k = 0; k < n;) {
			if (w->nodes[alive[k]].dies <= s->at)
				alive[k] = alive[--n];
			else
				k++;
		}
		int pool = pool_of_start(m, s);
		do
			s->node = alive[chance_int(&m->c, 0, (int)n - 1)];
		while (w->nodes[s->node].pool != pool);
		unsigned char *was = &seen[(size_t)s->node * w->n_images + (size_t)s->image];
		s->first = *was == 0;
		*was = 1;
		struct world_node *node = &w->nodes[s->node];
		if (s->at < node->born + DAY_S) {
			GROW(node->starts, node->n, node->cap);
			node->starts[node->n++] = (int)i;
		}
	}
	free(alive);
	free(seen);
}

void world_make(struct world *w, uint64_t seed, int pools)
{
	struct maker m = {.w = w, .c = {seed * 0x9e3779b97f4a7c15ULL}};
	*w = (struct world){.seed = seed, .pools = pools};
	m.a_byte = chance_between(&m.c, 0.02, 0.08) / 1e6;
	make_repositories(&m);
	make_starts(&m);
	qsort(w->starts, w->n_starts, sizeof(struct start), by_time);
	make_nodes(&m);
	place_starts(&m);
}

void world_done(struct world *w)
{
	for (size_t i = 0; i < w->n_nodes; i++)
		free(w->nodes[i].starts);
	free(w->nodes);
	free(w->starts);
	free(w->images);
}

double world_pull_seconds(const struct world *w, int image, int node)
{
	struct chance c = {w->seed ^ ((uint64_t)image << 40) ^ ((uint64_t)node << 16)};
	return w->images[image].seconds * chance_lognormal(&c, 0.3);
}
