/* supervisor/config.c: what file and command line come to, and what is refused with which words. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/config.h"

#define ARGS_MAX 4

struct row {
	const char *name;
	const char *file; /* NULL: none is named */
	const char *args[ARGS_MAX];
	const char *error; /* after "<file>: "; NULL: it is read */
	const char *level, *namespace;
	bool elect;
};

static const struct row rows[] = {
	{"no file", NULL, {"--log-level=warn"}, NULL, "warn", "drop-system", true},
	{"a file",
	 "log-level: debug\nleader-elect: false\n",
	 {NULL},
	 NULL,
	 "debug",
	 "drop-system",
	 false},
	{"the command line wins",
	 "log-level: debug\npod-namespace: a\n",
	 {"--log-level", "error"},
	 NULL,
	 "error",
	 "a",
	 true},
	{"its default does not", "pod-namespace: a\n", {NULL}, NULL, "info", "a", true},
	{"its words for true",
	 "leader-elect: F\n",
	 {"--leader-elect"},
	 NULL,
	 "info",
	 "drop-system",
	 true},
	{"empty", "", {NULL}, NULL, "info", "drop-system", true},
	{"comments", "# nothing\n", {NULL}, NULL, "info", "drop-system", true},
	{"quoted", "pod-namespace: \"12\"\n", {NULL}, NULL, "info", "12", true},
	{"JSON is YAML", "{\"pod-namespace\": \"x\"}", {NULL}, NULL, "info", "x", true},
	{"an option of upstream's", "zap-devel: true\n", {NULL}, NULL, "info", "drop-system", true},
	{"unknown",
	 "log-level: info\npodnamespace: a\n",
	 {NULL},
	 "line 2: unknown option \"podnamespace\"; --help lists what there is",
	 NULL,
	 NULL,
	 false},
	{"bad value",
	 "# one\nleader-elect: maybe\n",
	 {NULL},
	 "line 2: --leader-elect=maybe: give true or false",
	 NULL,
	 NULL,
	 false},
	{"a list",
	 "log-level:\n- info\n",
	 {NULL},
	 "line 2: log-level: give one value",
	 NULL,
	 NULL,
	 false},
	{"no value",
	 "log-level:\n",
	 {NULL},
	 "line 1: log-level: give one value",
	 NULL,
	 NULL,
	 false},
	{"twice", "log-level: info\nlog-level: warn\n", {NULL}, NULL, NULL, NULL, false},
	{"two documents",
	 "log-level: info\n---\nlog-level: warn\n",
	 {NULL},
	 "more than one document",
	 NULL,
	 NULL,
	 false},
	{"names itself",
	 "config: x\n",
	 {NULL},
	 "line 1: config: only the command line can name the file",
	 NULL,
	 NULL,
	 false},
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int load(const struct row *row, const char *path, struct config *c, struct err *err)
{
	char *argv[ARGS_MAX + 3] = {(char *)"drop-supervisor"};
	int argc = 1;
	static char named[64];
	snprintf(named, sizeof(named), "--config=%s", path);
	if (row->file != NULL) {
		write_file(path, row->file);
		argv[argc++] = named;
	}
	for (size_t i = 0; i < ARGS_MAX && row->args[i] != NULL; i++)
		argv[argc++] = (char *)row->args[i];
	return config_load(argc, argv, c, err);
}

static void files_and_command_lines(void **state)
{
	(void)state;
	char path[] = "/tmp/drop-config-XXXXXX";
	close(mkstemp(path));
	FOREACH_ROW(struct row, rows)
	{
		struct config c;
		struct err err = {.text = ""};
		bool good = row->level != NULL;
		assert_int_equal(load(row, path, &c, &err), good ? 0 : -1);
		if (!good) {
			assert_memory_equal(err.text, path, strlen(path));
			if (row->error != NULL)
				assert_string_equal(err.text + strlen(path) + 2, row->error);
			continue;
		}
		assert_string_equal(c.options.log_level, row->level);
		assert_string_equal(c.options.pod_namespace, row->namespace);
		assert_int_equal(c.options.leader_elect, row->elect);
		assert_non_null(c.options.socket_dir);
		config_done(&c);
	}
	unlink(path);
}

/* 57. The puller would refuse it at its start, again and again. */
static void rule_57_options_of_pull_pods(void **state)
{
	char *argv[] = {(char *)"x", (char *)"--pull-pod-user=0"};
	char *fine[] = {(char *)"x", (char *)"--pull-pod-user=none"};
	struct config c;
	struct err err = {.text = ""};
	(void)state;
	assert_int_equal(config_load(2, argv, &c, &err), -1);
	assert_non_null(strstr(err.text, "--pull-pod-user: \"0\" is no id"));
	assert_int_equal(config_load(2, fine, &c, &err), 0);
	config_done(&c);
}

static void too_long(void **state)
{
	(void)state;
	char path[] = "/tmp/drop-config-XXXXXX";
	int fd = mkstemp(path);
	assert_int_equal(ftruncate(fd, CONFIG_BYTES_MAX + 1), 0);
	close(fd);
	char *argv[] = {(char *)"x", (char *)"--config", path};
	struct config c;
	struct err err = {.text = ""};
	assert_int_equal(config_load(3, argv, &c, &err), -1);
	assert_non_null(strstr(err.text, "more than 65536 bytes"));
	unlink(path);
}

static void changes_are_seen_and_live_ones_taken(void **state)
{
	(void)state;
	char path[] = "/tmp/drop-config-XXXXXX", next[64];
	close(mkstemp(path));
	snprintf(next, sizeof(next), "%s.new", path);
	char *argv[] = {(char *)"x", (char *)"--config", path};
	struct config c, fresh;
	struct err err;
	write_file(path, "log-level: warn\npod-namespace: a\n");
	assert_int_equal(config_load(3, argv, &c, &err), 0);
	assert_false(config_changed(&c));
	/* As a ConfigMap does it: another file in its place. */
	write_file(next, "log-level: debug\npod-namespace: b\n");
	assert_int_equal(rename(next, path), 0);
	assert_true(config_changed(&c));
	assert_int_equal(config_load(3, argv, &fresh, &err), 0);
	config_adopt(&c, &fresh);
	assert_string_equal(c.options.log_level, "debug");
	assert_string_equal(c.options.pod_namespace, "a");
	assert_false(config_changed(&c));
	write_file(next, "log-level: loud\n");
	assert_int_equal(rename(next, path), 0);
	assert_true(config_changed(&c));
	config_seen(&c);
	assert_false(config_changed(&c));
	unlink(path);
	assert_false(config_changed(&c)); /* it is being replaced, perhaps */
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_and_command_lines),
		cmocka_unit_test(rule_57_options_of_pull_pods),
		cmocka_unit_test(too_long),
		cmocka_unit_test(changes_are_seen_and_live_ones_taken),
	};
	return cmocka_run_group_tests_name("supervisor/config", tests, NULL, NULL);
}
