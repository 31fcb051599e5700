/*
 * See saved.h. A plot has a bar for each hour: seconds saved upwards, seconds waited downwards, on
 * one scale. Both have a title, so that they can be read without colours.
 */
#include "metricsd/saved.h"

#include <inttypes.h>

#include "base/clock.h"

#include "metricsd/html.h"

/* In units of the picture: 28 a bar of a day, 4 a bar of a week. */
#define WIDTH  672
#define HEIGHT 200

static void figure(struct buf *out, const char *class, const char *what)
{
	buf_addf(out, "</b><span class=\"note %s\">%s</span></div>", class, what);
}

static void add_figures(const struct msg_report *m, struct buf *out)
{
	uint64_t starts = m->hits + m->misses;
	buf_adds(out, "<div class=tiles><div class=card><b class=\"phase Ready\">");
	html_add_seconds(out, m->saved_us / 1000000);
	figure(out, "", "waiting saved");
	buf_adds(out, "<div class=card><b>");
	if (starts > 0)
		buf_addf(out, "%.0f<small> %%</small>", 100.0 * (double)m->hits / (double)starts);
	else
		buf_adds(out, "&ndash;");
	figure(out, "", "of first starts did not wait");
	buf_addf(out, "<div class=card><b>%" PRIu64 "<small>/%" PRIu64 "</small>", m->hits, starts);
	figure(out, "", "hits, of first starts");
	buf_addf(out, "<div class=card><b class=\"phase %s\">",
		 m->waited_us > 0 ? "Degraded" : "Pending");
	html_add_seconds(out, m->waited_us / 1000000);
	figure(out, "", "waited by the others");
	buf_addf(out, "<div class=card><b>%.1f<small> GB</small>", (double)m->pulled_bytes / 1e9);
	figure(out, "", "pulled");
	buf_addf(out, "<div class=card><b>%" PRIu64, m->avoided);
	figure(out, "", "pulls not needed");
	buf_adds(out, "</div>\n");
}

struct plot {
	int64_t from, to;         /* hours */
	int64_t saved, waited;    /* the longest bars, microseconds */
	double a_bar, a_us, base; /* in units of the picture */
};

/* Both halves are as high as their longest bar needs, on one scale. */
static struct plot plot_of(const struct msg_report *m, int hours, int64_t now_hour)
{
	struct plot p = {.from = now_hour - hours + 1, .to = now_hour};
	for (size_t i = 0; i < m->hours.n; i++) {
		const struct msg_saved_hour *hour = &m->hours.at[i];
		if (hour->hour < p.from || hour->hour > p.to)
			continue;
		p.saved = hour->saved_us > p.saved ? hour->saved_us : p.saved;
		p.waited = hour->waited_us > p.waited ? hour->waited_us : p.waited;
	}
	int64_t all = p.saved + p.waited;
	p.a_bar = (double)WIDTH / hours;
	p.a_us = (double)HEIGHT / (double)(all > 0 ? all : 1);
	p.base = all > 0 ? (double)p.saved * p.a_us : HEIGHT;
	return p;
}

static void bar(struct buf *out, const char *class, double x, double y, double width, double height)
{
	if (height > 0)
		buf_addf(out, "<rect class=%s x=%.1f y=%.1f width=%.1f height=%.1f></rect>", class,
			 x, y, width, height);
}

static void add_hour(const struct msg_saved_hour *hour, const struct plot *p, struct buf *out)
{
	char at[TIME_TEXT_MAX];
	double x = (double)(hour->hour - p->from) * p->a_bar, width = p->a_bar * 0.8;
	double saved = (double)hour->saved_us * p->a_us;
	time_format(at, hour->hour * 3600);
	buf_addf(out, "<g><title>%s: ", at);
	html_add_seconds(out, hour->saved_us / 1000000);
	buf_addf(out, " saved, ");
	html_add_seconds(out, hour->waited_us / 1000000);
	buf_addf(out, " waited; %" PRIu64 " hits, %" PRIu64 " misses</title>", hour->hits,
		 hour->misses);
	bar(out, "good", x, p->base - saved, width, saved);
	bar(out, "bad", x, p->base, width, (double)hour->waited_us * p->a_us);
	buf_adds(out, "</g>");
}

static void add_plot(const struct msg_report *m, int hours, const char *what, int64_t now_hour,
		     struct buf *out)
{
	const struct plot p = plot_of(m, hours, now_hour);
	buf_addf(out, "<figure class=card><figcaption>%s, by hour; the longest bar is ", what);
	html_add_seconds(out, (p.saved > p.waited ? p.saved : p.waited) / 1000000);
	buf_addf(out,
		 "</figcaption><svg viewBox=\"0 0 %d %d\" role=img aria-label=\"%s\" "
		 "preserveAspectRatio=none>",
		 WIDTH, HEIGHT, what);
	for (size_t i = 0; i < m->hours.n; i++)
		if (m->hours.at[i].hour >= p.from && m->hours.at[i].hour <= p.to)
			add_hour(&m->hours.at[i], &p, out);
	buf_addf(out, "<line x1=0 x2=%d y1=%.1f y2=%.1f></line></svg></figure>", WIDTH, p.base,
		 p.base);
}

void saved_html(const struct msg_report *m, int64_t wall_s, struct buf *out)
{
	if (!m->leading)
		return;
	buf_adds(out, "<h2>What it saved</h2>");
	if (!m->enabled) {
		buf_adds(out, "<p class=note>Not known without <code>usage.enabled</code> of the "
			      "chart (--usage).</p>\n");
		return;
	}
	char since[TIME_TEXT_MAX];
	time_format(since, m->since_s > m->covered_s ? m->since_s : m->covered_s);
	add_figures(m, out);
	if (m->hits + m->misses > 0) {
		buf_adds(out, "<div class=plots>");
		add_plot(m, 24, "Saved (up) and waited (down), last day", wall_s / 3600, out);
		add_plot(m, 168, "Saved (up) and waited (down), last week", wall_s / 3600, out);
		buf_adds(out, "</div>");
	}
	buf_addf(out, "<p class=note>Counted since %s", since);
	if (m->lost > 0)
		buf_addf(out, "; %" PRIu64 " starts were not counted", m->lost);
	if (m->gaps_s > 0)
		buf_addf(out, "; the events of %" PRId64 " minutes since then were not seen",
			 (m->gaps_s + 59) / 60);
	if (!m->kept)
		buf_adds(out, "; a restart begins to count anew: the report is not saved");
	buf_adds(out, ".</p>\n");
}

void saved_json(const struct msg_report *m, struct buf *out)
{
	buf_addf(out,
		 "{\"known\":%s,\"sinceSeconds\":%" PRId64 ",\"coveredSinceSeconds\":%" PRId64
		 ",\"uncoveredSeconds\":%" PRId64 ",\"kept\":%s,\"notCounted\":%" PRIu64
		 ",\"hits\":%" PRIu64 ",\"misses\":%" PRIu64 ",\"untimedHits\":%" PRIu64,
		 m->leading && m->enabled ? "true" : "false", m->since_s, m->covered_s, m->gaps_s,
		 m->kept ? "true" : "false", m->lost, m->hits, m->misses, m->untimed);
	buf_add_json_seconds(out, "savedSeconds", m->saved_us);
	buf_add_json_seconds(out, "waitedSeconds", m->waited_us);
	buf_addf(out,
		 ",\"pulledBytes\":%" PRIu64 ",\"pullsAvoided\":%" PRIu64
		 ",\"avoidedBytes\":%" PRIu64 "}",
		 m->pulled_bytes, m->avoided, m->avoided_bytes);
}
