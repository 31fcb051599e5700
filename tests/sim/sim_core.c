/*
 * sim_core [--seeds N] [--first S] [--trace]: runs N seeds (10,000). Each is some minutes of
 * virtual trouble and then calm, in which everything must become true. The first seed
 * that fails is printed, with what to run to see it happen.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define TROUBLE_MS (150 * 1000)
/* The default policy backs off up to 5 minutes, and nodes may answer after 2. */
#define CALM_MS  (60 * 60 * 1000)
#define START_MS 1000000
#define START_S  1700000000

void sim_trace(struct sim *s, const char *fmt, ...)
{
	va_list ap;
	if (!s->trace)
		return;
	printf("# %9.1f ", (double)(s->boot_ms - START_MS) / 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void sim_fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;
	if (!s->failed) {
		printf("# seed %llu at %.1f s: ", (unsigned long long)s->seed,
		       (double)(s->boot_ms - START_MS) / 1000);
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		printf("\n");
	}
	s->failed = true;
}

/* xorshift64*: a run is its seed. */
uint64_t sim_random(struct sim *s, uint64_t below)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return below != 0 ? (s->random * 0x2545f4914f6cdd1dULL >> 16) % below : 0;
}

bool sim_chance(struct sim *s, unsigned per_mille)
{
	return sim_random(s, 1000) < per_mille;
}

struct now sim_now(const struct sim *s)
{
	return (struct now){s->boot_ms,
			    START_S + (s->boot_ms - START_MS) / 1000 + s->wall_offset_s};
}

void sim_text(char *to, size_t size, const char *from)
{
	memset(to, 0, size);
	if (from != NULL)
		snprintf(to, size, "%s", from);
}

static void maybe_lead(struct sim *s)
{
	if (s->leading || s->boot_ms < s->lead_ms)
		return;
	/* Each kind is read consistently after that moment (32), then it decides. */
	check_restart(s);
	sim_read_all(s);
	s->leading = true;
	s->led_ms = s->boot_ms;
	sim_trace(s, "leads");
	core_lead(s->core, true, sim_now(s));
	s->touched = true;
}

static void turn(struct sim *s, struct arena *a)
{
	struct core_actions acts;
	size_t room = sim_room(s);
	/* Its word on when it wants the next turn is taken. */
	if (!s->touched && s->boot_ms < s->turn_ms)
		return;
	s->touched = false;
	s->turn_ms = core_turn(s->core, sim_now(s), (struct core_room){room, room, room}, a, &acts);
	if (acts.n_starts == room || acts.n_writes == room || acts.n_deletes == room)
		s->touched = true;
	sim_act(s, &acts);
	arena_reset(a);
}

static bool run(uint64_t seed, bool trace)
{
	struct sim *s = calloc(1, sizeof(*s));
	struct arena a = ARENA_INIT;
	char why[TEXT * 3] = "";
	bool converged = false;
	s->seed = seed;
	s->random = seed * 0x9e3779b97f4a7c15ULL + 1;
	s->trace = trace;
	s->jumps = seed % 4 == 0;
	s->repulls = seed % 5 == 0;
	s->boot_ms = START_MS;
	s->faults = true;
	s->core = core_new();
	s->life = 1;
	sim_init(s);
	int64_t calm_ms = START_MS + TROUBLE_MS, end_ms = calm_ms + CALM_MS;
	while (!s->failed && !converged && s->boot_ms < end_ms) {
		s->boot_ms += TICK_MS;
		if (s->faults)
			sim_trouble(s);
		if (s->faults && s->boot_ms >= calm_ms)
			sim_calm(s);
		maybe_lead(s);
		sim_kubelets(s);
		sim_requests(s);
		sim_deliver(s);
		turn(s, &a);
		if (!s->faults && s->boot_ms % 1000 == 0)
			converged = s->leading && check_converged(s, why, sizeof(why));
	}
	if (!converged && !s->failed)
		sim_fail(s, "did not converge: %s", why);
	bool ok = !s->failed;
	sim_done(s);
	arena_done(&a);
	free(s);
	return ok;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, n = 10000, bad = 0;
	bool trace = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0)
			trace = true;
		else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
			n = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--first") == 0 && i + 1 < argc)
			first = strtoull(argv[++i], NULL, 10);
		else
			return 100;
	}
	for (uint64_t seed = first; seed < first + n && bad < 10; seed++)
		bad += !run(seed, trace);
	printf("1..1\n%sok 1 - %llu seeds from %llu\n", bad != 0 ? "not " : "",
	       (unsigned long long)n, (unsigned long long)first);
	if (bad != 0)
		printf("# to see it: sim_core --first SEED --seeds 1 --trace\n");
	return bad != 0;
}
