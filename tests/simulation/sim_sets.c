/*
 * sim_sets [--seeds N] [--first S] [--trace]: runs N seeds of trouble for the core of
 * sets, then calm, in which everything must become true (behaviour.md 23-25). The seeds
 * that fail are printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/sets.h"

#define TROUBLE_MS (90 * 1000)
/* What was refused or quarrelled about waits up to 5 minutes. */
#define CALM_MS (20 * 60 * 1000)

struct now sim_now(const struct sim *s)
{
	return sim_time(&s->run, 0);
}

static void crash(struct sim *s)
{
	sim_trace(&s->run, "crash");
	s->n_crashes++;
	api_drop_jobs(s);
	sets_free(s->sets);
	s->sets = sets_new();
	s->leading = false;
	s->lead_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, 3000);
}

static void lose_lead(struct sim *s)
{
	sim_trace(&s->run, "lead lost");
	api_drop_jobs(s);
	sets_lead(s->sets, false);
	s->leading = false;
	s->lead_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, 3000);
}

static void maybe_lead(struct sim *s)
{
	if (s->leading || s->run.boot_ms < s->lead_ms)
		return;
	api_read_all(s);
	s->leading = true;
	sets_lead(s->sets, true);
	s->touched = true;
}

static void turn(struct sim *s, struct arena *a)
{
	struct set_actions acts;
	/* Its word on when it wants the next turn is taken. */
	if (!s->leading || (!s->touched && s->run.boot_ms < s->turn_ms))
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
	if (sim_chance(&s->run, 3))
		crash(s);
	else if (s->leading && sim_chance(&s->run, 2))
		lose_lead(s);
}

/* Over all seeds: creates, patches, deletes, crashes. */
static uint64_t total[4];

static bool play(uint64_t seed, bool trace)
{
	struct sim *s = calloc(1, sizeof(*s));
	struct arena a = ARENA_INIT;
	char why[512] = "";
	bool converged = false;
	*s = (struct sim){.run = sim_run_of(seed, trace), .faults = true, .sets = sets_new()};
	world_init(s);
	int64_t calm_ms = SIM_START_MS + TROUBLE_MS, end_ms = calm_ms + CALM_MS;
	while (!s->run.failed && !converged && s->run.boot_ms < end_ms) {
		s->run.boot_ms += TICK_MS;
		if (s->faults)
			trouble(s);
		if (s->faults && s->run.boot_ms >= calm_ms)
			world_calm(s);
		world_always(s);
		maybe_lead(s);
		api_jobs(s);
		api_deliver(s);
		turn(s, &a);
		if (!s->faults && s->run.boot_ms % 1000 == 0)
			converged = s->leading && check_converged(s, why, sizeof(why));
	}
	if (!converged && !s->run.failed)
		sim_fail(&s->run, "did not converge: %s", why);
	sets_free(s->sets);
	arena_done(&s->mem);
	arena_done(&a);
	total[0] += s->n_creates;
	total[1] += s->n_patches;
	total[2] += s->n_deletes;
	total[3] += s->n_crashes;
	bool ok = !s->run.failed;
	free(s);
	return ok;
}

int main(int argc, char **argv)
{
	int code = sim_main(argc, argv, play);
	printf("# %llu creates, %llu patches, %llu deletes, %llu crashes\n",
	       (unsigned long long)total[0], (unsigned long long)total[1],
	       (unsigned long long)total[2], (unsigned long long)total[3]);
	return code;
}
