/*
 * The pretend cluster as a whole: a store behind an API server, nodes that write to it, and
 * a timeline of what happens to both. One thread, one loop; the state is in memory and ends
 * with the process.
 */
#ifndef DROP_SIM_SIM_H
#define DROP_SIM_SIM_H

#include "base/err.h"

#include "sim/options.h"

struct sim;

/* Builds all parts and begins to serve; the kubeconfig is written last. NULL: err says why. */
struct sim *sim_new(const struct sim_options *options, struct err *err);
/* Runs until a signal, or until --until-expected is decided. Returns the exit status. */
int sim_run(struct sim *s);
void sim_free(struct sim *s);

#endif
