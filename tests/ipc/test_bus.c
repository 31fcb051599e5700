/* ipc/bus.c: two sockets of one process; what fits, what is refused, who has gone. */
#include "tests/unit.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "ipc/bus.h"
#include "ipc/msg.h"
#include "scratch.h"

#define PATIENCE_MS 20000

struct pair {
	struct scratch scratch;
	struct bus_socket *rep, *req;
};

static void wait_peers(const struct bus_socket *s, unsigned want)
{
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	while (bus_peers(s) != want && clock_boot_ms() < end) {
		struct pollfd fd = {.fd = bus_wake_fd(), .events = POLLIN};
		poll(&fd, 1, 100);
		bus_wake_clear();
	}
	assert_int_equal(bus_peers(s), want);
}

static void path_of(const struct pair *p, char out[64])
{
	snprintf(out, 64, "%s/a.rep", p->scratch.dir);
}

static int open_pair(void **state)
{
	static struct pair pair;
	struct pair *p = &pair;
	char path[64];
	scratch_open(&p->scratch);
	path_of(p, path);
	p->req = bus_open(BUS_REQ, NULL);
	p->rep = bus_open(BUS_REP, NULL);
	/* Dialled first: a peer that is not there yet is no error. */
	assert_int_equal(bus_dial(p->req, path, NULL), 0);
	assert_int_equal(bus_peers(p->req), 0);
	assert_int_equal(bus_listen(p->rep, path, NULL), 0);
	wait_peers(p->req, 1);
	*state = p;
	return 0;
}

static int close_pair(void **state)
{
	struct pair *p = *state;
	bus_close(p->req);
	bus_close(p->rep);
	scratch_close(&p->scratch);
	return 0;
}

static struct bus_in take(struct bus_socket *s)
{
	struct pollfd fd = {.fd = bus_fd(s), .events = POLLIN};
	struct bus_in in;
	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_true(bus_recv(s, &in));
	return in;
}

static void there_and_back(void **state)
{
	struct pair *p = *state;
	const uint32_t id = 0x80000007;
	struct bus_in in;
	assert_false(bus_recv(p->rep, &in));
	assert_int_equal(bus_send(p->req, &id, 1, "ask", 3, NULL), 0);
	in = take(p->rep);
	assert_int_equal(in.len, 3);
	assert_memory_equal(in.data, "ask", 3);
	assert_int_equal(in.words, 2);
	assert_true(in.route[1] == id);
	assert_int_equal(bus_send(p->rep, in.route, in.words, "answer", 6, NULL), 0);
	bus_in_free(&in);
	in = take(p->req);
	assert_memory_equal(in.data, "answer", 6);
	assert_int_equal(in.words, 1);
	assert_true(in.route[0] == id);
	bus_in_free(&in);
}

static void sizes(void **state)
{
	struct pair *p = *state;
	static uint8_t big[MSG_MAX + 1];
	const uint32_t id = 0x80000001;
	/* One byte too many still arrives, so that it can be counted (ipc/msg.h). */
	for (size_t n = MSG_MAX; n <= MSG_MAX + 1; n++) {
		assert_int_equal(bus_send(p->req, &id, 1, big, n, NULL), 0);
		struct bus_in in = take(p->rep);
		assert_int_equal(in.len, n);
		bus_in_free(&in);
	}
	assert_int_equal(bus_peers(p->req), 1);
}

/* Nobody reads: after what the queues and the kernel hold, the sender is told. */
static void full_queue(void **state)
{
	struct pair *p = *state;
	static uint8_t big[4096];
	const uint32_t id = 0x80000001;
	struct err err;
	int sent = 0, rc = 0;
	while (sent < 100000 && (rc = bus_send(p->req, &id, 1, big, sizeof(big), &err)) == 0)
		sent++;
	assert_int_equal(rc, -1);
	assert_int_equal(err.cls, ERR_RETRY);
	assert_string_equal(err.text, "queue full");
	assert_in_range(sent, BUS_QUEUE, 100000);
	/* Nothing of it is lost; and nng_close() may wait forever for who does not read. */
	while (sent-- > 0) {
		struct bus_in in = take(p->rep);
		bus_in_free(&in);
	}
}

static void gone(void **state)
{
	struct pair *p = *state;
	const uint32_t id = 0x80000001;
	char path[64];
	struct err err;
	assert_int_equal(bus_send(p->req, &id, 1, "x", 1, NULL), 0);
	struct bus_in in = take(p->rep);
	bus_close(p->req);
	p->req = NULL;
	wait_peers(p->rep, 0);
	/* nng forgets the pipe's id a moment after it says that the pipe is gone. */
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	int rc = 0;
	err.cls = ERR_BUG;
	while (err.cls != ERR_GONE && clock_boot_ms() < end)
		rc = bus_send(p->rep, in.route, in.words, "late", 4, &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.cls, ERR_GONE);
	bus_in_free(&in);
	p->req = bus_open(BUS_REQ, NULL);
	path_of(p, path);
	assert_int_equal(bus_dial(p->req, path, NULL), 0);
	wait_peers(p->req, 1);
}

/* A subscriber that comes late hears what is published from then on. */
static void published(void **state)
{
	struct pair *p = *state;
	char path[64];
	snprintf(path, sizeof(path), "%s/a.pub", p->scratch.dir);
	struct bus_socket *pub = bus_open(BUS_PUB, NULL), *sub = bus_open(BUS_SUB, NULL);
	assert_int_equal(bus_fd(pub), -1);
	assert_int_equal(bus_listen(pub, path, NULL), 0);
	assert_int_equal(bus_send(pub, NULL, 0, "lost", 4, NULL), 0);
	assert_int_equal(bus_dial(sub, path, NULL), 0);
	wait_peers(pub, 1);
	struct bus_in in;
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	bool got = false;
	while (!got && clock_boot_ms() < end) {
		struct pollfd fd = {.fd = bus_fd(sub), .events = POLLIN};
		assert_int_equal(bus_send(pub, NULL, 0, "heard", 5, NULL), 0);
		poll(&fd, 1, 20);
		got = bus_recv(sub, &in);
	}
	assert_true(got);
	assert_memory_equal(in.data, "heard", 5);
	bus_in_free(&in);
	bus_close(sub);
	wait_peers(pub, 0);
	bus_close(pub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(there_and_back, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(sizes, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(full_queue, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(gone, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(published, open_pair, close_pair),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
