/*
 * Look-ups: makes nodes from groups, finds the kubelet of a pod and the owner of a timer.
 * Invariant: a pod is in n->pods exactly as long as a kubelet has it, whatever its state, so that
 * a kubelet whose Node was deleted is still told when its pods are deleted.
 */
#include "sim/nodes/inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"

#include "sim/nodes/kubelet_event.h"

#define MIB (1024 * 1024)
/* Where the scenario says nothing. */
#define MAX_PODS    110
#define MAX_IMAGES  50
#define HEARTBEAT_S 300

#define OWNER_OF(timer_at, type, member) ((type *)((char *)(timer_at)-offsetof(type, member)))

struct nodes *nodes_new(const struct nodes_config *config, struct registries *registries,
			const struct node_port *port)
{
	struct nodes *n = xcalloc(1, sizeof(*n));
	n->port = *port;
	n->env = (struct kubelet_env){.registries = registries,
				      .timers = &n->timers,
				      .port = &n->port,
				      .config = *config,
				      .random = config->seed * 2 + 1};
	n->starts.limit = NODES_STARTS_MAX;
	TAILQ_INIT(&n->env.events);
	TAILQ_INIT(&n->env.writes);
	TAILQ_INIT(&n->env.retries);
	TAILQ_INIT(&n->env.changed);
	TAILQ_INIT(&n->writes);
	n->retry.owner = TIMER_RETRY;
	return n;
}

void nodes_free(struct nodes *n)
{
	if (n == NULL)
		return;
	struct kevent *event;
	while ((event = kevent_take(&n->env)) != NULL)
		kevent_free(event);
	for (size_t i = 0; i < n->n; i++)
		kubelet_done(&n->at[i]->kubelet);
	for (size_t i = 0; i < n->n; i++) /* their timers are in one heap until all have ended */
		free(n->at[i]);
	free(n->at);
	map_done(&n->by_name);
	map_done(&n->pods);
	buf_done(&n->starts);
	timers_done(&n->timers);
	arena_done(&n->arena);
	arena_done(&n->turn);
	free(n);
}

/* ---- groups ---- */

static void copy_taints(struct arena *a, const struct node_taints *from, struct node_taints *to)
{
	to->n = from->n;
	to->at = arena_array(a, from->n, sizeof(*to->at));
	for (size_t i = 0; i < from->n; i++)
		to->at[i] = (struct node_taint){arena_strdup(a, from->at[i].key),
						arena_strdup(a, from->at[i].value),
						arena_strdup(a, from->at[i].effect)};
}

static void copy_labels(struct arena *a, const struct api_map *from, struct api_map *to)
{
	to->n = from->n;
	to->at = arena_array(a, from->n, sizeof(*to->at));
	for (size_t i = 0; i < from->n; i++)
		to->at[i] = (struct api_kv){arena_strdup(a, from->at[i].key),
					    arena_strdup(a, from->at[i].value)};
}

static void copy_images(struct nodes *n, const struct api_strings *from, struct node_group *to)
{
	int64_t delay;
	to->images = arena_array(&n->arena, from->n + 1, sizeof(*to->images));
	to->images[to->n_images++] = registries_pause(n->env.registries);
	for (size_t i = 0; i < from->n; i++)
		if (registries_pull(n->env.registries, from->at[i], to->kubelet.platform, true,
				    &to->images[to->n_images], &delay) == PULL_FAULT_NONE)
			to->n_images++;
}

static int64_t or_default(int64_t value, int64_t def)
{
	return value != 0 ? value : def;
}

static struct node_group *group_new(struct nodes *n, const struct sim_group *from)
{
	struct arena *a = &n->arena;
	struct node_group *g = arena_alloc(a, sizeof(*g));
	g->os = arena_strdup(a, from->os != NULL ? from->os : "linux");
	g->arch = arena_strdup(a, from->arch != NULL ? from->arch : "amd64");
	g->kubelet = (struct kubelet_group){
		.name = arena_strdup(a, from->name),
		.platform = arena_printf(a, "%s/%s", g->os, g->arch),
		.bandwidth = from->bandwidth_mib * MIB,
		.max_pods = or_default(from->max_pods, MAX_PODS),
		.parallel = from->parallel_pulls,
		.lost_events = (uint64_t)from->lost_events,
		.dialect = dialect_find(from->kubelet),
		.by_hand = from->by_hand,
	};
	copy_taints(a, &from->taints, &g->kubelet.taints);
	struct node_taints startup = {arena_array(a, from->startup.n, sizeof(*startup.at)),
				      from->startup.n};
	for (size_t i = 0; i < startup.n; i++)
		startup.at[i] = (struct node_taint){.key = from->startup.at[i].key,
						    .value = from->startup.at[i].value,
						    .effect = from->startup.at[i].effect};
	copy_taints(a, &startup, &g->startup);
	g->karpenter = from->karpenter_ms != 0;
	copy_labels(a, &from->labels, &g->labels);
	copy_images(n, &from->images, g);
	g->disk_bytes = from->disk_mib * MIB;
	g->max_images = or_default(from->max_images, MAX_IMAGES);
	g->pad_bytes = from->pad_kib * 1024;
	g->skew_s = from->skew_ms / 1000;
	g->heartbeat_ms = or_default(from->heartbeat_s, HEARTBEAT_S) * 1000;
	return g;
}

static void add_node(struct nodes *n, const struct node_group *g, int64_t number)
{
	struct snode *s = xcalloc(1, sizeof(*s));
	s->name = arena_printf(&n->arena, "%s-%03" PRId64, g->kubelet.name, number);
	s->group = g;
	s->timer.owner = TIMER_NODE;
	s->beat_ms = s->images_ms = s->retry_ms = CLOCK_NEVER;
	kubelet_init(&s->kubelet, &n->env, &g->kubelet, g->disk_bytes, n->n + 1);
	s->kubelet.evict_ms = CLOCK_NEVER;
	s->kubelet.skew_s = g->skew_s;
	if (n->n == n->cap) {
		n->cap = n->cap ? n->cap * 2 : 64;
		n->at = xreallocarray(n->at, n->cap, sizeof(struct snode *));
	}
	n->at[n->n++] = s;
	map_put(&n->by_name, s->name, s);
}

void nodes_add_group(struct nodes *n, const struct sim_group *group, struct now now)
{
	const struct node_group *g = group_new(n, group);
	for (int64_t i = 0; i < group->count; i++) {
		add_node(n, g, i);
		if (!group->absent)
			snode_join(n, n->at[n->n - 1], now);
	}
}

/* ---- a node comes and goes ---- */

static int64_t random_below(struct nodes *n, int64_t limit)
{
	n->env.random = n->env.random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int64_t)((n->env.random >> 33) % (uint64_t)limit);
}

void snode_join(struct nodes *n, struct snode *s, struct now now)
{
	struct disk *d = &s->kubelet.disk;
	int64_t wall_s = kubelet_now(&s->kubelet, now).wall_s;
	s->exists = true;
	for (size_t i = 0; i < s->group->n_images; i++)
		disk_add(d, &s->group->images[i], i == 0, wall_s);
	s->heartbeat_s = s->ready_s = s->pressure_s = s->began_s = wall_s;
	/* Spread, so that a thousand nodes do not beat at once. */
	s->beat_ms = now.boot_ms + s->group->heartbeat_ms / 2 +
		     random_below(n, s->group->heartbeat_ms / 2 + 1);
	if (s->group->kubelet.by_hand)
		s->beat_ms = CLOCK_NEVER;
	kubelet_start(&s->kubelet, now);
	snode_arm(n, s);
	snode_write(n, s, NODE_WRITE_CREATE);
}

void snode_leave(struct nodes *n, struct snode *s, bool images, struct now now)
{
	struct kpod *p;
	kubelet_stop(&s->kubelet, now);
	s->kubelet.away = s->kubelet.full = s->cordoned = s->exists = false;
	kubelet_set_pressure(&s->kubelet, false, now);
	TAILQ_FOREACH(p, &s->kubelet.pods, of_node) /* as pod garbage collection does */
	kubelet_delete(p, now);
	if (images) {
		disk_done(&s->kubelet.disk);
		s->installed++;
	}
	snode_arm(n, s);
	s->wants = 0;
	snode_write(n, s, NODE_WRITE_DELETE);
}

void nodes_contradicted(struct nodes *n, const char *node, struct now now)
{
	struct snode *s = map_get(&n->by_name, node);
	if (s == NULL || !s->exists || s->kubelet.away || s->group->kubelet.by_hand ||
	    s->beat_ms - now.boot_ms < NODE_STATUS_MS)
		return;
	s->ready_s = kubelet_now(&s->kubelet, now).wall_s;
	s->beat_ms = now.boot_ms + random_below(n, NODE_STATUS_MS);
	snode_arm(n, s);
}

/* ---- pods ---- */

static void pod_gone(struct nodes *n, struct kpod *p, struct now now)
{
	map_del(&n->pods, p->key);
	kubelet_gone(p, now);
}

/* An unknown pod, perhaps of one of our nodes. */
static void pod_came(struct nodes *n, const char *json, size_t len, struct now now)
{
	char node[POD_TEXT_MAX];
	struct sim_pod pod;
	struct err err;
	pod_glance_node(json, len, node);
	struct snode *s = map_get(&n->by_name, node);
	if (s == NULL)
		return;
	if (pod_read(json, len, &n->turn, &pod, &err) != 0) {
		log_debug("a pod that cannot be read", LS("node", node), LS("error", err.text));
		return;
	}
	struct kpod *p = kubelet_add(&s->kubelet, &pod, now);
	if (p == NULL)
		return;
	p->list = n->list;
	map_put(&n->pods, p->key, p);
	/* Pods of a node that is gone go too: pod garbage collection. */
	if (!s->exists || (pod.meta.deleted != 0 && pod.grace_s != 0))
		kubelet_delete(p, now);
}

/* What may change about a pod is that it is deleted. */
static void pod_changed(struct nodes *n, struct kpod *p, const char *json, size_t len,
			struct now now)
{
	struct sim_pod pod;
	if (!p->deleting && pod_read(json, len, &n->turn, &pod, NULL) == 0 &&
	    pod.meta.deleted != 0 && pod.grace_s != 0)
		kubelet_delete(p, now);
}

void nodes_pod(struct nodes *n, bool gone, const char *json, size_t len, struct now now)
{
	struct pod_glance glance;
	if (pod_glance(json, len, &glance) != 0)
		return;
	const char *key = arena_printf(&n->turn, "%s/%s", glance.ns, glance.name);
	struct kpod *p = map_get(&n->pods, key);
	bool same = p != NULL && strcmp(p->uid, glance.uid) == 0;
	/* Ignore events about an older pod of this name; one about a newer pod ends this one. */
	if (p != NULL && gone == same)
		pod_gone(n, p, now);
	if (!gone && !same) {
		pod_came(n, json, len, now);
	} else if (!gone) {
		p->list = n->list;
		if (glance.maybe_deleted)
			pod_changed(n, p, json, len, now);
	}
	arena_reset(&n->turn);
}

void nodes_resync_begin(struct nodes *n)
{
	n->list++;
}

void nodes_resync_end(struct nodes *n, struct now now)
{
	for (size_t i = 0; i < n->n; i++) {
		struct kpod *p, *next;
		for (p = TAILQ_FIRST(&n->at[i]->kubelet.pods); p != NULL; p = next) {
			next = TAILQ_NEXT(p, of_node);
			if (p->list != n->list)
				pod_gone(n, p, now);
		}
	}
}

/* ---- another past ---- */

/* What it did since is lost, as after its restart. */
static void forget_pods(struct nodes *n, struct snode *s, struct now now)
{
	struct kpod *p;
	while ((p = TAILQ_FIRST(&s->kubelet.pods)) != NULL)
		pod_gone(n, p, now);
}

void nodes_restored(struct nodes *n, bool (*has)(void *ctx, const char *node), void *ctx,
		    struct now now)
{
	for (size_t i = 0; i < n->n; i++) {
		struct snode *s = n->at[i];
		bool there = has(ctx, s->name);
		forget_pods(n, s, now);
		if (s->exists && !there)
			snode_write(n, s, NODE_WRITE_CREATE);
		else if (s->exists)
			snode_write(n, s,
				    NODE_WRITE_TAINTS | NODE_WRITE_STATUS | NODE_WRITE_IMAGES);
		else if (there)
			snode_write(n, s, NODE_WRITE_DELETE);
	}
}

/* ---- time ---- */

static void node_due(struct nodes *n, struct snode *s, struct now now)
{
	unsigned wants = 0;
	if (s->kubelet.evict_ms <= now.boot_ms)
		kubelet_evict_one(&s->kubelet, now);
	if (s->exists && s->images_ms <= now.boot_ms) {
		s->images_ms = CLOCK_NEVER;
		disk_collect(&s->kubelet.disk, kubelet_now(&s->kubelet, now).wall_s);
		if (disk_is_high(&s->kubelet.disk))
			s->images_ms = now.boot_ms + NODE_STATUS_MS;
		if (!n->env.config.instant)
			wants = NODE_WRITE_STATUS | NODE_WRITE_IMAGES;
	}
	if (s->exists && s->beat_ms <= now.boot_ms) {
		s->beat_ms = now.boot_ms + s->group->heartbeat_ms;
		wants = NODE_WRITE_STATUS | NODE_WRITE_IMAGES;
	}
	if (s->retry_ms <= now.boot_ms) {
		s->retry_ms = CLOCK_NEVER;
		wants |= s->wants;
	}
	if (wants != 0 && s->kubelet.away)
		wants = s->wants; /* a kubelet that is away says nothing new */
	snode_arm(n, s);
	if (wants != 0)
		snode_write(n, s, wants);
}

static void take_changed(struct nodes *n, struct now now)
{
	struct kubelet *k;
	while ((k = TAILQ_FIRST(&n->env.changed)) != NULL) {
		struct snode *s = snode_of(k);
		TAILQ_REMOVE(&n->env.changed, k, of_changed);
		k->images_changed = false;
		if (s->images_ms != CLOCK_NEVER || s->group->kubelet.by_hand)
			continue;
		s->images_ms = now.boot_ms + NODE_STATUS_MS;
		snode_arm(n, s);
	}
}

int64_t nodes_turn(struct nodes *n, struct now now)
{
	struct timer *t;
	n->env.now_ms = now.boot_ms;
	take_changed(n, now);
	while ((t = timers_due(&n->timers, now.boot_ms)) != NULL) {
		switch ((enum timer_owner)t->owner) {
		case TIMER_POD:
			kubelet_pod_due(OWNER_OF(t, struct kpod, timer), now);
			break;
		case TIMER_FETCH:
			kubelet_fetch_due(OWNER_OF(t, struct kubelet, fetch), now);
			break;
		case TIMER_NODE:
			node_due(n, OWNER_OF(t, struct snode, timer), now);
			break;
		case TIMER_RETRY:
			nodes_retry(n, now);
			break;
		}
		take_changed(n, now);
	}
	nodes_flush(n, now);
	return timers_next_ms(&n->timers);
}

/* ---- for those who look ---- */

size_t nodes_count(const struct nodes *n)
{
	return n->n;
}

struct node_view nodes_view(const struct nodes *n, size_t i)
{
	const struct snode *s = n->at[i];
	const struct kubelet *k = &s->kubelet;
	const struct kpod *p;
	size_t pulling = 0;
	TAILQ_FOREACH(p, &k->pulls, of_pulls)
	pulling++;
	return (struct node_view){.name = s->name,
				  .exists = s->exists && s->registered,
				  .ready = s->exists && !k->away,
				  .pods = k->n_pods,
				  .pulling = pulling,
				  .images = k->disk.n_images,
				  .disk_mib = k->disk.capacity / MIB,
				  .used_mib = k->disk.used / MIB};
}

int nodes_progress(const struct nodes *n, size_t i, const char *reference)
{
	return kubelet_progress(&n->at[i]->kubelet, reference);
}

struct nodes_counts nodes_counts(const struct nodes *n)
{
	return n->env.counts;
}
