/*
 * Reads our pulls and the first starts of images from the watcher while we lead, counts them
 * (report/tally.h), and answers who asks for the report (behaviour 56). Counting goes on where an
 * earlier leader ended (report_store.c); without that it begins when we begin to lead, and what the
 * watcher had before only tells what came by whom.
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/random.h"
#include "reconciler/report/started.h"

#define READ_EVERY_MS 5000
/* While the saved report is read. */
#define READ_SOON_MS 500
/* Without --usage there is nothing to read until the watcher restarts with it. */
#define READ_OFF_MS  (5 * 60 * 1000)
#define READ_TIME_MS 5000
/* Images of one answer: with names of 253 bytes it stays under MSG_MAX. */
#define REPORT_ROWS_MAX 500
#define US_PER_S        1e6

void starts_fence(struct reconciler *r)
{
	r->starts = (struct starts_reader){0};
	tally_done(&r->tally);
}

static void ask(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct err err;
	int64_t now_ms = proc_now(p).boot_ms;
	struct msg_starts_since m = {
		.epoch = r->starts.epoch,
		.seq = r->starts.seq,
		.counted_rv = r->tally.rv,
		.counted_s = r->tally.newest_s,
		.since_s = r->tally.since_s,
	};
	r->starts.known = r->keeper.ready;
	r->starts.next_ms = now_ms + READ_EVERY_MS;
	r->starts.asked = proc_request(p, PROC_WATCHER, MSG_starts_since, &m, 0,
				       now_ms + READ_TIME_MS, &err) == 0;
}

int64_t starts_turn(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	if (!r->acting)
		return CLOCK_NEVER;
	if (r->tally.since_s == 0) {
		r->starts.lead_s = proc_now(p).wall_s;
		tally_begin(&r->tally, r->starts.lead_s,
			    (struct hash_key){{random_id(), random_id()}});
		report_store_begin(p);
	}
	if (!r->starts.asked && proc_now(p).boot_ms >= r->starts.next_ms)
		ask(p);
	return r->starts.asked ? CLOCK_NEVER : r->starts.next_ms;
}

static double seconds_of(int64_t us)
{
	return us >= 0 ? (double)us / US_PER_S : -1;
}

static int64_t us_of(double seconds)
{
	return seconds > 0 ? (int64_t)(seconds * US_PER_S) : 0;
}

/* Of what an earlier leader may have counted after it saved the report, Prometheus has it. */
static void measure(struct proc *p, const struct tally_start *start)
{
	const struct reconciler *r = proc_state(p);
	struct metrics *metrics = proc_metrics(p);
	int64_t us = us_of(start->seconds);
	if (start->at_s < r->starts.lead_s && !r->starts.complete)
		return;
	metric_add(metrics, METRIC_workload_starts_total, 1, LABELS(start->hit ? "hit" : "miss"));
	metric_add(metrics,
		   start->hit ? METRIC_waiting_saved_seconds_total : METRIC_waiting_seconds_total,
		   us, NULL);
}

static void count_start(struct proc *p, const struct msg_workload_start *m)
{
	struct reconciler *r = proc_state(p);
	struct tally_start start;
	struct copy copy = copies_use(&r->tally.copies, m->node_uid, m->image, m->at_s);
	if (copy.state == COPY_USED)
		return;
	const struct started s = {
		.node = m->node,
		.node_uid = m->node_uid,
		.image = m->image,
		.at_s = m->at_s,
		.cold = m->cold,
		.again = m->again,
		.fetched = m->fetched,
		.by_us = copy.state == COPY_PULLED,
		.there_before = copy.state == COPY_THERE,
		.since_s = r->starts.lead_s,
		.waited_s = seconds_of(m->waited_us),
		.pull_s = copy.seconds,
		.pulled_at_s = copy.at_s,
		.typical_s = (double)m->typical_us / US_PER_S,
	};
	if (!started_means(r->core, &s, &start) || !tally_add(&r->tally, &start))
		return;
	measure(p, &start);
	log_debug("first start", LS("image", start.image), LS("node", m->node),
		  LS("result", start.hit ? "hit" : "miss"),
		  LN("ms", (int64_t)(start.seconds * 1e3)));
}

static void count(struct proc *p, const struct msg_workload_start *m)
{
	struct reconciler *r = proc_state(p);
	if (m->node == NULL || m->node_uid == NULL || m->image == NULL)
		return;
	r->keeper.unsaved++;
	if (m->own)
		copies_pull(&r->tally.copies, m->node_uid, m->image,
			    &(struct copies_pull){
				    .brought = m->cold || m->again,
				    .seconds = seconds_of(m->took_us),
				    .at_s = m->at_s,
			    });
	else
		count_start(p, m);
	r->tally.rv = m->rv;
	if (m->at_s > r->tally.newest_s)
		r->tally.newest_s = m->at_s;
}

static void take(struct proc *p, const struct msg_starts *m)
{
	struct reconciler *r = proc_state(p);
	for (size_t i = 0; i < m->starts.n; i++)
		count(p, &m->starts.at[i]);
	r->tally.lost += m->lost;
	r->starts.epoch = m->epoch;
	r->starts.seq = m->next;
	if (m->more)
		r->starts.next_ms = 0;
}

void on_starts(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_starts *m = in->body;
	int64_t now_ms = proc_now(p).boot_ms;
	r->starts.asked = false;
	if (m == NULL || !r->acting)
		return;
	r->starts.enabled = m->enabled;
	r->starts.covered_s = m->since_s;
	r->starts.gaps_s = m->gaps_s;
	if (!m->enabled)
		r->starts.next_ms = now_ms + READ_OFF_MS;
	else if (!report_store_ready(p, m->store))
		r->starts.next_ms = now_ms + READ_SOON_MS;
	else if (r->starts.known && m->epoch != 0)
		take(p, m);
}

/* ---- the report ---- */

static struct msg_saved_image image_row(const struct tally_image *image)
{
	return (struct msg_saved_image){
		.image = image->image,
		.hits = image->sum.hits,
		.misses = image->sum.misses,
		.untimed = image->sum.untimed,
		.saved_us = us_of(image->sum.saved_s),
		.waited_us = us_of(image->sum.waited_s),
	};
}

static struct msg_saved_image_list image_rows(const struct tally *t, struct arena *a, size_t max)
{
	size_t n;
	const struct tally_image **images = tally_images(t, &n);
	struct msg_saved_image_list rows = {NULL, n < max ? n : max};
	rows.at = arena_array(a, rows.n, sizeof(*rows.at));
	for (size_t i = 0; i < rows.n; i++)
		rows.at[i] = image_row(images[i]);
	free(images);
	return rows;
}

static struct msg_saved_hour_list hour_rows(const struct tally *t, int64_t now_s, struct arena *a)
{
	struct msg_saved_hour_list rows = {arena_array(a, TALLY_HOURS, sizeof(*rows.at)), 0};
	for (int64_t hour = now_s / 3600 - TALLY_HOURS + 1; hour <= now_s / 3600; hour++) {
		const struct tally_hour *of = &t->hours[hour % TALLY_HOURS];
		if (hour < 0 || of->hour != hour)
			continue;
		rows.at[rows.n++] = (struct msg_saved_hour){
			.hour = hour,
			.hits = of->sum.hits,
			.misses = of->sum.misses,
			.saved_us = us_of(of->sum.saved_s),
			.waited_us = us_of(of->sum.waited_s),
		};
	}
	return rows;
}

void on_report_get(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	struct tally_pulls pulls = report_pulls(p);
	const struct msg_report_get *ask = in->body;
	struct arena *a = proc_arena(p);
	const struct tally *t = &r->tally;
	size_t max = ask->max == 0 || ask->max > REPORT_ROWS_MAX ? REPORT_ROWS_MAX : ask->max;
	struct err err;
	struct msg_report reply = {
		.leading = r->acting,
		.enabled = r->starts.enabled,
		.since_s = t->since_s,
		.covered_s = r->starts.covered_s,
		.lost = t->lost,
		.hits = t->all.hits,
		.misses = t->all.misses,
		.untimed = t->all.untimed,
		.saved_us = us_of(t->all.saved_s),
		.waited_us = us_of(t->all.waited_s),
		.pulled_bytes = pulls.pulled_bytes,
		.avoided = pulls.avoided,
		.avoided_bytes = pulls.avoided_bytes,
		.gaps_s = r->starts.gaps_s,
		.kept = r->starts.enabled && r->keeper.ready && !r->keeper.refused,
		.all_images = t->by_image.count,
		.images = image_rows(t, a, max),
		.hours = hour_rows(t, proc_now(p).wall_s, a),
	};
	if (proc_reply(p, &in->reply_to, MSG_report, &reply, &err) != 0)
		log_debug("answer not sent: the client has disconnected", LS("error", err.text));
}
