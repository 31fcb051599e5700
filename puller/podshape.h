/*
 * What an operator of a cluster sets for all pull pods (behaviour 57): labels, annotations,
 * resources, user and group, service account, runtime class and further imagePullSecrets. Read from
 * the options once at start. Pure.
 *
 * Lists are KEY=VALUE, separated by commas; in a value "\," is a comma and "\\" a backslash.
 */
#ifndef DROP_PULLER_PODSHAPE_H
#define DROP_PULLER_PODSHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "api/meta.h"
#include "base/err.h"

/* Entries of each list, and characters of an annotation's value. */
#define POD_SHAPE_MAX            32
#define POD_SHAPE_ANNOTATION_MAX 4096

/* The pod of behaviour 5. */
#define POD_SHAPE_RESOURCES "requests.cpu=10m,requests.memory=16Mi,limits.memory=64Mi"
#define POD_SHAPE_USER      "65534"

struct pod_shape_options { /* texts as given; NULL: not given */
	const char *labels, *annotations, *resources;
	const char *user, *group; /* a number, or "none" */
	const char *service_account, *runtime_class;
	const char *secrets; /* names of Secrets, separated by commas */
};

#define POD_SHAPE_NO_ID (-1)

struct pod_shape {
	struct api_map labels, annotations;
	struct api_map requests, limits;             /* resource name to quantity */
	int64_t user, group;                         /* POD_SHAPE_NO_ID: left to the cluster */
	const char *service_account, *runtime_class; /* NULL: the cluster's default */
	struct api_strings secrets;
};

/* Strings of ret live in a. ERR_TERMINAL names the option, the entry and what is wanted. */
int pod_shape_read(const struct pod_shape_options *o, struct arena *a, struct pod_shape *ret,
		   struct err *err);

#endif
