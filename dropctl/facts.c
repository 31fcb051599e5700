/*
 * dropctl facts IMAGE [SECRET]: what the registry says of an image: the digest behind its tag, the
 * platforms of an index, the compressed bytes of each. The running discoverer asks, as it asks for
 * CachedImages; nothing is pulled.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>

#include "base/visible.h"
#include "dropctl/table.h"

static const struct option_def options[] = {
	CTL_OUTPUT,
	{NULL},
};

static void add_text(const struct msg_facts_shown *m, struct arena *a, struct buf *out)
{
	struct buf cells = {0};
	if (!m->known) {
		buf_addf(out, "not known: %s", visible_text(a, m->text));
		if (m->code != 0)
			buf_addf(out, " (HTTP %" PRIu64 ")", m->code);
		buf_adds(out, "\n");
		return;
	}
	buf_addf(out, "digest     %s\n", visible_text(a, m->digest));
	buf_addf(out, "read       %s\n", m->is_public ? "without credentials" : "with credentials");
	buf_addf(out, "kind       %s\n", m->index ? "index" : "one image");
	if (*m->text != '\0') {
		buf_addf(out, "platforms  not known: %s\n", visible_text(a, m->text));
		if (m->platforms.n == 0)
			return;
	}
	table_cell(&cells, "PLATFORM");
	table_cell(&cells, "BYTES");
	for (size_t i = 0; i < m->platforms.n; i++) {
		const struct msg_platform *p = &m->platforms.at[i];
		table_cell(&cells, *p->name != '\0' ? p->name : "-");
		if (p->bytes != 0)
			table_cellf(&cells, "%" PRIu64, p->bytes);
		else
			table_cell(&cells, "?");
	}
	table_print(&cells, 2, out);
	buf_done(&cells);
}

static void add_json(const struct msg_facts_shown *m, struct buf *out)
{
	buf_addf(out, "{\"known\":%s,\"text\":", m->known ? "true" : "false");
	buf_add_json(out, m->text);
	buf_addf(out, ",\"code\":%" PRIu64 ",\"digest\":", m->code);
	buf_add_json(out, m->digest);
	buf_addf(out, ",\"public\":%s,\"index\":%s,\"platforms\":[",
		 m->is_public ? "true" : "false", m->index ? "true" : "false");
	msg_dump_rows(MSG_facts_shown, m, out);
	buf_adds(out, "]}\n");
}

static void on_facts_shown(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_facts_shown *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in))
		return;
	if (ctl_json(c))
		add_json(m, &text);
	else
		add_text(m, proc_arena(p), &text);
	ctl_end(p, &text, m->known ? PROC_EXIT_OK : CTL_EXIT_NONE);
}

static int init(struct proc *p, struct err *err)
{
	struct ctl *c = proc_state(p);
	(void)err;
	c->answer_ms = CTL_FACTS_MS;
	return 0;
}

static int64_t turn(struct proc *p, struct now now)
{
	struct msg_secret secret = {.name = ctl_args[1]};
	const struct msg_facts_show ask = {
		.reference = ctl_args[0],
		.secrets = {&secret, ctl_args[1] != NULL ? 1 : 0},
	};
	(void)now;
	return ctl_ask(p, PROC_DISCOVERER, MSG_facts_show, &ask);
}

const struct proc_def ctl_facts = {
	.name = "ctl",
	.program = "dropctl facts",
	.doc = "Reads an image's digest, platforms and compressed bytes from its registry.",
	.id = PROC_CTL,
	.handlers = {[MSG_facts_shown] = on_facts_shown},
	.options = options,
	.state_size = sizeof(struct ctl),
	.init = init,
	.turn = turn,
	.done = ctl_done,
};
