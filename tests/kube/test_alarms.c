/*
 * Alarms fire once, in order, and not twice in a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/alarms.h"

#define N 500

struct fired {
	struct alarm alarm;
	struct timers *all;
	int times;
	int64_t *last_ms;
	bool again;
};

static void on_fire(void *ctx)
{
	struct fired *f = ctx;
	f->times++;
	assert_true(f->alarm.timer.at_ms >= *f->last_ms);
	*f->last_ms = f->alarm.timer.at_ms;
	if (f->again)
		timer_set(f->all, &f->alarm.timer, f->alarm.timer.at_ms);
}

static void in_order(void **state)
{
	(void)state;
	static struct fired f[N];
	struct timers all = {0};
	int64_t last = -1;
	assert_true(timers_next_ms(&all) == CLOCK_NEVER);
	srandom(1);
	for (int i = 0; i < N; i++) {
		f[i] = (struct fired){.all = &all, .last_ms = &last};
		f[i].alarm = (struct alarm){.fire = on_fire, .ctx = &f[i]};
		timer_set(&all, &f[i].alarm.timer, random() % 1000);
	}
	for (int i = 0; i < N; i += 3) /* moved, up and down */
		timer_set(&all, &f[i].alarm.timer, random() % 1000);
	for (int i = 0; i < N; i += 5) {
		timer_stop(&all, &f[i].alarm.timer);
		timer_stop(&all, &f[i].alarm.timer);
	}
	alarms_run(&all, 499);
	assert_true(timers_next_ms(&all) > 499);
	alarms_run(&all, 999);
	for (int i = 0; i < N; i++)
		assert_int_equal(f[i].times, i % 5 == 0 ? 0 : 1);
	assert_int_equal(all.n, 0);
	timers_done(&all);
}

static void armed_for_now_waits(void **state)
{
	(void)state;
	struct timers all = {0};
	int64_t last = -1;
	struct fired f = {.all = &all, .last_ms = &last, .again = true};
	f.alarm = (struct alarm){.fire = on_fire, .ctx = &f};
	timer_set(&all, &f.alarm.timer, 5);
	alarms_run(&all, 10);
	assert_int_equal(f.times, 1);
	assert_int_equal(timers_next_ms(&all), 5);
	alarms_run(&all, 10);
	assert_int_equal(f.times, 2);
	timers_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(in_order),
					   cmocka_unit_test(armed_for_now_waits)};
	return cmocka_run_group_tests_name("alarms", tests, NULL, NULL);
}
