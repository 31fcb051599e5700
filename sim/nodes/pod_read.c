/*
 * The table of what a kubelet reads of a pod, and the glance that decides whether the
 * table is worth walking.
 */
#include "sim/nodes/pod_read.h"

#include <string.h>

#include "api/row.h"
#include "api/tables.h"

#include "base/json.h"

static const struct field sim_pod_container_rows[] = {
	ROW(sim_pod_container, name, "name", F_STRING),
	ROW(sim_pod_container, image, "image", F_STRING),
	ROW(sim_pod_container, policy, "imagePullPolicy", F_STRING),
	ROW(sim_pod_container, command, "command", F_STRINGS),
	ROW(sim_pod_container, restart_policy, "restartPolicy", F_STRING),
};
static DESC(sim_pod_container, "Container", "A container as a kubelet is told to run it.");

static const struct field sim_pod_rows[] = {
	ROW(sim_pod, meta, "metadata", F_INLINE, .sub = &api_meta_desc),
	ROW(sim_pod, node_name, "spec.nodeName", F_STRING),
	ROW(sim_pod, restart_policy, "spec.restartPolicy", F_STRING),
	ROW(sim_pod, init, "spec.initContainers", F_LIST, .sub = &sim_pod_container_desc),
	ROW(sim_pod, containers, "spec.containers", F_LIST, .sub = &sim_pod_container_desc),
	ROW(sim_pod, secrets, "spec.imagePullSecrets", F_LIST, .sub = &api_secret_ref_desc),
	ROW(sim_pod, os, "spec.os.name", F_STRING),
	ROW(sim_pod, tolerations, "spec.tolerations", F_LIST, .sub = &api_toleration_desc),
	ROW(sim_pod, phase, "status.phase", F_STRING),
	ROW(sim_pod, grace_s, "metadata.deletionGracePeriodSeconds", F_INT),
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

int pod_glance(const char *json, size_t len, struct pod_glance *ret)
{
	static const char deleted[] = "\"deletionTimestamp\"";
	struct json_range all = {json, len}, meta = json_member(all, "metadata");
	json_copy_string(json_member(meta, "name"), ret->name, sizeof(ret->name));
	json_copy_string(json_member(meta, "namespace"), ret->ns, sizeof(ret->ns));
	json_copy_string(json_member(meta, "uid"), ret->uid, sizeof(ret->uid));
	if (ret->name[0] == '\0' || ret->ns[0] == '\0' || ret->uid[0] == '\0')
		return -1;
	ret->maybe_deleted = memmem(meta.at, meta.len, deleted, sizeof(deleted) - 1) != NULL;
	return 0;
}

void pod_glance_node(const char *json, size_t len, char node[POD_TEXT_MAX])
{
	struct json_range spec = json_member((struct json_range){json, len}, "spec");
	json_copy_string(json_member(spec, "nodeName"), node, POD_TEXT_MAX);
}
