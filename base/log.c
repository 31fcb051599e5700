/*
 * Formats a log line into a bounded buffer and writes it with one write(), so
 * that lines of several processes never mix.
 */
#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/names.h"

#define LINE_MAX_BYTES 8192

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
	const char *proc;
	enum log_level level;
	bool json;
} config = {.proc = "drop", .level = LOG_INFO};

void log_init(const char *proc, enum log_level level, bool json)
{
	config.proc = proc;
	config.level = level;
	config.json = json;
}

void log_set_level(enum log_level level)
{
	config.level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= config.level;
}

int log_level_parse(const char *name)
{
	return name_find(NAMES(level_names), name);
}

const char *log_level_name(enum log_level level)
{
	return name_of(NAMES(level_names), level);
}

static bool bare(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' || (*s & 0x80) || *s == 0x7f)
			return false;
	return true;
}

static void add_pair(struct buf *b, const struct log_field *f)
{
	const char *str = f->str;
	if (str == NULL && !f->is_num)
		return;
	if (config.json) {
		buf_add(b, ",", 1);
		buf_add_json(b, f->key);
		buf_add(b, ":", 1);
	} else {
		buf_addf(b, " %s=", f->key);
	}
	if (f->is_num)
		buf_addf(b, "%lld", f->num);
	else if (!config.json && bare(str))
		buf_adds(b, str);
	else
		buf_add_json(b, str);
}

void log_write(enum log_level level, const char *text, const struct log_field *fields)
{
	char at[TIME_TEXT_MAX];
	time_format_us(at, clock_wall_us());
	struct buf b = {0};
	if (config.json)
		buf_addf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"proc\":\"%s\",\"msg\":", at,
			 log_level_name(level), config.proc);
	else
		buf_addf(&b, "%s %-5s %s: ", at, log_level_name(level), config.proc);
	if (config.json)
		buf_add_json(&b, text);
	else
		buf_adds(&b, text);
	for (; fields->key != NULL; fields++) {
		if (b.len + strlen(fields->str ? fields->str : "") * 6 + 64 > LINE_MAX_BYTES) {
			add_pair(&b, &LS("cut", "line too long"));
			break;
		}
		add_pair(&b, fields);
	}
	buf_adds(&b, config.json ? "}\n" : "\n");
	/* Nobody to tell when stderr is gone. */
	ssize_t written = write(STDERR_FILENO, b.data, b.len);
	(void)written;
	buf_done(&b);
}
