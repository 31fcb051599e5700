/*
 * The fields of a pull pod that are read: those that prove a pull or a failure (behaviour.md 6, 8,
 * 9).
 */
#include "api/kinds.h"

#include <string.h>

#include "api/pullpod.h"
#include "api/row.h"
#include "api/tables.h"
#include "base/visible.h"

static const struct field pod_container_rows[] = {
	ROW(pod_container, name, "name", F_STRING),
	ROW(pod_container, image, "image", F_STRING),
};
static DESC(pod_container, "Container", "A container as asked for.");

static const struct field pod_condition_rows[] = {
	ROW(pod_condition, type, "type", F_STRING),
	ROW(pod_condition, status, "status", F_STRING),
	ROW(pod_condition, reason, "reason", F_STRING),
	ROW(pod_condition, message, "message", F_STRING),
};
static DESC(pod_condition, "PodCondition", "One judgement about a pod.");

static const struct field container_waiting_rows[] = {
	ROW(container_waiting, reason, "reason", F_STRING),
	ROW(container_waiting, message, "message", F_STRING),
};
static DESC(container_waiting, "ContainerStateWaiting", "Why a container does not run yet.");

static const struct field container_terminated_rows[] = {
	ROW(container_terminated, exit_code, "exitCode", F_INT, .bits = 32),
	ROW(container_terminated, reason, "reason", F_STRING),
	ROW(container_terminated, message, "message", F_STRING),
	ROW(container_terminated, started_at, "startedAt", F_TIME),
	ROW(container_terminated, finished_at, "finishedAt", F_TIME),
};
static DESC(container_terminated, "ContainerStateTerminated", "How a container ended.");

static const struct field container_status_rows[] = {
	ROW(container_status, name, "name", F_STRING),
	ROW(container_status, image, "image", F_STRING),
	ROW(container_status, image_id, "imageID", F_STRING),
	ROW(container_status, container_id, "containerID", F_STRING),
	ROW(container_status, waiting, "state.waiting", F_OBJECT, .sub = &container_waiting_desc),
	ROW(container_status, terminated, "state.terminated", F_OBJECT,
	    .sub = &container_terminated_desc),
	ROW(container_status, running_since, "state.running.startedAt", F_TIME),
};
static DESC(container_status, "ContainerStatus", "A container as it is.");

static const struct field pod_rows[] = {
	ROW(pod, meta, "metadata", F_INLINE, .sub = &api_meta_desc),
	ROW(pod, node_name, "spec.nodeName", F_STRING),
	ROW(pod, containers, "spec.containers", F_LIST, .sub = &pod_container_desc),
	ROW(pod, phase, "status.phase", F_STRING),
	ROW(pod, reason, "status.reason", F_STRING),
	ROW(pod, message, "status.message", F_STRING),
	ROW(pod, start_time, "status.startTime", F_TIME),
	ROW(pod, conditions, "status.conditions", F_LIST, .sub = &pod_condition_desc),
	ROW(pod, container_statuses, "status.containerStatuses", F_LIST,
	    .sub = &container_status_desc),
	ROW(pod, init_container_statuses, "status.initContainerStatuses", F_LIST,
	    .sub = &container_status_desc),
};
DESC(pod, "Pod", "One pull on one node.");

/* Of ours and of a batch of ours; webhooks, networks and users add more, up to 256 KiB (57). */
static void trim_map(struct api_map *map)
{
	static const char ours[] = "drop.corewire.io/";
	size_t kept = 0;
	for (size_t i = 0; i < map->n; i++)
		if (strncmp(map->at[i].key, ours, sizeof(ours) - 1) == 0 ||
		    strcmp(map->at[i].key, PULLPOD_LABEL_MANAGED_BY) == 0)
			map->at[kept++] = map->at[i];
	map->n = kept;
}

/* An image that is the reference of its annotation needs not be kept twice. */
static void trim_containers(struct pod *pod)
{
	const char *references[PULLPOD_IMAGES_MAX + 1] = {NULL};
	const struct api_map *notes = &pod->meta.annotations;
	int place;
	for (size_t i = 0; i < notes->n; i++)
		if (pullpod_note_read(notes->at[i].key, &place) == PULLPOD_REFERENCE)
			references[place - PULLPOD_ONLY] = notes->at[i].value;
	for (size_t i = 0; i < pod->containers.n; i++) {
		struct pod_container *c = &pod->containers.at[i];
		if (c->name == NULL || c->image == NULL || !pullpod_place(c->name, &place))
			continue;
		const char *reference = references[place - PULLPOD_ONLY];
		if (reference != NULL && strcmp(c->image, reference) == 0)
			c->image = NULL;
	}
}

/* The others say in many words which containers are not ready. */
static void trim_conditions(struct pod_conditions *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->n; i++) {
		struct pod_condition c = list->at[i];
		if (c.type == NULL || strcmp(c.type, POD_READY_TO_START) != 0)
			continue;
		c.reason = c.message = NULL;
		list->at[kept++] = c;
	}
	list->n = kept;
}

/* "registry/path/name@sha256:..." is asked for its digest only. */
static const char *without_path(const char *image_id)
{
	const char *slash = image_id != NULL ? strrchr(image_id, '/') : NULL;
	return slash != NULL && strchr(slash, '@') > slash + 1 ? slash + 1 : image_id;
}

static void trim_statuses(struct container_statuses *list, struct arena *a)
{
	for (size_t i = 0; i < list->n; i++) {
		struct container_status *cs = &list->at[i];
		struct container_waiting *w = cs->waiting;
		cs->image = NULL;
		/* Either proves the pull. */
		if (cs->image_id != NULL && cs->image_id[0] != '\0')
			cs->container_id = NULL;
		cs->image_id = without_path(cs->image_id);
		if (w != NULL) {
			w->reason = visible_text(a, w->reason);
			w->message = visible_text(a, w->message);
		}
		if (cs->terminated != NULL)
			cs->terminated->reason = cs->terminated->message = NULL;
	}
}

void pod_trim(struct pod *pod, struct arena *a)
{
	trim_map(&pod->meta.labels);
	trim_map(&pod->meta.annotations);
	pod->meta.owners.n = 0; /* of a batch up to twenty, for the garbage collector */
	pod->reason = visible_text(a, pod->reason);
	pod->message = visible_text(a, pod->message);
	trim_containers(pod);
	trim_conditions(&pod->conditions);
	trim_statuses(&pod->container_statuses, a);
	trim_statuses(&pod->init_container_statuses, a);
}
