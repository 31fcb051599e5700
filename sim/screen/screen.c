/*
 * The terminal around the pure parts. A picture is compared with the last one and only
 * lines that differ are written, in one write, so nothing flickers. The window's size is
 * asked before each picture: no signal, no state.
 */
#include "sim/screen/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/names.h"
#include "base/xalloc.h"

#include "sim/screen/draw.h"
#include "sim/screen/lines.h"

/* A look may take at most one part in so many of the time. */
#define LOOK_SHARE 10
#define COLS_ELSE  80 /* where the terminal does not tell */
#define ROWS_ELSE  24

/* Another buffer, no cursor (xterm's ctlseqs); and back. */
#define ENTER    "\033[?1049h\033[?25l\033[2J"
#define LEAVE    "\033[?25h\033[?1049l"
#define END_LINE "\033[K"
#define END_ALL  "\033[J"

struct screen {
	const struct control *control;
	enum screen_mode mode;
	int fd;
	bool colour, unicode;
	struct screen_form form; /* of the last picture */
	struct buf last;         /* the last picture, its lines */
	struct arena arena;      /* of one look */
	struct screen_printed memory;
	int64_t next_ms;
	bool ended;
};

static const char *const mode_names[] = {[SCREEN_AUTO] = "auto",
					 [SCREEN_LIVE] = "live",
					 [SCREEN_LINES] = "lines",
					 [SCREEN_NONE] = "none"};

int screen_mode_parse(const char *name)
{
	return name_find(NAMES(mode_names), name);
}

/* A slow terminal holds us up; one that is gone does not. */
static void write_all(int fd, const struct buf *b)
{
	for (size_t done = 0; done < b->len;) {
		ssize_t n = write(fd, b->data + done, b->len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
		else if (n == 0 || errno != EINTR)
			return;
	}
}

static void write_text(int fd, const char *text)
{
	struct buf b = {.data = (char *)text, .len = strlen(text)};
	write_all(fd, &b);
}

static bool set(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0';
}

/* The first of the variables that decide (POSIX 8.2). None is set in most containers, while the
 * terminal outside speaks UTF-8. */
static bool speaks_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "utf") != NULL;
	}
	return true;
}

struct screen *screen_new(const struct control *control, enum screen_mode mode, int fd)
{
	struct screen *s = xcalloc(1, sizeof(*s));
	const char *term = getenv("TERM");
	bool dumb = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
	s->control = control;
	s->fd = fd;
	s->mode = mode != SCREEN_AUTO ? mode : isatty(fd) && !dumb ? SCREEN_LIVE : SCREEN_LINES;
	s->colour = !dumb && !set("NO_COLOR");
	s->unicode = speaks_utf8() && (term == NULL || strcmp(term, "linux") != 0);
	if (s->mode == SCREEN_LIVE)
		write_text(fd, ENTER);
	return s;
}

static struct screen_form form_now(const struct screen *s)
{
	struct winsize w = {0};
	if (ioctl(s->fd, TIOCGWINSZ, &w) != 0)
		w = (struct winsize){0};
	return (struct screen_form){.cols = w.ws_col != 0 ? w.ws_col : COLS_ELSE,
				    .rows = w.ws_row != 0 ? w.ws_row : ROWS_ELSE,
				    .colour = s->colour,
				    .unicode = s->unicode};
}

/* The line at *at without its end; *at goes to the next. NULL: there is none. */
static const char *next_line(const char **at, size_t *len)
{
	const char *line = *at;
	if (line == NULL || *line == '\0')
		return NULL;
	*len = strcspn(line, "\n");
	*at = line + *len + (line[*len] == '\n');
	return line;
}

static void paint(struct screen *s, const struct screen_state *state)
{
	struct screen_form form = form_now(s);
	struct buf picture = {0}, out = {0};
	bool same_size = form.cols == s->form.cols && form.rows == s->form.rows;
	screen_draw(state, &form, &picture);
	const char *new = picture.data, *old = same_size ? s->last.data : NULL;
	size_t row = 1, new_len = 0, old_len = 0;
	for (const char *line; (line = next_line(&new, &new_len)) != NULL; row++) {
		const char *was = next_line(&old, &old_len);
		if (was == NULL || old_len != new_len || memcmp(line, was, new_len) != 0) {
			buf_addf(&out, "\033[%zu;1H", row);
			buf_add(&out, line, new_len);
			buf_adds(&out, END_LINE);
		}
	}
	if (!same_size || next_line(&old, &old_len) != NULL)
		buf_addf(&out, "\033[%zu;1H" END_ALL, row);
	write_all(s->fd, &out);
	buf_done(&out);
	buf_done(&s->last);
	s->last = picture;
	s->form = form;
}

static void say(struct screen *s, const struct screen_state *state)
{
	struct buf out = {0};
	screen_lines(&s->memory, state, &out);
	write_all(s->fd, &out);
	buf_done(&out);
}

int64_t screen_turn(struct screen *s, struct now now)
{
	if (s->mode == SCREEN_NONE || s->ended)
		return CLOCK_NEVER;
	if (now.boot_ms < s->next_ms)
		return s->next_ms;
	int64_t begun = clock_boot_ms();
	struct screen_state state;
	screen_state_take(s->control, now, &s->arena, &state);
	if (s->mode == SCREEN_LIVE)
		paint(s, &state);
	else
		say(s, &state);
	arena_reset(&s->arena);
	int64_t wait = (clock_boot_ms() - begun) * LOOK_SHARE;
	s->next_ms = now.boot_ms + (wait > SCREEN_FRAME_MS ? wait : SCREEN_FRAME_MS);
	return s->next_ms;
}

void screen_end(struct screen *s, struct now now)
{
	if (s->ended || s->mode == SCREEN_NONE)
		return;
	struct screen_state state;
	struct buf out = {0};
	const struct sim_expects *expect = &s->control->scenario->expect;
	struct screen_form form = form_now(s);
	form.rows = 0;
	s->ended = true;
	screen_state_take(s->control, now, &s->arena, &state);
	if (s->mode == SCREEN_LIVE) {
		buf_adds(&out, LEAVE);
		screen_draw(&state, &form, &out);
	} else {
		screen_lines(&s->memory, &state, &out);
	}
	struct api_strings missing = expect_missing(expect, s->control->world, &s->arena);
	screen_summary(&state, &missing, expect->n, &out);
	write_all(s->fd, &out);
	buf_done(&out);
}

void screen_free(struct screen *s)
{
	if (s == NULL)
		return;
	if (s->mode == SCREEN_LIVE && !s->ended)
		write_text(s->fd, LEAVE);
	screen_printed_done(&s->memory);
	buf_done(&s->last);
	arena_done(&s->arena);
	free(s);
}
