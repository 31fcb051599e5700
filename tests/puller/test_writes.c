/* puller/writes.c: one write a pod, joining, waiting, and sessions (behaviour.md 6, 10). */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "puller/writes.h"

static struct write *add(struct writes *ws, enum write_kind kind, const char *pod, uint64_t session)
{
	struct write w = {.kind = kind, .session = session, .body = strdup("{}"), .body_len = 2};
	snprintf(w.pod_name, sizeof(w.pod_name), "%s", pod);
	if (kind == WRITE_DELETE)
		snprintf(w.pod_uid, sizeof(w.pod_uid), "uid-of-%s", pod);
	struct write *taken = writes_add(ws, &w);
	if (taken == NULL)
		free(w.body);
	return taken;
}

static struct writes *new_writes(void)
{
	struct writes *ws = calloc(1, sizeof(*ws));
	assert_non_null(ws);
	return ws;
}

static void end(struct writes *ws)
{
	writes_done(ws);
	assert_true(writes_idle(ws));
	free(ws);
}

static void test_a_repeat_joins(void **state)
{
	(void)state;
	struct writes *ws = new_writes();
	struct write *first = add(ws, WRITE_START, "a", 7);
	struct write *second = add(ws, WRITE_START, "a", 7);
	struct write *other = add(ws, WRITE_START, "b", 7);
	assert_int_equal(first->state, WRITE_GOING);
	assert_int_equal(second->state, WRITE_JOINED);
	assert_int_equal(other->state, WRITE_GOING);
	assert_ptr_equal(first->next, second);
	assert_non_null(first->body); /* until it is sent */
	write_sent(first);
	assert_null(first->body);
	assert_null(second->body); /* it is not sent */
	assert_null(writes_end(ws, first));
	assert_int_equal(second->state, WRITE_FREE);
	assert_int_equal(other->state, WRITE_GOING);
	/* It is over: the same request again is a new one, and the API server knows the pod. */
	assert_int_equal(add(ws, WRITE_START, "a", 7)->state, WRITE_GOING);
	end(ws);
}

/* A POST that is tried again must not follow the DELETE of what it made. */
static void test_a_delete_waits_for_the_create(void **state)
{
	(void)state;
	struct writes *ws = new_writes();
	struct write *create = add(ws, WRITE_START, "a", 7);
	struct write *delete = add(ws, WRITE_DELETE, "a", 7);
	struct write *again = add(ws, WRITE_DELETE, "a", 7);
	struct write *create2 = add(ws, WRITE_START, "a", 7);
	assert_int_equal(delete->state, WRITE_WAITING);
	assert_int_equal(again->state, WRITE_JOINED);
	assert_int_equal(create2->state, WRITE_WAITING);
	assert_ptr_equal(writes_end(ws, create), delete);
	assert_int_equal(delete->state, WRITE_GOING);
	assert_int_equal(create2->state, WRITE_WAITING);
	assert_ptr_equal(writes_end(ws, delete), create2);
	assert_null(writes_end(ws, create2));
	assert_true(writes_idle(ws));
	end(ws);
}

static void test_deletes_of_other_uids_do_not_join(void **state)
{
	(void)state;
	struct writes *ws = new_writes();
	add(ws, WRITE_DELETE, "a", 7);
	struct write w = {.kind = WRITE_DELETE, .session = 7, .pod_name = "a", .pod_uid = "other"};
	assert_int_equal(writes_add(ws, &w)->state, WRITE_WAITING);
	end(ws);
}

/* must 3: a new session is told when nothing older is left. */
static void test_sessions(void **state)
{
	(void)state;
	struct writes *ws = new_writes();
	struct write *old = add(ws, WRITE_START, "a", 7);
	struct write *old_waits = add(ws, WRITE_DELETE, "a", 7);
	assert_false(writes_only_of(ws, 8));
	struct write *new = add(ws, WRITE_START, "a", 8);
	assert_int_equal(new->state, WRITE_WAITING);
	assert_ptr_equal(writes_stranger(ws, 8), old_waits);
	assert_null(writes_end(ws, old_waits)); /* the one on the wire still goes first */
	assert_null(writes_stranger(ws, 8));
	assert_false(writes_only_of(ws, 8));
	assert_ptr_equal(writes_end(ws, old), new);
	assert_true(writes_only_of(ws, 8));
	assert_false(writes_idle(ws));
	end(ws);
}

static void test_limit(void **state)
{
	(void)state;
	struct writes *ws = new_writes();
	char name[16];
	for (int i = 0; i < WRITES_MAX; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		assert_non_null(add(ws, WRITE_START, name, 7));
	}
	assert_null(add(ws, WRITE_START, "one-more", 7));
	assert_null(writes_end(ws, &ws->at[5]));
	assert_non_null(add(ws, WRITE_START, "one-more", 7));
	end(ws);
}

static void test_what_waits_can_be_dropped(void **state)
{
	(void)state;
	struct writes *ws = new_writes();
	struct write *going = add(ws, WRITE_START, "a", 7);
	struct write *waits = add(ws, WRITE_DELETE, "a", 7);
	assert_ptr_equal(writes_waiting(ws), waits);
	assert_null(writes_end(ws, waits));
	assert_null(writes_waiting(ws));
	assert_int_equal(going->state, WRITE_GOING);
	end(ws);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_repeat_joins),
		cmocka_unit_test(test_a_delete_waits_for_the_create),
		cmocka_unit_test(test_deletes_of_other_uids_do_not_join),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_what_waits_can_be_dropped),
	};
	return cmocka_run_group_tests_name("puller/writes", tests, NULL, NULL);
}
