/*
 * dropctl: tells words (the command and its arguments) from options, which may stand anywhere, and
 * hands the options to the shared main. The table is the list of commands: help, usage errors and
 * dispatch come from it.
 */
#include "dropctl/dropctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const struct ctl_command commands[] = {
	{"status", "", 0, &ctl_status, "", NULL},
	{"why", "IMAGE [NODE]", 1, &ctl_why, "node", NULL},
	{"gate", "[open [NODE]]", 0, &ctl_gate, "open", NULL},
	{"queue", "", 0, &ctl_queue, "", NULL},
	{"report", "", 0, &ctl_report, "", NULL},
	{"usage", "", 0, &ctl_usage, "", NULL},
	{"plan", "-f FILE", 0, &ctl_plan, "", NULL},
	{"stats", "PROCESS", 1, &ctl_stats, "watcher reconciler puller discoverer metricsd", NULL},
	{"tap", "", 0, &ctl_tap, "", NULL},
	{"discover", "-f FILE", 0, &ctl_discover, "", NULL},
	{"facts", "IMAGE [SECRET]", 1, &ctl_facts, "", NULL},
	{"completion", "SHELL", 1, NULL, "bash zsh kubectl",
	 "Completion script of bash, zsh or kubectl."},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(FILE *to, int code)
{
	fputs("usage: dropctl COMMAND [ARGUMENTS] [options]\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct ctl_command *c = &commands[i];
		const char *doc = c->doc != NULL ? c->doc : c->def->doc;
		fprintf(to, "  %-10s %-15s %.*s\n", c->name, c->args, (int)strcspn(doc, ".") + 1,
			doc);
	}
	fputs("\ndropctl COMMAND --help lists the options of a command.\n", to);
	return code;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* ---- words and options, in any order ---- */

struct line {
	char **words, **options; /* options with their values */
	int n_words, n_options;
	bool help; /* of the command, if there is one */
};

static const struct option_def *find(const struct option_def *defs, const char *name)
{
	while (defs != NULL && defs->name != NULL && strcmp(defs->name, name) != 0)
		defs++;
	return defs != NULL && defs->name != NULL ? defs : NULL;
}

/*
 * Whether the next argument is the value of this option. The command may come later, so all are
 * looked at: an option of two commands is of the same type in both. An unknown one takes none, and
 * is refused by the parser.
 */
static bool takes_value(const char *arg)
{
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	if (strchr(name, '=') != NULL)
		return false;
	const struct option_def *o = find(proc_tool_options, name);
	for (size_t i = 0; o == NULL && i < COMMANDS; i++)
		o = commands[i].def == NULL ? NULL : find(commands[i].def->options, name);
	return o != NULL && o->type != OPT_BOOL;
}

/* words and options have room for argc + 1 each. */
static void sort_out(int argc, char **argv, struct line *ret)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (++i < argc)
				ret->words[ret->n_words++] = argv[i];
		} else if (argv[i][0] != '-' || argv[i][1] == '\0') {
			ret->words[ret->n_words++] = argv[i];
		} else {
			ret->help |= is_one_of(argv[i], "--help", "-h");
			ret->options[ret->n_options++] = argv[i];
			if (takes_value(argv[i]) && i + 1 < argc)
				ret->options[ret->n_options++] = argv[++i];
		}
	}
}

static int complete(const char *shell)
{
	struct buf out = {0};
	bool known = completion_write(shell, &(struct ctl_commands){commands, COMMANDS}, &out);
	if (known)
		fputs(out.data, stdout);
	else
		fprintf(stderr,
			"dropctl: no completion for \"%s\"; there is bash, zsh and kubectl\n",
			shell);
	buf_done(&out);
	return known ? PROC_EXIT_OK : PROC_EXIT_USAGE;
}

static int run(const struct ctl_command *command, struct line *line, char *program)
{
	int n = line->n_words - 1;
	int max = strchr(command->args, '[') != NULL ? 2 : command->min_args;
	if (!line->help && (n < command->min_args || n > max)) {
		fprintf(stderr, "dropctl: usage: dropctl %s %s [options]\n", command->name,
			command->args);
		return PROC_EXIT_USAGE;
	}
	if (command->def == NULL)
		return line->help ? usage(stdout, PROC_EXIT_OK) : complete(line->words[1]);
	for (int i = 0; i < n && i < CTL_ARGS_MAX; i++)
		ctl_args[i] = line->words[i + 1];
	/* As the shared main wants it: the name, then options only. */
	memmove(line->options + 1, line->options, (size_t)line->n_options * sizeof(char *));
	line->options[0] = program;
	line->options[line->n_options + 1] = NULL;
	return proc_main(line->n_options + 1, line->options, command->def);
}

static int run_line(struct line *line, char *program)
{
	if (line->n_words == 0) {
		if (line->help)
			return usage(stdout, PROC_EXIT_OK);
		for (int i = 0; i < line->n_options; i++)
			if (strcmp(line->options[i], "--version") == 0) {
				printf("dropctl %s\n", DROP_VERSION);
				return PROC_EXIT_OK;
			}
		return usage(stderr, PROC_EXIT_USAGE);
	}
	if (strcmp(line->words[0], "help") == 0)
		return usage(stdout, PROC_EXIT_OK);
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(line->words[0], commands[i].name) == 0)
			return run(&commands[i], line, program);
	fprintf(stderr, "dropctl: no command \"%s\"; dropctl --help lists them\n", line->words[0]);
	return PROC_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	size_t room = (size_t)argc + 2;
	struct line line = {.words = xcalloc(room, sizeof(char *)),
			    .options = xcalloc(room, sizeof(char *))};
	sort_out(argc, argv, &line);
	int code = run_line(&line, argv[0]);
	free(line.words);
	free(line.options);
	return code;
}
