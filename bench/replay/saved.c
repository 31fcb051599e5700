/*
 * Waiting on a node (saved.h). The first start of an image pulls it, and further starts until then
 * wait for the rest of that pull. A pull of ours that runs is waited for; one that a start came
 * before is skipped.
 */
#include "bench/replay/saved.h"

#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"

struct scratch {
	double *first; /* of each image on the node; INFINITY: none */
	double *ready; /* when it is there */
};

struct scratch *scratch_new(const struct world *w)
{
	struct scratch *s = xcalloc(1, sizeof(*s));
	s->first = xcalloc(w->n_images, sizeof(double));
	s->ready = xcalloc(w->n_images, sizeof(double));
	for (size_t i = 0; i < w->n_images; i++)
		s->first[i] = INFINITY;
	return s;
}

void scratch_free(struct scratch *s)
{
	free(s->first);
	free(s->ready);
	free(s);
}

static void measure(double ret[MEASURES], double at, double wait)
{
	int day = (int)(at / DAY_S) % 7, hour = (int)(fmod(at, DAY_S) / HOUR_S);
	if (day < 5 && hour >= 9 && hour < 17)
		ret[OFFICE] += wait;
	ret[ALWAYS] += wait;
}

static void find_first(const struct world *w, struct scratch *s, const struct world_node *node)
{
	for (size_t i = node->n; i-- > 0;) {
		const struct start *start = &w->starts[node->starts[i]];
		s->first[start->image] = start->at;
	}
}

static void forget_first(const struct world *w, struct scratch *s, const struct world_node *node)
{
	for (size_t i = 0; i < node->n; i++)
		s->first[w->starts[node->starts[i]].image] = INFINITY;
}

void saved_waits(const struct world *w, struct scratch *s, int index, const int *list, int n,
		 double ret[MEASURES])
{
	const struct world_node *node = &w->nodes[index];
	double free_at = node->born;
	ret[OFFICE] = ret[ALWAYS] = 0;
	find_first(w, s, node);
	for (size_t i = 0; i < node->n; i++) {
		int image = w->starts[node->starts[i]].image;
		s->ready[image] = s->first[image] + world_pull_seconds(w, image, index);
	}
	for (int i = 0; i < n; i++) {
		if (s->first[list[i]] <= free_at)
			continue;
		free_at += world_pull_seconds(w, list[i], index);
		s->ready[list[i]] = free_at;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct start *start = &w->starts[node->starts[i]];
		measure(ret, start->at, fmax(0, s->ready[start->image] - start->at));
	}
	forget_first(w, s, node);
}

void saved_by_image(const struct world *w, struct scratch *s, int index, double (*add)[MEASURES])
{
	const struct world_node *node = &w->nodes[index];
	find_first(w, s, node);
	for (size_t i = 0; i < node->n; i++) {
		const struct start *start = &w->starts[node->starts[i]];
		double ready = s->first[start->image] + world_pull_seconds(w, start->image, index);
		measure(add[start->image], start->at, fmax(0, ready - start->at));
	}
	forget_first(w, s, node);
}
