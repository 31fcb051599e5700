/*
 * A pull pod, as JSON for the API server (behaviour.md 5, 6, 7, 42, 49, 57). Pure.
 */
#ifndef DROP_PULLER_PODSPEC_H
#define DROP_PULLER_PODSPEC_H

#include "api/meta.h"
#include "base/buf.h"
#include "ipc/msg.h"
#include "ipc/podshape.h"

/* Longest value of a label (Kubernetes: Labels and Selectors). */
#define LABEL_VALUE_MAX 63

struct podspec_config {
	const char *ns;                /* namespace of the pull pods */
	const char *priority_class;    /* NULL or "": the cluster's default */
	const struct pod_shape *shape; /* 57 */
	/* The controller of the pod, deleted with it: our ServiceAccount. NULL: the CachedImage. */
	const struct api_owner *owner;
};

/* Appends the Pod. It has at least one pull. */
void podspec_write(const struct msg_pull_start *pull, const struct podspec_config *config,
		   struct buf *out);

/*
 * A name as a label value: itself, or when longer than LABEL_VALUE_MAX its beginning and a
 * hash, so that two long names stay different. The name is a valid Kubernetes name.
 */
void podspec_label(char out[LABEL_VALUE_MAX + 1], const char *name);

#endif
