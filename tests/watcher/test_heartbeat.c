/* Which heartbeats are news (behaviour.md 18). */
#include "tests/unit.h"

#include "watcher/heartbeat.h"

struct row {
	const char *name;
	const char *uid, *ready;
	const char *image;
	int64_t size, heartbeat;
	bool passed; /* the new heartbeat is told */
};

#define WAS 1000

static const struct row rows[] = {
	{"nothing changed", "u", "True", "a", 7, WAS + 300, false},
	{"the same again", "u", "True", "a", 7, WAS, false},
	{"an image came or went", "u", "True", "b", 7, WAS + 10, true},
	{"its size changed", "u", "True", "a", 8, WAS + 10, true},
	{"not ready any more", "u", "Unknown", "a", 7, WAS + 10, true},
	{"another machine", "v", "True", "a", 7, WAS + 10, true},
	{"a clock that was set back", "u", "True", "a", 7, WAS - 10, true},
	{"kept back long enough", "u", "True", "a", 7, WAS + HEARTBEAT_EVERY_S, true},
};

static struct node node_of(const char *uid, struct node_condition *ready, struct node_image *image)
{
	return (struct node){
		.meta = {.name = "n", .uid = uid}, .conditions = {ready, 1}, .images = {image, 1}};
}

static void rule_18_heartbeats(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		const char *name = "a";
		struct node_condition old = {"Ready", "True", WAS};
		struct node_image old_image = {{&name, 1}, 7};
		struct node was = node_of("u", &old, &old_image);
		const char *new_name = row->image;
		struct node_condition new = {"Ready", row->ready, row->heartbeat};
		struct node_image new_image = {{&new_name, 1}, row->size};
		struct node now = node_of(row->uid, &new, &new_image);
		heartbeat_settle(&was, &now);
		assert_int_equal(new.heartbeat, row->passed ? row->heartbeat : WAS);
	}
}

static void rule_18_without_a_condition(void **state)
{
	(void)state;
	struct node_condition ready = {"Ready", "True", 5};
	struct node none = {0}, now = {.conditions = {&ready, 1}};
	heartbeat_settle(&none, &now);
	heartbeat_settle(&now, &none);
	assert_int_equal(ready.heartbeat, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_18_heartbeats),
		cmocka_unit_test(rule_18_without_a_condition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
