/*
 * sim_sets [--seeds N] [--first S] [--trace]: runs N seeds of trouble for the core of
 * sets, then calm, in which everything must become true (behaviour.md 23-25). The seeds
 * that fail are printed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sets.h"

#define START_MS   1000000
#define START_S    1700000000
#define TROUBLE_MS (90 * 1000)
/* What was refused or quarrelled about waits up to 5 minutes. */
#define CALM_MS (20 * 60 * 1000)

void sim_trace(struct sim *s, const char *fmt, ...)
{
	va_list ap;
	if (!s->trace)
		return;
	printf("# %8.1f ", (double)(s->boot_ms - START_MS) / 1000);
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
	return (struct now){s->boot_ms, START_S + (s->boot_ms - START_MS) / 1000};
}

static void crash(struct sim *s)
{
	sim_trace(s, "crash");
	s->n_crashes++;
	api_drop_jobs(s);
	sets_free(s->sets);
	s->sets = sets_new();
	s->leading = false;
	s->lead_ms = s->boot_ms + (int64_t)sim_random(s, 3000);
}

static void lose_lead(struct sim *s)
{
	sim_trace(s, "lead lost");
	api_drop_jobs(s);
	sets_lead(s->sets, false, sim_now(s));
	s->leading = false;
	s->lead_ms = s->boot_ms + (int64_t)sim_random(s, 3000);
}

static void maybe_lead(struct sim *s)
{
	if (s->leading || s->boot_ms < s->lead_ms)
		return;
	api_read_all(s);
	s->leading = true;
	sets_lead(s->sets, true, sim_now(s));
	s->touched = true;
}

static void turn(struct sim *s, struct arena *a)
{
	struct set_actions acts;
	/* Its word on when it wants the next turn is taken. */
	if (!s->leading || (!s->touched && s->boot_ms < s->turn_ms))
		return;
	size_t room = api_room(s);
	s->touched = room == 0;
	s->turn_ms = sets_turn(s->sets, sim_now(s), room, a, &acts);
	for (size_t i = 0; i < acts.n_writes; i++) {
		check_write(s, &acts.writes[i]);
		api_send(s, &acts.writes[i]);
	}
	arena_reset(a);
}

static void trouble(struct sim *s)
{
	world_trouble(s);
	if (sim_chance(s, 3))
		crash(s);
	else if (s->leading && sim_chance(s, 2))
		lose_lead(s);
}

static bool run(uint64_t seed, bool trace, struct sim *s)
{
	struct arena a = ARENA_INIT;
	char why[512] = "";
	bool converged = false;
	*s = (struct sim){.seed = seed,
			  .random = seed * 0x9e3779b97f4a7c15ULL + 1,
			  .trace = trace,
			  .boot_ms = START_MS,
			  .faults = true,
			  .sets = sets_new()};
	world_init(s);
	int64_t calm_ms = START_MS + TROUBLE_MS, end_ms = calm_ms + CALM_MS;
	while (!s->failed && !converged && s->boot_ms < end_ms) {
		s->boot_ms += TICK_MS;
		if (s->faults)
			trouble(s);
		if (s->faults && s->boot_ms >= calm_ms)
			world_calm(s);
		world_always(s);
		maybe_lead(s);
		api_jobs(s);
		api_deliver(s);
		turn(s, &a);
		if (!s->faults && s->boot_ms % 1000 == 0)
			converged = s->leading && check_converged(s, why, sizeof(why));
	}
	if (!converged && !s->failed)
		sim_fail(s, "did not converge: %s", why);
	sets_free(s->sets);
	arena_done(&s->mem);
	arena_done(&a);
	return !s->failed;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, n = 10000, bad = 0;
	uint64_t total[4] = {0};
	bool trace = false;
	struct sim *s = calloc(1, sizeof(*s));
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
	for (uint64_t seed = first; seed < first + n && bad < 10; seed++) {
		bad += !run(seed, trace, s);
		total[0] += s->n_creates;
		total[1] += s->n_patches;
		total[2] += s->n_deletes;
		total[3] += s->n_crashes;
	}
	printf("1..1\n%sok 1 - %llu seeds from %llu\n", bad != 0 ? "not " : "",
	       (unsigned long long)n, (unsigned long long)first);
	printf("# %llu creates, %llu patches, %llu deletes, %llu crashes\n",
	       (unsigned long long)total[0], (unsigned long long)total[1],
	       (unsigned long long)total[2], (unsigned long long)total[3]);
	if (bad != 0)
		printf("# to see it: sim_sets --first SEED --seeds 1 --trace\n");
	free(s);
	return bad != 0;
}
