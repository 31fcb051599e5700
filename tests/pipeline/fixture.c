/* See fixture.h. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

struct fixture t;

int fixture_setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	scratch_open(&t.scratch);
	return 0;
}

int fixture_teardown(void **state)
{
	(void)state;
	child_done(&t.asker);
	child_done(&t.answerer);
	child_done(&t.bell);
	child_done(&t.extra);
	bus_close(t.bus);
	scratch_close(&t.scratch);
	return 0;
}

void fixture_path(const char *proc, const char *role, char *out)
{
	snprintf(out, 64, "%s/%s.%s", t.scratch.dir, proc, role);
}
