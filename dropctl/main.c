/*
 * dropctl: finds the command, takes the words after it, and hands the rest to the shared
 * main. The table is the list of commands: help, usage errors and dispatch come from it.
 */
#include "dropctl/dropctl.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name, *args;
	int min_args;
	const struct proc_def *def;
} commands[] = {
	{"status", "", 0, &ctl_status},
	{"why", "IMAGE [NODE]", 1, &ctl_why},
	{"queue", "", 0, &ctl_queue},
	{"plan", "-f FILE", 0, &ctl_plan},
	{"stats", "PROCESS", 1, &ctl_stats},
	{"tap", "", 0, &ctl_tap},
	{"discover", "-f FILE", 0, &ctl_discover},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(FILE *to, int code)
{
	fputs("usage: dropctl COMMAND [ARGUMENTS] [options]\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-9s%-13s %.*s\n", commands[i].name, commands[i].args,
			(int)strcspn(commands[i].def->doc, ".") + 1, commands[i].def->doc);
	fputs("\ndropctl COMMAND --help lists the options of a command.\n", to);
	return code;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	int words = 0, max = strchr(command->args, '[') != NULL ? 2 : command->min_args;
	while (words < argc - 1 && argv[words + 1][0] != '-')
		words++;
	bool help = words < argc - 1 && is_one_of(argv[words + 1], "--help", "-h");
	if (!help && (words < command->min_args || words > max)) {
		fprintf(stderr, "dropctl: usage: dropctl %s %s [options]\n", command->name,
			command->args);
		return PROC_EXIT_USAGE;
	}
	for (int i = 0; i < words && i < CTL_ARGS_MAX; i++)
		ctl_args[i] = argv[i + 1];
	argv[words] = argv[0];
	return proc_main(argc - words, argv + words, command->def);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, PROC_EXIT_USAGE);
	if (is_one_of(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0)
		return usage(stdout, PROC_EXIT_OK);
	if (strcmp(argv[1], "--version") == 0) {
		printf("dropctl %s\n", DROP_VERSION);
		return PROC_EXIT_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(&commands[i], argc - 1, argv + 1);
	fprintf(stderr, "dropctl: no command \"%s\"; dropctl --help lists them\n", argv[1]);
	return PROC_EXIT_USAGE;
}
