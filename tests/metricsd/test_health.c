/* What /healthz and /readyz say, part by part (must 11). */
#include "tests/unit.h"

#include <string.h>

#include "metricsd/health.h"

static const struct health fine = {
	.supervised = true,
	.supervisor_alive = true,
	.watcher_up = true,
	.watcher_synced = true,
	.lease_known = true,
	.leads = true,
	.reconciler_up = true,
	.reconciler_synced = true,
	.puller_up = true,
};

static void says(bool (*ask)(const struct health *, struct buf *), const struct health *h,
		 bool well, const char *line)
{
	struct buf b = {0};
	assert_int_equal(ask(h, &b), well);
	if (strstr(b.data, line) == NULL)
		fail_msg("wanted %s in:\n%s", line, b.data);
	buf_done(&b);
}

static void alive(void **state)
{
	(void)state;
	struct health h = fine;
	says(health_alive, &h, true, "[+]supervisor ok\n");
	h.watcher_up = h.reconciler_up = h.puller_up = false; /* the supervisor's to start again */
	says(health_alive, &h, true, "[+]metricsd ok\n");
	h.supervisor_alive = false;
	says(health_alive, &h, false, "[-]supervisor failed: main loop is stuck\n");
	h = (struct health){.supervisor_alive = true};
	says(health_alive, &h, true, "[+]supervisor ok: no supervisor");
}

static void ready(void **state)
{
	(void)state;
	struct health h = fine;
	says(health_ready, &h, true, "[+]lease ok: held, this replica is the leader\n");
	h.leads = false; /* a warm standby is ready */
	says(health_ready, &h, true, "[+]lease ok: this replica is a standby\n");
	h.lease_known = false;
	says(health_ready, &h, false, "[-]lease failed: holder is not known yet\n");
	h.lease_known = true;
	h.lease_trouble = "the API server forbids it";
	says(health_ready, &h, false,
	     "[-]lease failed: cannot be acquired or renewed: the API server forbids it\n");
	h = fine;
	h.watcher_synced = false;
	says(health_ready, &h, false, "[-]caches failed: initial lists are not complete\n");
	says(health_ready, &h, false, "[+]lease ok");
	h = fine;
	h.watcher_up = false;
	says(health_ready, &h, false, "[-]caches failed: watcher does not answer\n");
	h = fine;
	h.reconciler_synced = false;
	says(health_ready, &h, false, "[-]reconciler failed: initial state is not complete\n");
	h = fine;
	h.puller_up = false;
	says(health_ready, &h, false, "[-]puller failed: does not answer\n");
	h = fine;
	h.supervisor_alive = false; /* is healthz's */
	says(health_ready, &h, true, "[+]puller ok\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(alive), cmocka_unit_test(ready)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
