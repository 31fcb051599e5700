/* dropctl stats PROCESS: the metrics of a running process (docs/metrics.md) as JSON. */
#include "dropctl/dropctl.h"

#include <inttypes.h>

static const struct option_def options[] = {
	{"all", OPT_BOOL, offsetof(struct ctl, all), NULL, NULL, "include zero values", NULL, 0, 0},
	{NULL},
};

/* "name{labels}":value, with a comma before all but the first. */
static void add_row(struct ctl *c, const char *name, const char *part, const char *labels,
		    enum metric_unit unit, int64_t value)
{
	struct buf key = {0};
	if (value == 0 && !c->all)
		return;
	buf_addf(&key, "%s%s", name, part);
	if (labels != NULL && labels[0] != '\0')
		buf_addf(&key, "{%s}", labels);
	buf_adds(&c->out, c->out.len == 0 ? "" : ",");
	buf_add_json(&c->out, key.data);
	buf_adds(&c->out, ":");
	metric_add_value(&c->out, unit, value);
	buf_done(&key);
}

static void add_sample(struct ctl *c, const struct metric_info *info, const struct msg_sample *s)
{
	if (info->type != METRIC_HISTOGRAM) {
		add_row(c, info->name, "", s->labels, info->unit, s->value);
		return;
	}
	int64_t n = 0;
	for (size_t i = 0; i < s->counts.n; i++)
		n += (int64_t)s->counts.at[i].n;
	add_row(c, info->name, "_count", s->labels, METRIC_NONE, n);
	add_row(c, info->name, "_sum", s->labels, info->unit, s->value);
}

static void on_metrics(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_metrics *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in))
		return;
	for (size_t f = 0; f < m->families.n; f++) {
		const struct msg_family *family = &m->families.at[f];
		int id = family->name != NULL ? metric_find(family->name) : -1;
		for (size_t s = 0; id >= 0 && s < family->samples.n; s++)
			add_sample(c, &metric_infos[id], &family->samples.at[s]);
	}
	if (m->more) {
		c->page = m->next;
		c->give_up_ms = 0;
		return;
	}
	buf_addf(&text, "{%s}\n", c->out.len > 0 ? c->out.data : "");
	ctl_end(p, &text, PROC_EXIT_OK);
}

static int init(struct proc *p, struct err *err)
{
	int id = proc_id_find(ctl_args[0]);
	struct buf known = {0};
	(void)err;
	if (id >= PROC_WATCHER && id < PROC_CTL)
		return 0;
	for (int i = PROC_WATCHER; i < PROC_CTL; i++)
		buf_addf(&known, "%s%s",
			 i == PROC_WATCHER   ? ""
			 : i == PROC_CTL - 1 ? " and "
					     : ", ",
			 proc_id_name((enum proc_id)i));
	ctl_fail(p, PROC_EXIT_USAGE, "no process \"%s\": there are %s", ctl_args[0], known.data);
	buf_done(&known);
	return 0;
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	(void)now;
	return ctl_ask(p, (enum proc_id)proc_id_find(ctl_args[0]), MSG_metrics_get,
		       &(struct msg_metrics_get){.after = c->page});
}

const struct proc_def ctl_stats = {
	.name = "ctl",
	.program = "dropctl stats",
	.doc = "Metrics of a process as JSON. Usage: dropctl stats PROCESS [options]",
	.id = PROC_CTL,
	.handlers = {[MSG_metrics] = on_metrics},
	.options = options,
	.state_size = sizeof(struct ctl),
	.init = init,
	.turn = turn,
	.done = ctl_done,
};
