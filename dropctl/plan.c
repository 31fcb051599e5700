/*
 * dropctl plan -f FILE: dry run of manifests: where each image would be pulled and in which order,
 * and why each other node is left out. The reconciler evaluates it with the same functions as for
 * real pulls; nothing is created.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/quantity.h"
#include "api/ref.h"
#include "base/clock.h"
#include "base/visible.h"
#include "base/xalloc.h"
#include "dropctl/plan_facts.h"
#include "dropctl/plan_file.h"
#include "dropctl/plan_pods.h"
#include "dropctl/table.h"
#include "ipc/objpack.h"

/* Rows asked for, as the number of pods needs them; --limit is what is shown. */
#define PLAN_ROWS 400

static const struct option_def options[] = {
	CTL_FILE,
	CTL_OUTPUT,
	{"limit", OPT_INT, offsetof(struct ctl, limit), "50", "N",
	 "maximum number of rows for each object", NULL, 1, PLAN_ROWS},
	{NULL},
};

static const char *reference_of(struct proc *p, const struct cachedimage *image)
{
	return ref_make(proc_arena(p), image->spec.image, image->spec.tag, image->spec.digest);
}

/* " (1.2 GB, 2 unknown)": what the pulls move in all. */
static const char *bytes_of(struct proc *p, const struct msg_planned *m)
{
	char text[QUANTITY_TEXT_MAX];
	quantity_format(text, m->bytes);
	if (m->pulls == 0 || m->unknown == m->pulls)
		return "";
	if (m->unknown == 0)
		return arena_printf(proc_arena(p), " (%s)", text);
	return arena_printf(proc_arena(p), " (%s, and %" PRIu64 " of unknown size)", text,
			    m->unknown);
}

/* 11, 55. How fast, once there is something to pull. */
static void add_pace(struct proc *p, const struct msg_planned *m, struct buf *out)
{
	char delay[TIME_TEXT_MAX];
	bool named = m->policy != NULL && m->policy[0] != '\0';
	duration_format(delay, (int64_t)m->delay_ms);
	buf_addf(out,
		 "       paced by %s%s: at most %" PRIu64 " %s at a time, %s between nodes, %s\n",
		 named ? "policy " : "the default policy",
		 named ? visible_text(proc_arena(p), m->policy) : "", m->nodes_at_once,
		 m->nodes_at_once == 1 ? "node" : "nodes", delay,
		 m->by_image ? "for this image alone" : "over all images of the policy");
}

static void cell_bytes(struct buf *cells, uint64_t bytes)
{
	char text[QUANTITY_TEXT_MAX];
	quantity_format(text, bytes);
	table_cell(cells, bytes != 0 ? text : "");
}

static void add_text(struct proc *p, const struct cachedimage *image, const struct msg_planned *m)
{
	struct ctl *c = proc_state(p);
	struct buf cells = {0};
	uint64_t told = m->nodes.n;
	uint64_t all = m->done + m->pulls + m->pulling + m->notready + m->skipped;
	buf_addf(&c->out, "%s%s (%s): %" PRIu64 " to pull%s, ", c->out.len > 0 ? "\n" : "",
		 visible_text(proc_arena(p), image->meta.name),
		 visible_text(proc_arena(p), reference_of(p, image)), m->pulls, bytes_of(p, m));
	if (m->pulling != 0) /* it exists already */
		buf_addf(&c->out, "%" PRIu64 " being pulled, ", m->pulling);
	buf_addf(&c->out,
		 "%" PRIu64 " already there, %" PRIu64 " not eligible now, %" PRIu64
		 " not targeted\n",
		 m->done, m->notready, m->skipped);
	if (m->pulls != 0)
		add_pace(p, m, &c->out);
	for (size_t i = 0; i < m->nodes.n; i++) {
		const struct msg_node_state *v = &m->nodes.at[i];
		if (i < m->pulls)
			table_cellf(&cells, "%5zu.", i + 1);
		else
			table_cell(&cells, "     -");
		table_cell(&cells, v->node);
		cell_bytes(&cells, i < m->pulls ? v->bytes : 0);
		table_cell(&cells, v->text);
	}
	table_print(&cells, 4, &c->out);
	if (told < all)
		buf_addf(&c->out, "       and %" PRIu64 " more nodes (--limit)\n", all - told);
	buf_done(&cells);
}

static void add_json(struct proc *p, const struct cachedimage *image, const struct msg_planned *m)
{
	struct ctl *c = proc_state(p);
	buf_adds(&c->out, c->out.len > 0 ? ",{\"name\":" : "{\"name\":");
	buf_add_json(&c->out, image->meta.name);
	buf_adds(&c->out, ",\"reference\":");
	buf_add_json(&c->out, reference_of(p, image));
	buf_addf(&c->out,
		 ",\"pulls\":%" PRIu64 ",\"pulling\":%" PRIu64 ",\"done\":%" PRIu64
		 ",\"notready\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"bytes\":%" PRIu64
		 ",\"unknown\":%" PRIu64
		 ",\"concurrencyScope\":\"%s\",\"maxConcurrentNodes\":%" PRIu64
		 ",\"minDelayMs\":%" PRIu64 ",\"policy\":",
		 m->pulls, m->pulling, m->done, m->notready, m->skipped, m->bytes, m->unknown,
		 m->by_image ? "Image" : "Policy", m->nodes_at_once, m->delay_ms);
	buf_add_json(&c->out, m->policy != NULL ? m->policy : "");
	buf_adds(&c->out, ",\"nodes\":[");
	msg_dump_rows(MSG_planned, m, &c->out);
	buf_adds(&c->out, "]}");
}

static void add_total(const struct ctl *c, struct plan_total t, struct buf *text)
{
	if (ctl_json(c)) {
		buf_addf(text,
			 "{\"images\":[%s],\"pulls\":%" PRIu64 ",\"%s\":%" PRIu64 ",\"notes\":[",
			 c->out.data, t.pulls, t.least ? "podsAtLeast" : "pods", t.pods);
		return;
	}
	buf_addf(text, "%s\nTotal: %" PRIu64 " %s, %" PRIu64 " %s%s.\n", c->out.data, t.pulls,
		 t.pulls == 1 ? "pull" : "pulls", t.pods, t.pods == 1 ? "pod" : "pods",
		 t.least ? " or more (images share a pod once some node has pulled them)" : "");
}

static void finish(struct proc *p)
{
	struct ctl *c = proc_state(p);
	struct buf text = {0};
	plan_file_end(c->plan);
	add_total(c, plan_pods_total(c->pods), &text);
	for (size_t i = 0; i < c->plan->notes.n; i++) {
		if (ctl_json(c)) {
			buf_adds(&text, i > 0 ? "," : "");
			buf_add_json(&text, c->plan->notes.at[i]);
		} else {
			buf_addf(&text, "Note: %s.\n",
				 visible_text(proc_arena(p), c->plan->notes.at[i]));
		}
	}
	buf_adds(&text, ctl_json(c) ? "]}\n" : "");
	ctl_end(p, &text, PROC_EXIT_OK);
}

static void on_planned(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	if (ctl_unanswered(p, in))
		return;
	if (plan_facts_want(c->facts, in->body))
		return;
	const struct cachedimage *image = &c->plan->images[c->at++];
	struct msg_planned shown = *(const struct msg_planned *)in->body;
	if (shown.unknown != 0 && c->facts->why != NULL)
		plan_file_unread(c->plan, c->facts->why);
	plan_facts_done(c->facts);
	plan_pods_add(c->pods, &shown);
	if (shown.nodes.n > (size_t)c->limit)
		shown.nodes.n = (size_t)c->limit;
	if (ctl_json(c))
		add_json(p, image, &shown);
	else
		add_text(p, image, &shown);
	c->give_up_ms = 0;
	if (c->at == c->plan->n)
		finish(p);
}

/* Without an answer the plan is made without it. */
static void on_facts_shown(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	c->asked = false;
	plan_facts_answer(c->facts, in->body);
}

/* Returns when it wants the next turn. */
static int64_t ask_registry(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	struct plan_facts *f = c->facts;
	struct err err;
	const struct msg_facts_show ask =
		plan_facts_question(f, &c->plan->images[c->at], proc_arena(p));
	if (proc_request(p, PROC_DISCOVERER, MSG_facts_show, &ask, 0, now.boot_ms + CTL_FACTS_MS,
			 &err) == 0) {
		f->wanted = false;
		c->asked = true;
		return CLOCK_NEVER;
	}
	if (f->give_up_ms == 0)
		f->give_up_ms = now.boot_ms + PLAN_FACTS_MS;
	if (now.boot_ms < f->give_up_ms)
		return f->give_up_ms;
	plan_facts_answer(f, NULL);
	return now.boot_ms;
}

static int init(struct proc *p, struct err *err)
{
	struct ctl *c = proc_state(p);
	c->plan = xcalloc(1, sizeof(*c->plan));
	c->pods = xcalloc(1, sizeof(*c->pods));
	c->facts = xcalloc(1, sizeof(*c->facts));
	if (c->file == NULL)
		ctl_fail(p, PROC_EXIT_USAGE, "file missing: dropctl plan -f FILE");
	else if (plan_file_read(c->file, c->plan, err) != 0)
		ctl_fail(p, CTL_EXIT_NONE, "%s", err->text);
	return 0;
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	if (c->facts->wanted && !c->asked && !proc_stopping(p))
		return ask_registry(p, now);
	if (c->asked || c->at == c->plan->n)
		return ctl_ask(p, PROC_RECONCILER, MSG_none, NULL);
	struct buf packed = {0};
	obj_pack(kinds[KIND_CACHEDIMAGE].desc, &c->plan->images[c->at], &packed);
	const struct msg_explain_plan ask = {
		.kind = KIND_CACHEDIMAGE,
		.object = {(const uint8_t *)packed.data, packed.len},
		.max = PLAN_ROWS,
		.platforms = c->facts->told,
	};
	int64_t next = ctl_ask(p, PROC_RECONCILER, MSG_explain_plan, &ask);
	buf_done(&packed);
	return next;
}

static void done(struct proc *p)
{
	struct ctl *c = proc_state(p);
	if (c->plan != NULL)
		plan_file_done(c->plan);
	free(c->plan);
	if (c->pods != NULL)
		plan_pods_done(c->pods);
	free(c->pods);
	if (c->facts != NULL)
		plan_facts_done(c->facts);
	free(c->facts);
	ctl_done(p);
}

const struct proc_def ctl_plan = {
	.name = "ctl",
	.program = "dropctl plan",
	.doc = "Dry run of manifests: which nodes would pull what; creates nothing.",
	.id = PROC_CTL,
	.handlers = {[MSG_planned] = on_planned, [MSG_facts_shown] = on_facts_shown},
	.options = options,
	.state_size = sizeof(struct ctl),
	.init = init,
	.turn = turn,
	.done = done,
};
