/*
 * Small real processes for test_proc.c, made by the same proc_main() as the programs:
 * TEST_ROLE chooses the asker (as reconciler), the answerer (as puller) or the bell
 * (as watcher). They print one line an event to stdout, which the test reads.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "ipc/proc.h"

struct state {
	int64_t requests, deadline_ms; /* asker */
	int64_t images, nodes;         /* asker: series that it keeps */
	int64_t sent, done;
	bool bell_heard;
	const char *answer; /* answerer: now, twice, never, late, batch */
	int64_t batch, held;
	struct reply_to *waiting;
	int64_t drain_ms; /* answerer: how long it takes to drain after SIGTERM */
	int64_t drained_at;
	uint64_t head; /* bell */
};

#define OPTION(name, type, member, def)                                                            \
	{                                                                                          \
		name, type, offsetof(struct state, member), def                                    \
	}

static void say(const char *fmt, long long a, long long b)
{
	printf(fmt, a, b);
	fflush(stdout);
}

/* ---- asker ---- */

static void on_pull_started(struct proc *p, const struct msg_in *in)
{
	struct state *s = proc_state(p);
	const struct msg_pull_started *m = in->body;
	s->done++;
	say(m != NULL ? "answer %lld %lld\n" : "silence %lld\n", (long long)in->tag,
	    m != NULL ? (long long)m->code : 0);
	if (s->done == s->requests)
		say("all %lld\n", s->done, 0);
}

static void on_doorbell(struct proc *p, const struct msg_in *in)
{
	const struct msg_doorbell *m = in->body;
	struct state *s = proc_state(p);
	if (!s->bell_heard)
		say("bell %lld\n", (long long)m->head, 0);
	s->bell_heard = true;
}

static void on_changes(struct proc *p, const struct msg_in *in)
{
	(void)p;
	say("changes %lld\n", (long long)in->tag, 0);
}

static int64_t asker_turn(struct proc *p, struct now now)
{
	struct state *s = proc_state(p);
	if (proc_stopping(p))
		proc_stop(p, PROC_EXIT_OK);
	while (s->sent < s->requests) {
		char name[32];
		snprintf(name, sizeof(name), "pod-%lld", (long long)s->sent);
		const struct msg_pull_start m = {.pod_name = name};
		struct err err;
		if (proc_request(p, PROC_PULLER, MSG_pull_start, &m, (uint64_t)s->sent,
				 now.boot_ms + s->deadline_ms, &err) == 0) {
			s->sent++;
			continue;
		}
		if (strstr(err.text, "unanswered") != NULL)
			say("full %lld\n", s->sent, 0);
		break;
	}
	proc_ready(p);
	return CLOCK_NEVER;
}

/* As many series as a reconciler with so many images on so many nodes; 0: no names of nodes. */
static int asker_init(struct proc *p, struct err *err)
{
	const struct state *s = proc_state(p);
	struct metrics *m = proc_metrics(p);
	(void)err;
	for (int64_t i = 0; i < s->images; i++) {
		char image[64], reference[96];
		snprintf(image, sizeof(image), "team-%lld-service", (long long)i);
		snprintf(reference, sizeof(reference),
			 "registry.example.com/team-%lld/service:1.2.3", (long long)i);
		metric_set(m, METRIC_nodes_targeted, 2000, LABELS(image));
		metric_set(m, METRIC_nodes_cached, 1990, LABELS(image));
		metric_set(m, METRIC_consecutive_failures, 0, LABELS(image, reference));
		metric_set(m, METRIC_image_degraded, 0, LABELS(image));
		metric_observe(m, METRIC_pull_duration_seconds, 4000000, LABELS(reference));
		for (int64_t n = 0; n < (s->nodes > 0 ? s->nodes : 1); n++) {
			char node[32] = "";
			if (s->nodes > 0)
				snprintf(node, sizeof(node), "worker-%04lld.zone-a", (long long)n);
			metric_add(m, METRIC_images_cached_total, 1, LABELS(reference, node));
		}
	}
	return 0;
}

static const struct option_def asker_options[] = {
	OPTION("requests", OPT_INT, requests, "0"),
	OPTION("images", OPT_INT, images, "0"),
	OPTION("nodes", OPT_INT, nodes, "0"),
	OPTION("deadline", OPT_DURATION, deadline_ms, "10s"),
	{NULL},
};

static const struct proc_def asker = {
	.name = "reconciler",
	.doc = "Asks.",
	.id = PROC_RECONCILER,
	.handlers = {[MSG_pull_started] = on_pull_started,
		     [MSG_doorbell] = on_doorbell,
		     [MSG_changes] = on_changes},
	.options = asker_options,
	.state_size = sizeof(struct state),
	.init = asker_init,
	.turn = asker_turn,
};

/* ---- answerer ---- */

static void answer(struct proc *p, const struct reply_to *to, uint64_t code)
{
	const struct msg_pull_started m = {.pod_name = "pod", .code = code};
	struct err err;
	if (proc_reply(p, to, MSG_pull_started, &m, &err) != 0)
		say("lost %lld\n", err.cls, 0);
}

static void on_pull_start(struct proc *p, const struct msg_in *in)
{
	struct state *s = proc_state(p);
	if (strcmp(s->answer, "never") == 0) {
		say("ignored\n", 0, 0);
	} else if (strcmp(s->answer, "batch") == 0) {
		s->waiting = xreallocarray(s->waiting, (size_t)s->held + 1, sizeof(*s->waiting));
		s->waiting[s->held++] = in->reply_to;
		for (int64_t i = 0; s->held == s->batch && i < s->batch; i++)
			answer(p, &s->waiting[i], 201);
	} else {
		answer(p, &in->reply_to, 201);
		if (strcmp(s->answer, "twice") == 0)
			answer(p, &in->reply_to, 202);
	}
}

static int64_t answerer_turn(struct proc *p, struct now now)
{
	struct state *s = proc_state(p);
	if (!proc_stopping(p))
		return CLOCK_NEVER;
	if (s->drained_at == 0) {
		s->drained_at = now.boot_ms + s->drain_ms;
		say("draining\n", 0, 0);
	}
	if (now.boot_ms >= s->drained_at)
		proc_stop(p, PROC_EXIT_OK);
	return s->drained_at;
}

static void answerer_done(struct proc *p)
{
	struct state *s = proc_state(p);
	free(s->waiting);
	say("done\n", 0, 0);
}

static const struct option_def answerer_options[] = {
	OPTION("answer", OPT_STRING, answer, "now"),
	OPTION("batch", OPT_INT, batch, "0"),
	OPTION("drain", OPT_DURATION, drain_ms, "0s"),
	{NULL},
};

static const struct proc_def answerer = {
	.name = "puller",
	.doc = "Answers.",
	.id = PROC_PULLER,
	.handlers = {[MSG_pull_start] = on_pull_start},
	.options = answerer_options,
	.state_size = sizeof(struct state),
	.turn = answerer_turn,
	.done = answerer_done,
};

/* ---- bell ---- */

static void on_changes_since(struct proc *p, const struct msg_in *in)
{
	const struct msg_changes m = {.epoch = 1};
	struct err err;
	if (proc_reply(p, &in->reply_to, MSG_changes, &m, &err) != 0)
		say("lost %lld\n", err.cls, 0);
}

static int64_t bell_turn(struct proc *p, struct now now)
{
	struct state *s = proc_state(p);
	const struct msg_doorbell m = {.epoch = 1, .head = ++s->head};
	proc_publish(p, MSG_doorbell, &m);
	if (proc_stopping(p))
		proc_stop(p, PROC_EXIT_OK);
	return now.boot_ms + 20;
}

static const struct proc_def bell = {
	.name = "watcher",
	.doc = "Rings.",
	.id = PROC_WATCHER,
	.handlers = {[MSG_changes_since] = on_changes_since},
	.state_size = sizeof(struct state),
	.turn = bell_turn,
};

int main(int argc, char **argv)
{
	const struct proc_def *const roles[] = {&asker, &answerer, &bell};
	const char *role = getenv("TEST_ROLE");
	for (size_t i = 0; role != NULL && i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i]->name, role) == 0)
			return proc_main(argc, argv, roles[i]);
	fputs("TEST_ROLE: give reconciler, puller or watcher\n", stderr);
	return PROC_EXIT_USAGE;
}
