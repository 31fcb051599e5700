/*
 * From a raw JSON object to a packed projection in the store: decode the fields we read, drop
 * irrelevant changes (resourceVersion of foreign objects), pack, store. An object that cannot be
 * decoded is logged and skipped.
 */
#include "watcher/views.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/pullpod.h"
#include "api/tables.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "ipc/objpack.h"
#include "kube/reflector.h"
#include "kube/urls.h"
#include "watcher/heartbeat.h"
#include "watcher/quota.h"

/* While objects are left out, how often it is checked whether they fit again. */
#define QUOTA_LOOK_MS 5000

static void trim_node(struct views *all, void *obj);
static void trim_image(struct views *all, void *obj);
static void trim_policy(struct views *all, void *obj);
static void trim_pod(struct views *all, void *obj);
static void trim_set(struct views *all, void *obj);
static void trim_discovery(struct views *all, void *obj);

static const struct watched {
	enum kind kind;
	const char *selector;
	void (*trim)(struct views *all, void *obj); /* forgets what nobody needs */
} watched[] = {
	{KIND_NODE, NULL, trim_node},
	{KIND_POD, PULLPOD_LABEL_MANAGED_BY "=" PULLPOD_MANAGED_BY, trim_pod},
	{KIND_CACHEDIMAGE, NULL, trim_image},
	{KIND_PULLPOLICY, NULL, trim_policy},
	{KIND_CACHEDIMAGESET, NULL, trim_set},
	{KIND_DISCOVERYPOLICY, NULL, trim_discovery},
};

/* After a restore: longer than a write's answer takes on a machine that is busy. */
#define RESTORE_AGAIN_MS 10000
#define WATCHED_N        (sizeof(watched) / sizeof(watched[0]))

struct view {
	struct views *all;
	const struct watched *what;
	struct reflector *reflector;
	int64_t began_ms;  /* of the newest list begun */
	int64_t listed_ms; /* began_ms of the newest list completed; 0: none */
	bool opened[2];    /* a list, a watch, ever */
	int64_t quota_ms;  /* not listed again for those left out before this */
	bool suspect;      /* the list under way was ordered since another kind went back */
};

struct views {
	struct kube *kube;
	struct store *store;
	struct quota *quota;
	struct metrics *metrics;
	char *ns;
	bool started;
	int64_t again_ms; /* boot ms: after a restore all is listed once more; 0: no */
	uint64_t bad;
	views_node_fn on_node; /* or NULL */
	void *on_node_ctx;
	struct arena arena;
	struct buf packed;
	struct view at[WATCHED_N];
};

/* What the store has of the node; NULL: nothing. */
static const struct node *known_node(struct views *all, const char *name)
{
	size_t len;
	struct err err;
	const void *bytes = name != NULL ? store_get(all->store, KIND_NODE, name, &len) : NULL;
	struct node *node = arena_alloc(&all->arena, sizeof(*node));
	if (bytes == NULL ||
	    obj_unpack(kinds[KIND_NODE].desc, bytes, len, &all->arena, node, &err) < 0)
		return NULL;
	return node;
}

static void trim_node(struct views *all, void *obj)
{
	struct node *node = obj;
	node->meta.rv = 0;
	node->meta.generation = 0;
	node->meta.annotations.n = 0;
	node->meta.owners.n = 0;
	node_trim(node, &all->arena);
	const struct node *was = known_node(all, node->meta.name);
	if (was != NULL)
		heartbeat_settle(was, node);
}

static void trim_pod(struct views *all, void *obj)
{
	struct pod *pod = obj;
	pod_trim(pod, &all->arena);
	pod->meta.rv = 0;
	pod->meta.generation = 0;
	pod->meta.owners.n = 0;
}

static void keep_label(struct api_map *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->at[i].key, key) == 0) {
			labels->at[0] = labels->at[i];
			labels->n = 1;
			return;
		}
	labels->n = 0;
}

static void trim_image(struct views *all, void *obj)
{
	struct cachedimage *image = obj;
	selector_trim(&image->spec.node_selector, &all->arena);
	image->meta.annotations.n = 0;
	/* 23, 58. Its set looks at one label. */
	keep_label(&image->meta.labels, API_SET_LABEL);
}

static void trim_policy(struct views *all, void *obj)
{
	struct pullpolicy *policy = obj;
	selector_trim(&policy->spec.node_selector, &all->arena);
	policy->meta.annotations.n = 0;
	policy->meta.labels.n = 0;
	policy->meta.owners.n = 0;
}

static void trim_set(struct views *all, void *obj)
{
	struct cachedimageset *set = obj;
	selector_trim(&set->spec.node_selector, &all->arena);
	set->meta.annotations.n = 0;
	set->meta.labels.n = 0;
	set->meta.owners.n = 0;
}

/* The discoverer reads its spec, and its own last status; sets read the images found (23, 24). */
static void trim_discovery(struct views *all, void *obj)
{
	struct discoverypolicy *dp = obj;
	(void)all;
	dp->meta.annotations.n = 0;
	dp->meta.labels.n = 0;
	dp->meta.owners.n = 0;
}

static void on_begin(void *ctx)
{
	struct view *view = ctx;
	view->began_ms = reflector_began_ms(view->reflector);
	store_mark(view->all->store, view->what->kind);
	quota_mark(view->all->quota, view->what->kind);
}

/* What is left out is not acted upon: an older version of it would be worse than none. */
static void leave_out(struct views *all, enum kind kind, const struct api_meta *meta, size_t bytes)
{
	store_gone(all->store, kind, meta->name);
	if (quota_leave_out(all->quota, kind, meta->name, meta->uid, bytes) != NULL)
		log_warn("memory limit reached, object left out", LS("kind", kinds[kind].kind),
			 LS("name", meta->name), LN("bytes", bytes));
}

static void keep(struct views *all, enum kind kind, const struct api_meta *meta, const void *obj)
{
	buf_clear(&all->packed, 64 * 1024);
	obj_pack(kinds[kind].desc, obj, &all->packed);
	if (all->packed.full || !quota_fits(all->quota, kind, meta->name, all->packed.len)) {
		leave_out(all, kind, meta,
			  all->packed.full ? QUOTA_OBJECT_MAX + 1 : all->packed.len);
		return;
	}
	store_put(all->store, kind, meta->name, all->packed.data, all->packed.len);
	quota_settle(all->quota, kind, meta->name);
}

static void not_understood(struct view *view, const char *name, const char *why)
{
	view->all->bad++;
	log_warn("object cannot be decoded, ignoring it until it changes",
		 LS("kind", kinds[view->what->kind].kind), LS("name", name), LS("error", why));
}

/* Of a deleted object the name is read and nothing else. */
static void on_gone(struct view *view, const char *json, size_t len)
{
	struct views *all = view->all;
	enum kind kind = view->what->kind;
	struct json_range object = {json, len};
	char name[API_NAME_MAX + 1];
	json_copy_string(json_member(json_member_rest(object, "metadata"), "name"), name,
			 sizeof(name));
	if (name[0] == '\0') {
		not_understood(view, NULL, "it has no name");
		return;
	}
	if (all->on_node != NULL && kind == KIND_NODE)
		all->on_node(all->on_node_ctx, name, NULL);
	store_gone(all->store, kind, name);
	quota_settle(all->quota, kind, name);
}

static void on_there(struct view *view, const char *json, size_t len)
{
	struct views *all = view->all;
	enum kind kind = view->what->kind;
	struct err err;
	void *obj = arena_alloc(&all->arena, kinds[kind].size);
	if (desc_decode(kinds[kind].desc, json, len, true, &all->arena, obj, &err) < 0) {
		not_understood(view, NULL, err.text);
		return;
	}
	const struct api_meta *meta = obj;
	if (view->what->trim != NULL)
		view->what->trim(all, obj);
	if (all->on_node != NULL && kind == KIND_NODE && meta->name != NULL)
		all->on_node(all->on_node_ctx, meta->name, obj);
	/* Everything is found by these two; the API server sets both. */
	if (meta->name == NULL || meta->uid == NULL || *meta->uid == '\0')
		not_understood(view, meta->name, "it has no name or no uid");
	else
		keep(all, kind, meta, obj);
}

static void on_object(void *ctx, bool gone, const char *json, size_t len)
{
	struct view *view = ctx;
	(gone ? on_gone : on_there)(view, json, len);
	arena_reset(&view->all->arena);
}

static void on_synced(void *ctx, int64_t began_ms)
{
	struct view *view = ctx;
	store_sweep(view->all->store, view->what->kind);
	quota_sweep(view->all->quota, view->what->kind);
	view->listed_ms = began_ms;
	view->suspect = false;
	log_debug("listed", LS("kind", kinds[view->what->kind].kind),
		  LN("objects", store_count(view->all->store, view->what->kind)));
}

static void on_trouble(void *ctx, const struct err *err)
{
	struct view *view = ctx;
	log_warn("watch failed, retrying", LS("kind", kinds[view->what->kind].kind),
		 LS("error", err->text));
}

static void on_opened(void *ctx, bool watch)
{
	struct view *view = ctx;
	bool first = !view->opened[watch];
	view->opened[watch] = true;
	if (!first)
		metric_add(view->all->metrics, METRIC_watch_restarts_total, 1,
			   LABELS(kinds[view->what->kind].kind, watch ? "watch" : "list"));
}

/*
 * etcd was restored from an older backup. The kinds share one etcd: what another kind's watch shows
 * may be of the lost history even where its own version does not tell, so that all are listed
 * again. And once more a little later: an answer to a write to the lost history may come after the
 * first list has begun, and only a list that began after it can show that the write is lost.
 */
static void on_went_back(void *ctx)
{
	const struct view *view = ctx;
	struct views *all = view->all;
	if (view->suspect)
		return;
	log_warn("resourceVersion of the API server went back, listing everything again",
		 LS("kind", kinds[view->what->kind].kind));
	all->again_ms = clock_boot_ms() + RESTORE_AGAIN_MS;
	for (size_t i = 0; i < WATCHED_N; i++) {
		struct view *other = &all->at[i];
		if (other->began_ms >= view->began_ms)
			continue;
		other->suspect = true;
		other->began_ms = clock_boot_ms();
		reflector_resync(other->reflector);
	}
}

static const struct reflector_ops ops = {
	.opened = on_opened,
	.begin = on_begin,
	.object = on_object,
	.synced = on_synced,
	.trouble = on_trouble,
	.went_back = on_went_back,
};

struct views *views_new(struct kube *k, struct store *store, const char *pod_namespace,
			struct metrics *metrics)
{
	struct views *v = xcalloc(1, sizeof(*v));
	v->kube = k;
	v->store = store;
	v->quota = quota_new(store);
	v->metrics = metrics;
	v->ns = xstrdup(pod_namespace);
	v->packed.limit = QUOTA_OBJECT_MAX;
	for (size_t i = 0; i < WATCHED_N; i++)
		v->at[i] = (struct view){.all = v, .what = &watched[i]};
	return v;
}

void views_free(struct views *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < WATCHED_N; i++)
		reflector_free(v->at[i].reflector);
	quota_free(v->quota);
	arena_done(&v->arena);
	buf_done(&v->packed);
	free(v->ns);
	free(v);
}

void views_follow_nodes(struct views *v, views_node_fn fn, void *ctx)
{
	v->on_node = fn;
	v->on_node_ctx = ctx;
}

void views_start(struct views *v)
{
	if (v->started)
		return;
	v->started = true;
	for (size_t i = 0; i < WATCHED_N; i++) {
		struct view *view = &v->at[i];
		struct reflector_config config = {
			.path = url_list(&v->arena, view->what->kind, v->ns),
			.label_selector = view->what->selector,
		};
		view->began_ms = clock_boot_ms();
		view->reflector = reflector_new(v->kube, &config, &ops, view);
	}
	arena_reset(&v->arena);
}

bool views_started(const struct views *v)
{
	return v->started;
}

void views_refresh(struct views *v, uint64_t mask, int64_t fresh_ms)
{
	for (size_t i = 0; i < WATCHED_N; i++) {
		struct view *view = &v->at[i];
		if (!(mask >> view->what->kind & 1) || view->began_ms >= fresh_ms)
			continue;
		view->began_ms = clock_boot_ms();
		reflector_resync(view->reflector);
	}
}

int64_t views_fresh_ms(const struct views *v, uint64_t mask)
{
	int64_t oldest = INT64_MAX;
	for (size_t i = 0; i < WATCHED_N; i++)
		if ((mask >> v->at[i].what->kind & 1) && v->at[i].listed_ms < oldest)
			oldest = v->at[i].listed_ms;
	return oldest == INT64_MAX ? 0 : oldest;
}

struct quota *views_quota(const struct views *v)
{
	return v->quota;
}

/* The second list after a restore, once it is due. */
static int64_t list_again(struct views *v, int64_t now_ms)
{
	if (v->again_ms == 0 || now_ms < v->again_ms)
		return v->again_ms == 0 ? INT64_MAX : v->again_ms;
	v->again_ms = 0;
	views_refresh(v, views_kinds(), now_ms);
	return INT64_MAX;
}

int64_t views_turn(struct views *v, int64_t now_ms)
{
	int64_t next = list_again(v, now_ms);
	for (size_t i = 0; i < WATCHED_N; i++) {
		struct view *view = &v->at[i];
		if (view->listed_ms < view->began_ms ||
		    quota_count(v->quota, view->what->kind) == 0)
			continue;
		if (now_ms >= view->quota_ms && quota_again(v->quota, view->what->kind)) {
			view->began_ms = now_ms;
			reflector_resync(view->reflector);
		}
		if (now_ms >= view->quota_ms)
			view->quota_ms = now_ms + QUOTA_LOOK_MS;
		next = view->quota_ms < next ? view->quota_ms : next;
	}
	return next;
}

uint64_t views_kinds(void)
{
	uint64_t mask = 0;
	for (size_t i = 0; i < WATCHED_N; i++)
		mask |= UINT64_C(1) << watched[i].kind;
	return mask;
}

uint64_t views_bad_objects(const struct views *v)
{
	return v->bad;
}
