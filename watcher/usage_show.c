/* Answers who asks what was seen of workloads (dropctl usage, behaviour 52). */
#include "watcher/watcher.h"

#include "base/log.h"
#include "usage/fold.h"
#include "usage/shown.h"

/* Images of one answer: with references of 512 bytes it stays under MSG_MAX. */
#define ROWS_MAX 500
#define US_PER_S 1e6
#define HOUR_S   3600
/* No more is told of an image, so that the sum of all fits. */
#define SECONDS_MAX 1e9

static int64_t us(double seconds)
{
	return (int64_t)((seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * US_PER_S);
}

static struct msg_used_image image_row(const struct usage *u, const struct shown_image *shown)
{
	const struct usage_image *image = shown->image;
	return (struct msg_used_image){
		.image = image->reference,
		.listed = image->real,
		.starts = shown->starts,
		.waited_us = us(shown->waited),
		.pull_us = us(demand_pull_seconds(u->demand, image->reference)),
		.bytes = (uint64_t)image->bytes,
		.namespaces = image->n_in,
		.last_s = image->last * HOUR_S,
		.value_us = us(shown->value),
	};
}

static void add_images(const struct usage *u, size_t max, struct arena *a,
		       struct msg_usage_shown *m)
{
	struct shown_image *all;
	size_t n = usage_shown_images(u, a, &all);
	m->all_images = n;
	m->images.n = n < max ? n : max;
	m->images.at = arena_array(a, m->images.n + 1, sizeof(*m->images.at));
	for (size_t i = 0; i < n; i++) {
		m->starts += all[i].starts;
		m->waited_us += us(all[i].waited);
		if (i < m->images.n)
			m->images.at[i] = image_row(u, &all[i]);
	}
}

static void add_pools(const struct usage *u, size_t max, struct arena *a, struct msg_usage_shown *m)
{
	struct shown_pool *all;
	size_t n = usage_shown_pools(u, a, &all);
	m->all_pools = n;
	m->pools.n = n < max ? n : max;
	m->pools.at = arena_array(a, m->pools.n + 1, sizeof(*m->pools.at));
	for (size_t i = 0; i < m->pools.n; i++)
		m->pools.at[i] = (struct msg_used_pool){
			.pool = all[i].name,
			.nodes = all[i].nodes,
			.images = all[i].images,
			.hours = all[i].hours,
		};
}

static void add_coverage(const struct coverage *c, struct arena *a, struct msg_usage_shown *m)
{
	m->since_s = c->since_s;
	m->seen_s = c->seen_s;
	m->gaps.n = c->n;
	m->gaps.at = arena_array(a, c->n + 1, sizeof(*m->gaps.at));
	for (size_t i = 0; i < c->n; i++)
		m->gaps.at[i] = (struct msg_unseen){c->gaps[i].from_s, c->gaps[i].to_s};
}

void watcher_on_usage_show(struct proc *p, const struct msg_in *in)
{
	const struct watcher *w = proc_state(p);
	const struct msg_usage_show *ask = in->body;
	struct msg_usage_shown m = {.leading = w->led, .enabled = w->usage != NULL};
	struct err err;
	if (w->usage != NULL) {
		const char *trouble;
		const struct usage *u = usage_feed_usage(w->usage, &trouble);
		size_t max = ask->max < ROWS_MAX ? (size_t)ask->max : ROWS_MAX;
		m.trouble = trouble;
		m.uncovered = u->outcomes[USAGE_uncovered];
		add_coverage(&u->coverage, proc_arena(p), &m);
		add_images(u, max, proc_arena(p), &m);
		add_pools(u, max, proc_arena(p), &m);
	}
	if (proc_reply(p, &in->reply_to, MSG_usage_shown, &m, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}
