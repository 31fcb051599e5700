/* Random numbers of the replay, by the usual textbook methods. */
#include "bench/replay/chance.h"

#include <math.h>

uint64_t chance_bits(struct chance *c)
{
	/* splitmix64 */
	uint64_t z = c->state += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

double chance_unit(struct chance *c)
{
	return (double)(chance_bits(c) >> 11) * 0x1p-53;
}

double chance_between(struct chance *c, double low, double high)
{
	return low + (high - low) * chance_unit(c);
}

int chance_int(struct chance *c, int low, int high)
{
	return low + (int)(chance_bits(c) % (uint64_t)(high - low + 1));
}

double chance_normal(struct chance *c)
{
	double u = 1 - chance_unit(c), v = chance_unit(c);
	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

double chance_lognormal(struct chance *c, double sigma)
{
	return exp(sigma * chance_normal(c));
}

/* Marsaglia and Tsang, 2000. */
double chance_gamma(struct chance *c, double shape)
{
	double d = shape - 1.0 / 3, k = 1 / sqrt(9 * d);
	for (;;) {
		double x = chance_normal(c), v = 1 + k * x;
		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(1 - chance_unit(c)) < 0.5 * x * x + d - d * v + d * log(v))
			return d * v / shape;
	}
}

/* Large means as a sum of small ones, so that exp() does not underflow. */
unsigned chance_poisson(struct chance *c, double mean)
{
	unsigned n = 0;
	for (; mean > 0; mean -= 30) {
		double limit = exp(-fmin(mean, 30)), product = chance_unit(c);
		for (; product > limit; product *= chance_unit(c))
			n++;
	}
	return n;
}
