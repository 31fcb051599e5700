/*
 * One line per event on stderr: a fixed text and key=value fields, or the same as a JSON object.
 * Libraries never log above debug; the code that handles an error logs it once. Messages of handled
 * failures end in ", ignoring" or ", retrying". Values of secrets are never logged.
 */
#ifndef DROP_BASE_LOG_H
#define DROP_BASE_LOG_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

#define LOG_LEVELS (LOG_DEBUG + 1)

/* The signal that sets the level of a running program: SIGRTMIN for error, and so on. */
#define LOG_SIGNAL(level) (SIGRTMIN + (int)(level))

struct log_field {
	const char *key; /* NULL ends the list */
	const char *str; /* NULL and not a number: the field is left out */
	long long num;
	bool is_num;
};

#define LS(k, v) ((struct log_field){.key = (k), .str = (v)})
#define LN(k, v) ((struct log_field){.key = (k), .num = (long long)(v), .is_num = true})

/* log_info("pod created", LS("pod", name), LN("status", code)); */
#define log_error(text, ...) LOG_AT(LOG_ERROR, text, __VA_ARGS__)
#define log_warn(text, ...)  LOG_AT(LOG_WARN, text, __VA_ARGS__)
#define log_info(text, ...)  LOG_AT(LOG_INFO, text, __VA_ARGS__)
#define log_debug(text, ...) LOG_AT(LOG_DEBUG, text, __VA_ARGS__)

#define LOG_AT(level, text, ...)                                                                   \
	do {                                                                                       \
		enum log_level log_at_ = (level);                                                  \
		if (log_enabled(log_at_))                                                          \
			log_write(log_at_, text,                                                   \
				  (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}});      \
	} while (0)

/* proc is borrowed and names the process in each line. */
void log_init(const char *proc, enum log_level level, bool json);
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *text, const struct log_field *fields);
/* -1 for a name that is not a level. */
int log_level_parse(const char *name);
const char *log_level_name(enum log_level level);

#endif
