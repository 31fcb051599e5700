/* ipc/endpoint.c: a folder that others can enter is refused, and two of a name are too. */
#include "tests/unit.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "ipc/endpoint.h"
#include "scratch.h"

struct mode_row {
	const char *name;
	mode_t mode;
	int want;
};

static void modes(void **state)
{
	(void)state;
	static const struct mode_row rows[] = {
		{"ours alone", 0700, 0},
		{"group may read", 0740, -1},
		{"others may enter", 0701, -1},
		{"like /tmp", 01777, -1},
	};
	struct scratch s;
	scratch_open(&s);
	FOREACH_ROW(struct mode_row, rows)
	{
		struct err err;
		assert_int_equal(chmod(s.dir, row->mode), 0);
		assert_int_equal(endpoint_dir(s.dir, &err), row->want);
		if (row->want != 0)
			assert_non_null(strstr(err.text, "lets others in"));
	}
	scratch_close(&s);
}

static void created_for_us_alone(void **state)
{
	(void)state;
	struct scratch s;
	char dir[64];
	struct stat st;
	struct err err;
	scratch_open(&s);
	snprintf(dir, sizeof(dir), "%s/new", s.dir);
	assert_int_equal(endpoint_dir(dir, &err), 0);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	rmdir(dir);
	/* A link may point anywhere later; a file is no folder. */
	assert_int_equal(symlink("/tmp", dir), 0);
	assert_int_equal(endpoint_dir(dir, &err), -1);
	assert_non_null(strstr(err.text, "not a directory"));
	snprintf(dir, sizeof(dir), "%s/no/parent", s.dir);
	assert_int_equal(endpoint_dir(dir, &err), -1);
	assert_non_null(strstr(err.text, "create socket folder"));
	scratch_close(&s);
}

static void paths(void **state)
{
	(void)state;
	char out[ENDPOINT_MAX], dir[ENDPOINT_MAX];
	struct err err;
	assert_int_equal(endpoint_path(out, "/run/drop", "watcher", "rep", &err), 0);
	assert_string_equal(out, "/run/drop/watcher.rep");
	/* The longest that fits, and one more. */
	memset(dir, 'd', sizeof(dir));
	dir[ENDPOINT_MAX - 1 - strlen("/watcher.rep")] = '\0';
	assert_int_equal(endpoint_path(out, dir, "watcher", "rep", &err), 0);
	assert_int_equal(strlen(out), ENDPOINT_MAX - 1);
	dir[strlen(dir)] = 'd';
	dir[ENDPOINT_MAX - strlen("/watcher.rep")] = '\0';
	assert_int_equal(endpoint_path(out, dir, "watcher", "rep", &err), -1);
	assert_non_null(strstr(err.text, "108 bytes, a Unix socket has 107; use a shorter folder"));
}

static void one_of_a_name(void **state)
{
	(void)state;
	struct scratch s;
	struct err err;
	scratch_open(&s);
	int first = endpoint_lock(s.dir, "watcher", &err);
	assert_true(first >= 0);
	assert_int_equal(endpoint_lock(s.dir, "watcher", &err), -1);
	assert_non_null(strstr(err.text, "another drop-watcher runs in"));
	int other = endpoint_lock(s.dir, "puller", &err);
	assert_true(other >= 0);
	close(first);
	first = endpoint_lock(s.dir, "watcher", &err);
	assert_true(first >= 0);
	close(first);
	close(other);
	scratch_close(&s);
}

static void default_dir(void **state)
{
	(void)state;
	char out[64];
	setenv("XDG_RUNTIME_DIR", "/tmp/run-of-user", 1);
	endpoint_default_dir(out, sizeof(out));
	bool usual = access("/run/drop", W_OK) == 0 || access("/run", W_OK) == 0;
	assert_string_equal(out, usual ? "/run/drop" : "/tmp/run-of-user/drop");
	unsetenv("XDG_RUNTIME_DIR");
	char in_memory[64];
	snprintf(in_memory, sizeof(in_memory), "/dev/shm/drop-%u", (unsigned)geteuid());
	endpoint_default_dir(out, sizeof(out));
	assert_string_equal(out, usual ? "/run/drop" : in_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes),       cmocka_unit_test(created_for_us_alone),
		cmocka_unit_test(paths),       cmocka_unit_test(one_of_a_name),
		cmocka_unit_test(default_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
