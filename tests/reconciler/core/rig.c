/* See rig.h. */
#include "tests/reconciler/core/rig.h"

#include <stdlib.h>

#include "api/pullpod.h"
#include "api/tables.h"

#define RIG_HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

void rig_new(struct rig *r)
{
	*r = (struct rig){.core = core_new(), .now = {RIG_BOOT_MS, RIG_WALL_S}};
}

void rig_restart(struct rig *r)
{
	core_free(r->core);
	r->core = core_new();
	r->acts = (struct core_actions){0};
}

void rig_next_life(struct rig *r)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_restart(r);
	rig_policy(r, "p", 9, 0);
	img.status = r->api;
	rig_put_image(r, &img);
}

void rig_done(struct rig *r)
{
	core_free(r->core);
	arena_done(&r->turn);
	arena_done(&r->keep);
}

void rig_node_as(struct rig *r, const char *name, const char *uid, bool ready, const char *taint,
		 int64_t created, const char *arch)
{
	struct node_taint t = {taint, NULL, "NoSchedule"};
	struct node_condition c = {"Ready", ready ? "True" : "False"};
	struct node n = {
		.meta = {.name = name, .uid = uid, .created = created},
		.taints = {&t, taint != NULL},
		.conditions = {&c, 1},
		.os = "linux",
		.arch = arch,
	};
	core_put(r->core, KIND_NODE, &n, r->now);
}

void rig_node(struct rig *r, const char *name)
{
	rig_node_as(r, name, name, true, NULL, RIG_WALL_S - 100000, "amd64");
}

void rig_node_lists(struct rig *r, const char *name, int64_t heartbeat,
		    const struct rig_listed *images)
{
	struct node_condition c = {"Ready", "True", heartbeat};
	struct node n = {
		.meta = {.name = name, .uid = name, .created = RIG_WALL_S - 100000},
		.conditions = {&c, 1},
		.os = "linux",
		.arch = "amd64",
	};
	while (images[n.images.n].names[0] != NULL)
		n.images.n++;
	n.images.at = arena_array(&r->keep, n.images.n, sizeof(*n.images.at));
	for (size_t i = 0; i < n.images.n; i++) {
		struct node_image *at = &n.images.at[i];
		at->size = images[i].size;
		at->names.at = arena_memdup(&r->keep, images[i].names, sizeof(images[i].names));
		while (at->names.n <= NODE_IMAGE_NAMES_MAX && at->names.at[at->names.n] != NULL)
			at->names.n++;
	}
	node_trim(&n, &r->keep);
	core_put(r->core, KIND_NODE, &n, r->now);
}

void rig_policy(struct rig *r, const char *name, int64_t nodes, int64_t delay_ms)
{
	struct pullpolicy p = {.meta = {.name = name},
			       .spec = {.max_concurrent_nodes = nodes,
					.max_pulls_per_node = 2,
					.min_delay_between_pulls = delay_ms,
					.pull_timeout = 30 * 60 * 1000}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

struct cachedimage rig_image_of(const char *name, const char *tag, const char *policy)
{
	static struct api_name_ref refs[8];
	static size_t used;
	struct api_name_ref *ref = &refs[used++ % 8];
	ref->name = policy;
	return (struct cachedimage){
		.meta = {.name = name, .uid = name, .generation = 1, .rv = 1},
		.spec = {.image = name, .tag = tag, .policy_ref = policy != NULL ? ref : NULL},
	};
}

void rig_put_image(struct rig *r, const struct cachedimage *img)
{
	core_put(r->core, KIND_CACHEDIMAGE, img, r->now);
}

void rig_image(struct rig *r, const char *name, const char *tag, const char *policy)
{
	struct cachedimage img = rig_image_of(name, tag, policy);
	rig_put_image(r, &img);
}

void rig_lead(struct rig *r)
{
	core_lead(r->core, true, r->now);
}

static void rig_deleted(struct rig *r)
{
	for (size_t i = 0; !r->keep_pods && i < r->acts.n_deletes; i++) {
		core_deleted(r->core, r->acts.deletes[i].pod_name, true, r->now);
		core_gone(r->core, KIND_POD, r->acts.deletes[i].pod_name, r->now);
	}
	r->acts.n_deletes = 0;
}

void rig_turn(struct rig *r, int64_t ms)
{
	rig_written(r);
	rig_deleted(r);
	r->now.boot_ms += ms;
	r->now.wall_s = RIG_WALL_S + r->set_s + (r->now.boot_ms - RIG_BOOT_MS) / 1000;
	arena_reset(&r->turn);
	r->next_ms = core_turn(r->core, r->now, (struct core_room){64, 64, 64, 4, 4, 4, 4, 4},
			       &r->turn, &r->acts);
}

void rig_one_node(struct rig *r)
{
	rig_new(r);
	rig_policy(r, "p", 9, 0);
	rig_node(r, "a");
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
}

void rig_settle(struct rig *r)
{
	for (int i = 0; i < 3; i++) {
		rig_turn(r, 0);
		assert_int_equal(r->acts.n_starts, 0);
	}
}

static const struct core_start *keep(struct rig *r, const struct core_start *s)
{
	struct core_start *k = arena_memdup(&r->keep, s, sizeof(*s));
	k->pod_name = arena_strdup(&r->keep, s->pod_name);
	k->batch = arena_strdup(&r->keep, s->batch);
	k->node = arena_strdup(&r->keep, s->node);
	k->node_uid = arena_strdup(&r->keep, s->node_uid);
	k->pulls = arena_memdup(&r->keep, s->pulls, s->n_pulls * sizeof(*s->pulls));
	for (size_t i = 0; i < s->n_pulls; i++) {
		struct core_start_pull *p = &k->pulls[i];
		p->image_name = arena_strdup(&r->keep, p->image_name);
		p->image_uid = arena_strdup(&r->keep, p->image_uid);
		p->reference = arena_strdup(&r->keep, p->reference);
		p->attempt = arena_strdup(&r->keep, p->attempt);
		p->pull_policy = arena_strdup(&r->keep, p->pull_policy);
	}
	return k;
}

const struct core_start *rig_start(struct rig *r)
{
	assert_int_equal(r->acts.n_starts, 1);
	return keep(r, &r->acts.starts[0]);
}

const struct core_start *rig_all_starts(struct rig *r, size_t *ret_n)
{
	struct core_start *all = arena_array(&r->keep, r->acts.n_starts, sizeof(*all));
	*ret_n = r->acts.n_starts;
	for (size_t i = 0; i < *ret_n; i++)
		all[i] = *keep(r, &r->acts.starts[i]);
	return all;
}

const char *rig_starts(struct rig *r)
{
	const char *text = "";
	for (size_t i = 0; i < r->acts.n_starts; i++)
		text = arena_printf(&r->keep, "%s%s%s", text, i ? " " : "", r->acts.starts[i].node);
	return text;
}

void rig_made(struct rig *r, const struct core_start *s)
{
	core_started(r->core, s->pod_name, START_MADE, "", r->now);
}

void rig_pod(struct rig *r, const struct core_start *s, enum fate fate)
{
	static const char *const messages[] = {
		[POD_NOT_FOUND] = "x: not found",
		[POD_NO_HOST] = "dial tcp: lookup h: no such host",
		[POD_NO_PLATFORM] = "no matching manifest for linux/arm64",
		[POD_ODD] = "what is this",
	};
	struct api_kv labels[] = {{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
				  {PULLPOD_LABEL_IMAGE, s->pulls[0].image_name},
				  {PULLPOD_LABEL_NODE, s->node}};
	struct api_kv notes[] = {{PULLPOD_NOTE_ATTEMPT, s->pulls[0].attempt},
				 {PULLPOD_NOTE_IMAGE, s->pulls[0].image_name},
				 {PULLPOD_NOTE_IMAGE_UID, s->pulls[0].image_uid},
				 {PULLPOD_NOTE_NODE_UID, s->node_uid},
				 {PULLPOD_NOTE_REFERENCE, s->pulls[0].reference}};
	bool waits = fate >= POD_NOT_FOUND && fate <= POD_ODD;
	struct container_waiting w = {fate == POD_ODD ? "odd reason"
				      : waits         ? "ErrImagePull"
						      : "ContainerCreating",
				      waits ? messages[fate] : NULL};
	struct pod_condition sandbox = {"PodReadyToStartContainers", "True", NULL, NULL};
	bool told = fate == POD_PULLED && r->image_id != NULL;
	struct container_terminated ended = {.exit_code = 0};
	struct container_status cs = {.name = "pull",
				      .image_id = told ? r->image_id : NULL,
				      .waiting = told ? NULL : &w,
				      .terminated = told ? &ended : NULL};
	struct pod pod = {
		.meta = {.name = s->pod_name, .uid = s->pod_name, .created = r->now.wall_s},
		.node_name = s->node,
		.phase = fate == POD_PULLED    ? "Succeeded"
			 : fate == POD_EVICTED ? "Failed"
					       : "Pending",
		.reason = fate == POD_EVICTED ? "Evicted" : NULL,
		.start_time = fate == POD_PENDING ? 0 : r->now.wall_s,
		.conditions = {&sandbox, fate != POD_PENDING},
		.container_statuses = {&cs, fate != POD_PENDING && fate != POD_EVICTED},
	};
	pod.meta.labels = (struct api_map){labels, 3};
	pod.meta.annotations = (struct api_map){notes, 5};
	core_put(r->core, KIND_POD, &pod, r->now);
	if (!r->keep_pods)
		core_started(r->core, pod.meta.name, START_MADE, "", r->now);
}

static struct container_status container_of(struct rig *r, const char *name, enum fate fate)
{
	bool got = fate == POD_PULLED || fate == POD_SCRATCH;
	struct container_waiting w = {fate == POD_NOT_FOUND ? "ErrImagePull" : "ContainerCreating",
				      fate == POD_NOT_FOUND ? "x: not found" : NULL};
	struct container_terminated t = {.exit_code = fate == POD_PULLED ? 0 : 128};
	return (struct container_status){
		.name = name,
		.image_id = got ? "r/x@sha256:" RIG_HEX : NULL,
		.waiting = got ? NULL : arena_memdup(&r->keep, &w, sizeof(w)),
		.terminated = got ? arena_memdup(&r->keep, &t, sizeof(t)) : NULL,
	};
}

/* The annotations of all containers, and the node's. */
static struct api_map batch_notes(struct rig *r, const struct core_start *s)
{
	struct arena *a = &r->keep;
	struct api_map notes = {arena_array(a, 4 * s->n_pulls + 1, sizeof(*notes.at)), 0};
	char key[PULLPOD_KEY_SIZE];
	notes.at[notes.n++] = (struct api_kv){PULLPOD_NOTE_NODE_UID, s->node_uid};
	for (size_t i = 0; i < s->n_pulls; i++) {
		const struct core_start_pull *p = &s->pulls[i];
		const struct api_kv of[] = {{PULLPOD_NOTE_IMAGE, p->image_name},
					    {PULLPOD_NOTE_IMAGE_UID, p->image_uid},
					    {PULLPOD_NOTE_REFERENCE, p->reference},
					    {PULLPOD_NOTE_ATTEMPT, p->attempt}};
		for (size_t k = 0; k < 4; k++)
			notes.at[notes.n++] = (struct api_kv){
				arena_strdup(a, pullpod_note(key, of[k].key, (int)i)), of[k].value};
	}
	return notes;
}

void rig_batch(struct rig *r, const struct core_start *s, const enum fate *fates)
{
	struct api_kv labels[] = {{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
				  {PULLPOD_LABEL_IMAGE, s->batch},
				  {PULLPOD_LABEL_NODE, s->node}};
	struct container_status cs[PULLPOD_IMAGES_MAX];
	struct pod_container containers[PULLPOD_IMAGES_MAX];
	char name[PULLPOD_CONTAINER_SIZE];
	bool taken = fates[0] != POD_PENDING;
	for (size_t i = 0; i < s->n_pulls; i++) {
		const char *own = arena_strdup(&r->keep, pullpod_container(name, (int)i));
		cs[i] = container_of(r, own, fates[i]);
		containers[i] = (struct pod_container){own, s->pulls[i].reference};
	}
	struct pod pod = {
		.meta = {.name = s->pod_name, .uid = s->pod_name, .created = r->now.wall_s},
		.node_name = s->node,
		.containers = {containers, s->n_pulls},
		.phase = "Pending",
		.start_time = taken ? r->now.wall_s : 0,
		.container_statuses = {cs, taken ? s->n_pulls : 0},
	};
	pod.meta.labels = (struct api_map){labels, 3};
	pod.meta.annotations = batch_notes(r, s);
	core_put(r->core, KIND_POD, &pod, r->now);
	if (!r->keep_pods)
		core_started(r->core, pod.meta.name, START_MADE, "", r->now);
}

static void policies_written(struct rig *r, uint64_t *rv)
{
	for (size_t i = 0; i < r->acts.n_policy_writes; i++) {
		const struct core_policy_write *w = &r->acts.policy_writes[i];
		r->n_policy_writes++;
		r->policy = *(struct pullpolicy_status *)desc_clone(&pullpolicy_status_desc,
								    w->status, &r->keep);
		core_policy_written(r->core, w->name, w->uid, WRITE_MADE, ++*rv, r->now);
	}
	r->acts.n_policy_writes = 0;
}

void rig_written(struct rig *r)
{
	static uint64_t rv = 100;
	struct core_actions acts = r->acts;
	r->acts.n_writes = 0;
	policies_written(r, &rv);
	for (size_t i = 0; i < acts.n_writes; i++) {
		r->api = *(struct cachedimage_status *)desc_clone(&cachedimage_status_desc,
								  acts.writes[i].new, &r->keep);
		core_written(r->core, acts.writes[i].image_name, acts.writes[i].image_uid,
			     WRITE_MADE, ++rv, r->now);
	}
}

const struct api_condition *rig_condition(struct rig *r, const char *type)
{
	const struct api_condition *c = api_condition_find(&r->api.conditions, type);
	assert_non_null(c);
	return c;
}
