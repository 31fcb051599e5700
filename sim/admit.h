/*
 * What an object may contain: defaults and the structural part of validation on create
 * and update (not CEL: that stays the real server's). For the kinds of this project from
 * their descriptor tables, including pruning of unknown fields as a structural schema does;
 * for pods, nodes, leases, events and secrets the defaults and checks that our operator and
 * kubectl depend on.
 */
#ifndef DROP_SIM_ADMIT_H
#define DROP_SIM_ADMIT_H

#include "sim/store.h"

/*
 * Changes obj in place: prunes and defaults. old NULL: a create. status: only the status is
 * being written. -1: e has 422 Invalid with causes as an API server words them, or 400.
 */
int admit(const struct resource *r, cJSON *obj, const cJSON *old, bool status, struct api_error *e);

/* Did what counts as spec change (generation moves)? */
bool admit_spec_changed(const struct resource *r, const cJSON *old, const cJSON *new);

#endif
