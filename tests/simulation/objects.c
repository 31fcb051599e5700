/*
 * The API objects of the pretend cluster, turned into the structs the core reads, and
 * the watch that brings them: in order, but as late as `lag_ms` says.
 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/pullpod.h"
#include "base/xalloc.h"

void sim_reference(const struct sim_image *img, char out[TEXT])
{
	snprintf(out, TEXT, "registry.test/%s:%s", img->name, img->tag);
}

struct sim_image *sim_image_by_uid(struct sim *s, const char *uid)
{
	for (int i = 0; i < IMAGES_MAX; i++)
		if (s->images[i].exists && strcmp(s->images[i].uid, uid) == 0)
			return &s->images[i];
	return NULL;
}

struct sim_node *sim_node_by_name(struct sim *s, const char *name)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->nodes[i].exists && strcmp(s->nodes[i].name, name) == 0)
			return &s->nodes[i];
	return NULL;
}

struct sim_pod *sim_pod_by_name(struct sim *s, const char *name)
{
	for (int i = 0; i < PODS_MAX; i++)
		if (s->pods[i].exists && strcmp(s->pods[i].name, name) == 0)
			return &s->pods[i];
	return NULL;
}

/* "repository@digest" beside the tag; NULL: none. */
static const char *listed_digest(const struct sim_listed *l, struct arena *a)
{
	char digest[80];
	if (l->version == 0)
		return NULL;
	asked_digest(l->version, digest);
	return arena_printf(a, "%.*s@%s", (int)strcspn(l->name, ":"), l->name, digest);
}

static void put_node(struct sim *s, const struct sim_node *n)
{
	struct api_kv labels[] = {{"eks.amazonaws.com/compute-type", "fargate"}, {"pool", n->pool}};
	struct node_taint taints[] = {{"node.kubernetes.io/unschedulable", NULL, "NoSchedule"},
				      {HELD_KEY, "x", "NoExecute"}};
	struct node_condition ready = {"Ready", n->ready ? "True" : "False", n->report.heartbeat,
				       n->ready_s};
	struct node_image images[LISTED_MAX + 1];
	const char *names[LISTED_MAX][2];
	const char *many[] = {"a:1", "b:1", "c:1", "d:1", "e:1"};
	struct arena mem = ARENA_INIT;
	char disk[24];
	for (size_t i = 0; i < n->report.n; i++) {
		names[i][0] = n->report.at[i].name;
		names[i][1] = listed_digest(&n->report.at[i], &mem);
		images[i] = (struct node_image){{names[i], names[i][1] != NULL ? 2 : 1},
						n->report.at[i].size};
	}
	images[n->report.n] = (struct node_image){{many, 5}, 1};
	struct node obj = {
		.meta = {.name = n->name, .uid = n->uid, .created = n->created},
		.taints = {taints + !n->cordoned, (size_t)n->cordoned + n->cold},
		.conditions = {&ready, 1},
		.os = "linux",
		.arch = n->arm ? "arm64" : "amd64",
		.images = {images, n->report.n + n->five_names},
		.disk = n->disk != 0 ? disk : NULL,
	};
	snprintf(disk, sizeof(disk), "%lld", (long long)n->disk);
	obj.meta.labels.at = n->fargate ? labels : labels + 1;
	obj.meta.labels.n = n->fargate ? 2 : 1;
	node_trim(&obj, &mem);
	core_put(s->core, KIND_NODE, &obj, sim_now(s));
	arena_done(&mem);
	sim_told(s, n, false);
}

static void put_policy(struct sim *s, const struct sim_policy *p)
{
	struct failure_backoff backoff = {p->initial_ms, p->max_ms};
	char rate[16];
	struct pullpolicy obj = {
		.meta = {.name = p->name, .uid = p->name},
		.spec = {.max_concurrent_nodes = p->max_nodes,
			 .max_concurrent_pulls = p->max_pulls,
			 .max_pulls_per_node = p->max_per_node,
			 .max_images_per_pod = p->max_images,
			 .min_delay_between_pulls = p->delay_ms,
			 .pull_timeout = 30 * 60 * 1000,
			 .failure_backoff = &backoff,
			 .suspend = p->suspend,
			 .repull_interval = p->repull_ms},
	};
	obj.spec.max_node_image_disk_percent = p->disk_percent;
	snprintf(rate, sizeof(rate), "%dM", (int)p->mb_per_s);
	if (p->by_image)
		obj.spec.concurrency_scope = PULLPOLICY_SCOPE_IMAGE;
	if (p->mb_per_s != 0)
		obj.spec.max_bytes_per_second = rate;
	stopped_window(p, &obj.spec);
	core_put(s->core, KIND_PULLPOLICY, &obj, sim_now(s));
}

static void put_image(struct sim *s, const struct sim_image *img)
{
	const struct sim_status *st = &img->status;
	struct api_kv selector = {"pool", "a"};
	struct api_name_ref ref = {img->policy >= 0 ? s->policies[img->policy].name : NULL};
	char repository[TEXT];
	const char *cached[NODES_MAX];
	struct failed_node failed[NODES_MAX];
	struct api_condition conditions[SIM_CONDITIONS];
	for (size_t i = 0; i < st->n_cached; i++)
		cached[i] = st->cached[i];
	for (size_t i = 0; i < st->n_failed; i++)
		failed[i] = (struct failed_node){st->failed[i].node, st->failed[i].reason,
						 st->failed[i].message, st->failed[i].attempts,
						 st->failed[i].at};
	for (size_t i = 0; i < st->n_conditions; i++)
		conditions[i] = (struct api_condition){
			st->conditions[i].type,       st->conditions[i].status,
			st->conditions[i].reason,     st->conditions[i].message,
			st->conditions[i].generation, st->conditions[i].since};
	snprintf(repository, sizeof(repository), "registry.test/%s", img->name);
	int64_t bytes = sim_bytes(st->cached_image);
	struct image_platform platforms[] = {{st->platforms[0], bytes}, {st->platforms[1], bytes}};
	struct registry_status told = {.digest = st->told,
				       .checked_at = st->checked_at,
				       .settled_at = st->settled_at,
				       .platforms = {platforms, st->n_platforms}};
	struct api_owner owner = {
		API_GROUP "/v1alpha1", "CachedImageSet", "set", "set", true, true};
	struct cachedimage obj = {
		.meta = {.name = img->name,
			 .uid = img->uid,
			 .owners = {&owner, img->of_set},
			 .rv = img->rv,
			 .generation = img->generation},
		.spec = {.image = repository,
			 .tag = img->tag,
			 .image_pull_policy = img->if_not_present ? "IfNotPresent" : "Always",
			 .node_selector = {&selector, img->pool_a_only},
			 .priority = img->priority,
			 .policy_ref = img->policy >= 0 ? &ref : NULL,
			 .suspend = img->suspend,
			 .gate_nodes = img->gates},
		.status = {.observed_generation = st->generation,
			   .phase = st->written ? st->phase : NULL,
			   .ready = st->written ? st->ready : NULL,
			   .resolved_digest = st->digest[0] ? st->digest : NULL,
			   .nodes_targeted = st->targeted,
			   .nodes_ready = st->ready_nodes,
			   .nodes_pulling = st->pulling,
			   .nodes_skipped = st->skipped,
			   .registry = st->told[0] ? &told : NULL,
			   .cached_image = st->cached_image[0] ? st->cached_image : NULL,
			   .cached_nodes = {cached, st->n_cached},
			   .failed_nodes = {failed, st->n_failed},
			   .consecutive_failures = st->failures,
			   .last_pulled_at = st->pulled_at,
			   .last_attempted_at = st->attempted_at,
			   .conditions = {conditions, st->n_conditions}},
	};
	stopped_told(s, img);
	core_put(s->core, KIND_CACHEDIMAGE, &obj, sim_now(s));
}

static void pod_told(struct sim *s, const struct sim_pod *p)
{
	struct sim_pod *truth = sim_pod_by_name(s, p->name);
	for (size_t i = 0; i < p->n_pulls; i++) {
		struct sim_image *img = sim_image_by_uid(s, p->pulls[i].image_uid);
		if (img != NULL)
			img->pod_ms = s->run.boot_ms;
	}
	if (truth != NULL && strcmp(truth->uid, p->uid) == 0)
		truth->told = true;
}

#define NOTES 4 /* of each container, besides the node's uid */

struct told { /* a pod as the core reads it: room for its parts */
	char keys[IMAGES_MAX * NOTES][PULLPOD_KEY_SIZE];
	struct api_kv notes[IMAGES_MAX * NOTES + 1];
	char names[IMAGES_MAX][PULLPOD_CONTAINER_SIZE], image_ids[IMAGES_MAX][TEXT];
	struct pod_container containers[IMAGES_MAX];
	struct container_status statuses[IMAGES_MAX];
	struct container_waiting waiting[IMAGES_MAX];
	struct container_terminated ended[IMAGES_MAX];
};

static void tell_notes(const struct sim_pod *p, struct told *t, struct api_map *ret)
{
	size_t n = 0;
	t->notes[n++] = (struct api_kv){PULLPOD_NOTE_NODE_UID, p->node_uid};
	for (size_t i = 0; i < p->n_pulls; i++) {
		const struct sim_pull *pull = &p->pulls[i];
		const struct api_kv of[NOTES] = {{PULLPOD_NOTE_IMAGE, pull->image},
						 {PULLPOD_NOTE_IMAGE_UID, pull->image_uid},
						 {PULLPOD_NOTE_REFERENCE, pull->reference},
						 {PULLPOD_NOTE_ATTEMPT, pull->attempt}};
		for (size_t k = 0; k < NOTES; k++, n++)
			t->notes[n] = (struct api_kv){
				pullpod_note(t->keys[n - 1], of[k].key,
					     p->n_pulls > 1 ? (int)i : PULLPOD_ONLY),
				of[k].value};
	}
	*ret = (struct api_map){t->notes, p->noted ? n : 0};
}

/* What the kubelet has reported of one container so far: nothing until all have been tried. */
static void tell_container(const struct sim_pod *p, size_t i, struct told *t)
{
	const struct sim_pull *pull = &p->pulls[i];
	struct container_status *cs = &t->statuses[i];
	bool ended = p->finished && p->fate != FATE_EVICTED;
	pullpod_container(t->names[i], p->n_pulls > 1 ? (int)i : PULLPOD_ONLY);
	t->containers[i] = (struct pod_container){t->names[i], pull->reference};
	t->waiting[i] = (struct container_waiting){"ContainerCreating", NULL};
	t->ended[i] = (struct container_terminated){
		.exit_code = pull->fate == FATE_PULLED ? 0 : 128, .reason = "Completed"};
	*cs = (struct container_status){
		.name = t->names[i], .image = pull->reference, .waiting = &t->waiting[i]};
	if (ended && pull->fate == FATE_MISSING) {
		t->waiting[i].reason = "ErrImagePull";
		t->waiting[i].message =
			"rpc error: code = NotFound desc = failed to pull and unpack "
			"image \"x\": failed to resolve reference \"x\": x: not found";
	} else if (ended && pull->fate == FATE_PLATFORM) {
		t->waiting[i].reason = "ErrImagePull";
		t->waiting[i].message =
			"failed to pull and unpack image \"x\": no match for platform "
			"in manifest: not found";
	} else if (ended) {
		cs->waiting = NULL;
		cs->terminated = &t->ended[i];
		cs->container_id = "containerd://1";
		char digest[80];
		asked_digest(pull->version, digest);
		snprintf(t->image_ids[i], TEXT, "registry.test/x@%s", digest);
		cs->image_id = t->image_ids[i];
	}
}

static const char *phase_of(const struct sim_pod *p)
{
	bool missing = false, scratch = false;
	if (p->finished && p->fate == FATE_EVICTED)
		return "Failed";
	for (size_t i = 0; i < p->n_pulls; i++) {
		missing |= p->pulls[i].fate == FATE_MISSING || p->pulls[i].fate == FATE_PLATFORM;
		scratch |= p->pulls[i].fate == FATE_SCRATCH;
	}
	return !p->finished || missing ? "Pending" : scratch ? "Failed" : "Succeeded";
}

static void put_pod(struct sim *s, const struct sim_pod *p)
{
	struct told *t = xcalloc(1, sizeof(*t));
	struct api_kv labels[] = {
		{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
		{PULLPOD_LABEL_IMAGE, p->n_pulls > 1 ? p->batch : p->pulls[0].image},
		{PULLPOD_LABEL_NODE, p->node}};
	struct pod_condition sandbox = {"PodReadyToStartContainers", "True", NULL, NULL};
	struct pod obj = {
		.meta = {.name = p->name, .uid = p->uid, .created = p->created},
		.node_name = p->node,
		.containers = {t->containers, p->n_pulls},
		.phase = phase_of(p),
		.start_time = p->started ? p->created : 0,
		.conditions = {&sandbox, p->started},
		.container_statuses = {t->statuses, p->started ? p->n_pulls : 0},
	};
	for (size_t i = 0; i < p->n_pulls; i++)
		tell_container(p, i, t);
	obj.meta.labels = (struct api_map){labels, p->labelled ? 3 : 1};
	tell_notes(p, t, &obj.meta.annotations);
	if (p->finished && p->fate == FATE_EVICTED) {
		obj.reason = "Evicted";
		obj.message = "The node was low on resource: ephemeral-storage.";
	}
	core_put(s->core, KIND_POD, &obj, sim_now(s));
	pod_told(s, p);
	free(t);
}

static const char *name_of_event(const struct sim_event *e)
{
	switch (e->kind) {
	case KIND_NODE:
		return e->u.node.name;
	case KIND_POD:
		return e->u.pod.name;
	case KIND_CACHEDIMAGE:
		return e->u.image.name;
	default:
		return e->u.policy.name;
	}
}

void sim_put(struct sim *s, const struct sim_event *e)
{
	s->touched = true;
	if (e->gone) {
		core_gone(s->core, e->kind, name_of_event(e), sim_now(s));
		if (e->kind == KIND_NODE)
			sim_told(s, &e->u.node, true);
		if (e->kind == KIND_POD)
			pod_told(s, &e->u.pod);
		return;
	}
	switch (e->kind) {
	case KIND_NODE:
		put_node(s, &e->u.node);
		break;
	case KIND_POD:
		put_pod(s, &e->u.pod);
		break;
	case KIND_CACHEDIMAGE:
		put_image(s, &e->u.image);
		break;
	default:
		put_policy(s, &e->u.policy);
		break;
	}
}

static void fill(struct sim_event *e, enum kind kind, const void *object)
{
	e->kind = kind;
	switch (kind) {
	case KIND_NODE:
		e->u.node = *(const struct sim_node *)object;
		break;
	case KIND_POD:
		e->u.pod = *(const struct sim_pod *)object;
		break;
	case KIND_CACHEDIMAGE:
		e->u.image = *(const struct sim_image *)object;
		break;
	default:
		e->u.policy = *(const struct sim_policy *)object;
		break;
	}
}

void sim_say(struct sim *s, enum kind kind, bool gone, const void *object)
{
	struct sim_event *e = xcalloc(1, sizeof(*e));
	fill(e, kind, object);
	e->gone = gone;
	/* In order: never before what was said earlier. Policies are never late (check.c). */
	e->at_ms = s->run.boot_ms + s->lag_ms;
	if (s->tail != NULL && s->tail->at_ms > e->at_ms)
		e->at_ms = s->tail->at_ms;
	if (kind == KIND_PULLPOLICY) {
		if (s->core != NULL)
			sim_put(s, e);
		free(e);
		return;
	}
	if (s->tail != NULL)
		s->tail->next = e;
	else
		s->head = e;
	s->tail = e;
}

static void drop_first(struct sim *s)
{
	struct sim_event *e = s->head;
	s->head = e->next;
	if (s->head == NULL)
		s->tail = NULL;
	free(e);
}

void sim_deliver(struct sim *s)
{
	while (s->head != NULL && s->head->at_ms <= s->run.boot_ms) {
		sim_put(s, s->head);
		drop_first(s);
	}
}

void sim_read_all(struct sim *s)
{
	struct sim_event *e = xcalloc(1, sizeof(*e));
	while (s->head != NULL)
		drop_first(s);
	s->read_life = s->life;
	core_mark(s->core);
	/* The order of the watcher's log is the order of last changes: any. */
	for (int part = 0, from = (int)sim_random(&s->run, 4); part < 4; part++) {
		int which = (part + from) % 4;
		for (int i = 0; which == 0 && i < NODES_MAX; i++)
			if (s->nodes[i].exists) {
				fill(e, KIND_NODE, &s->nodes[i]);
				sim_put(s, e);
			}
		for (int i = 0; which == 1 && i < IMAGES_MAX; i++)
			if (s->images[i].exists) {
				fill(e, KIND_CACHEDIMAGE, &s->images[i]);
				sim_put(s, e);
			}
		for (int i = 0; which == 2 && i < POLICIES_MAX; i++)
			if (s->policies[i].exists) {
				fill(e, KIND_PULLPOLICY, &s->policies[i]);
				sim_put(s, e);
			}
		for (int i = 0; which == 3 && i < PODS_MAX; i++)
			if (s->pods[i].exists) {
				fill(e, KIND_POD, &s->pods[i]);
				sim_put(s, e);
			}
	}
	stopped_put_set(s);
	core_sweep(s->core, sim_now(s));
	/* Lists of this moment, or of who knows when: a watcher may only say so of the oldest. */
	if (sim_random(&s->run, 2) == 0)
		core_listed(s->core, s->run.boot_ms, sim_now(s));
	free(e);
}

void sim_status_from(struct sim_status *to, const struct cachedimage_status *from)
{
	*to = (struct sim_status){
		.written = true,
		.generation = from->observed_generation,
		.targeted = from->nodes_targeted,
		.ready_nodes = from->nodes_ready,
		.pulling = from->nodes_pulling,
		.failures = from->consecutive_failures,
		.pulled_at = from->last_pulled_at,
		.attempted_at = from->last_attempted_at,
		.n_cached = from->cached_nodes.n,
		.n_failed = from->failed_nodes.n,
		.n_conditions = from->conditions.n,
		.skipped = from->nodes_skipped,
	};
	const struct registry_status *told = from->registry;
	to->asked = told != NULL;
	if (told != NULL) {
		sim_text(to->told, sizeof(to->told), told->digest);
		to->checked_at = told->checked_at;
		to->settled_at = told->settled_at;
		to->n_platforms = told->platforms.n;
	}
	for (size_t i = 0; i < to->n_platforms; i++)
		sim_text(to->platforms[i], 16, told->platforms.at[i].platform);
	sim_text(to->phase, sizeof(to->phase), from->phase);
	sim_text(to->ready, sizeof(to->ready), from->ready);
	sim_text(to->digest, sizeof(to->digest), from->resolved_digest);
	sim_text(to->cached_image, sizeof(to->cached_image), from->cached_image);
	for (size_t i = 0; i < to->n_cached; i++)
		sim_text(to->cached[i], NAME, from->cached_nodes.at[i]);
	for (size_t i = 0; i < to->n_failed; i++) {
		sim_text(to->failed[i].node, NAME, from->failed_nodes.at[i].node);
		sim_text(to->failed[i].reason, NAME, from->failed_nodes.at[i].reason);
		sim_text(to->failed[i].message, TEXT, from->failed_nodes.at[i].message);
		to->failed[i].attempts = from->failed_nodes.at[i].attempts;
		to->failed[i].at = from->failed_nodes.at[i].last_attempt_at;
	}
	for (size_t i = 0; i < to->n_conditions; i++) {
		const struct api_condition *c = &from->conditions.at[i];
		sim_text(to->conditions[i].type, NAME, c->type);
		sim_text(to->conditions[i].status, 8, c->status);
		sim_text(to->conditions[i].reason, NAME, c->reason);
		sim_text(to->conditions[i].message, TEXT * 2, c->message);
		to->conditions[i].generation = c->observed_generation;
		to->conditions[i].since = c->last_transition;
	}
}

static void name_node(struct sim *s, struct sim_node *n, int i)
{
	*n = (struct sim_node){.exists = true, .ready = true};
	n->cap = sim_chance(&s->run, 300) ? 1 + sim_random(&s->run, 4) : LISTED_MAX;
	n->five_names = sim_chance(&s->run, 150);
	snprintf(n->name, NAME, "node-%d", i);
	snprintf(n->uid, NAME, "n%d-%llu", i, (unsigned long long)++s->uids);
	snprintf(n->pool, sizeof(n->pool), "%s", sim_chance(&s->run, 500) ? "a" : "b");
	/* Long ago, so that a clock that is set does not make it another node. */
	n->created = sim_now(s).wall_s - 1000000;
	n->arm = s->checks && sim_chance(&s->run, 300);
	disks_node_new(s, n);
}

static void name_policy(struct sim *s, struct sim_policy *p, int i)
{
	*p = (struct sim_policy){
		.exists = true,
		.max_nodes = 1 + (int64_t)sim_random(&s->run, 4),
		.max_pulls = sim_chance(&s->run, 500) ? 0 : 1 + (int64_t)sim_random(&s->run, 4),
		.max_per_node = 1 + (int64_t)sim_random(&s->run, 3),
		.delay_ms = sim_chance(&s->run, 500) ? 0 : (int64_t)sim_random(&s->run, 3000),
		.initial_ms = 1000 + (int64_t)sim_random(&s->run, 5000),
		.max_ms = 10000,
		.repull_ms = (s->repulls || s->checks) && i == 0 ? 60000 : 0,
		.mb_per_s = sim_chance(&s->run, 300) ? 50 + (int64_t)sim_random(&s->run, 1000) : 0,
	};
	if (s->scopes)
		p->by_image = sim_chance(&s->run, 500);
	if (s->batches)
		p->max_images = 1 + (int64_t)sim_random(&s->run, IMAGES_MAX);
	disks_policy_new(s, p, i);
	snprintf(p->name, NAME, "policy-%d", i);
}

void sim_init(struct sim *s)
{
	s->creates = xcalloc(CREATES_MAX, sizeof(*s->creates));
	s->pulled = xcalloc(PULLED_MAX, sizeof(*s->pulled));
	s->fallback = (struct sim_policy){.exists = true,
					  .max_nodes = 1,
					  .max_per_node = 2,
					  .delay_ms = 10000,
					  .initial_ms = 30000,
					  .max_ms = 300000};
	int n = 1 + (int)sim_random(&s->run, NODES_MAX);
	for (int i = 0; i < n; i++)
		name_node(s, &s->nodes[i], i);
	for (int i = 0; i < POLICIES_MAX; i++)
		name_policy(s, &s->policies[i], i);
	n = 1 + (int)sim_random(&s->run, IMAGES_MAX);
	for (int i = 0; i < n; i++) {
		struct sim_image *img = &s->images[i];
		*img = (struct sim_image){
			.exists = true, .generation = 1, .revision = ++s->revisions};
		snprintf(img->name, NAME, "image-%d", i);
		snprintf(img->uid, NAME, "i%d-%llu", i, (unsigned long long)++s->uids);
		snprintf(img->tag, NAME, "%s", sim_chance(&s->run, 200) ? "missing-1" : "1");
		img->policy = (int)sim_random(&s->run, POLICIES_MAX + 1) - 1;
		if (s->batches && img->policy > 0) /* images of one policy */
			img->policy = 0;
		img->pool_a_only = sim_chance(&s->run, 200);
		img->if_not_present = sim_chance(&s->run, 400);
		img->rv = ++s->rv;
		img->gates = s->startup && sim_chance(&s->run, 500);
	}
	stopped_init(s);
}

void sim_done(struct sim *s)
{
	while (s->head != NULL)
		drop_first(s);
	core_free(s->core);
	arena_done(&s->zones);
	free(s->creates);
	free(s->pulled);
}
