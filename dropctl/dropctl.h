/*
 * dropctl, the program that people use: it asks the running processes over their sockets
 * and prints what they say. It owns nothing, changes nothing, and any number of them may run.
 * A command is a row of the table in main.c and a struct proc_def of its own; what all of
 * them share is here.
 *
 * Exit codes (man/dropctl.1): 0 answered; 1 answered, but there is no such image, or what a
 * file says is not valid; 2 with --check: not everything is Ready, or a source of a tried policy
 * failed; 100 usage; 111 no answer.
 */
#ifndef DROP_DROPCTL_DROPCTL_H
#define DROP_DROPCTL_DROPCTL_H

#include <stdbool.h>

#include "base/buf.h"
#include "ipc/proc.h"

enum { CTL_EXIT_NONE = 1, CTL_EXIT_NOT_READY = 2 };

/* How long a process may take to be there, and then to answer. */
#define CTL_ANSWER_MS 5000
#define CTL_ARGS_MAX  2
/* facts: longer than the discoverer allows a question of people (FACTS_SHOW_MS there). */
#define CTL_FACTS_MS 15000

struct ctl { /* the state of every command */
	/* Options; each command's table has those it heeds. */
	const char *output; /* text or json */
	const char *file;
	bool all, check;
	int64_t limit;

	bool asked;
	int64_t give_up_ms;
	int64_t answer_ms; /* how long it may take to answer; 0: CTL_ANSWER_MS */
	struct buf out;    /* JSON rows, or a line of tap */
	struct buf table;  /* dropctl/table.h */
	char *after;       /* the last row of a cut answer */
	uint64_t page;     /* stats: where the next page begins */
	struct plan_file *plan;
	struct plan_pods *pods;         /* dropctl/plan_pods.h */
	struct plan_facts *facts;       /* dropctl/plan_facts.h */
	struct discover_file *discover; /* dropctl/discover.c */
	size_t at;                      /* plan, discover: the object asked about */
	int exit_code;
	bool ended;
};

/* The words after the command, set before proc_main(): at most CTL_ARGS_MAX, else NULL. */
extern const char *ctl_args[CTL_ARGS_MAX];

extern const struct proc_def ctl_status, ctl_why, ctl_queue, ctl_plan, ctl_tap, ctl_stats,
	ctl_discover, ctl_facts, ctl_gate, ctl_report, ctl_usage;

struct ctl_command {
	const char *name, *args;
	int min_args;
	const struct proc_def *def; /* NULL: needs no other process */
	const char *words;          /* that may follow, for completion */
	const char *doc;            /* NULL: that of def */
};

struct ctl_commands {
	const struct ctl_command *at;
	size_t n;
};

/* completion.c: the script of bash, zsh or kubectl; false: there is none for that. */
bool completion_write(const char *shell, const struct ctl_commands *all, struct buf *out);

/* -f FILE of commands that read manifests (dropctl/manifest.h). */
#define CTL_FILE                                                                                   \
	{"file", OPT_STRING, offsetof(struct ctl, file),                                           \
	 NULL,   "FILE",     "manifests as for kubectl apply; - is standard input",                \
	 NULL,   0,          0},                                                                   \
	{                                                                                          \
		"f", OPT_STRING, offsetof(struct ctl, file), NULL, "FILE", "short for --file",     \
			NULL, 0, 0                                                                 \
	}
#define CTL_OUTPUT                                                                                 \
	{"output",    OPT_STRING, offsetof(struct ctl, output),                                    \
	 "text",      "FORM",     "output format, text or json",                                   \
	 ctl_outputs, 0,          0},                                                              \
	{                                                                                          \
		"o", OPT_STRING, offsetof(struct ctl, output), NULL, "FORM", "short for --output", \
			ctl_outputs, 0, 0                                                          \
	}
extern const char *const ctl_outputs[];

bool ctl_json(const struct ctl *c);
/*
 * Sends the request once it can; the answer comes to the handler. After CTL_ANSWER_MS without
 * a process the command ends with PROC_EXIT_ENV. Returns when it wants the next turn.
 */
int64_t ctl_ask(struct proc *p, enum proc_id to, enum msg_type type, const void *body);
/* true: no answer came, and the command has been ended. */
bool ctl_unanswered(struct proc *p, const struct msg_in *in);
/* true: the process that answered does not lead, and the command has been ended. */
bool ctl_standby(struct proc *p, bool leading);
/* true: there is no usage to answer from (--usage), and the command has been ended. */
bool ctl_no_usage(struct proc *p, bool enabled);
/* The next turn asks again, for what comes after this row. */
void ctl_again(struct ctl *c, const char *after);
/* Adds an answer's rows to out as JSON. */
void ctl_json_rows(struct ctl *c, const struct msg_in *in);
/* Prints text to standard output, frees it, and ends the command. */
void ctl_end(struct proc *p, struct buf *text, int exit_code);
/* Ends it with an error for people. */
void ctl_fail(struct proc *p, int exit_code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void ctl_done(struct proc *p);

#endif
