/*
 * The hosts of the registries that a scenario speaks of: docker.io, those of its rows and nodes, of
 * the references in its timeline and of the images in its objects. As the value of the operator's
 * --registries, so that it asks this server about images. Where it is served over TLS, the
 * authority is in a file beside it.
 */
#ifndef DROP_SIM_REGISTRY_HOSTS_H
#define DROP_SIM_REGISTRY_HOSTS_H

#include "base/err.h"

#include "sim/scenario/scenario.h"

#define HOSTS_WRITTEN_MAX 64 /* as many as the operator takes; others are left out */

/*
 * "HOST=URL/registries/HOST,..." and a newline, into the file. authority: PEM, or NULL; with one,
 * each has ";ca=PATH.ca", where it is written to.
 */
int hosts_write(const char *path, const struct sim_scenario *scenario, const char *url,
		const char *authority, struct err *err);

#endif
