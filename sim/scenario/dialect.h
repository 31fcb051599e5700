/*
 * The words of a kubelet and its container runtime, by version: what differs between those that
 * people run. Each row was recorded on a real cluster (tests/cluster/dialect.py) and is generated
 * from tests/cluster/dialects.json; a scenario names one for a group of nodes. Texts have
 * {placeholders}, which dialect_expand replaces. Constants, never freed.
 */
#ifndef DROP_SIM_SCENARIO_DIALECT_H
#define DROP_SIM_SCENARIO_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sim/scenario/pull_faults.h"

struct dialect {
	const char *name;    /* "1.34", or with another runtime "1.34/crio-1.34" */
	const char *kubelet; /* nodeInfo.kubeletVersion */
	const char *runtime; /* nodeInfo.containerRuntimeVersion */
	/* Message when the image has no `true`: of StartError, with which the pod is over, or of
	 * CreateContainerError (no_create), with which it waits. */
	const char *no_true;
	bool no_create;
	/* A refused connection has the reason RegistryUnavailable, not ErrImagePull. */
	bool unavailable;
	const char *back_off; /* message of ImagePullBackOff: {image} {reason} {failure} */
	const char *no_space; /* message of ErrImagePull on a full disk: {ref} {upload} */
	/* Message of ErrImagePull; NULL: that fault has no text, or one that is the same for all.
	 */
	const char *pull[PULL_FAULT_COUNT];
};

struct dialect_word { /* {name} -> value */
	const char *name, *value;
};

#define DIALECT_DEFAULT "1.34"

/* NULL as the name: the default. NULL: there is none of that name. */
const struct dialect *dialect_find(const char *name);
/* Names of all, ended by NULL: the values of the scenario's field. */
extern const char *const dialect_names[];
/* Appends the text with each {name} replaced; a name that is not among the words stays as it is. */
void dialect_expand(const char *text, const struct dialect_word *words, size_t n, struct buf *out);

#endif
