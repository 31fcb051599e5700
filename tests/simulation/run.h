/*
 * What every simulation is made of: a seed from which all chance comes, a clock that only the
 * simulation moves, a result, and the program that plays seed after seed.
 */
#ifndef DROP_TESTS_SIMULATION_RUN_H
#define DROP_TESTS_SIMULATION_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define SIM_START_MS 1000000
#define SIM_START_S  1700000000

struct sim_run {
	uint64_t seed, random;
	int64_t boot_ms;
	bool trace, failed;
};

struct sim_run sim_run_of(uint64_t seed, bool trace);
/* A line of --trace. */
void sim_trace(const struct sim_run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The run has failed; the first reason is printed with the seed. */
void sim_fail(struct sim_run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Less than below; with 0: 0. */
uint64_t sim_random(struct sim_run *r, uint64_t below);
bool sim_chance(struct sim_run *r, unsigned per_mille);
/* wall_offset_s: how far the wall clock was set. */
struct now sim_time(const struct sim_run *r, int64_t wall_offset_s);

/*
 * The main(): [--seeds N] [--first S] [--trace], by default 10,000 seeds, until ten have failed.
 * play returns whether the seed held. Prints TAP and returns the exit code.
 */
int sim_main(int argc, char **argv, bool (*play)(uint64_t seed, bool trace));

#endif
