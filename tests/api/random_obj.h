/*
 * Random objects of any descriptor, from a seed: the property tests of the engine
 * run over every table without knowing one of them.
 */
#ifndef DROP_TESTS_API_RANDOM_OBJ_H
#define DROP_TESTS_API_RANDOM_OBJ_H

#include <stdint.h>

#include "api/desc.h"

struct rng {
	uint64_t state;
};

/* A number below n; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Fills obj (d->size bytes) in the arena: about half of the fields are absent. */
void random_object(struct rng *r, const struct desc *d, struct arena *a, void *obj);
/* Gives about one field in `rarity` of obj another random value, in depth too. */
void random_change(struct rng *r, const struct desc *d, struct arena *a, void *obj,
		   uint64_t rarity);

#endif
