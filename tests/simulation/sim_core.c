/*
 * sim_core [--seeds N] [--first S] [--trace]: runs N seeds (10,000). Each is some minutes of
 * virtual trouble and then calm, in which everything must become true. The first seed
 * that fails is printed, with what to run to see it happen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/sim.h"

#define TROUBLE_MS (150 * 1000)
/* The default policy backs off up to 5 minutes, and nodes may answer after 2. */
#define CALM_MS (60 * 60 * 1000)

struct now sim_now(const struct sim *s)
{
	return sim_time(&s->run, s->wall_offset_s);
}

void sim_text(char *to, size_t size, const char *from)
{
	memset(to, 0, size);
	if (from != NULL)
		snprintf(to, size, "%s", from);
}

static void maybe_lead(struct sim *s)
{
	if (s->leading || s->run.boot_ms < s->lead_ms)
		return;
	/* Each kind is read consistently after that moment (32), then it decides. */
	check_restart(s);
	sim_read_all(s);
	s->leading = true;
	s->led_ms = s->run.boot_ms;
	sim_trace(&s->run, "leads");
	check_doubts(s);
	core_lead(s->core, true, sim_now(s));
	s->touched = true;
}

static void turn(struct sim *s, struct arena *a)
{
	struct core_actions acts;
	size_t room = sim_room(s);
	/* Its word on when it wants the next turn is taken. */
	if (!s->touched && s->run.boot_ms < s->turn_ms)
		return;
	s->touched = false;
	s->turn_ms = core_turn(s->core, sim_now(s),
			       (struct core_room){.starts = room,
						  .deletes = room,
						  .writes = room,
						  .opens = room,
						  .checks = asked_room(s)},
			       a, &acts);
	if (acts.n_opens == room || acts.n_starts == room || acts.n_writes == room ||
	    acts.n_deletes == room)
		s->touched = true;
	sim_act(s, &acts);
	arena_reset(a);
}

static bool play(uint64_t seed, bool trace)
{
	struct sim *s = calloc(1, sizeof(*s));
	struct arena a = ARENA_INIT;
	char why[TEXT * 3] = "";
	bool converged = false;
	s->run = sim_run_of(seed, trace);
	s->jumps = seed % 4 == 0;
	s->repulls = seed % 5 == 0;
	s->batches = seed % 2 == 0;
	s->faults = true;
	s->startup = seed % 3 == 0;
	s->checks = seed % 2 == 1;
	s->scopes = seed % 7 < 3;
	s->stops = seed % 7 == 2 || seed % 7 == 3;
	s->windows = seed % 9 == 4;
	/* A clock that is set back by hours hides for hours what a list proves. */
	s->jumps |= s->windows;
	s->repulls &= !s->windows;
	s->checks &= !s->windows;
	s->disks = seed % 7 == 0 && !s->startup && !s->windows;
	s->core = core_new();
	held_core_new(s);
	asked_core_new(s);
	stopped_core_new(s);
	s->life = 1;
	sim_init(s);
	int64_t calm_ms = SIM_START_MS + TROUBLE_MS, end_ms = calm_ms + CALM_MS;
	while (!s->run.failed && !converged && s->run.boot_ms < end_ms) {
		s->run.boot_ms += TICK_MS;
		if (s->faults)
			sim_trouble(s);
		if (s->faults && s->run.boot_ms >= calm_ms)
			sim_calm(s);
		maybe_lead(s);
		sim_kubelets(s);
		sim_requests(s);
		asked_answers(s);
		sim_deliver(s);
		turn(s, &a);
		if (!s->faults && s->run.boot_ms % 1000 == 0)
			converged = s->leading && check_converged(s, why, sizeof(why));
	}
	if (!converged && !s->run.failed)
		sim_fail(&s->run, "did not converge: %s", why);
	bool ok = !s->run.failed;
	sim_done(s);
	arena_done(&a);
	free(s);
	return ok;
}

int main(int argc, char **argv)
{
	return sim_main(argc, argv, play);
}
