/*
 * dropctl discover: runs the queries of a policy once and returns the images it would list. The
 * policy need not exist; nothing is written or kept. The code is the same as for a real sync. A
 * standby replica answers, too, as this only reads.
 */
#include "discoverer/discoverer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "ipc/objpack.h"

#include "discoverer/discovery_status.h"
#include "discoverer/nodes_seen.h"
#include "discoverer/pipeline/decimal.h"
#include "discoverer/plan.h"

/* Bytes of the rows of an answer, so that the whole message fits MSG_MAX. */
#define ROWS_BYTES_MAX (512 * 1024)

struct
try {
	struct arena mem;
	struct reply_to to;
	const struct discoverypolicy *obj;
	struct regex *filter;
	struct plan plan;
	struct query **queries;
	size_t n;
	size_t max;
};

static struct try *try_free(struct try *t)
{
	if (t != NULL) {
		for (size_t i = 0; i < t->n; i++)
			query_free(t->queries[i]);
		regex_free(t->filter);
		struct arena mem = t->mem;
		free(t);
		arena_done(&mem);
	}
	return NULL;
}

bool tries_count_nodes(const struct discoverer *d)
{
	bool any = false;
	for (size_t i = 0; i < TRIES_MAX; i++)
		any |= d->tries[i] != NULL && d->tries[i]->plan.counts_nodes;
	return any;
}

void tries_done(struct discoverer *d)
{
	for (size_t i = 0; i < TRIES_MAX; i++)
		d->tries[i] = try_free(d->tries[i]);
}

static void answer(struct proc *p, const struct reply_to *to, const struct msg_discovered *m)
{
	struct err err;
	if (proc_reply(p, to, MSG_discovered, m, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

static void refuse(struct proc *p, const struct reply_to *to, const char *reason, const char *text)
{
	answer(p, to, &(struct msg_discovered){.reason = reason, .text = text});
}

/* ---- the question ---- */

static int begin(struct discoverer *d, struct try *t, struct err *err)
{
	const struct discoverypolicy_spec *spec = &t->obj->spec;
	if (desc_validate(&discoverypolicy_desc, t->obj, err) < 0)
		return -1;
	if (regex_new(spec->image_filter, &t->filter, err) < 0)
		return err_wrap(err, "imageFilter");
	if (plan_make(spec, &t->mem, &t->plan, err) < 0 || queries_check(&t->plan.queries, err) < 0)
		return -1;
	const struct plan_queries *queries = &t->plan.queries;
	t->queries = arena_array(&t->mem, queries->n, sizeof(*t->queries));
	for (; t->n < queries->n; t->n++)
		t->queries[t->n] = query_new(&d->env, queries, t->n, &spec->signals, t, true);
	return 0;
}

void on_discover(struct proc *p, const struct msg_in *in)
{
	struct discoverer *d = proc_state(p);
	const struct msg_discover *m = in->body;
	struct discoverypolicy *obj = arena_alloc(proc_arena(p), sizeof(*obj));
	struct err err;
	size_t slot = 0;
	while (slot < TRIES_MAX && d->tries[slot] != NULL)
		slot++;
	if (slot == TRIES_MAX) {
		refuse(p, &in->reply_to, "", "too many policies are being evaluated, retry later");
		return;
	}
	if (m->kind != KIND_DISCOVERYPOLICY ||
	    obj_unpack(&discoverypolicy_desc, m->object.data, m->object.len, proc_arena(p), obj,
		       &err) < 0) {
		refuse(p, &in->reply_to, "", "not a DiscoveryPolicy");
		return;
	}
	struct try *t = xcalloc(1, sizeof(*t));
	t->to = in->reply_to;
	t->max = m->max;
	t->obj = desc_clone(&discoverypolicy_desc, obj, &t->mem);
	if (begin(d, t, &err) < 0) {
		refuse(p, &in->reply_to, fault_reason(FAULT_SPEC), err.text);
		try_free(t);
		return;
	}
	d->tries[slot] = t;
}

/* ---- the answer ---- */

/* Why a query failed, or its warning or note if it succeeded. */
static const char *words(const struct query *q)
{
	if (q->fault != FAULT_NONE)
		return q->text;
	if (q->warning[0] != '\0')
		return q->warning;
	return q->plain ? "credentials are sent unencrypted over http" : q->note;
}

static void tell_source(struct try *t, size_t i, struct msg_discovered *m)
{
	const struct query *q = t->queries[i];
	m->sources.at[i] = (struct msg_asked){
		.type = q->ops->type,
		.url = query_shown(q, &t->mem),
		.reason = fault_reason(q->fault),
		.text = words(q),
		.found = q->results.n,
		.took_ms = q->took_ms,
		.name = q->spec->name,
		.samples = q->samples,
	};
}

struct rows {
	struct msg_discovered *m;
	size_t max, bytes;
};

static void add_row(struct rows *r, struct msg_rank *row, enum drop_reason why)
{
	size_t bytes = strlen(row->image) + strlen(drop_reason_text(why)) + 100;
	for (size_t i = 0; i < row->signals.n; i++)
		bytes += strlen(row->signals.at[i].name) + 40;
	if (r->m->images.n == r->max || r->bytes + bytes > ROWS_BYTES_MAX)
		return;
	r->bytes += bytes;
	row->kept = why == DROP_none;
	row->dropped = drop_reason_name(why);
	row->text = drop_reason_text(why);
	r->m->images.at[r->m->images.n++] = *row;
}

/* Of a pipeline: the number that it is ranked by, and what that was made of. */
static void add_numbers(struct try *t, const struct list_image *image, struct msg_rank *row)
{
	const struct plan *plan = &t->plan;
	if (!plan->queries.pipeline)
		return;
	row->score = 0;
	row->final_score = decimal_text(image->score, &t->mem);
	row->signals.at = arena_array(&t->mem, plan->n_signals, sizeof(*row->signals.at));
	for (size_t i = 0; image->numbers != NULL && i < plan->n_signals; i++)
		if (!isnan(image->numbers[i]))
			row->signals.at[row->signals.n++] =
				(struct msg_number){plan->signals->at[i].name,
						    decimal_text(image->numbers[i], &t->mem)};
}

static void add_rows(struct try *t, const struct list *list, struct msg_discovered *m)
{
	size_t all = list->all + t->n * RESULTS_DROPPED_MAX;
	struct rows rows = {m, t->max < all ? t->max : all, 0};
	m->images.at = arena_array(&t->mem, rows.max, sizeof(*m->images.at));
	for (size_t i = 0; i < list->all; i++) {
		const struct list_image *image = &list->at[i];
		bool size = i < list->n + list->too_large;
		struct msg_rank row = {.image = image->image,
				       .score = (int64_t)image->score,
				       .source = image->source};
		if (rows.m->images.n < rows.max)
			add_numbers(t, image, &row);
		add_row(&rows, &row,
			i < list->n  ? DROP_none
			: image->out ? DROP_missing_signal
			: size       ? DROP_too_large
				     : DROP_max_images);
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct results *f = &t->queries[i]->results;
		for (size_t k = 0; k < f->n_dropped; k++)
			add_row(&rows,
				&(struct msg_rank){.image = f->dropped[k].image,
						   .source = t->queries[i]->ops->type},
				f->dropped[k].why);
		for (int why = DROP_none + 1; why < DROP_REASONS_COUNT; why++)
			m->dropped += f->counts[why];
	}
	m->kept = list->n;
	m->dropped += list->all - list->n;
}

static struct list make_list(const struct discoverer *d, struct try *t)
{
	struct ranking ranking;
	struct list_source *sources = arena_array(&t->mem, t->n, sizeof(*sources));
	struct source_images *known = arena_array(&t->mem, t->n, sizeof(*known));
	struct list_rules rules = {.max_images = t->obj->spec.max_images,
				   .max_shrink_percent = 100};
	for (size_t i = 0; i < t->n; i++) {
		struct query *q = t->queries[i];
		results_filter(&q->results, t->filter);
		results_why_none(&q->results, q->note, sizeof(q->note));
		if (q->fault == FAULT_NONE || q->partial)
			source_images_update(&known[i], &q->results, true, 1, RESULTS_MAX);
		sources[i] = (struct list_source){&known[i], q->ops->type, t->plan.of[i].signals};
	}
	plan_list_rules(&t->plan, nodes_ready(d, t->plan.nodes), &ranking, &rules);
	struct list list = list_make(sources, t->n, &rules, &t->mem);
	/* Its texts are those of the known images, which end here. */
	for (size_t i = 0; i < list.all; i++)
		list.at[i].image = arena_strdup(&t->mem, list.at[i].image);
	for (size_t i = 0; i < t->n; i++)
		source_images_done(&known[i]);
	return list;
}

static void finish(struct proc *p, struct try *t)
{
	struct msg_discovered m = {.tried = true};
	struct list list = make_list(proc_state(p), t);
	const struct discoverypolicy_status none = {0};
	struct source_view *views = arena_array(&t->mem, t->n, sizeof(*views));
	struct status_facts facts = {.sources = views, .n = t->n, .now_s = proc_now(p).wall_s};
	m.sources.n = t->n;
	m.sources.at = arena_array(&t->mem, t->n, sizeof(*m.sources.at));
	for (size_t i = 0; i < t->n; i++) {
		const struct query *q = t->queries[i];
		tell_source(t, i, &m);
		const char *name =
			arena_printf(&t->mem, "%s %s: ", q->ops->type, m.sources.at[i].url);
		views[i] = (struct source_view){
			.fault = q->fault,
			.text = arena_printf(&t->mem, "%s%s", name, q->text),
			.note = q->note[0] != '\0' ? arena_printf(&t->mem, "%s%s", name, q->note)
						   : "",
			.warning = q->warning,
		};
		for (int why = 0; why < DROP_REASONS_COUNT; why++)
			facts.left_out[why] += q->results.counts[why];
		if (q->fault == FAULT_SPEC)
			facts.spec_error = views[i].text;
	}
	facts.images = plan_images(&t->plan, &list, &t->mem);
	facts.queries = &t->plan.queries;
	facts.too_large = list.too_large;
	struct discoverypolicy_status status = status_make(&facts, &none, &t->mem);
	const struct api_condition *ready = api_condition_find(&status.conditions, "Ready");
	m.reason = ready->reason;
	m.text = ready->message;
	add_rows(t, &list, &m);
	answer(p, &t->to, &m);
}

int64_t tries_turn(struct proc *p, struct now now)
{
	struct discoverer *d = proc_state(p);
	int64_t next = CLOCK_NEVER;
	for (size_t i = 0; i < TRIES_MAX; i++) {
		struct try *t = d->tries[i];
		bool open = false;
		for (size_t k = 0; t != NULL && k < t->n; k++) {
			int64_t at = query_tick(t->queries[k], now.boot_ms);
			open |= !t->queries[k]->ended;
			if (!t->queries[k]->ended && at < next)
				next = at;
		}
		bool nodes = t != NULL && t->plan.counts_nodes && !nodes_known(d);
		if (t == NULL || open || nodes)
			continue; /* nodes come with the feed, and a turn follows */
		finish(p, t);
		d->tries[i] = try_free(t);
	}
	return next;
}
