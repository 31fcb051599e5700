/*
 * Settings for all pull pods (behaviour 57): labels, annotations,
 * resources, user and group, service account, runtime class and further imagePullSecrets. Read from
 * the options once at start: by the puller, which uses them, and by the supervisor, which does not
 * start the others with a value that is refused. Pure.
 *
 * Lists are KEY=VALUE, separated by commas; in a value "\," is a comma and "\\" a backslash.
 */
#ifndef DROP_IPC_PODSHAPE_H
#define DROP_IPC_PODSHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "api/meta.h"
#include "base/err.h"
#include "ipc/options.h"

/* Entries of each list, and characters of an annotation's value. */
#define POD_SHAPE_MAX            32
#define POD_SHAPE_ANNOTATION_MAX 4096

#define POD_SHAPE_NO_ID (-1)

struct pod_shape {
	struct api_map labels, annotations;
	struct api_map requests, limits;             /* resource name to quantity */
	int64_t user, group;                         /* POD_SHAPE_NO_ID: left to the cluster */
	const char *service_account, *runtime_class; /* NULL: the cluster's default */
	struct api_strings secrets;
};

/* Of o, what begins with pull_pod_. Strings of ret live in a. ERR_TERMINAL names the option, the
 * entry and what is wanted. */
int pod_shape_read(const struct puller_options *o, struct arena *a, struct pod_shape *ret,
		   struct err *err);

#endif
