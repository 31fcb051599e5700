/*
 * dropctl discover -f FILE: dry run of the DiscoveryPolicies of a file: each source's answer, the
 * images with their scores, and why others are left out. The running discoverer asks the sources,
 * with the credentials it would use; nothing is created.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "api/yaml_tree.h"
#include "base/visible.h"
#include "base/xalloc.h"
#include "dropctl/manifest.h"
#include "dropctl/table.h"
#include "ipc/objpack.h"

#define POLICIES_MAX 100
/* Longer than the discoverer allows a source (QUERY_TIME_MS there). */
#define DISCOVER_ANSWER_MS 130000

struct discover_file {
	struct arena arena;
	struct discoverypolicy *policies;
	size_t n;
};

static const struct option_def options[] = {
	CTL_FILE,
	CTL_OUTPUT,
	{"limit", OPT_INT, offsetof(struct ctl, limit), "50", "N",
	 "maximum number of rows for each object", NULL, 1, 5000},
	{NULL},
};

static int read_docs(struct discover_file *f, const struct yaml_docs *docs, struct err *err)
{
	f->policies = arena_array(&f->arena, POLICIES_MAX, sizeof(*f->policies));
	for (size_t i = 0; i < docs->n; i++) {
		const char *kind;
		if (manifest_kind(&docs->at[i], &kind, err) != 0)
			return -1;
		if (kind == NULL || strcmp(kind, "DiscoveryPolicy") != 0)
			continue;
		if (f->n == POLICIES_MAX)
			return err_set(err, ERR_TERMINAL, "more than %d policies: split the file",
				       POLICIES_MAX);
		if (manifest_decode(&docs->at[i], KIND_DISCOVERYPOLICY, &discoverypolicy_spec_desc,
				    &f->arena, &f->policies[f->n++], err) != 0)
			return -1;
	}
	return f->n > 0 ? 0 : err_set(err, ERR_TERMINAL, "no DiscoveryPolicy found");
}

static int read_file(const char *path, struct discover_file *f, struct err *err)
{
	struct buf text;
	struct yaml_docs docs;
	if (manifest_read(path, &text, err) != 0)
		return -1;
	int rc = yaml_read(text.data, text.len, YAML_CORE, &docs, err);
	if (rc == 0) {
		rc = read_docs(f, &docs, err);
		yaml_done(&docs);
	}
	buf_done(&text);
	return rc == 0 ? 0 : err_wrap(err, "%s", manifest_name(path));
}

/* ---- the answer ---- */

/* The source, the signals, or why it is left out. */
static void add_why(const struct msg_rank *r, struct buf *cells)
{
	struct buf text = {0};
	for (size_t i = 0; i < r->signals.n; i++)
		buf_addf(&text, "%s%s=%s", i > 0 ? " " : "", r->signals.at[i].name,
			 r->signals.at[i].value);
	if (!r->kept)
		buf_addf(&text, "%s%s", text.len > 0 ? "; " : "", r->text);
	else if (r->signals.n == 0)
		buf_adds(&text, r->source);
	table_cell(cells, text.data != NULL ? text.data : "");
	buf_done(&text);
}

static void add_images(const struct msg_discovered *m, size_t limit, struct buf *out)
{
	struct buf cells = {0};
	for (size_t i = 0; i < m->images.n; i++) {
		const struct msg_rank *r = &m->images.at[i];
		if (r->kept)
			table_cellf(&cells, "%5zu.", i + 1);
		else
			table_cell(&cells, "     -");
		table_cell(&cells, r->image);
		bool scored = r->kept || strcmp(r->dropped, "max_images") == 0;
		if (r->final_score != NULL && *r->final_score != '\0')
			table_cell(&cells, scored ? r->final_score : "");
		else if (scored)
			table_cellf(&cells, "%" PRId64, r->score);
		else
			table_cell(&cells, "");
		add_why(r, &cells);
	}
	table_print(&cells, 4, out);
	if (m->images.n < m->kept + m->dropped)
		buf_addf(out, "       and %" PRIu64 " more%s\n", m->kept + m->dropped - m->images.n,
			 m->images.n < limit ? "" : " (--limit)");
	buf_done(&cells);
}

static const char *samples_text(struct arena *a, uint64_t n)
{
	return arena_printf(a, " of %" PRIu64 " samples", n);
}

static void add_text(const char *name, const struct msg_discovered *m, size_t limit,
		     struct arena *a, struct buf *out)
{
	buf_addf(out, "%s%s: %s%s%s\n", out->len > 0 ? "\n" : "",
		 visible_text(a, name ? name : "?"), m->reason, *m->reason ? ": " : "",
		 visible_text(a, m->text));
	for (size_t i = 0; i < m->sources.n; i++) {
		const struct msg_asked *s = &m->sources.at[i];
		bool query = s->name != NULL && *s->name != '\0';
		buf_addf(out, "  %s%s%s %s: ", query ? visible_text(a, s->name) : "",
			 query ? " " : "", s->type, visible_text(a, s->url));
		if (*s->reason != '\0')
			buf_addf(out, "%s: %s", s->reason, visible_text(a, s->text));
		else
			buf_addf(out, "%" PRIu64 " images%s in %" PRId64 " ms%s%s", s->found,
				 query ? samples_text(a, s->samples) : "", s->took_ms,
				 *s->text ? "; warning: " : "", visible_text(a, s->text));
		buf_adds(out, "\n");
	}
	add_images(m, limit, out);
}

/* The rows of one list of the message: msg_dump_rows() prints the first. */
static void add_sources(const struct msg_discovered *m, struct buf *out)
{
	for (size_t i = 0; i < m->sources.n; i++) {
		const struct msg_asked *s = &m->sources.at[i];
		buf_adds(out, i > 0 ? ",{\"type\":" : "{\"type\":");
		buf_add_json(out, s->type);
		buf_adds(out, ",\"url\":");
		buf_add_json(out, s->url);
		buf_adds(out, ",\"reason\":");
		buf_add_json(out, s->reason);
		buf_adds(out, ",\"text\":");
		buf_add_json(out, s->text);
		if (s->name != NULL && *s->name != '\0') {
			buf_adds(out, ",\"name\":");
			buf_add_json(out, s->name);
			buf_addf(out, ",\"samples\":%" PRIu64, s->samples);
		}
		buf_addf(out, ",\"found\":%" PRIu64 ",\"took_ms\":%" PRId64 "}", s->found,
			 s->took_ms);
	}
}

static void add_signals(const struct msg_rank *r, struct buf *out)
{
	buf_addf(out, ",\"finalScore\":\"%s\",\"signals\":{", r->final_score);
	for (size_t i = 0; i < r->signals.n; i++) {
		buf_adds(out, i > 0 ? "," : "");
		buf_add_json(out, r->signals.at[i].name);
		buf_addf(out, ":%s", r->signals.at[i].value);
	}
	buf_adds(out, "}");
}

static void add_json(const char *name, const struct msg_discovered *m, struct buf *out)
{
	buf_adds(out, out->len > 0 ? ",{\"name\":" : "{\"name\":");
	buf_add_json(out, name ? name : "");
	buf_addf(out, ",\"tried\":%s,\"reason\":", m->tried ? "true" : "false");
	buf_add_json(out, m->reason);
	buf_adds(out, ",\"text\":");
	buf_add_json(out, m->text);
	buf_addf(out, ",\"kept\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"sources\":[", m->kept,
		 m->dropped);
	add_sources(m, out);
	buf_adds(out, "],\"images\":[");
	for (size_t i = 0; i < m->images.n; i++) {
		const struct msg_rank *r = &m->images.at[i];
		buf_adds(out, i > 0 ? ",{\"image\":" : "{\"image\":");
		buf_add_json(out, r->image);
		if (r->final_score != NULL && *r->final_score != '\0') {
			add_signals(r, out);
		} else {
			buf_addf(out, ",\"score\":%" PRId64 ",\"source\":", r->score);
			buf_add_json(out, r->source);
		}
		buf_addf(out, ",\"kept\":%s,\"dropped\":", r->kept ? "true" : "false");
		buf_add_json(out, r->dropped);
		buf_adds(out, "}");
	}
	buf_adds(out, "]}");
}

/* The worst of all policies: 1 before 2 before 0. */
static int worse(int code, const struct msg_discovered *m)
{
	bool failed = false;
	if (!m->tried || strcmp(m->reason, "InvalidSpec") == 0 || code == CTL_EXIT_NONE)
		return CTL_EXIT_NONE;
	for (size_t i = 0; i < m->sources.n; i++)
		failed |= *m->sources.at[i].reason != '\0';
	return failed ? CTL_EXIT_NOT_READY : code;
}

static void finish(struct proc *p)
{
	struct ctl *c = proc_state(p);
	struct buf text = {0};
	buf_addf(&text, ctl_json(c) ? "{\"policies\":[%s]}\n" : "%s", c->out.data);
	ctl_end(p, &text, c->exit_code);
}

static void on_discovered(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_discovered *m = in->body;
	if (ctl_unanswered(p, in))
		return;
	const char *name = c->discover->policies[c->at++].meta.name;
	if (ctl_json(c))
		add_json(name, m, &c->out);
	else
		add_text(name, m, (size_t)c->limit, proc_arena(p), &c->out);
	c->exit_code = worse(c->exit_code, m);
	c->give_up_ms = 0;
	if (c->at == c->discover->n)
		finish(p);
}

static int init(struct proc *p, struct err *err)
{
	struct ctl *c = proc_state(p);
	c->answer_ms = DISCOVER_ANSWER_MS;
	c->discover = xcalloc(1, sizeof(*c->discover));
	if (c->file == NULL)
		ctl_fail(p, PROC_EXIT_USAGE, "file missing: dropctl discover -f FILE");
	else if (read_file(c->file, c->discover, err) != 0)
		ctl_fail(p, CTL_EXIT_NONE, "%s", err->text);
	return 0;
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	(void)now;
	if (c->asked || c->at == c->discover->n)
		return ctl_ask(p, PROC_DISCOVERER, MSG_none, NULL);
	struct buf packed = {0};
	obj_pack(kinds[KIND_DISCOVERYPOLICY].desc, &c->discover->policies[c->at], &packed);
	const struct msg_discover ask = {
		.kind = KIND_DISCOVERYPOLICY,
		.object = {(const uint8_t *)packed.data, packed.len},
		.max = (uint64_t)c->limit,
	};
	int64_t next = ctl_ask(p, PROC_DISCOVERER, MSG_discover, &ask);
	buf_done(&packed);
	return next;
}

static void done(struct proc *p)
{
	struct ctl *c = proc_state(p);
	if (c->discover != NULL)
		arena_done(&c->discover->arena);
	free(c->discover);
	ctl_done(p);
}

const struct proc_def ctl_discover = {
	.name = "ctl",
	.program = "dropctl discover",
	.doc = "Dry run of DiscoveryPolicies: which images they would find; creates nothing.",
	.id = PROC_CTL,
	.handlers = {[MSG_discovered] = on_discovered},
	.options = options,
	.state_size = sizeof(struct ctl),
	.init = init,
	.turn = turn,
	.done = done,
};
