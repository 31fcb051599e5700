/*
 * What a kubelet says of its node, as JSON: the object it registers, the conditions and
 * images it reports, the taints. The taints that follow from conditions are really written by
 * the node lifecycle controller: here they come together, as no other part plays it.
 */
#ifndef DROP_SIM_NODES_NODE_STATUS_H
#define DROP_SIM_NODES_NODE_STATUS_H

#include "base/buf.h"

#include "sim/nodes/kubelet.h"

struct node_group { /* struct sim_group, resolved and copied */
	struct kubelet_group kubelet;
	const char *os, *arch;
	struct api_map labels;
	struct node_taints startup; /* it registers with these, too */
	bool karpenter;             /* with Karpenter's label and taint */
	int64_t disk_bytes, max_images, pad_bytes, heartbeat_ms, skew_s;
	struct sim_manifest *images; /* there from the start */
	size_t n_images;
};

struct node_said {
	const char *name;
	const struct node_group *group;
	const struct kubelet *kubelet;
	bool cordoned, images; /* images: report them too */
	uint32_t installed;    /* how often the machine was installed again */
	bool fresh;            /* it is being registered */
	/* Wall: the kubelet's last word; since when Ready and DiskPressure are what they are. */
	int64_t heartbeat_s, ready_s, pressure_s, began_s;
};

/* The object to create: labels, taints, status. As a merge patch it also mends one that is there
 * already. */
void node_write_object(const struct node_said *said, struct buf *out);
/* Merge patch of the status subresource. */
void node_write_status(const struct node_said *said, struct buf *out);
/* Does another part of Kubernetes set and remove that taint by the state of the node? */
bool node_taint_follows(const char *key);
/* The taints with which it registered, as JSON objects with commas between them. Of those that
 * others remove only if it is still being registered. */
void node_write_own_taints(const struct node_said *said, struct buf *out);
/* Merge patch of the taints: others, as node_write_own_taints() writes them, and those that follow
 * from the state of the node. */
void node_write_taints(const struct node_said *said, const char *others, struct buf *out);

#endif
