/*
 * ipc/feed.c, with a watcher that is played here: when it asks, what it demands, and what it makes
 * of answers that are lost, cut, of another watcher, or not as fresh as was demanded.
 */
#include "tests/unit.h"

#include <string.h>

#include "ipc/feed.h"

struct proc { /* what the feed wants of it */
	int64_t now_ms;
	struct arena mem;
	struct metrics metrics;
	bool refuses; /* the watcher is not there */
	size_t n_asked;
	struct msg_changes_since asked; /* the last question */
	int marks, sweeps;
	int64_t caught_up_ms;
	char gone[32];
	struct feed feed;
};

int proc_request(struct proc *p, enum proc_id to, enum msg_type type, const void *body,
		 uint64_t tag, int64_t deadline_ms, struct err *err)
{
	(void)tag;
	assert_int_equal(to, PROC_WATCHER);
	assert_int_equal(type, MSG_changes_since);
	assert_true(deadline_ms > p->now_ms);
	if (p->refuses)
		return err_set(err, ERR_RETRY, "not connected");
	p->asked = *(const struct msg_changes_since *)body;
	p->n_asked++;
	return 0;
}

struct now proc_now(const struct proc *p)
{
	return (struct now){.boot_ms = p->now_ms};
}

struct arena *proc_arena(struct proc *p)
{
	return &p->mem;
}

struct metrics *proc_metrics(struct proc *p)
{
	return &p->metrics;
}

static void lease(struct proc *p, int64_t said_us, uint64_t term, int64_t until_ms)
{
	(void)p, (void)said_us, (void)term, (void)until_ms;
}

static void put(struct proc *p, enum kind kind, const void *obj)
{
	(void)p, (void)kind, (void)obj;
}

static void gone(struct proc *p, enum kind kind, const char *name)
{
	assert_int_equal(kind, KIND_NODE);
	snprintf(p->gone, sizeof(p->gone), "%s", name);
}

static void mark(struct proc *p)
{
	p->marks++;
}

static void sweep(struct proc *p)
{
	p->sweeps++;
}

static void caught_up(struct proc *p, int64_t fresh_ms)
{
	p->caught_up_ms = fresh_ms;
}

static const struct feed_ops ops = {1U << KIND_NODE, 0, lease, put, gone, mark, sweep, caught_up};

static int begin(void **state)
{
	static struct proc p;
	p = (struct proc){.now_ms = 1000, .feed.ops = &ops};
	metrics_begin(&p.metrics, "reconciler");
	*state = &p;
	return 0;
}

static int end(void **state)
{
	struct proc *p = *state;
	metrics_done(&p->metrics);
	arena_done(&p->mem);
	return 0;
}

static void hear(struct proc *p, const struct msg_changes *answer)
{
	const struct msg_in in = {.type = MSG_changes, .from = PROC_WATCHER, .body = answer};
	feed_changes(p, &p->feed, &in);
}

/* Turns until the next question. Returns after how many ms it came. */
static int64_t next_question(struct proc *p, int64_t demand_ms)
{
	int64_t from_ms = p->now_ms;
	size_t was = p->n_asked;
	feed_turn(p, &p->feed, demand_ms);
	while (p->n_asked == was) {
		assert_true(feed_next_ms(&p->feed) > p->now_ms);
		assert_true(feed_next_ms(&p->feed) < CLOCK_NEVER);
		p->now_ms = feed_next_ms(&p->feed);
		feed_turn(p, &p->feed, demand_ms);
	}
	assert_int_equal(feed_next_ms(&p->feed), CLOCK_NEVER); /* one at a time */
	feed_turn(p, &p->feed, demand_ms);
	assert_int_equal(p->n_asked, was + 1);
	return p->now_ms - from_ms;
}

/* The first question; the watcher has epoch 7. */
static void meet(struct proc *p, int64_t demand_ms)
{
	assert_int_equal(next_question(p, demand_ms), 0);
	assert_int_equal(p->asked.epoch, 0);
	assert_int_equal(p->asked.fresh_ms, demand_ms);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 3, .reset = true});
}

/* What was demanded is not there: asked again soon, then later and later, but demanded once. */
static void asks_until_it_is_fresh(void **state)
{
	struct proc *p = *state;
	static const int64_t waits[] = {0, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
	meet(p, 900);
	for (size_t i = 0; i < ROWS(waits); i++) {
		assert_int_equal(next_question(p, 900), waits[i]);
		/* The first answer came from a watcher that was not known: it may not know. */
		assert_int_equal(p->asked.fresh_ms, i == 0 ? 900 : 0);
		assert_int_equal(p->asked.epoch, 7);
		assert_int_equal(p->asked.seq, 3);
		hear(p, &(struct msg_changes){.epoch = 7, .next = 3, .fresh_ms = 899});
		assert_int_equal(p->caught_up_ms, 899);
	}
	next_question(p, 900);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 3, .fresh_ms = 900});
	assert_int_equal(p->caught_up_ms, 900);
	assert_int_equal(next_question(p, 900), 5000);
	/* Another takeover demands anew, at once, and begins with short waits. */
	hear(p, &(struct msg_changes){.epoch = 7, .next = 3, .fresh_ms = 900});
	assert_int_equal(next_question(p, 2000), 0);
	assert_int_equal(p->asked.fresh_ms, 2000);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 3, .fresh_ms = 900});
	assert_int_equal(next_question(p, 2000), 100);
}

static void demands_again(void **state)
{
	struct proc *p = *state;
	meet(p, 900);
	next_question(p, 900);
	hear(p, NULL); /* lost: perhaps the question, too */
	assert_int_equal(next_question(p, 900), 0);
	assert_int_equal(p->asked.fresh_ms, 900);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 3, .fresh_ms = 1});
	assert_int_equal(next_question(p, 900), 100);
	assert_int_equal(p->asked.fresh_ms, 0);
	hear(p, &(struct msg_changes){.epoch = 8, .next = 1, .reset = true});
	assert_int_equal(next_question(p, 900), 0); /* another watcher was not told */
	assert_int_equal(p->asked.fresh_ms, 900);
	p->refuses = true;
	hear(p, NULL);
	for (int i = 0; i < 3; i++) {
		feed_turn(p, &p->feed, 900);
		assert_int_equal(feed_next_ms(&p->feed), p->now_ms + 100);
		p->now_ms += 100;
	}
	p->refuses = false;
	next_question(p, 900);
	assert_int_equal(p->asked.fresh_ms, 900);
}

/* What a new watcher does not name is not gone before it has listed all. */
static void sweeps_when_all_is_listed(void **state)
{
	struct proc *p = *state;
	struct msg_change node = {.kind = KIND_NODE, .name = "n", .gone = true};
	struct msg_change pod = {.kind = KIND_POD, .name = "p", .gone = true};
	meet(p, 0);
	assert_int_equal(p->marks, 1);
	next_question(p, 0);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 4, .fresh_ms = 5, .more = true});
	assert_int_equal(p->sweeps, 0);
	assert_int_equal(next_question(p, 0), 0); /* there is more */
	hear(p, &(struct msg_changes){.epoch = 7, .next = 5, .fresh_ms = 5, .changes = {&node, 1}});
	assert_int_equal(p->sweeps, 1);
	assert_string_equal(p->gone, "n");
	next_question(p, 0);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 6, .fresh_ms = 5, .changes = {&pod, 1}});
	assert_int_equal(p->sweeps, 1);    /* once */
	assert_string_equal(p->gone, "n"); /* pods are not read here */
}

static void a_doorbell_shortens_the_wait(void **state)
{
	struct proc *p = *state;
	struct msg_doorbell bell = {.epoch = 7, .head = 3, .fresh_ms = 899};
	const struct msg_in in = {.type = MSG_doorbell, .from = PROC_WATCHER, .body = &bell};
	meet(p, 900);
	next_question(p, 900);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 3});
	feed_doorbell(p, &p->feed, &in, 900); /* nothing new, and not fresh */
	assert_int_equal(feed_next_ms(&p->feed), p->now_ms + 100);
	bell.fresh_ms = 900;
	feed_doorbell(p, &p->feed, &in, 900);
	assert_int_equal(next_question(p, 900), 0);
	hear(p, &(struct msg_changes){.epoch = 7, .next = 3, .fresh_ms = 900});
	bell.head = 4;
	p->now_ms++;
	feed_doorbell(p, &p->feed, &in, 0);
	assert_int_equal(next_question(p, 900), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asks_until_it_is_fresh, begin, end),
		cmocka_unit_test_setup_teardown(demands_again, begin, end),
		cmocka_unit_test_setup_teardown(sweeps_when_all_is_listed, begin, end),
		cmocka_unit_test_setup_teardown(a_doorbell_shortens_the_wait, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
