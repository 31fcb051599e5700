/*
 * The tap as a program of the shared main loop. Its standard output is for other
 * programs, so when nobody reads that any more it ends.
 */
#include "ipc/tap.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"

struct tap {
	const char *stats; /* NULL: live traffic */
	bool all;
	bool asked;
	int64_t give_up_ms;
	struct buf line;
};

static const char *const processes[] = {"watcher", "reconciler", "puller", NULL};

static const struct option_def options[] = {
	{"stats", OPT_STRING, offsetof(struct tap, stats), NULL, "PROC",
	 "print the counters of a process as JSON and exit", processes, 0, 0},
	{"all", OPT_BOOL, offsetof(struct tap, all), NULL, NULL, "with --stats: zeros too", NULL, 0,
	 0},
	{NULL},
};

void tap_line(enum proc_id process, const struct msg_tap_frame *frame, int64_t wall_us,
	      struct buf *out)
{
	char at[TIME_TEXT_MAX];
	struct arena a = ARENA_INIT;
	struct msg m;
	struct err err;
	time_format_us(at, wall_us);
	buf_addf(out, "{\"time\":\"%s\",\"process\":\"%s\",\"direction\":\"%s\",\"peer\":", at,
		 proc_id_name(process), frame->sent ? "sent" : "received");
	if (frame->peer > PROC_NONE && frame->peer < PROC_COUNT)
		buf_add_json(out, proc_id_name((enum proc_id)frame->peer));
	else
		buf_adds(out, "null"); /* published: to whoever listens */
	buf_adds(out, ",\"message\":");
	if (msg_decode(frame->frame.data, frame->frame.len, PROC_ANY, &a, &m, &err) == 0) {
		msg_dump(&m, out);
	} else {
		buf_adds(out, "{\"undecodable\":");
		buf_add_json(out, err.text);
		buf_adds(out, "}");
	}
	buf_adds(out, "}\n");
	arena_done(&a);
}

static void print(struct proc *p, const struct buf *out)
{
	if (fwrite(out->data, 1, out->len, stdout) != out->len || fflush(stdout) != 0)
		proc_stop(p, PROC_EXIT_ENV);
}

static void on_frame(struct proc *p, const struct msg_in *in)
{
	struct tap *tap = proc_state(p);
	if (tap->stats != NULL)
		return;
	buf_clear(&tap->line, MSG_MAX);
	tap_line(in->from, in->body, clock_wall_us(), &tap->line);
	print(p, &tap->line);
}

static void on_stats(struct proc *p, const struct msg_in *in)
{
	struct tap *tap = proc_state(p);
	const struct msg_stats *m = in->body;
	if (m == NULL) {
		log_error("no answer", LS("process", tap->stats));
		proc_stop(p, PROC_EXIT_ENV);
		return;
	}
	buf_clear(&tap->line, MSG_MAX);
	for (size_t i = 0; i < m->counters.n; i++) {
		buf_adds(&tap->line, i == 0 ? "{" : ",");
		buf_add_json(&tap->line, m->counters.at[i].name ? m->counters.at[i].name : "");
		buf_addf(&tap->line, ":%" PRIu64, m->counters.at[i].value);
	}
	buf_adds(&tap->line, m->counters.n == 0 ? "{}\n" : "}\n");
	print(p, &tap->line);
	proc_stop(p, PROC_EXIT_OK);
}

static int init(struct proc *p, struct err *err)
{
	struct tap *tap = proc_state(p);
	(void)err;
	/* Who comes and goes is of no interest to somebody who wants a few numbers. */
	if (tap->stats != NULL)
		log_init("tap", LOG_WARN, false);
	tap->give_up_ms = proc_now(p).boot_ms + TAP_STATS_MS;
	return 0;
}

static int64_t ask(struct proc *p, struct tap *tap, struct now now)
{
	const struct msg_stats_get get = {.all = tap->all};
	struct err err;
	if (tap->asked)
		return CLOCK_NEVER;
	if (proc_request(p, (enum proc_id)proc_id_find(tap->stats), MSG_stats_get, &get, 0,
			 now.boot_ms + TAP_STATS_MS, &err) == 0) {
		tap->asked = true;
		return CLOCK_NEVER;
	}
	if (now.boot_ms < tap->give_up_ms)
		return tap->give_up_ms;
	log_error("cannot ask", LS("process", tap->stats), LS("error", err.text));
	proc_stop(p, PROC_EXIT_ENV);
	return CLOCK_NEVER;
}

static int64_t turn(struct proc *p, struct now now)
{
	struct tap *tap = proc_state(p);
	if (proc_stopping(p)) {
		proc_stop(p, PROC_EXIT_OK);
		return CLOCK_NEVER;
	}
	return tap->stats != NULL ? ask(p, tap, now) : CLOCK_NEVER;
}

static void done(struct proc *p)
{
	struct tap *tap = proc_state(p);
	buf_done(&tap->line);
}

const struct proc_def tap_proc = {
	.name = "tap",
	.doc = "Prints the messages between the processes of drop, or the counters of one.",
	.id = PROC_TAP,
	.handlers = {[MSG_tap_frame] = on_frame, [MSG_stats] = on_stats},
	.options = options,
	.state_size = sizeof(struct tap),
	.init = init,
	.turn = turn,
	.done = done,
};
