/*
 * dropctl usage: what was seen of workloads (behaviour 52): images with their starts and how long
 * these waited, node pools, and since when and with which gaps that is known.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>

#include "base/clock.h"
#include "dropctl/table.h"

static const struct option_def options[] = {
	CTL_OUTPUT,
	{"limit", OPT_INT, offsetof(struct ctl, limit), "50", "N",
	 "maximum number of images, and of node pools", NULL, 1, 500},
	{NULL},
};

static void cell_duration(struct buf *table, int64_t us)
{
	char text[TIME_TEXT_MAX];
	duration_format(text, us / 1000000 * 1000);
	table_cell(table, us > 0 ? text : "-");
}

static void cell_size(struct buf *table, uint64_t bytes)
{
	if (bytes > 0)
		table_cellf(table, "%.0f MB", (double)bytes / 1e6);
	else
		table_cell(table, "-");
}

static void image_row(struct buf *table, const struct msg_used_image *m)
{
	char last[TIME_TEXT_MAX];
	time_format(last, m->last_s);
	table_cell(table, m->image);
	table_cellf(table, "%" PRIu64, m->starts);
	cell_duration(table, m->waited_us);
	cell_duration(table, m->pull_us);
	cell_size(table, m->bytes);
	table_cellf(table, "%" PRIu64, m->namespaces);
	table_cell(table, m->last_s > 0 ? last : "-");
	if (m->listed)
		table_cellf(table, "%.1f", (double)m->value_us / 1e6);
	else
		table_cell(table, "not on a node");
}

static void print_images(struct ctl *c, const struct msg_usage_shown *m, struct buf *text)
{
	static const char *const heading[] = {"IMAGE", "STARTS",     "WAITED",     "PULL",
					      "SIZE",  "NAMESPACES", "LAST START", "VALUE"};
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		table_cell(&c->table, heading[i]);
	for (size_t i = 0; i < m->images.n; i++)
		image_row(&c->table, &m->images.at[i]);
	table_print(&c->table, sizeof(heading) / sizeof(heading[0]), text);
	buf_clear(&c->table, SIZE_MAX);
	if (m->all_images > m->images.n)
		buf_addf(text, "The first %zu of %" PRIu64 " images.\n", m->images.n,
			 m->all_images);
}

static void print_pools(struct ctl *c, const struct msg_usage_shown *m, struct buf *text)
{
	static const char *const heading[] = {"POOL", "NODES", "IMAGES", "HOURS"};
	if (m->pools.n == 0)
		return;
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		table_cell(&c->table, heading[i]);
	for (size_t i = 0; i < m->pools.n; i++) {
		const struct msg_used_pool *pool = &m->pools.at[i];
		table_cell(&c->table, pool->pool[0] != '\0' ? pool->pool : "(none)");
		table_cellf(&c->table, "%" PRIu64, pool->nodes);
		table_cellf(&c->table, "%" PRIu64, pool->images);
		table_cellf(&c->table, "%" PRIu64, pool->hours);
	}
	buf_adds(text, "\n");
	table_print(&c->table, sizeof(heading) / sizeof(heading[0]), text);
	if (m->all_pools > m->pools.n)
		buf_addf(text, "The first %zu of %" PRIu64 " node pools.\n", m->pools.n,
			 m->all_pools);
}

static void print_coverage(const struct msg_usage_shown *m, struct buf *text)
{
	char since[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
	time_format(since, m->since_s);
	time_format(until, m->seen_s);
	if (m->since_s > 0)
		buf_addf(text, "\nEvents were seen from %s to %s.\n", since, until);
	else
		buf_adds(text, "\nNo events were seen yet.\n");
	for (size_t i = 0; i < m->gaps.n; i++) {
		time_format(since, m->gaps.at[i].from_s);
		time_format(until, m->gaps.at[i].to_s);
		buf_addf(text, "Not seen: from %s to %s.\n", since, until);
	}
	if (m->uncovered > 0)
		buf_addf(text,
			 "%" PRIu64
			 " starts are not counted: kubelets did not say of which image.\n",
			 m->uncovered);
	if (m->trouble != NULL)
		buf_addf(text, "Events are not read at the moment: %s\n", m->trouble);
}

static void print_text(struct ctl *c, const struct msg_usage_shown *m, struct buf *text)
{
	char waited[TIME_TEXT_MAX];
	duration_format(waited, m->waited_us / 1000000 * 1000);
	print_images(c, m, text);
	buf_addf(text,
		 "In the last 7 days %" PRIu64 " starts were seen, which waited %s for pulls.\n",
		 m->starts, waited);
	print_pools(c, m, text);
	print_coverage(m, text);
}

static void json_images(const struct msg_usage_shown *m, struct buf *text)
{
	for (size_t i = 0; i < m->images.n; i++) {
		const struct msg_used_image *image = &m->images.at[i];
		buf_adds(text, i > 0 ? ",{\"image\":" : "{\"image\":");
		buf_add_json(text, image->image);
		buf_addf(text, ",\"onNode\":%s,\"starts\":%" PRIu64,
			 image->listed ? "true" : "false", image->starts);
		buf_add_json_seconds(text, "waitedSeconds", image->waited_us);
		buf_add_json_seconds(text, "pullSeconds", image->pull_us);
		buf_addf(text,
			 ",\"bytes\":%" PRIu64 ",\"namespaces\":%" PRIu64
			 ",\"lastStartSeconds\":%" PRId64,
			 image->bytes, image->namespaces, image->last_s);
		buf_add_json_seconds(text, "valueSeconds", image->value_us);
		buf_adds(text, "}");
	}
}

static void json_pools(const struct msg_usage_shown *m, struct buf *text)
{
	for (size_t i = 0; i < m->pools.n; i++) {
		const struct msg_used_pool *pool = &m->pools.at[i];
		buf_adds(text, i > 0 ? ",{\"pool\":" : "{\"pool\":");
		buf_add_json(text, pool->pool);
		buf_addf(text,
			 ",\"nodes\":%" PRIu64 ",\"images\":%" PRIu64 ",\"hours\":%" PRIu64 "}",
			 pool->nodes, pool->images, pool->hours);
	}
}

static void print_json(const struct msg_usage_shown *m, struct buf *text)
{
	buf_addf(text, "{\"sinceSeconds\":%" PRId64 ",\"seenSeconds\":%" PRId64 ",\"gaps\":[",
		 m->since_s, m->seen_s);
	for (size_t i = 0; i < m->gaps.n; i++)
		buf_addf(text, "%s{\"fromSeconds\":%" PRId64 ",\"toSeconds\":%" PRId64 "}",
			 i > 0 ? "," : "", m->gaps.at[i].from_s, m->gaps.at[i].to_s);
	buf_adds(text, "],\"trouble\":");
	if (m->trouble != NULL)
		buf_add_json(text, m->trouble);
	else
		buf_adds(text, "null");
	buf_addf(text, ",\"starts\":%" PRIu64, m->starts);
	buf_add_json_seconds(text, "waitedSeconds", m->waited_us);
	buf_addf(text,
		 ",\"notCounted\":%" PRIu64 ",\"allImages\":%" PRIu64 ",\"allPools\":%" PRIu64
		 ",\"images\":[",
		 m->uncovered, m->all_images, m->all_pools);
	json_images(m, text);
	buf_adds(text, "],\"pools\":[");
	json_pools(m, text);
	buf_adds(text, "]}\n");
}

static void on_usage_shown(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_usage_shown *m = in->body;
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
	return ctl_ask(p, PROC_WATCHER, MSG_usage_show,
		       &(struct msg_usage_show){.max = (uint64_t)c->limit});
}

const struct proc_def ctl_usage = {
	.name = "ctl",
	.program = "dropctl usage",
	.doc = "Images that workloads start: how often, and how long the starts waited for pulls; "
	       "node pools; the time that was observed.",
	.id = PROC_CTL,
	.handlers = {[MSG_usage_shown] = on_usage_shown},
	.options = options,
	.state_size = sizeof(struct ctl),
	.turn = turn,
	.done = ctl_done,
};
