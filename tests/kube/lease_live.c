/*
 * Two electors and one Lease on a real API server: one leads, a release is taken over at
 * once, a restarted holder resumes its term, a silent one is replaced (behaviour.md 32).
 * $DROP_TEST_KUBECONFIG names the cluster; without it everything is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/lease.h"

#include "tests/kube/live.h"

#define LEASE_PATH "/apis/coordination.k8s.io/v1/namespaces/default/leases/" LEASE_NAME

struct side {
	struct kube *kube;
	struct elector *elector;
	int changes, troubles;
};

struct pair {
	struct side a, b;
};

static void on_changed(void *ctx)
{
	((struct side *)ctx)->changes++;
}

static void on_trouble(void *ctx, const struct err *err)
{
	(void)err;
	((struct side *)ctx)->troubles++;
}

static void start(struct side *s, const char *identity)
{
	struct elector_config config = {
		.ns = "default", .identity = identity, .enabled = true, .trouble = on_trouble};
	*s = (struct side){.kube = live_kube()};
	s->elector = elector_new(s->kube, &config, on_changed, s);
}

/* As kill -9 would: nothing is released. */
static void stop(struct side *s)
{
	elector_free(s->elector);
	kube_free(s->kube);
	*s = (struct side){0};
}

static bool leads(const struct side *s)
{
	return s->elector != NULL && elector_term(s->elector) != 0 &&
	       clock_boot_ms() < elector_until_ms(s->elector);
}

static void step(struct side *s)
{
	if (s->elector == NULL)
		return;
	elector_turn(s->elector, clock_boot_ms());
	kube_wait(s->kube, NULL, 0, 20);
}

static void until(struct pair *p, bool (*met)(struct pair *), const char *what)
{
	int64_t limit = clock_boot_ms() + LIVE_LIMIT_MS;
	while (!met(p)) {
		if (clock_boot_ms() > limit)
			fail_msg("not in time: %s", what);
		step(&p->a);
		step(&p->b);
		assert_false(leads(&p->a) && leads(&p->b));
	}
}

static bool a_leads(struct pair *p)
{
	return leads(&p->a);
}

static bool b_leads(struct pair *p)
{
	return leads(&p->b);
}

static bool b_knows(struct pair *p)
{
	return elector_known(p->b.elector);
}

static bool a_released(struct pair *p)
{
	return elector_released(p->a.elector);
}

static bool renewed(struct pair *p)
{
	return p->a.changes >= 3;
}

static void story(void **state)
{
	(void)state;
	struct pair p = {0};
	start(&p.a, "a");
	struct live_answer gone = live_send(p.a.kube, KUBE_DELETE, LEASE_PATH, NULL);
	assert_true(gone.code == 200 || gone.code == 404);
	free(gone.body);
	until(&p, a_leads, "a leads");
	uint64_t first = elector_term(p.a.elector);
	start(&p.b, "b");
	until(&p, b_knows, "b knows");
	assert_int_equal(elector_term(p.b.elector), 0);
	until(&p, renewed, "a renews");
	assert_int_equal(elector_term(p.a.elector), first);
	stop(&p.a);
	start(&p.a, "a");
	until(&p, a_leads, "a resumes");
	assert_int_equal(elector_term(p.a.elector), first);
	elector_release(p.a.elector);
	assert_false(leads(&p.a));
	until(&p, a_released, "a released");
	int64_t released_ms = clock_boot_ms();
	until(&p, b_leads, "b takes what is free");
	assert_true(clock_boot_ms() - released_ms < LEASE_DURATION_S * 1000);
	uint64_t second = elector_term(p.b.elector);
	assert_true(second > first);
	stop(&p.b);
	stop(&p.a);
	start(&p.a, "a");
	until(&p, a_leads, "a replaces the silent b");
	assert_true(elector_term(p.a.elector) > second);
	assert_int_equal(p.a.troubles, 0);
	live_expect(p.a.kube, KUBE_DELETE, LEASE_PATH, NULL, 200);
	stop(&p.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(story)};
	if (getenv("DROP_TEST_KUBECONFIG") == NULL)
		return 77; /* skipped */
	return cmocka_run_group_tests_name("lease live", tests, NULL, NULL);
}
