/* Random numbers of the replay: the same seed gives the same world. */
#ifndef DROP_BENCH_REPLAY_CHANCE_H
#define DROP_BENCH_REPLAY_CHANCE_H

#include <stdint.h>

struct chance {
	uint64_t state;
};

uint64_t chance_bits(struct chance *c);
/* [0, 1). */
double chance_unit(struct chance *c);
/* [low, high). */
double chance_between(struct chance *c, double low, double high);
/* low to high, both possible. */
int chance_int(struct chance *c, int low, int high);
double chance_normal(struct chance *c);
/* Median 1. */
double chance_lognormal(struct chance *c, double sigma);
/* Mean 1; shape >= 1: the larger, the less noise. */
double chance_gamma(struct chance *c, double shape);
unsigned chance_poisson(struct chance *c, double mean);

#endif
