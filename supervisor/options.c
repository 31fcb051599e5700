/*
 * The supervisor's options. Columns say which children get the option and whether it can change at
 * run time; parsing, passing on, reloading and documentation use the same row.
 */
#include "supervisor/options.h"

#include <assert.h>
#include <string.h>

#define SUPERVISOR_DEF(...) OPTION_DEF(struct supervisor_options, __VA_ARGS__)
const struct option_def supervisor_option_defs[] = {SUPERVISOR_OPTIONS(SUPERVISOR_DEF){0}};

/* ---- by row: who gets it, and what a change takes ---- */

#define TO(processes)      (processes),
#define TO_EVERYONE(...)   TO((1U << PROCESS_COUNT) - 1)
#define TO_WATCHER(...)    TO(1U << PROCESS_WATCHER)
#define TO_RECONCILER(...) TO(1U << PROCESS_RECONCILER)
#define TO_PULLER(...)     TO(1U << PROCESS_PULLER)
#define TO_DISCOVERER(...) TO(1U << PROCESS_DISCOVERER)
#define TO_METRICSD(...)   TO(1U << PROCESS_METRICSD)
#define TO_NOBODY(...)     TO(0U)
static const unsigned passed_to[] = {
	COMMON_OPTIONS(TO_EVERYONE) WATCHER_OPTIONS(TO_WATCHER) RECONCILER_OPTIONS(TO_RECONCILER)
		PULLER_OPTIONS(TO_PULLER) DISCOVERER_OPTIONS(TO_DISCOVERER)
			METRICSD_OPTIONS(TO_METRICSD) OWN_OPTIONS(TO_NOBODY)};

#define N_OPTIONS (sizeof(passed_to) / sizeof(passed_to[0]))

#define OPTION_CHANGE(member, option, kind, dflt, argument, allowed, change, text)                 \
	OPTION_CHANGE_##change,
static const enum option_change changes[] = {SUPERVISOR_OPTIONS(OPTION_CHANGE)};
static_assert(sizeof(changes) / sizeof(changes[0]) == N_OPTIONS, "the same rows in the same order");
static_assert(N_OPTIONS <= OPTIONS_MAX, "options_changed() has room for all");

#define IGNORED_DEF(member, option, kind)                                                          \
	{.name = (option),                                                                         \
	 .type = OPT_##kind,                                                                       \
	 .offset = offsetof(struct supervisor_ignored, member),                                    \
	 .ignored = true},
const struct option_def supervisor_ignored_defs[] = {SUPERVISOR_IGNORED(IGNORED_DEF){0}};

static const void *member(const struct supervisor_options *o, const struct option_def *d)
{
	return (const char *)o + d->offset;
}

/* NULL: not set. The text of a number is in the arena. */
static const char *value_text(const struct supervisor_options *o, const struct option_def *d,
			      struct arena *a)
{
	switch (d->type) {
	case OPT_BOOL:
		return *(const bool *)member(o, d) ? "true" : "false";
	case OPT_INT:
		return arena_printf(a, "%lld", (long long)*(const int64_t *)member(o, d));
	case OPT_DURATION:
		return arena_printf(a, "%lldms", (long long)*(const int64_t *)member(o, d));
	case OPT_STRING:
		break;
	}
	const char *text;
	memcpy(&text, member(o, d), sizeof(text));
	return text;
}

char **options_argv(const struct supervisor_options *o, enum process p, const char *program,
		    struct arena *a)
{
	char **argv = arena_array(a, N_OPTIONS + 2, sizeof(*argv));
	size_t n = 0;
	argv[n++] = arena_strdup(a, program);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_def *d = &supervisor_option_defs[i];
		const char *value = value_text(o, d, a);
		if ((passed_to[i] & (1U << p)) != 0 && value != NULL)
			argv[n++] = arena_printf(a, "--%s=%s", d->name, value);
	}
	return argv;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

size_t options_changed(const struct supervisor_options *from, const struct supervisor_options *to,
		       const struct option_def **ret, struct arena *a)
{
	size_t n = 0;
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_def *d = &supervisor_option_defs[i];
		if (!same(value_text(from, d, a), value_text(to, d, a)))
			ret[n++] = d;
	}
	return n;
}

enum option_change option_change(const struct option_def *d)
{
	return changes[d - supervisor_option_defs];
}

void options_take_live(struct supervisor_options *into, const struct supervisor_options *from)
{
	static const size_t sizes[] = {
		[OPT_STRING] = sizeof(const char *),
		[OPT_BOOL] = sizeof(bool),
		[OPT_INT] = sizeof(int64_t),
		[OPT_DURATION] = sizeof(int64_t),
	};
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_def *d = &supervisor_option_defs[i];
		if (changes[i] == OPTION_CHANGE_LIVE)
			memcpy((char *)into + d->offset, member(from, d), sizes[d->type]);
	}
}
