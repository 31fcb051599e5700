/*
 * What is said of a pod and to people who look: the pod's row of POD_SHAPES with the words
 * that belong to its case. Decides nothing.
 */
#include "sim/nodes/kubelet.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "sim/nodes/kubelet_pull.h"

#define UNKNOWN_CONTAINER "The container could not be located when the pod was terminated"

static void rejected_text(const struct kpod *p, struct buf *out)
{
	buf_adds(out, "Pod was rejected: ");
	if (strcmp(p->reason, "OutOfpods") == 0)
		buf_addf(out,
			 "Node didn't have enough resource: pods, requested: 1, used: %lld, "
			 "capacity: %lld",
			 (long long)p->used, (long long)p->kubelet->group->max_pods);
	else if (strcmp(p->reason, "PodOSNotSupported") == 0)
		buf_adds(out, "Failed to admit pod as the OS field doesn't match node OS");
	else if (strcmp(p->reason, "TaintToleration") == 0)
		buf_adds(out, "Predicate TaintToleration failed: node(s) had taints that the pod "
			      "didn't tolerate");
	else
		buf_adds(out, "The node had condition: [DiskPressure]. ");
}

static void evicted_text(const struct kpod *p, struct buf *out)
{
	const struct disk *d = &p->kubelet->disk;
	buf_addf(out,
		 "The node was low on resource: ephemeral-storage. Threshold quantity: %lld, "
		 "available: %lldKi. ",
		 (long long)(d->capacity / 100 * (100 - DISK_HIGH_PERCENT)),
		 (long long)((d->capacity - d->used) / 1024));
}

static void container_text(const struct dialect *d, const struct kcontainer *c, struct buf *out)
{
	struct buf failure = {0};
	switch (c->said) {
	case POD_SHAPE_ERR_PULL:
	case POD_SHAPE_UNAVAILABLE:
		pull_failure_text(d, c, out);
		break;
	case POD_SHAPE_BACK_OFF:
		pull_failure_text(d, c, &failure);
		pod_back_off_text(d, c->image, pull_failure_shape(d, c), failure.data, out);
		break;
	case POD_SHAPE_NEVER:
		buf_addf(out, "Container image \"%s\" is not present with pull policy of Never",
			 c->image);
		break;
	case POD_SHAPE_BAD_NAME:
		pull_name_refused(c->image, out);
		break;
	case POD_SHAPE_NO_START:
	case POD_SHAPE_NO_CREATE:
	case POD_SHAPE_FAILED:
		buf_adds(out, d->no_true);
		break;
	case POD_SHAPE_EVICTED:
		buf_adds(out, UNKNOWN_CONTAINER);
		break;
	default:
		break;
	}
	buf_done(&failure);
}

static struct container_said container_said(const struct kpod *p, size_t i, struct buf *waits)
{
	const struct kcontainer *c = &p->containers[i];
	bool no_container = c->said == POD_SHAPE_EVICTED || c->said == POD_SHAPE_NO_CREATE;
	container_text(p->kubelet->group->dialect, c, waits);
	return (struct container_said){
		.name = c->name,
		.image = c->image,
		.shape = c->said,
		.waits_for = waits->data,
		/* A pull that was made without a container leaves no trace of itself. */
		.image_id = no_container ? NULL : c->image_id,
		.started_s = c->started_s,
		.ended_s = c->ended_s,
		.address = p->address + i,
	};
}

void kubelet_write(const struct kpod *p, struct buf *out)
{
	struct buf message = {0};
	struct buf *waits = xcalloc(p->n, sizeof(*waits));
	struct container_said *containers = xcalloc(p->n, sizeof(*containers));
	if (p->rejected)
		rejected_text(p, &message);
	else if (p->evicted)
		evicted_text(p, &message);
	for (size_t i = 0; i < p->n; i++)
		containers[i] = container_said(p, i, &waits[i]);
	pod_status_write(
		&(struct pod_said){
			.uid = p->uid,
			.shape = p->said,
			.reason = p->reason,
			.message = message.data,
			.runtime = p->kubelet->group->dialect->runtime,
			.containers = containers,
			.n = p->n,
			.n_init = p->n_init,
			.generation = p->generation,
			.start_s = p->start_s,
			.ended_s = p->ended_s,
			.ready_s = p->ready_s,
			.sandbox_s = p->sandbox_s,
			.address = p->address,
			.node_address = p->kubelet->address,
		},
		out);
	buf_done(&message);
	for (size_t i = 0; i < p->n; i++)
		buf_done(&waits[i]);
	free(waits);
	free(containers);
}

int kubelet_progress(const struct kubelet *k, const char *reference)
{
	struct sim_manifest want, m;
	const struct kpod *p;
	bool known = registries_find(k->env->registries, reference, &want) == 0;
	if (known && disk_find_manifest(&k->disk, &want) != NULL)
		return 100;
	TAILQ_FOREACH(p, &k->pods, of_node)
	{
		if (!p->active || p->state == KPOD_RUNNING)
			continue;
		bool same = strcmp(p->main->image, reference) == 0;
		if (!same && known && registries_find(k->env->registries, p->main->image, &m) == 0)
			same = m.digest_name == want.digest_name;
		if (same)
			return p->main->failures > 0 ? -2 : pull_percent(p);
	}
	return -1;
}
