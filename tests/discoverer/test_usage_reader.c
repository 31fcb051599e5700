/*
 * discoverer/usage_reader.c with a watcher that is not there, that lists, that answers: how often
 * it is asked, and that who waits is told in the end (behaviour 52). The process is pretended.
 */
#include "tests/unit.h"

#include "discoverer/discoverer.h"

static struct discoverer d;
static int64_t now_ms;
static bool reachable;
static int asked, told_times;
static const char *told_trouble;

void *proc_state(struct proc *p)
{
	(void)p;
	return &d;
}

struct now proc_now(const struct proc *p)
{
	(void)p;
	return (struct now){.boot_ms = now_ms, .wall_s = 1000000000};
}

int proc_request(struct proc *p, enum proc_id to, enum msg_type type, const void *body,
		 uint64_t tag, int64_t deadline_ms, struct err *err)
{
	(void)p;
	(void)to;
	(void)type;
	(void)body;
	(void)tag;
	(void)deadline_ms;
	asked++;
	return reachable ? 0 : err_set(err, ERR_RETRY, "nobody is there");
}

static void told(struct usage_waiter *w, const struct usage_told *what)
{
	(void)w;
	told_times++;
	told_trouble = what->trouble;
}

static struct usage_waiter waiter = {.told = told};

static void begin(void)
{
	usage_reader_done(&d.usage);
	d.usage = (struct usage_reader){0};
	usage_reader_init(&d.usage, NULL);
	waiter.waits = false;
	usage_reader_want(&d.usage, &waiter);
	asked = told_times = 0;
	told_trouble = NULL;
}

/* Until it is told, by the times that it asks for; answer: the watcher's, NULL: nobody is there. */
static void run(const struct msg_usage *answer)
{
	int64_t end = now_ms + 60000;
	reachable = answer != NULL;
	while (told_times == 0 && now_ms < end) {
		int before = asked;
		int64_t next = usage_reader_turn(&d.usage, now_ms);
		if (reachable && asked > before)
			on_usage(NULL, &(struct msg_in){.body = answer});
		else
			now_ms = next > now_ms && next < end ? next : now_ms + 1;
	}
}

static void rule_52_it_is_asked_ever_more_rarely(void **state)
{
	(void)state;
	static const struct {
		const char *name, *trouble;
		struct msg_usage answer;
		bool there;
	} rows[] = {
		{"the watcher lists", "not listed yet", {.enabled = true}, true},
		{"the watcher is not there", "cannot be reached", {0}, false},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		unit_say(rows[i].name);
		int64_t began = now_ms;
		begin();
		run(rows[i].there ? &rows[i].answer : NULL);
		assert_int_equal(told_times, 1);
		assert_non_null(strstr(told_trouble, rows[i].trouble));
		assert_in_range(now_ms - began, 20000, 25000);
		assert_in_range(asked, 5, 12);
		/* Nothing more is asked once nobody waits. */
		assert_true(usage_reader_turn(&d.usage, now_ms) == CLOCK_NEVER);
		assert_in_range(asked, 5, 12);
	}
}

static void rule_52_an_answer_ends_it(void **state)
{
	(void)state;
	struct msg_usage parts = {.enabled = true, .listed = true, .snapshot = 7, .parts = 2};
	begin();
	run(&parts);
	assert_int_equal(told_times, 1);
	assert_null(told_trouble);
	assert_int_equal(asked, STORED_PARTS);
	begin();
	run(&(struct msg_usage){.enabled = true, .trouble = "forbidden"});
	assert_string_equal(told_trouble, "forbidden");
	assert_int_equal(asked, 1);
	usage_reader_done(&d.usage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_52_it_is_asked_ever_more_rarely),
		cmocka_unit_test(rule_52_an_answer_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
