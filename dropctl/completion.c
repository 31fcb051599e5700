/*
 * dropctl completion SHELL: a script that completes dropctl and kubectl-drop in bash or zsh, or the
 * program that kubectl asks for the completion of `kubectl drop`. Made of the table of commands and
 * their options (main.c), and of the table of what only the plugin has (deploy/kubectl-drop), which
 * is here.
 */
#include "dropctl/dropctl.h"

#include <string.h>

/* What deploy/kubectl-drop has besides dropctl's commands. */
static const struct {
	const char *name, *options;
} plugin[] = {
	{"page", "--port"},
	{"pull", "--selector --policy --name --wait --timeout"},
	{"suspend", ""},
	{"resume", ""},
};
#define PLUGIN (sizeof(plugin) / sizeof(plugin[0]))

static void add_options(const struct option_def *o, struct buf *out)
{
	for (; o != NULL && o->name != NULL; o++)
		if (!o->ignored)
			buf_addf(out, " %s%s", o->name[1] == '\0' ? "-" : "--", o->name);
}

/* A case of each command that sets the words after it: all three shells have this syntax. */
static void add_cases(const struct ctl_commands *all, struct buf *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct ctl_command *c = &all->at[i];
		buf_addf(out, "\t%s) words=\"%s", c->name, c->words);
		if (c->def != NULL) {
			add_options(c->def->options, out);
			add_options(proc_tool_options, out);
		}
		buf_adds(out, " --help\" ;;\n");
	}
	for (size_t i = 0; i < PLUGIN; i++)
		buf_addf(out, "\t%s) words=\"%s --help\" ;;\n", plugin[i].name, plugin[i].options);
}

static void add_names(const struct ctl_commands *all, struct buf *out)
{
	for (size_t i = 0; i < all->n; i++)
		buf_addf(out, " %s", all->at[i].name);
	for (size_t i = 0; i < PLUGIN; i++)
		buf_addf(out, " %s", plugin[i].name);
}

static void bash(const struct ctl_commands *all, struct buf *out)
{
	buf_adds(out, "# bash completion of dropctl and kubectl-drop, by dropctl completion bash\n"
		      "_drop() {\n"
		      "\tlocal word command='' words='' i cur=${COMP_WORDS[COMP_CWORD]}\n"
		      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		      "\t\tword=${COMP_WORDS[i]}\n"
		      "\t\t[[ $word == -* ]] || command=${command:-$word}\n"
		      "\tdone\n"
		      "\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n"
		      "\t-f | --file) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n"
		      "\t-o | --output) command=-output words='text json' ;;\n"
		      "\tesac\n"
		      "\tcase $command in\n"
		      "\t-output) ;;\n"
		      "\t'') words=\"");
	add_names(all, out);
	buf_adds(out, "\" ;;\n");
	add_cases(all, out);
	buf_adds(out, "\tesac\n"
		      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		      "}\n"
		      "complete -F _drop dropctl kubectl-drop\n");
}

/* $words has the line there: the cases, which set it, are in a function of their own. */
static void zsh(const struct ctl_commands *all, struct buf *out)
{
	buf_adds(out, "#compdef dropctl kubectl-drop\n"
		      "# zsh completion of dropctl and kubectl-drop, by dropctl completion zsh\n"
		      "_drop_words() {\n"
		      "\tlocal words=''\n"
		      "\tcase $1 in\n"
		      "\t'') words=\"");
	add_names(all, out);
	buf_adds(out, "\" ;;\n");
	add_cases(all, out);
	buf_adds(out, "\tesac\n"
		      "\tprint -r -- $words\n"
		      "}\n"
		      "_drop() {\n"
		      "\tlocal word command='' i\n"
		      "\tfor ((i = 2; i < CURRENT; i++)); do\n"
		      "\t\tword=${words[i]}\n"
		      "\t\t[[ $word == -* ]] || command=${command:-$word}\n"
		      "\tdone\n"
		      "\tcase ${words[CURRENT - 1]} in\n"
		      "\t-f | --file) _files; return ;;\n"
		      "\t-o | --output) compadd -- text json; return ;;\n"
		      "\tesac\n"
		      "\tcompadd -- $(_drop_words \"$command\")\n"
		      "}\n"
		      "compdef _drop dropctl kubectl-drop\n");
}

/* kubectl calls it with the words after `drop`; the last, perhaps empty, is to be completed. */
static void kubectl(const struct ctl_commands *all, struct buf *out)
{
	buf_adds(
		out,
		"#!/bin/sh\n"
		"# kubectl_complete-drop, by dropctl completion kubectl: in the PATH, kubectl asks "
		"it\n"
		"cur='' command='' before=''\n"
		"for word in \"$@\"; do\n"
		"\tcase $cur in '' | -*) ;; *) command=${command:-$cur} ;; esac\n"
		"\tbefore=$cur cur=$word\n"
		"done\n"
		"case $before in\n"
		"-f | --file) echo :0; exit ;;\n"
		"-o | --output) command=-output words='text json' ;;\n"
		"esac\n"
		"case $command in\n"
		"\t-output) ;;\n"
		"\t'') words=\"");
	add_names(all, out);
	buf_adds(out, "\" ;;\n");
	add_cases(all, out);
	buf_adds(out, "\t*) words='' ;;\n"
		      "esac\n"
		      "for word in $words; do\n"
		      "\tcase $word in \"$cur\"*) echo \"$word\" ;; esac\n"
		      "done\n"
		      "echo :4\n");
}

bool completion_write(const char *shell, const struct ctl_commands *all, struct buf *out)
{
	static const struct {
		const char *name;
		void (*write)(const struct ctl_commands *all, struct buf *out);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"kubectl", kubectl}};
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].write(all, out);
			return true;
		}
	return false;
}
