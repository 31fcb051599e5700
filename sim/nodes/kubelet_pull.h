/*
 * The pulls of one kubelet: their order and the progress of their bytes. Serial unless the
 * group says otherwise; parallel ones share the bandwidth evenly. Two parallel pulls of one
 * layer both fetch it (containerd would let the second wait; the sum of bytes differs, the
 * order of things does not). When one ends, pull_ended() of the kubelet is called.
 */
#ifndef DROP_SIM_NODES_KUBELET_PULL_H
#define DROP_SIM_NODES_KUBELET_PULL_H

#include "sim/nodes/kubelet.h"

/* Puts the pod into the queue; its pull begins at once if it is next. */
void pull_queue(struct kpod *p, struct now now);
/* The registry has answered (timer of the pod in KPOD_ASKING). */
void pull_answered(struct kpod *p, struct now now);
/* Bytes have arrived (timer of the kubelet). */
void pull_fetched(struct kubelet *k, struct now now);
/* Cancels a pull that waits or is under way. */
void pull_cancel(struct kpod *p, struct now now);
/* Something came to or went from the disk. */
void kubelet_images_changed(struct kubelet *k);
/* What kubelet shows for the last failure, and under which reason. */
void pull_failure_text(const struct dialect *d, const struct kcontainer *c, struct buf *out);
enum pod_shape pull_failure_shape(const struct dialect *d, const struct kcontainer *c);
/* 0 to 100. */
int pull_percent(const struct kpod *p);

#endif
