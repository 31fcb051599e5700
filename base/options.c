/*
 * The command-line parser and its --help, both walking the same tables. An error names the given
 * and the expected value; nothing is guessed.
 */
#include "base/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Column in which --help begins what an option does. */
#define HELP_COLUMN 26
#define HELP_WIDTH  100

static void *member(const struct options_target *t, const struct option_def *o)
{
	return (char *)t->into + o->offset;
}

static int set_string(const struct option_def *o, const char *text, const char **into,
		      struct err *err)
{
	if (o->one_of == NULL) {
		*into = text;
		return 0;
	}
	struct buf allowed = {.limit = ERR_TEXT_MAX};
	for (const char *const *s = o->one_of; *s != NULL; s++) {
		if (strcmp(*s, text) == 0) {
			buf_done(&allowed);
			*into = *s; /* the table's, which lives as long as we do */
			return 0;
		}
		buf_addf(&allowed, "%s%s", s == o->one_of ? "" : ", ", *s);
	}
	err_set(err, ERR_TERMINAL, "--%s \"%s\": give one of %s", o->name, text, allowed.data);
	buf_done(&allowed);
	return -1;
}

static int set_bool(const struct option_def *o, const char *text, bool *into, struct err *err)
{
	static const char *const words[] = {"0", "f", "F", "false", "False", "FALSE",
					    "1", "t", "T", "true",  "True",  "TRUE"};
	const size_t n = sizeof(words) / sizeof(words[0]);
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0) {
			*into = i >= n / 2;
			return 0;
		}
	return err_set(err, ERR_TERMINAL, "--%s=%s: give true or false", o->name, text);
}

/* Integers as they are, durations in milliseconds; the limits of the row in the same unit. */
static int set_number(const struct option_def *o, const char *text, int64_t *into, struct err *err)
{
	int64_t value = 0;
	if (o->type == OPT_DURATION) {
		if (duration_parse(text, &value) != 0)
			return err_set(err, ERR_TERMINAL,
				       "--%s \"%s\": give a duration such as 10s or 1h30m", o->name,
				       text);
	} else {
		char *end;
		errno = 0;
		value = strtoll(text, &end, 10);
		if (errno != 0 || end == text || *end != '\0')
			return err_set(err, ERR_TERMINAL, "--%s \"%s\": give a whole number",
				       o->name, text);
	}
	if ((o->min != 0 || o->max != 0) && (value < o->min || value > o->max)) {
		char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
		if (o->type == OPT_INT)
			return err_set(err, ERR_TERMINAL, "--%s %s: give %lld to %lld", o->name,
				       text, (long long)o->min, (long long)o->max);
		duration_format(from, o->min);
		duration_format(to, o->max);
		return err_set(err, ERR_TERMINAL, "--%s %s: give %s to %s", o->name, text, from,
			       to);
	}
	*into = value;
	return 0;
}

static int set(const struct options_target *t, const struct option_def *o, const char *text,
	       struct err *err)
{
	if (o->ignored) {
		*(const char **)member(t, o) = text;
		return 0;
	}
	switch (o->type) {
	case OPT_STRING:
		return set_string(o, text, member(t, o), err);
	case OPT_BOOL:
		return set_bool(o, text, member(t, o), err);
	case OPT_INT:
	case OPT_DURATION:
		return set_number(o, text, member(t, o), err);
	}
	return -1;
}

static int set_defaults(const struct options_target *targets, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		for (const struct option_def *o = targets[i].defs; o->name != NULL; o++)
			if (o->def != NULL && set(&targets[i], o, o->def, err) != 0)
				return -1;
	return 0;
}

static const struct option_def *find(const struct options_target *targets, size_t n,
				     const char *name, size_t len, size_t *ret_target)
{
	for (size_t i = 0; i < n; i++)
		for (const struct option_def *o = targets[i].defs; o->name != NULL; o++)
			if (strlen(o->name) == len && memcmp(o->name, name, len) == 0) {
				*ret_target = i;
				return o;
			}
	return NULL;
}

static enum options_result bad(struct err *err, const char *what, const char *arg)
{
	err_set(err, ERR_TERMINAL, "%s \"%s\"; --help lists what there is", what, arg);
	return OPTIONS_BAD;
}

static bool is(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

/* Handles argv[*at] and, when the option takes it, the argument after it. */
static enum options_result parse_one(int argc, char **argv, int *at,
				     const struct options_target *targets, size_t n,
				     struct err *err)
{
	const char *arg = argv[*at];
	if (arg[0] != '-' || arg[1] == '\0')
		return bad(err, "unexpected argument", arg);
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "="), target = 0;
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct option_def *o = find(targets, n, name, len, &target);
	if (o == NULL && value == NULL && (is(name, len, "help") || is(name, len, "h")))
		return OPTIONS_HELP;
	if (o == NULL && value == NULL && is(name, len, "version"))
		return OPTIONS_VERSION;
	if (o == NULL)
		return bad(err, "unknown option", arg);
	if (value == NULL && o->type == OPT_BOOL)
		value = "true";
	else if (value == NULL && *at + 1 < argc)
		value = argv[++*at];
	else if (value == NULL) {
		err_set(err, ERR_TERMINAL, "--%s: give a value: --%s %s", o->name, o->name,
			o->arg != NULL ? o->arg : "VALUE");
		return OPTIONS_BAD;
	}
	return set(&targets[target], o, value, err) == 0 ? OPTIONS_OK : OPTIONS_BAD;
}

int options_set(const struct options_target *targets, size_t n, const char *name, const char *value,
		struct err *err)
{
	size_t target = 0;
	const struct option_def *o = find(targets, n, name, strlen(name), &target);
	if (o == NULL)
		return err_set(err, ERR_TERMINAL,
			       "unknown option \"%s\"; --help lists what there is", name);
	return set(&targets[target], o, value, err);
}

enum options_result options_override(int argc, char **argv, const struct options_target *targets,
				     size_t n, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1 == argc ? OPTIONS_OK
					     : bad(err, "unexpected argument", argv[i + 1]);
		enum options_result r = parse_one(argc, argv, &i, targets, n, err);
		if (r != OPTIONS_OK)
			return r;
	}
	return OPTIONS_OK;
}

enum options_result options_parse(int argc, char **argv, const struct options_target *targets,
				  size_t n, struct err *err)
{
	if (set_defaults(targets, n, err) != 0)
		return OPTIONS_BAD;
	return options_override(argc, argv, targets, n, err);
}

/* Appends doc from column HELP_COLUMN on, broken at blanks. */
static void add_wrapped(struct buf *out, const char *doc)
{
	size_t column = HELP_COLUMN;
	while (*doc != '\0') {
		size_t n = strcspn(doc, " ");
		if (column > HELP_COLUMN && column + 1 + n > HELP_WIDTH) {
			buf_addf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			buf_adds(out, " ");
			column++;
		}
		buf_add(out, doc, n);
		column += n;
		doc += n + strspn(doc + n, " ");
	}
	buf_adds(out, "\n");
}

static void add_option(struct buf *out, const struct option_def *o)
{
	struct buf doc = {0};
	buf_adds(&doc, o->doc != NULL ? o->doc : "");
	for (const char *const *s = o->one_of; s != NULL && *s != NULL; s++)
		buf_addf(&doc, "%s%s", s == o->one_of ? ": " : ", ", *s);
	if (o->def != NULL)
		buf_addf(&doc, " (default %s)", o->def);
	size_t start = out->len;
	buf_addf(out, "  --%s%s%s", o->name, o->type == OPT_BOOL ? "" : " ",
		 o->type == OPT_BOOL ? "" : (o->arg != NULL ? o->arg : "VALUE"));
	size_t used = out->len - start;
	if (used + 2 > HELP_COLUMN)
		buf_addf(out, "\n%*s", HELP_COLUMN, "");
	else
		buf_addf(out, "%*s", (int)(HELP_COLUMN - used), "");
	add_wrapped(out, doc.data);
	buf_done(&doc);
}

void options_help(const char *program, const char *doc, const struct options_target *targets,
		  size_t n, struct buf *out)
{
	static const struct option_def common[] = {
		{.name = "help", .type = OPT_BOOL, .doc = "print this and exit"},
		{.name = "version", .type = OPT_BOOL, .doc = "print the version and exit"},
	};
	buf_addf(out, "usage: %s [options]\n\n%s\n\n", program, doc);
	for (size_t i = 0; i < n; i++)
		for (const struct option_def *o = targets[i].defs; o->name != NULL; o++)
			if (!o->ignored)
				add_option(out, o);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		add_option(out, &common[i]);
}
