/* See run.h. */
#include "tests/simulation/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS      10000
#define FAILED_MAX 10

struct sim_run sim_run_of(uint64_t seed, bool trace)
{
	return (struct sim_run){.seed = seed,
				.random = seed * 0x9e3779b97f4a7c15ULL + 1,
				.trace = trace,
				.boot_ms = SIM_START_MS};
}

void sim_trace(const struct sim_run *r, const char *fmt, ...)
{
	va_list ap;
	if (!r->trace)
		return;
	printf("# %9.1f ", (double)(r->boot_ms - SIM_START_MS) / 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void sim_fail(struct sim_run *r, const char *fmt, ...)
{
	va_list ap;
	if (!r->failed) {
		printf("# seed %llu at %.1f s: ", (unsigned long long)r->seed,
		       (double)(r->boot_ms - SIM_START_MS) / 1000);
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		printf("\n");
	}
	r->failed = true;
}

/* xorshift64*: a run is its seed. */
uint64_t sim_random(struct sim_run *r, uint64_t below)
{
	r->random ^= r->random >> 12;
	r->random ^= r->random << 25;
	r->random ^= r->random >> 27;
	return below != 0 ? (r->random * 0x2545f4914f6cdd1dULL >> 16) % below : 0;
}

bool sim_chance(struct sim_run *r, unsigned per_mille)
{
	return sim_random(r, 1000) < per_mille;
}

struct now sim_time(const struct sim_run *r, int64_t wall_offset_s)
{
	return (struct now){r->boot_ms,
			    SIM_START_S + (r->boot_ms - SIM_START_MS) / 1000 + wall_offset_s};
}

int sim_main(int argc, char **argv, bool (*play)(uint64_t seed, bool trace))
{
	uint64_t first = 1, n = SEEDS, bad = 0;
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
	for (uint64_t seed = first; seed < first + n && bad < FAILED_MAX; seed++)
		bad += !play(seed, trace);
	printf("1..1\n%sok 1 - %llu seeds from %llu\n", bad != 0 ? "not " : "",
	       (unsigned long long)n, (unsigned long long)first);
	if (bad != 0)
		printf("# to see it: %s --first SEED --seeds 1 --trace\n", argv[0]);
	return bad != 0;
}
