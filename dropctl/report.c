/*
 * dropctl report: what pre-pulling saved (behaviour 56), by image and in all, and since when that
 * is counted. docs/value.md says what the figures mean.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>

#include "base/clock.h"
#include "dropctl/table.h"

static const struct option_def options[] = {
	CTL_OUTPUT,
	{"limit", OPT_INT, offsetof(struct ctl, limit), "50", "N", "maximum number of images", NULL,
	 1, 500},
	{NULL},
};

static void cell_duration(struct buf *table, int64_t us)
{
	char text[TIME_TEXT_MAX];
	duration_format(text, us / 1000000 * 1000);
	table_cell(table, text);
}

static void cell_rate(struct buf *table, uint64_t hits, uint64_t misses)
{
	if (hits + misses == 0)
		table_cell(table, "-");
	else
		table_cellf(table, "%.0f%%", 100.0 * (double)hits / (double)(hits + misses));
}

static void row(struct buf *table, const struct msg_saved_image *m)
{
	table_cell(table, m->image);
	table_cellf(table, "%" PRIu64, m->hits);
	table_cellf(table, "%" PRIu64, m->misses);
	cell_rate(table, m->hits, m->misses);
	cell_duration(table, m->saved_us);
	cell_duration(table, m->waited_us);
}

static void print_text(struct ctl *c, const struct msg_report *m, struct buf *text)
{
	static const char *const heading[] = {"IMAGE",    "HITS",  "MISSES",
					      "HIT RATE", "SAVED", "WAITED"};
	char since[TIME_TEXT_MAX];
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		table_cell(&c->table, heading[i]);
	for (size_t i = 0; i < m->images.n; i++)
		row(&c->table, &m->images.at[i]);
	row(&c->table, &(struct msg_saved_image){.image = "all images",
						 .hits = m->hits,
						 .misses = m->misses,
						 .saved_us = m->saved_us,
						 .waited_us = m->waited_us});
	table_print(&c->table, 6, text);
	time_format(since, m->since_s > m->covered_s ? m->since_s : m->covered_s);
	buf_addf(text, "\nCounted since %s.", since);
	if (m->lost > 0)
		buf_addf(text, " At least %" PRIu64 " starts were not counted.", m->lost);
	if (m->gaps_s > 0)
		buf_addf(text, " The events of %" PRId64 " minutes since then were not seen.",
			 (m->gaps_s + 59) / 60);
	if (!m->kept)
		buf_adds(text, " A restart begins to count anew: the report is not saved.");
	if (m->untimed > 0)
		buf_addf(text, " %" PRIu64 " hits count as 0 s: no pull of their image was timed.",
			 m->untimed);
	buf_addf(text, "\n%.1f GB were pulled; %" PRIu64 " pulls were not needed (%.1f GB).\n",
		 (double)m->pulled_bytes / 1e9, m->avoided, (double)m->avoided_bytes / 1e9);
	if (m->all_images > m->images.n)
		buf_addf(text, "The first %zu of %" PRIu64 " images.\n", m->images.n,
			 m->all_images);
}

static void print_json(const struct msg_report *m, struct buf *text)
{
	buf_addf(text,
		 "{\"sinceSeconds\":%" PRId64 ",\"coveredSinceSeconds\":%" PRId64
		 ",\"uncoveredSeconds\":%" PRId64 ",\"kept\":%s,\"notCounted\":%" PRIu64
		 ",\"hits\":%" PRIu64 ",\"misses\":%" PRIu64 ",\"untimedHits\":%" PRIu64,
		 m->since_s, m->covered_s, m->gaps_s, m->kept ? "true" : "false", m->lost, m->hits,
		 m->misses, m->untimed);
	buf_add_json_seconds(text, "savedSeconds", m->saved_us);
	buf_add_json_seconds(text, "waitedSeconds", m->waited_us);
	buf_addf(text,
		 ",\"pulledBytes\":%" PRIu64 ",\"pullsAvoided\":%" PRIu64
		 ",\"avoidedBytes\":%" PRIu64 ",\"images\":[",
		 m->pulled_bytes, m->avoided, m->avoided_bytes);
	for (size_t i = 0; i < m->images.n; i++) {
		const struct msg_saved_image *image = &m->images.at[i];
		buf_adds(text, i > 0 ? ",{\"image\":" : "{\"image\":");
		buf_add_json(text, image->image);
		buf_addf(text,
			 ",\"hits\":%" PRIu64 ",\"misses\":%" PRIu64 ",\"untimedHits\":%" PRIu64,
			 image->hits, image->misses, image->untimed);
		buf_add_json_seconds(text, "savedSeconds", image->saved_us);
		buf_add_json_seconds(text, "waitedSeconds", image->waited_us);
		buf_adds(text, "}");
	}
	buf_adds(text, "],\"hours\":[");
	for (size_t i = 0; i < m->hours.n; i++) {
		const struct msg_saved_hour *hour = &m->hours.at[i];
		buf_addf(text,
			 "%s{\"startSeconds\":%" PRId64 ",\"hits\":%" PRIu64 ",\"misses\":%" PRIu64,
			 i > 0 ? "," : "", hour->hour * 3600, hour->hits, hour->misses);
		buf_add_json_seconds(text, "savedSeconds", hour->saved_us);
		buf_add_json_seconds(text, "waitedSeconds", hour->waited_us);
		buf_adds(text, "}");
	}
	buf_adds(text, "]}\n");
}

static void on_report(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_report *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in) || ctl_standby(p, m->leading) || ctl_no_usage(p, m->enabled))
		return;
	if (ctl_json(c))
		print_json(m, &text);
	else
		print_text(c, m, &text);
	ctl_end(p, &text, PROC_EXIT_OK);
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	(void)now;
	return ctl_ask(p, PROC_RECONCILER, MSG_report_get,
		       &(struct msg_report_get){.max = (uint64_t)c->limit});
}

const struct proc_def ctl_report = {
	.name = "ctl",
	.program = "dropctl report",
	.doc = "What pre-pulling saved: starts of workloads that found their image on the node, "
	       "and those that waited for a pull.",
	.id = PROC_CTL,
	.handlers = {[MSG_report] = on_report},
	.options = options,
	.state_size = sizeof(struct ctl),
	.turn = turn,
	.done = ctl_done,
};
