/* base/options.c: what a command line sets, what it refuses and with which words. */
#include "tests/unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/options.h"

struct into {
	const char *dir, *level;
	bool elect;
	int64_t count, every;
	const char *old, *older; /* ignored */
};

static const char *const levels[] = {"error", "info", NULL};

#define AT(member) offsetof(struct into, member)
static const struct option_def defs[] = {
	{"dir", OPT_STRING, AT(dir), "/run", "DIR", "where things are", NULL, 0, 0},
	{"level", OPT_STRING, AT(level), "info", NULL, "how much is said", levels, 0, 0},
	{"elect", OPT_BOOL, AT(elect), "true", NULL, "take part", NULL, 0, 0},
	{"count", OPT_INT, AT(count), NULL, "N", "how many", NULL, 1, 10},
	{"every", OPT_DURATION, AT(every), "10s", "TIME", "how often", NULL, 0, 60000},
	{.name = "old", .type = OPT_BOOL, .offset = AT(old), .ignored = true},
	{.name = "older", .type = OPT_STRING, .offset = AT(older), .ignored = true},
	{NULL},
};

struct row {
	const char *name;
	const char *args[6]; /* after the program's name; NULL ends */
	enum options_result want;
	const char *error; /* OPTIONS_BAD */
	struct into set;   /* OPTIONS_OK */
};

#define DEFAULTS .dir = "/run", .level = "info", .elect = true, .every = 10000
static const struct row rows[] = {
	{"nothing", {NULL}, OPTIONS_OK, NULL, {DEFAULTS}},
	{"separate value",
	 {"--dir", "/x"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/x", .level = "info", .elect = true, .every = 10000}},
	{"joined value",
	 {"--dir=/x=y"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/x=y", .level = "info", .elect = true, .every = 10000}},
	{"empty value",
	 {"--dir="},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "", .level = "info", .elect = true, .every = 10000}},
	{"one dash",
	 {"-dir", "/x", "-level=error"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/x", .level = "error", .elect = true, .every = 10000}},
	{"last one wins",
	 {"--dir", "/x", "--dir", "/y"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/y", .level = "info", .elect = true, .every = 10000}},
	{"bool off",
	 {"--elect=false"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/run", .level = "info", .every = 10000}},
	{"Go's words for false",
	 {"--elect=0", "--elect=T", "-elect=F"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/run", .level = "info", .every = 10000}},
	{"Go's words for true", {"--elect=FALSE", "-elect=1"}, OPTIONS_OK, NULL, {DEFAULTS}},
	{"Go knows no others",
	 {"--elect=yes"},
	 OPTIONS_BAD,
	 "--elect=yes: give true or false",
	 {0}},
	{"bool off and on", {"--elect=false", "--elect"}, OPTIONS_OK, NULL, {DEFAULTS}},
	{"number", {"--count", "10"}, OPTIONS_OK, NULL, {DEFAULTS, .count = 10}},
	{"duration",
	 {"--every", "1m"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/run", .level = "info", .elect = true, .every = 60000}},
	{"help", {"--help"}, OPTIONS_HELP, NULL, {0}},
	{"short help", {"-h"}, OPTIONS_HELP, NULL, {0}},
	{"version after others", {"--dir", "/x", "--version"}, OPTIONS_VERSION, NULL, {0}},
	{"positional",
	 {"start"},
	 OPTIONS_BAD,
	 "unexpected argument \"start\"; --help lists what there is",
	 {0}},
	{"bool takes no second argument",
	 {"--elect", "false"},
	 OPTIONS_BAD,
	 "unexpected argument \"false\"; --help lists what there is",
	 {0}},
	{"a dash",
	 {"-"},
	 OPTIONS_BAD,
	 "unexpected argument \"-\"; --help lists what there is",
	 {0}},
	{"two dashes end the options",
	 {"--dir=/x", "--"},
	 OPTIONS_OK,
	 NULL,
	 {.dir = "/x", .level = "info", .elect = true, .every = 10000}},
	{"nothing may follow them",
	 {"--", "--dir=/x"},
	 OPTIONS_BAD,
	 "unexpected argument \"--dir=/x\"; --help lists what there is",
	 {0}},
	{"ignored ones",
	 {"-old", "--older", "x", "--older=", "--old=maybe"},
	 OPTIONS_OK,
	 NULL,
	 {DEFAULTS, .old = "maybe", .older = ""}},
	{"ignored ones want a value too",
	 {"--older"},
	 OPTIONS_BAD,
	 "--older: give a value: --older VALUE",
	 {0}},
	{"unknown",
	 {"--dirs", "x"},
	 OPTIONS_BAD,
	 "unknown option \"--dirs\"; --help lists what there is",
	 {0}},
	{"prefix is not enough",
	 {"--di=x"},
	 OPTIONS_BAD,
	 "unknown option \"--di=x\"; --help lists what there is",
	 {0}},
	{"no value", {"--dir"}, OPTIONS_BAD, "--dir: give a value: --dir DIR", {0}},
	{"bad bool", {"--elect=maybe"}, OPTIONS_BAD, "--elect=maybe: give true or false", {0}},
	{"not one of",
	 {"--level", "loud"},
	 OPTIONS_BAD,
	 "--level \"loud\": give one of error, info",
	 {0}},
	{"not a number",
	 {"--count", "3x"},
	 OPTIONS_BAD,
	 "--count \"3x\": give a whole number",
	 {0}},
	{"empty number", {"--count="}, OPTIONS_BAD, "--count \"\": give a whole number", {0}},
	{"huge number",
	 {"--count", "99999999999999999999"},
	 OPTIONS_BAD,
	 "--count \"99999999999999999999\": give a whole number",
	 {0}},
	{"too small", {"--count", "0"}, OPTIONS_BAD, "--count 0: give 1 to 10", {0}},
	{"too big", {"--count", "11"}, OPTIONS_BAD, "--count 11: give 1 to 10", {0}},
	{"not a duration",
	 {"--every", "10"},
	 OPTIONS_BAD,
	 "--every \"10\": give a duration such as 10s or 1h30m",
	 {0}},
	{"too long", {"--every", "61s"}, OPTIONS_BAD, "--every 61s: give 0s to 1m0s", {0}},
};

static enum options_result parse(const struct row *row, struct into *got, struct err *err)
{
	char *argv[8] = {(char *)"program"};
	int argc = 1;
	for (; argc <= 6 && row->args[argc - 1] != NULL; argc++)
		argv[argc] = (char *)row->args[argc - 1];
	/* Two tables at once: the second must be looked at too. */
	static const struct option_def none[] = {{NULL}};
	const struct options_target targets[] = {{none, NULL}, {defs, got}};
	return options_parse(argc, argv, targets, ROWS(targets), err);
}

static void assert_same(const char *got, const char *want)
{
	assert_int_equal(got == NULL, want == NULL);
	if (want != NULL)
		assert_string_equal(got, want);
}

static void command_lines(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct into got = {0};
		struct err err = {.text = ""};
		assert_int_equal(parse(row, &got, &err), row->want);
		if (row->want == OPTIONS_BAD)
			assert_string_equal(err.text, row->error);
		if (row->want != OPTIONS_OK)
			continue;
		assert_string_equal(got.dir, row->set.dir);
		assert_string_equal(got.level, row->set.level);
		assert_int_equal(got.elect, row->set.elect);
		assert_int_equal(got.count, row->set.count);
		assert_int_equal(got.every, row->set.every);
		assert_same(got.old, row->set.old);
		assert_same(got.older, row->set.older);
	}
}

/* As a file does: what is set stays until argv says otherwise. */
static void one_by_one(void **state)
{
	(void)state;
	struct into got = {0};
	const struct options_target target = {defs, &got};
	struct err err = {.text = ""};
	char *argv[] = {(char *)"program", (char *)"--count=3"};
	assert_int_equal(options_parse(2, argv, &target, 1, &err), OPTIONS_OK);
	assert_int_equal(options_set(&target, 1, "dir", "/f", &err), 0);
	assert_int_equal(options_set(&target, 1, "count", "4", &err), 0);
	assert_int_equal(options_override(2, argv, &target, 1, &err), OPTIONS_OK);
	assert_string_equal(got.dir, "/f");
	assert_int_equal(got.count, 3);
	assert_int_equal(options_set(&target, 1, "count", "11", &err), -1);
	assert_string_equal(err.text, "--count 11: give 1 to 10");
	assert_int_equal(options_set(&target, 1, "cuont", "1", &err), -1);
	assert_string_equal(err.text, "unknown option \"cuont\"; --help lists what there is");
	assert_int_equal(got.count, 3);
}

static void help(void **state)
{
	(void)state;
	struct into into;
	const struct options_target target = {defs, &into};
	struct buf out = {0};
	options_help("drop-x", "Does x.", &target, 1, &out);
	assert_string_equal(
		out.data, "usage: drop-x [options]\n\nDoes x.\n\n"
			  "  --dir DIR               where things are (default /run)\n"
			  "  --level VALUE           how much is said: error, info (default info)\n"
			  "  --elect                 take part (default true)\n"
			  "  --count N               how many\n"
			  "  --every TIME            how often (default 10s)\n"
			  "  --help                  print this and exit\n"
			  "  --version               print the version and exit\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(command_lines),
					   cmocka_unit_test(one_by_one), cmocka_unit_test(help)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
