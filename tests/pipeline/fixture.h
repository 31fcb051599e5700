/*
 * What the tests of real processes share: a scratch folder of sockets, up to four children
 * and one peer that the test plays itself. Everything is gone when a test ends.
 */
#ifndef DROP_TESTS_PIPELINE_FIXTURE_H
#define DROP_TESTS_PIPELINE_FIXTURE_H

#include "child.h"
#include "ipc/bus.h"
#include "tests/ipc/scratch.h"

struct fixture {
	struct scratch scratch;
	struct child asker, answerer, bell, extra;
	struct bus_socket *bus; /* a peer played by the test */
};
extern struct fixture t;

int fixture_setup(void **state);
int fixture_teardown(void **state);
/* "<folder>/<proc>.<role>" into 64 bytes. */
void fixture_path(const char *proc, const char *role, char *out);

#define START(child, role, ...)                                                                    \
	child_start(child, TESTPROC,                                                               \
		    (const char *const[]){"--socket-dir", t.scratch.dir, ##__VA_ARGS__, NULL},     \
		    (const char *const[]){"TEST_ROLE=" role, NULL})

#endif
