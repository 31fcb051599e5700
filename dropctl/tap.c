/*
 * dropctl tap: prints the messages between the processes of a socket folder. It subscribes to each
 * <proc>.tap, to which messages are copied only while a subscriber is connected, and prints one
 * JSON line per message. Messages that it misses because it is slow are lost. It ends when its
 * standard output is closed.
 */
#include "dropctl/dropctl.h"

#include <stdio.h>

#include "dropctl/tap_line.h"

static const struct option_def options[] = {{NULL}};

static void on_frame(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	buf_clear(&c->out, MSG_MAX);
	tap_line(in->from, in->body, clock_wall_us(), &c->out);
	if (fwrite(c->out.data, 1, c->out.len, stdout) != c->out.len || fflush(stdout) != 0)
		proc_stop(p, PROC_EXIT_ENV);
}

const struct proc_def ctl_tap = {
	.name = "ctl",
	.program = "dropctl tap",
	.doc = "Prints the messages between the processes of drop until it is interrupted.",
	.id = PROC_CTL,
	.handlers = {[MSG_tap_frame] = on_frame},
	.options = options,
	.state_size = sizeof(struct ctl),
	.done = ctl_done,
};
