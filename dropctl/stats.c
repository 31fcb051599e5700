/* dropctl stats PROCESS: the counters of a running process (ipc/stats.h) as JSON. */
#include "dropctl/dropctl.h"

#include <inttypes.h>

static const struct option_def options[] = {
	{"all", OPT_BOOL, offsetof(struct ctl, all), NULL, NULL, "zeros too", NULL, 0, 0},
	{NULL},
};

static void on_stats(struct proc *p, const struct msg_in *in)
{
	const struct msg_stats *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in))
		return;
	buf_adds(&text, "{");
	for (size_t i = 0; i < m->counters.n; i++) {
		buf_adds(&text, i == 0 ? "" : ",");
		buf_add_json(&text, m->counters.at[i].name ? m->counters.at[i].name : "");
		buf_addf(&text, ":%" PRIu64, m->counters.at[i].value);
	}
	buf_adds(&text, "}\n");
	ctl_end(p, &text, PROC_EXIT_OK);
	buf_done(&text);
}

static int init(struct proc *p, struct err *err)
{
	int id = proc_id_find(ctl_args[0]);
	(void)err;
	if (id < PROC_WATCHER || id >= PROC_CTL)
		ctl_fail(p, PROC_EXIT_USAGE,
			 "no process \"%s\": there are watcher, reconciler and puller",
			 ctl_args[0]);
	return 0;
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	(void)now;
	return ctl_ask(p, (enum proc_id)proc_id_find(ctl_args[0]), MSG_stats_get,
		       &(struct msg_stats_get){.all = c->all});
}

const struct proc_def ctl_stats = {
	.name = "ctl",
	.program = "dropctl stats",
	.doc = "The counters of a process. Usage: dropctl stats PROCESS [options]",
	.id = PROC_CTL,
	.handlers = {[MSG_stats] = on_stats},
	.options = options,
	.state_size = sizeof(struct ctl),
	.init = init,
	.turn = turn,
	.done = ctl_done,
};
