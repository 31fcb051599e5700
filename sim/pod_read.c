/*
 * The table of what a kubelet reads of a pod, and the glance that decides whether the
 * table is worth walking.
 */
#include "sim/pod_read.h"

#include "api/row.h"
#include "api/tables.h"

static const struct field sim_pod_container_rows[] = {
	ROW(sim_pod_container, name, "name", F_STRING),
	ROW(sim_pod_container, image, "image", F_STRING),
	ROW(sim_pod_container, policy, "imagePullPolicy", F_STRING),
	ROW(sim_pod_container, command, "command", F_STRINGS),
};
static DESC(sim_pod_container, "Container", "A container as a kubelet is told to run it.");

static const struct field sim_pod_rows[] = {
	ROW(sim_pod, meta, "metadata", F_INLINE, .sub = &api_meta_desc),
	ROW(sim_pod, node_name, "spec.nodeName", F_STRING),
	ROW(sim_pod, restart_policy, "spec.restartPolicy", F_STRING),
	ROW(sim_pod, containers, "spec.containers", F_LIST, .sub = &sim_pod_container_desc),
	ROW(sim_pod, secrets, "spec.imagePullSecrets", F_LIST, .sub = &api_secret_ref_desc),
	ROW(sim_pod, tolerations, "spec.tolerations", F_LIST, .sub = &api_toleration_desc),
	ROW(sim_pod, phase, "status.phase", F_STRING),
};
static DESC(sim_pod, "Pod", "A pod as its kubelet reads it.");

int pod_read(const char *json, size_t len, struct arena *a, struct sim_pod *ret, struct err *err)
{
	if (desc_decode(&sim_pod_desc, json, len, false, a, ret, err) != 0)
		return -1;
	if (ret->meta.name == NULL || ret->meta.uid == NULL)
		return err_set(err, ERR_TERMINAL, "a pod without name or uid");
	return 0;
}

static const struct field pod_glance_rows[] = {
	ROW(pod_glance, name, "metadata.name", F_STRING),
	ROW(pod_glance, ns, "metadata.namespace", F_STRING),
	ROW(pod_glance, uid, "metadata.uid", F_STRING),
	ROW(pod_glance, deleted, "metadata.deletionTimestamp", F_TIME),
	ROW(pod_glance, grace_s, "metadata.deletionGracePeriodSeconds", F_INT),
	ROW(pod_glance, node, "spec.nodeName", F_STRING),
};
static DESC(pod_glance, "Pod", "A pod at a glance.");

int pod_glance(const char *json, size_t len, struct arena *a, struct pod_glance *ret)
{
	struct err err;
	if (desc_decode(&pod_glance_desc, json, len, false, a, ret, &err) != 0)
		return -1;
	return ret->name != NULL && ret->ns != NULL && ret->uid != NULL ? 0 : -1;
}
