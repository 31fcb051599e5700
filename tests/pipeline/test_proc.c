/*
 * The shared main loop as real processes (testproc.c) over scratch sockets: garbage is
 * counted and survived, requests end exactly once, and either side may be killed. The
 * test itself plays peers with ipc/bus.h.
 */
#include "tests/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "ipc/bundle.h"
#include "ipc/bus.h"
#include "ipc/proc.h"
#include "tests/ipc/messages.h"

static void play(enum bus_kind kind, bool listens, const char *proc, const char *role)
{
	char path[64];
	struct err err;
	fixture_path(proc, role, path);
	t.bus = bus_open(kind, &err);
	assert_non_null(t.bus);
	assert_int_equal(listens ? bus_listen(t.bus, path, &err) : bus_dial(t.bus, path, &err), 0);
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	while (bus_peers(t.bus) == 0 && clock_boot_ms() < end) {
		struct pollfd fd = {.fd = bus_wake_fd(), .events = POLLIN};
		poll(&fd, 1, 100);
		bus_wake_clear();
	}
	assert_int_not_equal(bus_peers(t.bus), 0);
}

static bool receive(struct bus_in *ret, int timeout_ms)
{
	struct pollfd fd = {.fd = bus_fd(t.bus), .events = POLLIN};
	poll(&fd, 1, timeout_ms);
	return bus_recv(t.bus, ret);
}

/* Sends with patience: the process must go on reading, however fast we are. */
static void throw_bare(const void *data, size_t len)
{
	static const uint32_t id = 0x80000000U;
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	while (bus_send(t.bus, &id, 1, data, len, NULL) != 0) {
		assert_true(clock_boot_ms() < end);
		poll(NULL, 0, 1);
	}
}

/* Appends a message with its head. */
static void bundle(struct buf *out, uint32_t id, const void *data, size_t len)
{
	size_t start = out->len;
	bundle_begin(out);
	buf_add(out, data, len);
	bundle_end(out, start, id);
}

/* A bundle of one. */
static void throw(uint32_t id, const void *data, size_t len)
{
	struct buf b = {0};
	bundle(&b, id | 0x80000000U, data, len);
	throw_bare(b.data, b.len);
	buf_done(&b);
}

/* The first message of what was received. */
static struct bundle_part only(const struct bus_in *in)
{
	struct bundle_part part = {0};
	const uint8_t *at = in->data;
	size_t left = in->len;
	assert_true(bundle_next(&at, &left, &part));
	return part;
}

struct counters { /* what a process has counted: families as it told them */
	struct arena a;
	struct msg_metrics page;
};

/* What the process that t.bus asks has counted; everything fits one page. */
static void read_counters(struct counters *c)
{
	static uint32_t id = 900000000;
	const struct msg_metrics_get get = {0};
	struct buf b = {0};
	struct bus_in in;
	struct msg m = {0};
	arena_reset(&c->a);
	assert_int_equal(msg_encode(MSG_metrics_get, PROC_CTL, &get, &b, NULL), 0);
	throw(++id, b.data, b.len);
	while (m.type != MSG_metrics) {
		assert_true(receive(&in, PATIENCE_MS));
		struct bundle_part part;
		const uint8_t *at = in.data;
		for (size_t left = in.len; m.type != MSG_metrics && bundle_next(&at, &left, &part);)
			if (msg_decode(part.data, part.len, PROC_CTL, &c->a, &m, NULL) != 0)
				m.type = MSG_none;
		bus_in_free(&in);
	}
	c->page = *(const struct msg_metrics *)m.body;
	assert_false(c->page.more);
	buf_done(&b);
}

/* The sum of the series of a row; fault: only of those dropped for it, NULL: all. */
static int64_t count_of(const struct counters *c, enum metric_id id, const char *fault)
{
	char labels[64];
	int64_t n = 0;
	snprintf(labels, sizeof(labels), "fault=\"%s\"", fault != NULL ? fault : "");
	for (size_t f = 0; f < c->page.families.n; f++) {
		const struct msg_family *family = &c->page.families.at[f];
		if (strcmp(family->name, metric_infos[id].name) != 0)
			continue;
		for (size_t s = 0; s < family->samples.n; s++)
			if (fault == NULL || strcmp(family->samples.at[s].labels, labels) == 0)
				n += family->samples.at[s].value;
	}
	return n;
}

static int64_t dropped(const struct counters *c, const char *fault)
{
	return count_of(c, METRIC_messages_dropped_total, fault);
}

/* ---- garbage ---- */

static void garbage_is_counted(void **state)
{
	(void)state;
	struct counters before = {0}, after = {0};
	uint32_t seed = 99;
	uint8_t bytes[300];
	struct buf b = {0};
	uint32_t thrown = 0;
	START(&t.answerer, "puller");
	play(BUS_REQ, false, "puller", "rep");
	read_counters(&before);
	for (int i = 0; i < 10000; i++)
		throw(++thrown, bytes, random_bytes(&seed, bytes, sizeof(bytes)));
	for (enum msg_type m = MSG_none + 1; m < MSG_COUNT; m++) {
		message_bytes(m, 1, &b);
		for (size_t n = 0; n < b.len; n++)
			throw(++thrown, b.data, n);
	}
	read_counters(&after);
	assert_int_equal(dropped(&after, NULL) - dropped(&before, NULL), thrown);
	/* One line for the first, and then not one for each. */
	assert_in_range(child_count(&t.answerer, "message dropped, ignoring"), 0, 20);
	child_expect(&t.answerer, "message dropped, ignoring");
	assert_int_equal(child_end(&t.answerer, SIGTERM), PROC_EXIT_OK);
	buf_done(&b);
	arena_done(&before.a);
	arena_done(&after.a);
}

/* What is not a bundle counts once, and the messages before the place where it ends do count. */
static void torn_bundles(void **state)
{
	(void)state;
	struct counters before = {0}, after = {0};
	struct buf b = {0}, message = {0};
	START(&t.answerer, "puller");
	play(BUS_REQ, false, "puller", "rep");
	read_counters(&before);
	message_bytes(MSG_pull_start, 1, &message);
	for (uint32_t i = 0; i < 3; i++)
		bundle(&b, 0x80000001U + i, message.data, message.len);
	const size_t one = b.len / 3;
	throw_bare(b.data, b.len);
	throw_bare(b.data, b.len - 1);
	throw_bare(b.data, one + BUNDLE_HEAD - 1);
	throw_bare(b.data, one + BUNDLE_HEAD);
	throw_bare(b.data, 0);
	memset(b.data + one + 4, 0xff, 4);
	throw_bare(b.data, b.len);
	read_counters(&after);
	assert_int_equal(dropped(&after, "bundle") - dropped(&before, "bundle"), 5);
	assert_int_equal(dropped(&after, NULL) - dropped(&before, NULL), 5);
	/* 3 + 2 + 1 + 1 + 0 + 1 whole ones, and the question for these counters. */
	assert_int_equal(count_of(&after, METRIC_messages_received_total, NULL) -
				 count_of(&before, METRIC_messages_received_total, NULL),
			 8 + 1);
	buf_done(&message);
	buf_done(&b);
	arena_done(&before.a);
	arena_done(&after.a);
}

struct cause_row {
	const char *name;
	enum msg_type type;
	enum proc_id from;
	const char *want;
};

/* Whole messages that must not come this way: each has its cause. */
static void causes(void **state)
{
	(void)state;
	static const struct cause_row rows[] = {
		{"an answer to a request socket", MSG_pod_deleted, PROC_PULLER, "reader"},
		{"a publication to a request socket", MSG_doorbell, PROC_WATCHER, "pattern"},
		{"wrong sender", MSG_pull_start, PROC_WATCHER, "sender"},
		{"for another", MSG_changes_since, PROC_RECONCILER, "reader"},
		{"no handler", MSG_pod_delete, PROC_RECONCILER, "no_handler"},
	};
	START(&t.answerer, "puller");
	play(BUS_REQ, false, "puller", "rep");
	uint32_t id = 0;
	FOREACH_ROW(struct cause_row, rows)
	{
		struct counters before = {0}, after = {0};
		struct arena a = ARENA_INIT;
		struct buf b = {0};
		assert_int_equal(msg_encode(row->type, row->from,
					    message_body(&messages[row->type], 1, &a), &b, NULL),
				 0);
		read_counters(&before);
		throw(++id, b.data, b.len);
		read_counters(&after);
		assert_int_equal(dropped(&after, row->want) - dropped(&before, row->want), 1);
		assert_int_equal(dropped(&after, NULL) - dropped(&before, NULL), 1);
		arena_done(&before.a);
		arena_done(&after.a);
		buf_done(&b);
		arena_done(&a);
	}
}

static void oversize_is_counted(void **state)
{
	(void)state;
	static uint8_t big[MSG_MAX + 1];
	struct counters stats = {0};
	START(&t.answerer, "puller");
	play(BUS_REQ, false, "puller", "rep");
	throw(1, big, MSG_MAX);
	throw(2, big, MSG_MAX + 1);
	read_counters(&stats);
	assert_int_equal(dropped(&stats, "oversize"), 1);
	assert_int_equal(dropped(&stats, "trailing"), 1);
	arena_done(&stats.a);
}

/* ---- requests ---- */

static void many_requests(void **state)
{
	(void)state;
	START(&t.asker, "reconciler", "--requests", "1000");
	child_expect(&t.asker, "waiting for puller");
	START(&t.answerer, "puller");
	child_expect(&t.asker, "connected to puller");
	child_expect(&t.asker, "full 64");
	child_expect(&t.asker, "all 1000");
	assert_int_equal(child_count(&t.asker, "answer "), 1000);
	assert_int_equal(child_count(&t.asker, "silence "), 0);
}

/* A turn's messages for one peer travel together. */
static void one_bundle_a_turn(void **state)
{
	(void)state;
	struct counters stats = {0};
	START(&t.answerer, "puller", "--answer", "batch", "--batch", "64");
	child_expect(&t.answerer, "started");
	START(&t.asker, "reconciler", "--requests", "64");
	child_expect(&t.asker, "all 64");
	play(BUS_REQ, false, "reconciler", "rep");
	read_counters(&stats);
	assert_int_equal(count_of(&stats, METRIC_messages_sent_total, NULL), 64);
	assert_int_equal(count_of(&stats, METRIC_bundles_sent_total, NULL), 1);
	arena_done(&stats.a);
}

/* As many answers at once as may be owed: nng's queue for one peer holds them. */
static void answers_in_one_burst(void **state)
{
	(void)state;
	START(&t.answerer, "puller", "--answer", "batch", "--batch", "64");
	START(&t.asker, "reconciler", "--requests", "64");
	child_expect(&t.asker, "all 64");
	assert_int_equal(child_count(&t.asker, "answer "), 64);
}

static void two_answers(void **state)
{
	(void)state;
	struct counters stats = {0};
	START(&t.answerer, "puller", "--answer", "twice");
	START(&t.asker, "reconciler", "--requests", "20");
	child_expect(&t.asker, "all 20");
	assert_int_equal(child_count(&t.asker, " 201"), 20);
	assert_int_equal(child_count(&t.asker, " 202"), 0);
	play(BUS_REQ, false, "reconciler", "rep");
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	while (count_of(&stats, METRIC_answers_late_total, NULL) < 20 && clock_boot_ms() < end)
		read_counters(&stats);
	assert_int_equal(count_of(&stats, METRIC_answers_late_total, NULL), 20);
	arena_done(&stats.a);
}

static void deadline(void **state)
{
	(void)state;
	struct counters stats = {0};
	START(&t.answerer, "puller", "--answer", "never");
	START(&t.asker, "reconciler", "--requests", "5", "--deadline", "300ms");
	child_expect(&t.asker, "all 5");
	assert_int_equal(child_count(&t.asker, "silence "), 5);
	play(BUS_REQ, false, "reconciler", "rep");
	read_counters(&stats);
	assert_int_equal(count_of(&stats, METRIC_requests_unanswered_total, NULL), 5);
	arena_done(&stats.a);
}

/* The test is the puller: an answer after the deadline is counted and reaches nobody. */
static void late_answer(void **state)
{
	(void)state;
	struct bus_in in;
	struct buf b = {0}, answer = {0};
	const struct msg_pull_started m = {.pod_name = "pod", .code = 201};
	START(&t.asker, "reconciler", "--requests", "1", "--deadline", "200ms");
	play(BUS_REP, true, "puller", "rep");
	assert_true(receive(&in, PATIENCE_MS));
	child_expect(&t.asker, "silence 0");
	assert_int_equal(msg_encode(MSG_pull_started, PROC_PULLER, &m, &b, NULL), 0);
	bundle(&answer, only(&in).id, b.data, b.len);
	assert_int_equal(bus_send(t.bus, in.route, in.words, answer.data, answer.len, NULL), 0);
	bus_in_free(&in);
	/* Closed only when the answer has arrived: nng_close() drops what is under way. */
	struct bus_socket *puller = t.bus;
	play(BUS_REQ, false, "reconciler", "rep");
	struct counters stats = {0};
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	while (count_of(&stats, METRIC_answers_late_total, NULL) == 0 && clock_boot_ms() < end)
		read_counters(&stats);
	bus_close(puller);
	assert_int_equal(count_of(&stats, METRIC_answers_late_total, NULL), 1);
	assert_int_equal(child_count(&t.asker, "answer "), 0);
	buf_done(&answer);
	buf_done(&b);
	arena_done(&stats.a);
}

/* ---- death ---- */

static void answerer_killed(void **state)
{
	(void)state;
	START(&t.answerer, "puller", "--answer", "never");
	START(&t.asker, "reconciler", "--requests", "100", "--deadline", "2s");
	child_expect_count(&t.answerer, "ignored", 64);
	assert_int_equal(child_end(&t.answerer, SIGKILL), 128 + SIGKILL);
	child_expect(&t.asker, "waiting for puller");
	START(&t.answerer, "puller");
	child_expect(&t.asker, "connected to puller");
	child_expect(&t.asker, "all 100");
	/* Each ended once: those the dead one took as silence, the rest as answers. */
	assert_int_equal(child_count(&t.asker, "silence "), 64);
	assert_int_equal(child_count(&t.asker, "answer "), 36);
}

/* A peer that listens, and to which nng does not come back: here, as it does not speak nng. */
static void transport_stuck(void **state)
{
	(void)state;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	fixture_path("puller", "rep", at.sun_path);
	START(&t.answerer, "puller");
	START(&t.asker, "reconciler");
	child_expect(&t.asker, "connected to puller");
	assert_int_equal(child_end(&t.answerer, SIGKILL), 128 + SIGKILL);
	child_expect(&t.asker, "waiting for puller");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(at.sun_path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 64), 0);
	child_expect(&t.asker, "nng does not reconnect");
	assert_int_equal(child_wait(&t.asker), PROC_EXIT_ENV);
	close(fd);
}

/* A peer that is connected and answers nothing. */
static void connected_but_dead(void **state)
{
	(void)state;
	START(&t.asker, "reconciler", "--requests", "100000", "--deadline", "100ms");
	play(BUS_REP, true, "puller", "rep");
	child_expect(&t.asker, "connected to puller");
	int64_t began_ms = clock_boot_ms();
	child_expect(&t.asker, "a connected peer does not answer");
	assert_int_equal(child_wait(&t.asker), PROC_EXIT_ENV);
	/* Not because of a few that were given little time. */
	assert_true(clock_boot_ms() - began_ms > 10000);
}

static void asker_killed(void **state)
{
	(void)state;
	struct counters stats = {0};
	START(&t.answerer, "puller", "--answer", "batch", "--batch", "65");
	START(&t.asker, "reconciler", "--requests", "65");
	child_expect(&t.asker, "full 64");
	play(BUS_REQ, false, "puller", "rep");
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	/* Each look is a message that is counted, too. */
	for (int looks = 0; count_of(&stats, METRIC_messages_received_total, NULL) < 64 + looks &&
			    clock_boot_ms() < end;
	     looks++)
		read_counters(&stats);
	assert_int_equal(child_end(&t.asker, SIGKILL), 128 + SIGKILL);
	START(&t.asker, "reconciler", "--requests", "1");
	child_expect(&t.asker, "answer 0 201");
	/* Lost are the 64 for the dead one, and none of them reached the new one. */
	assert_int_equal(child_count(&t.asker, "answer "), 1);
	child_expect_count(&t.answerer, "lost ", 64);
	arena_done(&stats.a);
}

static void crash_after(void **state)
{
	(void)state;
	for (int n = 1; n < 4; n++) {
		char after[32];
		snprintf(after, sizeof(after), "DROP_CRASH_AFTER=%d", n);
		child_done(&t.answerer);
		child_done(&t.asker);
		START(&t.asker, "reconciler", "--requests", "10", "--deadline", "500ms");
		child_start(&t.answerer, TESTPROC,
			    (const char *const[]){"--socket-dir", t.scratch.dir, NULL},
			    (const char *const[]){"TEST_ROLE=puller", "DROP_CRASH_PROC=puller",
						  after, NULL});
		assert_int_equal(child_wait(&t.answerer), 128 + SIGKILL);
		child_expect(&t.asker, "all 10");
		/* Each ended once; of at most n bundles, whatever was in them. */
		assert_int_equal(
			child_count(&t.asker, "answer ") + child_count(&t.asker, "silence "), 10);
	}
}

/* ---- publications ---- */

static void late_joiner(void **state)
{
	(void)state;
	START(&t.bell, "watcher");
	child_expect(&t.bell, "started");
	START(&t.asker, "reconciler");
	/* Two sockets: chance says which connects first, and only what was connected is missed. */
	assert_true(child_says(&t.asker, "connected to watcher", PATIENCE_MS));
	assert_true(child_says(&t.asker, "bell ", PATIENCE_MS));
	int waits = child_count(&t.asker, "waiting for watcher");
	assert_int_equal(child_end(&t.bell, SIGKILL), 128 + SIGKILL);
	child_expect_count(&t.asker, "waiting for watcher", waits + 1);
	START(&t.bell, "watcher");
	child_expect_count(&t.asker, "connected to watcher", 2);
}

/* ---- rest ---- */

static void idle_alone(void **state)
{
	(void)state;
	struct counters before = {0}, after = {0};
	START(&t.asker, "reconciler");
	child_expect(&t.asker, "waiting for watcher");
	child_expect(&t.asker, "waiting for puller");
	play(BUS_REQ, false, "reconciler", "rep");
	read_counters(&before);
	poll(NULL, 0, 500);
	read_counters(&after);
	assert_in_range(count_of(&after, METRIC_turns_total, NULL) -
				count_of(&before, METRIC_turns_total, NULL),
			1, 3);
	arena_done(&before.a);
	arena_done(&after.a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(garbage_is_counted),   TEST(torn_bundles),       TEST(causes),
		TEST(oversize_is_counted),  TEST(many_requests),      TEST(one_bundle_a_turn),
		TEST(answers_in_one_burst), TEST(two_answers),        TEST(deadline),
		TEST(late_answer),          TEST(answerer_killed),    TEST(asker_killed),
		TEST(transport_stuck),      TEST(connected_but_dead), TEST(crash_after),
		TEST(late_joiner),          TEST(idle_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
