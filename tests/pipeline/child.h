/*
 * A child process under test: started with its standard output and errors on one pipe,
 * read line by line against a deadline, and always gone when the test ends.
 */
#ifndef DROP_TESTS_PIPELINE_CHILD_H
#define DROP_TESTS_PIPELINE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* How long anything may take on a loaded machine; no check depends on being faster. */
#define PATIENCE_MS 30000

struct child {
	pid_t pid; /* 0: not running */
	int fd;
	struct buf seen; /* all it has said */
	size_t read;     /* up to where child_expect() has looked */
};

/* args: the program's arguments, NULL-terminated. env: "NAME=value", NULL-terminated, or NULL. */
void child_start(struct child *c, const char *program, const char *const *args,
		 const char *const *env);
/* Waits for a text after what the last call found; fails the test when it does not come. */
void child_expect(struct child *c, const char *text);
/* Did it ever say that, or does it within the time? Not a check: for loops that ask again. */
bool child_says(struct child *c, const char *text, int within_ms);
/* How often a text has been said until now. */
int child_count(struct child *c, const char *text);
/* Waits until a text was said n times in all. */
void child_expect_count(struct child *c, const char *text, int n);
/* Sends a signal, waits for the end; the exit code, or 128 + signal. */
int child_end(struct child *c, int signal);
/* Waits for the end by itself. */
int child_wait(struct child *c);
int child_threads(const struct child *c);
/* SIGKILL if it still runs; frees. */
void child_done(struct child *c);

#endif
