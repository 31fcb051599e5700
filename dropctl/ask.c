/*
 * Request and answer of all commands: sends a request to a process and ends with its answer.
 * Invariant: a command has one request unanswered at a time and always ends, within twice
 * CTL_ANSWER_MS of silence.
 */
#include "dropctl/dropctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "base/xalloc.h"

const char *ctl_args[CTL_ARGS_MAX];
const char *const ctl_outputs[] = {"text", "json", NULL};

bool ctl_json(const struct ctl *c)
{
	return strcmp(c->output, "json") == 0;
}

static int64_t answer_ms(const struct ctl *c)
{
	return c->answer_ms != 0 ? c->answer_ms : CTL_ANSWER_MS;
}

int64_t ctl_ask(struct proc *p, enum proc_id to, enum msg_type type, const void *body)
{
	struct ctl *c = proc_state(p);
	int64_t now_ms = proc_now(p).boot_ms;
	struct err err;
	if (proc_stopping(p) && !c->ended)
		proc_stop(p, PROC_EXIT_ENV); /* interrupted */
	if (c->asked || proc_stopping(p))
		return CLOCK_NEVER;
	if (c->give_up_ms == 0)
		c->give_up_ms = now_ms + CTL_ANSWER_MS;
	if (proc_request(p, to, type, body, 0, now_ms + answer_ms(c), &err) == 0) {
		c->asked = true;
		return CLOCK_NEVER;
	}
	if (now_ms < c->give_up_ms)
		return c->give_up_ms;
	ctl_fail(p, PROC_EXIT_ENV,
		 "no %s in %s (%s). Is the operator running on this machine? --socket-dir sets its "
		 "socket folder; in a cluster use kubectl drop",
		 proc_id_name(to), proc_common(p)->socket_dir, err.text);
	return CLOCK_NEVER;
}

bool ctl_unanswered(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	c->asked = false;
	if (in->body == NULL)
		ctl_fail(p, PROC_EXIT_ENV, "the process did not answer within %d s",
			 (int)(answer_ms(c) / 1000));
	return in->body == NULL;
}

bool ctl_standby(struct proc *p, bool leading)
{
	if (!leading)
		ctl_fail(p, PROC_EXIT_ENV,
			 "this replica is a standby; ask the leader (kubectl drop does)");
	return !leading;
}

bool ctl_no_usage(struct proc *p, bool enabled)
{
	if (!enabled)
		ctl_fail(p, CTL_EXIT_NONE,
			 "what workloads start is not known: set --usage (chart: usage.enabled)");
	return !enabled;
}

void ctl_again(struct ctl *c, const char *after)
{
	char *copy = xstrdup(after);
	free(c->after);
	c->after = copy;
	c->give_up_ms = 0;
}

void ctl_json_rows(struct ctl *c, const struct msg_in *in)
{
	size_t before = c->out.len;
	if (before > 0)
		buf_adds(&c->out, ",");
	msg_dump_rows(in->type, in->body, &c->out);
	if (before > 0 && c->out.len == before + 1) /* no rows: no comma */
		c->out.data[--c->out.len] = '\0';
}

void ctl_end(struct proc *p, struct buf *text, int exit_code)
{
	struct ctl *c = proc_state(p);
	c->ended = true;
	struct buf shown = {0}; /* text from outside must not control the terminal */
	visible_add(&shown, text->len > 0 ? text->data : "", true);
	bool written = fwrite(shown.data, 1, shown.len, stdout) == shown.len && fflush(stdout) == 0;
	buf_done(&shown);
	buf_done(text);
	proc_stop(p, written ? exit_code : PROC_EXIT_ENV);
}

void ctl_fail(struct proc *p, int exit_code, const char *fmt, ...)
{
	struct ctl *c = proc_state(p);
	va_list args;
	c->ended = true;
	char text[ERR_TEXT_MAX * 2];
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "dropctl: %s\n", visible_text(proc_arena(p), text));
	proc_stop(p, exit_code);
}

void ctl_done(struct proc *p)
{
	struct ctl *c = proc_state(p);
	buf_done(&c->out);
	buf_done(&c->table);
	free(c->after);
}
