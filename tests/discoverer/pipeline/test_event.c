/*
 * usage/pull_message.c and loki_event.c: kubelets' texts of every form of a duration,
 * of 1.29 to 1.36, in labels, in JSON and bare (behaviour.md 55).
 */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "discoverer/loki_event.h"

static void rule_55_durations(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		double want;
	} rows[] = {
		{"733ms", 0.733},
		{"1m2.345s", 62.345},
		{"1h0m5s", 3605},
		{"421\xc2\xb5s", 0.000421},
		{"421\xce\xbcs", 0.000421},
		{"421us", 0.000421},
		{"17ns", 1.7e-8},
		{"2s", 2},
		{"1.5h", 5400},
		{".5s", 0.5},
		{"1.s", 1},
		{"0", 0},
		{"0s", 0},
		{"26h3m4.000000005s", 93784.000000005},
		{"", -1},
		{"5", -1},
		{"s", -1},
		{"1x", -1},
		{"1.2.3s", -1},
		{"-1s", -1},
		{"1s ", -1},
		{"1m2", -1},
		{".s", -1},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		double got = event_seconds(row->name, strlen(row->name));
		assert_true(fabs(got - row->want) < 1e-9);
	}
}

static const struct text_row {
	const char *name;
	double seconds, bytes;
	const char *image;
} texts[] = {
	/* 1.29 */
	{"Successfully pulled image \"nginx:1.25\" in 1m2.345s (1m5.1s including waiting)", 62.345,
	 -1, "nginx:1.25"},
	/* 1.30 to 1.36 */
	{"Successfully pulled image \"registry.k8s.io/pause:3.9\" in 733ms (733ms including "
	 "waiting). Image size: 20461242 bytes.",
	 0.733, 20461242, "registry.k8s.io/pause:3.9"},
	{"Successfully pulled image \"a\" in 421\xc2\xb5s (2h1m0.5s including waiting). Image "
	 "size: "
	 "0 bytes.",
	 0.000421, 0, "a"},
	/* older: without the waiting */
	{"Successfully pulled image \"a@sha256:00\" in 3.2s", 3.2, -1, "a@sha256:00"},
	{"Successfully pulled image \"a\"", -1, -1, "a"},
	{"Container image \"nginx\" already present on machine", -1, -1, "nginx"},
	{"Container image \"nginx\" already present on machine and can be accessed by the pod", -1,
	 -1, "nginx"},
	{"(combined from similar events): Successfully pulled image \"a\" in 2s (2s including "
	 "waiting)",
	 2, -1, "a"},
	/* A name that looks like the text. */
	{"Successfully pulled image \"x in 9s\" in 1s (1s including waiting)", 1, -1, "x in 9s"},
	{"Pulling image \"nginx\"", -1, -1, "nginx"},
	{"Successfully pulled image", -1, -1, NULL},
	{"Successfully pulled image \"", -1, -1, NULL},
	{"Successfully pulled image \"\" in 1s", 1, -1, NULL},
	{"", -1, -1, NULL},
};

static void rule_55_messages(void **state)
{
	(void)state;
	FOREACH_ROW(struct text_row, texts)
	{
		size_t len = 0;
		struct pull_event e = event_read(row->name);
		const char *image = event_image(row->name, &len);
		assert_true(fabs(e.seconds - row->seconds) < 1e-9);
		assert_true(e.bytes == row->bytes);
		assert_int_equal(image != NULL, row->image != NULL);
		if (image != NULL) {
			assert_int_equal(len, strlen(row->image));
			assert_memory_equal(image, row->image, len);
		}
	}
}

#define PULLED                                                                                     \
	"Successfully pulled image \"a:1\" in 2s (3s including waiting). Image size: 5 bytes."
#define QUOTED                                                                                     \
	"Successfully pulled image \\\"a:1\\\" in 2s (3s including waiting). Image size: 5 bytes."

static const struct line_row {
	const char *name;
	const char *labels; /* "name=value|..." */
	const char *line;
	struct loki_parser parser;
	const char *want; /* pod of the event; NULL: it is none */
} lines[] = {
	{"a bare message", "", PULLED, {0}, ""},
	{"labels", "reason=Pulled|involvedObject_name=p|message=" PULLED, "anything", {0}, "p"},
	{"a label and a bare line", "reason=pulled|involvedObject_name=p", PULLED, {0}, "p"},
	{"another reason", "reason=Pulling", PULLED, {0}, NULL},
	{"another reason in JSON",
	 "",
	 "{\"reason\":\"Failed\",\"message\":\"" QUOTED "\"}",
	 {0},
	 NULL},
	{"JSON",
	 "",
	 "{\"reason\":\"Pulled\",\"involvedObject_name\":\"p\",\"message\":\"" QUOTED "\"}",
	 {0},
	 "p"},
	{"JSON without a reason", "", "{\"name\":\"p\",\"msg\":\"" QUOTED "\"}", {0}, "p"},
	{"JSON with blanks before", "", "  {\"msg\":\"" QUOTED "\"}", {0}, ""},
	{"names of the parser",
	 "",
	 "{\"why\":\"Pulled\",\"who\":\"p\",\"what\":\"" QUOTED "\",\"name\":\"no\"}",
	 {NULL, "who", "why", "what", NULL},
	 "p"},
	{"labels win over the line",
	 "involvedObject_name=l",
	 "{\"name\":\"p\",\"msg\":\"" QUOTED "\"}",
	 {0},
	 "l"},
	{"the image in a field of its own",
	 "picture=image \"b\"",
	 PULLED,
	 {NULL, NULL, NULL, NULL, "picture"},
	 ""},
	{"nested members are not looked into", "", "{\"o\":{\"msg\":\"" QUOTED "\"}}", {0}, NULL},
	{"no JSON after all", "", "{" PULLED, {0}, ""},
	{"already there: nothing to measure",
	 "reason=Pulled",
	 "Container image \"a\" already present on machine",
	 {0},
	 NULL},
	{"no image", "reason=Pulled", "Successfully pulled in 2s", {0}, NULL},
};

static void rule_55_lines(void **state)
{
	(void)state;
	FOREACH_ROW(struct line_row, lines)
	{
		static struct event_reader r;
		struct event_found found;
		event_reader_init(&r, &row->parser);
		event_stream(&r);
		char labels[512], *save = NULL;
		snprintf(labels, sizeof(labels), "%s", row->labels);
		for (char *l = strtok_r(labels, "|", &save); l != NULL;
		     l = strtok_r(NULL, "|", &save)) {
			char *value = strchr(l, '=');
			*value = '\0';
			event_label(&r, l, value + 1);
		}
		bool is = event_line(&r, row->line, strlen(row->line), &found);
		assert_int_equal(is, row->want != NULL);
		if (!is)
			continue;
		assert_string_equal(found.pod, row->want);
		assert_true(found.pull.seconds == 2 && found.pull.bytes == 5);
		if (row->parser.image_field != NULL)
			assert_true(found.len == 1 && *found.image == 'b');
		else
			assert_true(found.len == 3 && memcmp(found.image, "a:1", 3) == 0);
		/* The next stream has labels of its own. */
		event_stream(&r);
		assert_string_equal(r.labels.at[EVENT_POD], "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_55_durations),
		cmocka_unit_test(rule_55_messages),
		cmocka_unit_test(rule_55_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
