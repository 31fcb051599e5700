/*
 * The peers of a puller under test, as real processes made by proc_main(). TEST_ROLE
 * chooses the watcher (holds a lease as told) or the reconciler (asks as told). Both
 * obey lines on stdin and print one line an event; pipeline.py drives them.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "ipc/proc.h"

#define PEER_FDS_MAX 16

struct state {
	struct buf in; /* stdin that is not yet a line */
	bool closed;
	/* watcher */
	uint64_t term;
	int64_t until_ms;
	bool quiet; /* no doorbells */
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* poll(2) with stdin besides. */
static int wait_with_stdin(void *ctx, struct pollfd *fds, size_t n, int timeout_ms)
{
	const struct state *s = ctx;
	struct pollfd all[PEER_FDS_MAX];
	memcpy(all, fds, n * sizeof(*fds));
	all[n] = (struct pollfd){.fd = s->closed ? -1 : STDIN_FILENO, .events = POLLIN};
	return poll(all, (nfds_t)n + 1, timeout_ms);
}

static int peer_init(struct proc *p, struct err *err)
{
	(void)err;
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	proc_set_wait(p, wait_with_stdin, proc_state(p));
	say("up");
	return 0;
}

/* Calls obey for each whole line of stdin. */
static void read_lines(struct proc *p, void (*obey)(struct proc *p, const char *line))
{
	struct state *s = proc_state(p);
	char chunk[512];
	ssize_t n;
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		buf_add(&s->in, chunk, (size_t)n);
	s->closed = n == 0;
	for (char *end; s->in.len > 0 && (end = strchr(s->in.data, '\n')) != NULL;) {
		*end = '\0';
		obey(p, s->in.data);
		buf_skip(&s->in, (size_t)(end - s->in.data) + 1);
	}
	if (proc_stopping(p))
		proc_stop(p, PROC_EXIT_OK);
}

/* ---- watcher ---- */

static void on_changes_since(struct proc *p, const struct msg_in *in)
{
	const struct state *s = proc_state(p);
	struct msg_changes m = {.epoch = 1,
				.term = s->term,
				.lease_until_ms = s->until_ms,
				.lease_said_us = clock_boot_us()};
	struct err err;
	proc_reply(p, &in->reply_to, MSG_changes, &m, &err);
	say("asked");
}

/* "lease TERM MS": hold it for so long from now. "quiet": no more doorbells. */
static void obey_watcher(struct proc *p, const char *line)
{
	struct state *s = proc_state(p);
	int64_t ms;
	if (sscanf(line, "lease %" SCNu64 " %" SCNd64, &s->term, &ms) == 2)
		s->until_ms = clock_boot_ms() + ms;
	else if (strcmp(line, "quiet") == 0)
		s->quiet = true;
}

static int64_t watcher_turn(struct proc *p, struct now now)
{
	struct state *s = proc_state(p);
	read_lines(p, obey_watcher);
	struct msg_doorbell m = {.epoch = 1,
				 .term = s->term,
				 .lease_until_ms = s->until_ms,
				 .lease_said_us = clock_boot_us()};
	if (!s->quiet)
		proc_publish(p, MSG_doorbell, &m);
	return now.boot_ms + 50;
}

static const struct proc_def watcher = {
	.name = "watcher",
	.doc = "Holds a lease as told.",
	.id = PROC_WATCHER,
	.handlers = {[MSG_changes_since] = on_changes_since},
	.state_size = sizeof(struct state),
	.init = peer_init,
	.turn = watcher_turn,
};

/* ---- reconciler ---- */

static void on_pull_started(struct proc *p, const struct msg_in *in)
{
	static const char *const names[] = {"created", "exists", "refused", "failed", "dropped"};
	(void)p;
	const struct msg_pull_started *m = in->body;
	if (m == NULL)
		say("silence %" PRIu64, in->tag);
	else
		say("%s %" PRIu64 " %" PRIu64 " %s", names[m->result], in->tag, m->code,
		    m->text != NULL ? m->text : "");
}

static void on_pod_deleted(struct proc *p, const struct msg_in *in)
{
	(void)p;
	const struct msg_pod_deleted *m = in->body;
	if (m == NULL)
		say("silence %" PRIu64, in->tag);
	else
		say("%s %" PRIu64 " %s", m->done ? "deleted" : "kept", in->tag,
		    m->text != NULL ? m->text : "");
}

static void on_puller_synced(struct proc *p, const struct msg_in *in)
{
	const struct msg_puller_synced *m = in->body;
	if (m == NULL)
		say("silence %" PRIu64, in->tag);
	else
		say("synced %" PRIu64 " %s", m->session,
		    m->at_ms <= proc_now(p).boot_ms ? "past" : "future");
}

static void ask(struct proc *p, enum msg_type type, const void *body, uint64_t tag)
{
	struct err err;
	if (proc_request(p, PROC_PULLER, type, body, tag, clock_boot_ms() + 20000, &err) < 0)
		say("unsent %" PRIu64 " %s", tag, err.text);
}

/* "sync TAG SESSION", "start TAG SESSION MS POD", "delete TAG SESSION MS POD UID" */
static void obey_reconciler(struct proc *p, const char *line)
{
	uint64_t tag, session;
	int64_t ms;
	char pod[64], uid[64];
	if (sscanf(line, "sync %" SCNu64 " %" SCNu64, &tag, &session) == 2) {
		struct msg_puller_sync m = {.session = session};
		ask(p, MSG_puller_sync, &m, tag);
	} else if (sscanf(line, "start %" SCNu64 " %" SCNu64 " %" SCNd64 " %63s", &tag, &session,
			  &ms, pod) == 4) {
		struct msg_start one = {.image_name = "dev-nginx",
					.image_uid = "iu",
					.reference = "docker.io/library/nginx:latest",
					.attempt = "0",
					.pull_policy = "Always"};
		struct msg_pull_start m = {.session = session,
					   .valid_until_ms = clock_boot_ms() + ms,
					   .pod_name = pod,
					   .node = "node-1",
					   .node_uid = "nu",
					   .pulls = {&one, 1}};
		ask(p, MSG_pull_start, &m, tag);
	} else if (sscanf(line, "delete %" SCNu64 " %" SCNu64 " %" SCNd64 " %63s %63s", &tag,
			  &session, &ms, pod, uid) == 5) {
		struct msg_pod_delete m = {.session = session,
					   .valid_until_ms = clock_boot_ms() + ms,
					   .pod_name = pod,
					   .pod_uid = uid};
		ask(p, MSG_pod_delete, &m, tag);
	}
}

static int64_t reconciler_turn(struct proc *p, struct now now)
{
	(void)now;
	read_lines(p, obey_reconciler);
	return CLOCK_NEVER;
}

static const struct proc_def reconciler = {
	.name = "reconciler",
	.doc = "Asks as told.",
	.id = PROC_RECONCILER,
	.handlers = {[MSG_pull_started] = on_pull_started,
		     [MSG_pod_deleted] = on_pod_deleted,
		     [MSG_puller_synced] = on_puller_synced},
	.state_size = sizeof(struct state),
	.init = peer_init,
	.turn = reconciler_turn,
};

int main(int argc, char **argv)
{
	const char *role = getenv("TEST_ROLE");
	bool watches = role != NULL && strcmp(role, "watcher") == 0;
	return proc_main(argc, argv, watches ? &watcher : &reconciler);
}
