/*
 * Parts of the page, from top to bottom: what was saved, overall state, failures, images, queue,
 * processes of the operator.
 */
#include "metricsd/page.h"

#include <inttypes.h>

#include "base/clock.h"

#include "metricsd/html.h"

/* From so many pairs on their number is a percentage. */
#define TILE_MAX 100000

static const char style[] =
	":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1c2330;--dim:#667085;"
	"--line:#e3e6eb;--good:#1a7f4b;--busy:#1f6feb;--bad:#c4320a;--idle:#667085}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#11151c;--card:#1a202a;--ink:#e6e9ef;"
	"--dim:#98a2b3;--line:#2b3340;--good:#4cc38a;--busy:#6ea8fe;--bad:#ff8f6b;--idle:#98a2b3}}"
	"\n"
	"*{box-sizing:border-box}body{margin:0 "
	"auto;max-width:1280px;padding:24px;background:var(--bg);"
	"color:var(--ink);font:14px/1.5 system-ui,sans-serif}\n"
	"header{display:flex;gap:12px;align-items:baseline;flex-wrap:wrap}h1{margin:0;font-size:"
	"24px}"
	"h2{margin:32px 0 8px;font-size:16px}.note,header span{color:var(--dim)}\n"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;"
	"margin-top:16px}.card{background:var(--card);border:1px solid "
	"var(--line);border-radius:10px;"
	"padding:12px 16px}.tiles b{display:block;font-size:26px;line-height:1.2;"
	"font-variant-numeric:tabular-nums}\n"
	".wide{overflow-x:auto;padding:4px 16px}table{border-collapse:collapse;width:100%}"
	"th{color:var(--dim);font-weight:500;text-align:left}th,td{padding:6px 12px 6px 0;"
	"border-bottom:1px solid var(--line);vertical-align:top}tr:last-child td{border-bottom:0}\n"
	".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}th.n{text-align:"
	"right}"
	".zero{color:var(--dim);opacity:.6}.bar{white-space:nowrap;font-variant-numeric:tabular-"
	"nums}\n"
	"progress{width:110px;height:8px;appearance:none;border:0;border-radius:4px;overflow:"
	"hidden;"
	"background:var(--line);vertical-align:middle}progress::-webkit-progress-bar{"
	"background:var(--line)}progress::-webkit-progress-value{background:var(--good)}"
	"progress::-moz-progress-bar{background:var(--good)}\n"
	".phase{font-weight:600;color:var(--idle)}.phase.Ready{color:var(--good)}"
	".phase.Pulling{color:var(--busy)}.phase.Degraded{color:var(--bad)}"
	"td:first-child:not(.n){min-width:170px}details{margin-top:8px}summary{cursor:pointer}\n"
	".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px;"
	"margin-top:12px}figure{margin:0}figcaption{color:var(--dim)}svg{width:100%;height:120px}"
	"svg .good{fill:var(--good)}svg .bad{fill:var(--bad)}svg line{stroke:var(--line)}\n"
	"@media(max-width:640px){body{padding:12px}.card{padding:8px 10px}.tiles{grid-template-"
	"columns:1fr "
	"1fr}th,td{padding-right:6px}td:last-child:not(.n){min-width:25vw}progress{display:"
	"none}"
	"td:first-child:not(.n),th:first-child:not(.n){position:sticky;left:0;background:var("
	"--card);"
	"min-width:28vw;max-width:40vw;overflow-wrap:anywhere;white-space:normal}}\n"
	".grid{border-collapse:separate;border-spacing:1px}.grid.nodes{width:auto}"
	".grid th{border:0;vertical-align:bottom}.grid th:first-child{position:sticky;left:0;"
	"background:var(--card);min-width:min(130px,32vw);max-width:min(240px,40vw);overflow-wrap:"
	"anywhere;"
	"padding:0 8px 0 0;line-height:1.2}.grid tbody th{color:var(--ink);font-weight:400;"
	"vertical-align:middle}\n"
	".grid td:nth-child(n){height:20px;min-width:0;padding:0;border:0;border-radius:2px;"
	"text-align:center;vertical-align:middle;font-size:12px;line-height:20px}"
	".nodes td:nth-child(n){min-width:17px}.nodes thead th{padding:0}"
	".nodes thead span{writing-mode:vertical-rl;transform:rotate(180deg);font-size:11px;"
	"line-height:17px;white-space:nowrap}.pools td:nth-child(n){padding:0 6px;"
	"white-space:nowrap;font-variant-numeric:tabular-nums}"
	".pools thead th:not(:first-child){min-width:56px;max-width:110px;padding:0 4px;"
	"text-align:center;font-size:12px;line-height:1.2;overflow-wrap:anywhere}\n"
	".gd,.q3{background:var(--good);color:var(--card)}.gp{background:var(--busy);color:var("
	"--card)}"
	".gb,.pools i{background:var(--bad);color:var(--card);font-style:normal}"
	".gw,.q0{background:var(--line)}.gn,.gs{color:var(--dim)}"
	".gn{background:repeating-linear-gradient(45deg,var(--line) 0 2px,transparent 2px 5px)}"
	".q1{background:color-mix(in srgb,var(--good) 20%,var(--line))}"
	".q2{background:color-mix(in srgb,var(--good) 45%,var(--line))}"
	".pools i{padding:0 3px;border-radius:2px}"
	".legend "
	"b{display:inline-block;vertical-align:middle;width:18px;height:18px;line-height:18px;font-"
	"size:12px;"
	"text-align:center;border-radius:2px;font-weight:400}.legend b.gs{border:1px dotted "
	"var(--dim)}.legend span{display:inline-block;margin-right:12px}\n";

/* of: 0: none. */
static void tile(struct buf *out, const char *what, const char *class, uint64_t n, uint64_t of)
{
	buf_addf(out, "<div class=card><b class=\"phase %s\">", class);
	html_add_number(out, n);
	if (of > 0) {
		buf_adds(out, "<small>/");
		html_add_number(out, of);
		buf_adds(out, "</small>");
	}
	buf_addf(out, "</b><span class=note>%s</span></div>", what);
}

/* Numbers that would not fit are a percentage that is 100 only if all are there. */
static void cached_tile(const struct stats *b, struct buf *out)
{
	static const char what[] = "cached, nodes &times; images";
	const char *class = b->ready == b->targeted ? "Ready" : "Pending";
	if (b->targeted < TILE_MAX) {
		tile(out, what, class, b->ready, b->targeted);
		return;
	}
	uint64_t tenths = b->ready * 1000 / b->targeted;
	buf_addf(out,
		 "<div class=card><b class=\"phase %s\">%u.%u<small> %%</small></b><span "
		 "class=note>%s: ",
		 class, (unsigned)(tenths / 10), (unsigned)(tenths % 10), what);
	html_add_number(out, b->ready);
	buf_adds(out, " of ");
	html_add_number(out, b->targeted);
	buf_adds(out, "</span></div>");
}

static void add_header(const struct page *page, struct buf *out)
{
	char at[TIME_TEXT_MAX];
	time_format(at, page->wall_s);
	buf_adds(out,
		 "<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>drop</title>\n"
		 "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
		 "<meta http-equiv=refresh content=10>\n"
		 "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
		 "style-src 'unsafe-inline'\">\n<style>\n");
	buf_adds(out, style);
	buf_addf(out,
		 "</style></head><body><header><h1>drop</h1><span>%s</span><span>%s</span>"
		 "<span>%s</span></header>\n",
		 DROP_VERSION,
		 page->stats->leading ? "this replica is the leader"
		 : page->stats->lease_trouble
			 ? "the lease cannot be acquired or renewed, see /readyz"
			 : "this replica is a standby",
		 at);
	if (!page->stats_whole)
		buf_adds(out, "<p class=\"phase Degraded\">A process does not answer; this page is "
			      "incomplete.</p>\n");
}

static void add_tiles(const struct page *page, struct buf *out)
{
	const struct stats *b = page->stats;
	buf_adds(out, "<div class=tiles>");
	tile(out, "images ready", b->images_ready == b->all_images ? "Ready" : "Pending",
	     b->images_ready, b->all_images);
	cached_tile(b, out);
	tile(out, "pulling", b->pulling != 0 ? "Pulling" : "Pending", b->pulling, 0);
	/* Of many images the reconciler sums up only what needs no look at each node. */
	tile(out, b->more_images ? "waiting, of the images below" : "waiting", "Pending",
	     b->waiting, 0);
	tile(out, b->more_images ? "backing off, of the images below" : "backing off",
	     b->backoff != 0 ? "Degraded" : "Pending", b->backoff, 0);
	tile(out, "degraded images", b->images_degraded != 0 ? "Degraded" : "Ready",
	     b->images_degraded, 0);
	buf_adds(out, "</div>\n");
}

/* A heading, and a table if there are rows. */
static void add_table(struct buf *out, const char *title, const char *head, const struct buf *rows,
		      const char *none)
{
	buf_addf(out, "<h2>%s</h2>", title);
	if (rows->len == 0)
		buf_addf(out, "<p class=note>%s</p>\n", none);
	else
		buf_addf(out, "<div class=\"card wide\"><table><tr>%s</tr>\n%s</table></div>\n",
			 head, rows->data);
}

static void add_processes(const struct page *page, struct buf *out)
{
	struct buf rows = {0};
	for (size_t i = 0; i < page->n_processes; i++) {
		const struct page_process *p = &page->processes[i];
		const char *word = !p->up ? "does not answer" : p->ready ? "up" : "starting";
		buf_addf(&rows, "<tr><td>%s</td><td><span class=\"phase %s\">%s</span></td><td>",
			 p->name,
			 !p->up     ? "Degraded"
			 : p->ready ? "Ready"
				    : "Pulling",
			 word);
		html_add(&rows, p->state);
		buf_addf(&rows,
			 "</td><td class=n>%u</td><td class=n>%" PRId64 ".%" PRId64
			 " MiB</td><td class=n>%" PRId64 ".%02" PRId64 " s</td></tr>\n",
			 p->restarts, p->resident_bytes >> 20,
			 (p->resident_bytes % (1 << 20)) * 10 >> 20, p->cpu_us / 1000000,
			 p->cpu_us % 1000000 / 10000);
	}
	add_table(out, "Processes",
		  "<th>process<th><th>state<th class=n>restarts<th "
		  "class=n>memory<th class=n>CPU",
		  &rows, "");
	if (!page->supervisor_alive)
		buf_adds(out, "<p class=\"phase Degraded\">The main loop of the supervisor is "
			      "stuck.</p>\n");
	buf_done(&rows);
}

void page_html(const struct page *page, struct buf *out)
{
	const struct stats *b = page->stats;
	add_header(page, out);
	buf_adds(out, b->saved.len > 0 ? b->saved.data : "");
	add_tiles(page, out);
	if (b->n_failing > 0)
		add_table(out, "Failures", "<th>image<th class=n>backing off<th>cause<th>now",
			  &b->failing, "");
	if (b->n_failing > STATS_FAILING_MAX)
		buf_addf(out,
			 "<p class=note>The first %d of %zu; all are in the tables below.</p>\n",
			 STATS_FAILING_MAX, b->n_failing);
	buf_adds(out, b->grid.len > 0 ? b->grid.data : "");
	add_table(out, "Images",
		  "<th>image<th>phase<th>nodes ready<th class=n>pulling<th class=n>waiting<th "
		  "class=n>"
		  "backing off<th class=n>not ready<th class=n>left out<th "
		  "class=n>ETA<th>policy<th>why",
		  &b->images, "No CachedImages.");
	if (b->more_images) {
		buf_addf(out, "<p class=note>%d of ", STATS_IMAGES_MAX);
		html_add_number(out, b->all_images);
		buf_adds(out, " images, those that are not Ready first; dropctl status lists "
			      "all.</p>\n");
	}
	if (b->n_held > 0)
		add_table(out, "New nodes",
			  "<th>node<th>pool<th class=n>images<th>waits for, with a startup taint",
			  &b->held, "");
	add_table(out, "Next in the queue",
		  "<th class=n>#<th>image<th class=n>nodes<th>node<th>turn<th>waits for", &b->queue,
		  "The queue is empty.");
	buf_adds(out, "<h2>Discovery</h2>");
	buf_adds(out, b->n_discovery > 0 ? b->discovery.data
					 : "<p class=note>No DiscoveryPolicies.</p>\n");
	if (b->more_discovery || b->more_policies)
		buf_addf(out, "<p class=note>The first %d policies of a kind.</p>\n",
			 STATS_POLICIES_MAX);
	add_table(out, "Policies",
		  "<th>policy<th class=n>max nodes<th class=n>max pulls<th class=n>max pulls per "
		  "node<th class=n>max bytes/s"
		  "<th class=n>delay<th class=n>repull interval<th>pulls start<th>further",
		  &b->policies, "No PullPolicies; the default applies: one node at a time.");
	add_processes(page, out);
	buf_adds(out, "</body></html>\n");
}

/* ---- JSON ---- */

static void add_list(struct buf *out, const char *name, const struct buf *rows)
{
	buf_addf(out, ",\"%s\":[%s]", name, rows->len > 0 ? rows->data : "");
}

static void add_totals(const struct stats *b, struct buf *out)
{
	buf_addf(out,
		 ",\"totals\":{\"images\":%" PRIu64 ",\"imagesReady\":%" PRIu64
		 ",\"imagesDegraded\":%" PRIu64 ",\"targeted\":%" PRIu64 ",\"ready\":%" PRIu64
		 ",\"pulling\":%" PRIu64 ",\"failing\":%" PRIu64 "}",
		 b->all_images, b->images_ready, b->images_degraded, b->targeted, b->ready,
		 b->pulling, b->failing_pairs);
}

void page_json(const struct page *page, struct buf *out)
{
	const struct stats *b = page->stats;
	char at[TIME_TEXT_MAX];
	time_format(at, page->wall_s);
	buf_addf(out, "{\"version\":\"%s\",\"time\":\"%s\",\"leading\":%s,\"whole\":%s",
		 DROP_VERSION, at, b->leading ? "true" : "false",
		 page->stats_whole ? "true" : "false");
	buf_addf(out, ",\"moreImages\":%s,\"moreDiscovery\":%s,\"morePolicies\":%s",
		 b->more_images ? "true" : "false", b->more_discovery ? "true" : "false",
		 b->more_policies ? "true" : "false");
	if (b->lease_trouble)
		buf_adds(out, ",\"leaseTrouble\":true");
	if (b->saved_json.len > 0)
		buf_addf(out, ",\"saved\":%s", b->saved_json.data);
	if (b->grid_json.len > 0) {
		add_totals(b, out);
		buf_addf(out, ",\"grid\":%s", b->grid_json.data);
	}
	add_list(out, "images", &b->images_json);
	buf_addf(out, ",\"held\":%" PRIu64, b->n_held);
	add_list(out, "heldNodes", &b->held_json);
	add_list(out, "queue", &b->queue_json);
	add_list(out, "discovery", &b->discovery_json);
	add_list(out, "policies", &b->policies_json);
	buf_adds(out, ",\"processes\":[");
	for (size_t i = 0; i < page->n_processes; i++) {
		const struct page_process *p = &page->processes[i];
		buf_addf(out, "%s{\"process\":\"%s\",\"up\":%s,\"ready\":%s,\"state\":",
			 i > 0 ? "," : "", p->name, p->up ? "true" : "false",
			 p->ready ? "true" : "false");
		buf_add_json(out, p->state);
		buf_addf(out, ",\"restarts\":%u,\"residentBytes\":%" PRId64 ",\"cpuSeconds\":",
			 p->restarts, p->resident_bytes);
		buf_addf(out, "%" PRId64 ".%06" PRId64 "}", p->cpu_us / 1000000,
			 p->cpu_us % 1000000);
	}
	buf_addf(out, "],\"supervisorAlive\":%s}\n", page->supervisor_alive ? "true" : "false");
}
