/* The rows of the status page's tables. Every text goes through html_add(). */
#include "metricsd/stats.h"

#include <inttypes.h>
#include <string.h>

#include "api/meta.h"
#include "api/tables.h"
#include "base/clock.h"

#include "metricsd/grid.h"
#include "metricsd/html.h"
#include "metricsd/json_names.h"
#include "metricsd/saved.h"

void stats_done(struct stats *b)
{
	struct buf *all[] = {&b->images,         &b->queue,       &b->failing,    &b->policies,
			     &b->discovery,      &b->images_json, &b->queue_json, &b->policies_json,
			     &b->discovery_json, &b->held,        &b->held_json,  &b->saved,
			     &b->saved_json,     &b->grid,        &b->grid_json,  &b->names};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		buf_done(all[i]);
	*b = (struct stats){0};
}

static void cell(struct buf *out, const char *text)
{
	buf_adds(out, "<td>");
	html_add(out, text);
	buf_adds(out, "</td>");
}

static void number(struct buf *out, uint64_t n)
{
	buf_addf(out,
		 n == 0 ? "<td class=n><span class=zero>%" PRIu64 "</span></td>"
			: "<td class=n>%" PRIu64 "</td>",
		 n);
}

static void separate(struct buf *json)
{
	if (json->len > 0)
		buf_adds(json, ",");
}

/* The rows of a message, in the style of the API. */
static void json_rows(struct buf *json, enum msg_type type, const void *message)
{
	struct buf rows = {0};
	msg_dump_rows(type, message, &rows);
	separate(json);
	json_names_add(json, rows.data, rows.len);
	buf_done(&rows);
}

/* ---- images ---- */

static const char *phase_class(const char *phase)
{
	static const char *const known[] = {"Ready", "Pulling", "Degraded", "Pending"};
	for (size_t i = 0; phase != NULL && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(phase, known[i]) == 0)
			return known[i];
	return "Pending";
}

static void add_image(struct stats *b, const struct msg_progress *p)
{
	struct buf *out = &b->images;
	unsigned percent = p->targeted != 0 ? (unsigned)(100 * p->ready / p->targeted) : 0;
	buf_adds(out, "<tr>");
	cell(out, p->image);
	buf_addf(out, "<td><span class=\"phase %s\">", phase_class(p->phase));
	html_add(out, p->phase);
	buf_addf(out,
		 "</span></td><td class=bar><progress max=100 value=%u></progress> %" PRIu64
		 "/%" PRIu64 "</td>",
		 percent, p->ready, p->targeted);
	number(out, p->pulling);
	number(out, p->waiting);
	number(out, p->backoff);
	number(out, p->notready);
	number(out, p->nodes_skipped);
	buf_adds(out, "<td class=n>");
	if (p->eta_s > 0)
		html_add_seconds(out, p->eta_s);
	else
		buf_adds(out, p->eta_s < 0 ? "?" : "");
	buf_adds(out, "</td>");
	cell(out, p->policy != NULL && p->policy[0] != '\0' ? p->policy : "(default)");
	cell(out, p->text);
	buf_adds(out, "</tr>\n");
}

static void add_failing(struct stats *b, const struct msg_progress *p)
{
	bool degraded = p->phase != NULL && strcmp(p->phase, "Degraded") == 0;
	if (!degraded && p->cause == NULL && !p->policy_missing)
		return;
	if (++b->n_failing > STATS_FAILING_MAX)
		return;
	buf_adds(&b->failing, "<tr>");
	cell(&b->failing, p->image);
	number(&b->failing, p->backoff);
	cell(&b->failing, p->cause != NULL ? p->cause : "its PullPolicy does not exist");
	cell(&b->failing, p->text);
	buf_adds(&b->failing, "</tr>\n");
}

void stats_add_overview(struct stats *b, const struct msg_overview *m)
{
	b->leading = m->leading;
	b->lease_trouble = m->lease_trouble != NULL;
	b->all_images = m->images;
	b->more_images = m->shown.n < m->images;
	b->images_ready = m->images_ready;
	b->images_degraded = m->images_degraded;
	b->targeted = m->targeted;
	b->ready = m->ready;
	b->pulling = m->pulling;
	b->failing_pairs = m->failing;
	grid_html(m, &b->grid);
	grid_json(m, &b->grid_json);
	for (size_t i = 0; i < m->shown.n; i++)
		if (m->shown.at[i].image != NULL)
			buf_add(&b->names, m->shown.at[i].image, strlen(m->shown.at[i].image) + 1);
}

const char *stats_next_name(const struct stats *b, size_t *at)
{
	if (*at >= b->names.len)
		return NULL;
	const char *name = b->names.data + *at;
	*at += strlen(name) + 1;
	return name;
}

void stats_add_images(struct stats *b, const struct msg_images_explained *m)
{
	for (size_t i = 0; i < m->images.n; i++) {
		const struct msg_progress *p = &m->images.at[i];
		add_image(b, p);
		add_failing(b, p);
		b->waiting += p->waiting;
		b->backoff += p->backoff;
		b->notready += p->notready;
		b->n_images++;
	}
	if (m->images.n > 0)
		json_rows(&b->images_json, MSG_images_explained, m);
}

static bool same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Pulls of one image, next to each other, that wait for the same are one row. */
static size_t fold_queue(const struct msg_turn_list *queue, size_t from)
{
	const struct msg_turn *first = &queue->at[from];
	size_t n = 1;
	while (from + n < queue->n && same(queue->at[from + n].image, first->image) &&
	       same(queue->at[from + n].turn, first->turn) &&
	       same(queue->at[from + n].text, first->text))
		n++;
	return n;
}

void stats_add_queue(struct stats *b, const struct msg_queue_explained *m)
{
	for (size_t i = 0, n; i < m->queue.n; i += n) {
		const struct msg_turn *t = &m->queue.at[i];
		n = fold_queue(&m->queue, i);
		buf_addf(&b->queue, "<tr><td class=n>%zu</td>", b->n_queue + 1);
		b->n_queue += n;
		cell(&b->queue, t->image);
		buf_addf(&b->queue, "<td class=n>%zu</td>", n);
		buf_adds(&b->queue, "<td>");
		html_add(&b->queue, t->node);
		buf_adds(&b->queue, n > 1 ? " &hellip; " : "");
		html_add(&b->queue, n > 1 ? m->queue.at[i + n - 1].node : "");
		buf_adds(&b->queue, "</td>");
		cell(&b->queue, t->turn);
		cell(&b->queue, t->text);
		buf_adds(&b->queue, "</tr>\n");
	}
	if (m->queue.n > 0)
		json_rows(&b->queue_json, MSG_queue_explained, m);
}

void stats_add_held(struct stats *b, const struct msg_held_explained *m)
{
	b->n_held = m->held;
	for (size_t i = 0; i < m->nodes.n; i++) {
		const struct msg_held_node *node = &m->nodes.at[i];
		buf_adds(&b->held, "<tr>");
		cell(&b->held, node->node);
		cell(&b->held, node->pool);
		buf_addf(&b->held, "<td class=n>%" PRIu64 "/%" PRIu64 "</td>", node->there,
			 node->gating);
		cell(&b->held, node->text);
		buf_adds(&b->held, "</tr>\n");
	}
	if (m->nodes.n > 0)
		json_rows(&b->held_json, MSG_held_explained, m);
}

void stats_add_report(struct stats *b, const struct msg_report *m, int64_t wall_s)
{
	saved_html(m, wall_s, &b->saved);
	saved_json(m, &b->saved_json);
}

/* ---- policies ---- */

static void limit(struct buf *out, int64_t n)
{
	if (n > 0)
		buf_addf(out, "<td class=n>%" PRId64 "</td>", n);
	else
		buf_adds(out, "<td class=n>no limit</td>");
}

static void milliseconds(struct buf *out, int64_t ms, const char *none)
{
	char text[TIME_TEXT_MAX];
	duration_format(text, ms);
	buf_addf(out, "<td class=n>%s</td>", ms > 0 ? text : none);
}

static bool says(const struct api_conditions *list, const char *type)
{
	const struct api_condition *c =
		api_condition_find((struct api_conditions *)(uintptr_t)list, type);
	return c != NULL && c->status != NULL && strcmp(c->status, "True") == 0;
}

static void add_window(struct buf *out, const struct pull_window_spec *w)
{
	for (size_t i = 0; i < w->days.n; i++) {
		html_add(out, w->days.at[i]);
		buf_adds(out, " ");
	}
	html_add(out, w->start);
	buf_adds(out, "-");
	html_add(out, w->end);
	buf_adds(out, " ");
	html_add(out, w->timezone != NULL ? w->timezone : "UTC");
}

/* When pulls may start (50, 51). */
static void starts(struct buf *out, const struct pullpolicy *p)
{
	const struct api_condition *ready = api_condition_find(
		(struct api_conditions *)(uintptr_t)&p->status.conditions, "Ready");
	bool bad = ready != NULL && ready->status != NULL && strcmp(ready->status, "False") == 0;
	buf_adds(out, "<td>");
	if (p->spec.suspend)
		buf_adds(out, "suspended");
	else if (bad)
		html_add(out, ready->message);
	else if (p->spec.pull_windows.n == 0)
		buf_adds(out, "at any time");
	for (size_t i = 0; !p->spec.suspend && !bad && i < p->spec.pull_windows.n; i++) {
		buf_adds(out, i > 0 ? "<br>" : "");
		add_window(out, &p->spec.pull_windows.at[i]);
	}
	buf_adds(out, "</td>");
}

static void add_text(struct buf *out, const char *name, const char *value, const char *usual)
{
	if (value == NULL || strcmp(value, usual) == 0)
		return;
	buf_addf(out, "%s%s ", out->len > 0 ? ", " : "", name);
	html_add(out, value);
}

static void add_count(struct buf *out, const char *name, int64_t value, const char *unit)
{
	if (value > 0)
		buf_addf(out, "%s%s %" PRId64 "%s", out->len > 0 ? ", " : "", name, value, unit);
}

/* What few policies set: only what differs from the default. */
static void further(struct buf *out, const struct pullpolicy_spec *spec)
{
	struct buf text = {0};
	add_text(&text, "concurrencyScope", spec->concurrency_scope, "Policy");
	add_count(&text, "maxHeldNodes", spec->max_held_nodes, "");
	add_count(&text, "maxImagesPerPod", spec->max_images_per_pod, "");
	add_text(&text, "maxImageSize", spec->max_image_size, "");
	add_count(&text, "maxNodeImageDiskPercent", spec->max_node_image_disk_percent, " %");
	add_text(&text, "repullMode", spec->repull_mode, "Auto");
	add_text(&text, "registryChecks", spec->registry_checks, "Auto");
	buf_addf(out, "<td>%s</td>", text.len > 0 ? text.data : "");
	buf_done(&text);
}

void stats_add_policy(struct stats *b, const struct pullpolicy *p)
{
	struct buf *out = &b->policies;
	b->more_policies = b->n_policies == STATS_POLICIES_MAX;
	if (b->more_policies)
		return;
	b->n_policies++;
	buf_adds(out, "<tr>");
	cell(out, p->meta.name);
	const char *scope = p->spec.concurrency_scope;
	bool by_image = scope != NULL && strcmp(scope, PULLPOLICY_SCOPE_IMAGE) == 0;
	buf_addf(out, "<td class=n>%" PRId64 "%s</td>", p->spec.max_concurrent_nodes,
		 by_image ? " an image" : "");
	limit(out, p->spec.max_concurrent_pulls);
	limit(out, p->spec.max_pulls_per_node);
	buf_adds(out, "<td class=n>");
	html_add(out,
		 p->spec.max_bytes_per_second != NULL ? p->spec.max_bytes_per_second : "no limit");
	buf_adds(out, "</td>");
	milliseconds(out, p->spec.min_delay_between_pulls, "none");
	milliseconds(out, p->spec.repull_interval, "never");
	starts(out, p);
	further(out, &p->spec);
	buf_adds(out, "</tr>\n");
	separate(&b->policies_json);
	buf_adds(&b->policies_json, "{\"name\":");
	buf_add_json(&b->policies_json, p->meta.name);
	buf_adds(&b->policies_json, ",\"spec\":");
	desc_encode(&pullpolicy_spec_desc, &p->spec, &b->policies_json);
	buf_adds(&b->policies_json, "}");
}

/* Nothing of its spec: the URLs of sources may contain credentials. */
void stats_add_discovery(struct stats *b, const struct discoverypolicy *p)
{
	struct buf *out = &b->discovery;
	const struct api_condition *ready = api_condition_find(
		(struct api_conditions *)(uintptr_t)&p->status.conditions, "Ready");
	struct discoverypolicy_status status = p->status;
	struct discovered_images *found = &status.discovered_images;
	bool more = found->n > STATS_FOUND_MAX;
	bool well = ready != NULL && ready->status != NULL && strcmp(ready->status, "True") == 0;
	b->more_discovery = b->n_discovery == STATS_POLICIES_MAX;
	if (b->more_discovery)
		return;
	if (more)
		found->n = STATS_FOUND_MAX;
	b->n_discovery++;
	buf_adds(out, "<details class=card><summary>");
	html_add(out, p->meta.name);
	buf_addf(out, " <span class=\"phase %s\">", well ? "Ready" : "Degraded");
	html_add(out, ready != NULL ? ready->reason : "Unknown");
	buf_adds(out, "</span> <span class=note>");
	html_add(out, ready != NULL ? ready->message : "");
	if (says(&p->status.conditions, "Suspended"))
		buf_adds(out, "; suspended");
	buf_adds(out, "</span></summary><table><tr><th>score<th>image<th>source</tr>\n");
	for (size_t i = 0; i < found->n; i++) {
		const struct discovered_image *image = &found->at[i];
		if (image->final_score != NULL) {
			buf_adds(out, "<tr><td class=n>");
			html_add(out, image->final_score);
			buf_adds(out, "</td>");
		} else {
			buf_addf(out, "<tr><td class=n>%" PRId64 "</td>", image->score);
		}
		cell(out, image->image);
		cell(out, image->source != NULL ? image->source : "");
		buf_adds(out, "</tr>\n");
	}
	buf_addf(out, "</table>%s</details>\n",
		 more ? "<p class=note>The list is truncated.</p>" : "");
	separate(&b->discovery_json);
	buf_adds(&b->discovery_json, "{\"name\":");
	buf_add_json(&b->discovery_json, p->meta.name);
	buf_adds(&b->discovery_json, ",\"status\":");
	desc_encode(&discoverypolicy_status_desc, &status, &b->discovery_json);
	buf_addf(&b->discovery_json, ",\"moreImages\":%s}", more ? "true" : "false");
}
