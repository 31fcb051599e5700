/*
 * See usage_feed.h. Steps: the ConfigMaps are read one after the other, then events are listed once
 * every Node is known, since an event counts for its node.
 */
#include "watcher/usage_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "base/log.h"
#include "base/random.h"
#include "base/xalloc.h"
#include "ipc/objpack.h"
#include "kube/reflector.h"
#include "kube/stored_bytes.h"
#include "kube/urls.h"
#include "usage/fold.h"
#include "usage/stored.h"

#define EVENTS_PATH     "/api/v1/events"
#define EVENTS_SELECTOR "reason=Pulled"
#define READ_MS         10000
#define READ_AGAIN_MS   5000
/* So often hours and coverage move on, if no event does it. */
#define TICK_MS 5000
/* A snapshot is as good for other questions for so long. */
#define SNAPSHOT_FRESH_MS 2000
#define SNAPSHOT_KEPT_MS  30000
/* First starts of one answer: with names of 253 and references of 512 bytes it stays under MSG_MAX.
 */
#define STARTS_READ_MAX 500

struct usage_feed {
	uint64_t epoch; /* of the numbers of starts */
	struct usage_feed_config config;
	struct usage *usage;
	int restored;                /* parts that were read, or found not to be there */
	uint64_t request;            /* 0: none */
	int64_t again_ms;            /* the next read, after one that failed */
	bool unread;                 /* the last one failed: said once */
	struct reflector *reflector; /* NULL: events are not listed yet */
	bool listed;
	char trouble[ERR_TEXT_MAX];
	int64_t tick_ms;
	struct arena arena; /* of one event or node */
	uint64_t snapshot;
	int64_t snapshot_ms;
	struct buf parts[STORED_PARTS];
};

/* ---- what was kept ---- */

static void restore(struct usage_feed *f, int part, const char *json, size_t len)
{
	struct err err;
	size_t n = 0;
	char *bytes = stored_bytes_read(json, len, &f->arena, &n, &err);
	int rc = bytes != NULL ? 0 : -1;
	if (rc == 0)
		rc = usage_restore(f->usage, part, bytes, n, clock_now(), &err);
	if (rc < 0)
		log_warn("the saved usage cannot be decoded, ignoring", LN("part", part),
			 LS("error", err.text));
	else
		log_info("usage restored", LN("part", part), LN("bytes", n),
			 LN("images", f->usage->images.n));
	free(bytes);
	arena_reset(&f->arena);
}

static void on_kept(void *ctx, const struct kube_answer *answer)
{
	struct usage_feed *f = ctx;
	f->request = 0;
	if (answer->code == 200) {
		restore(f, f->restored, answer->body, answer->len);
	} else if (answer->code != 404 && answer->code != 403) {
		LOG_AT(f->unread ? LOG_DEBUG : LOG_WARN,
		       "the saved usage cannot be read, retrying", LN("code", answer->code),
		       LS("error", answer->message));
		f->unread = true;
		f->again_ms = clock_boot_ms() + READ_AGAIN_MS;
		return;
	} else if (answer->code == 403) {
		log_warn("no right to read the saved usage, ignoring",
			 LS("error", answer->message));
	}
	if (f->unread)
		log_info("the saved usage can be read again");
	f->unread = false;
	f->restored++;
}

static void read_kept(struct usage_feed *f, int64_t now_ms)
{
	char *name = arena_printf(&f->arena, "%s-%d", f->config.options->usage_store, f->restored);
	struct kube_request req = {
		.method = KUBE_GET,
		.lane = KUBE_WRITE,
		.path = url_configmap(&f->arena, f->config.pod_namespace, name),
		.deadline_ms = now_ms + READ_MS,
	};
	f->request = kube_send(f->config.kube, &req, on_kept, f);
	arena_reset(&f->arena);
}

/* ---- nodes ---- */

/* For usage: does the node list the image, as far as the store knows? */
static bool lists(void *ctx, const char *name, uint64_t hash)
{
	struct usage_feed *f = ctx;
	size_t len;
	struct err err;
	struct node node;
	bool found = false;
	struct arena mem = ARENA_INIT;
	const void *bytes = store_get(f->config.store, KIND_NODE, name, &len);
	if (bytes != NULL && obj_unpack(kinds[KIND_NODE].desc, bytes, len, &mem, &node, &err) == 0)
		for (size_t i = 0; i < node.images.n && !found; i++)
			for (size_t k = 0; k < node.images.at[i].names.n; k++)
				found |= node_name_hash(node.images.at[i].names.at[k]) == hash;
	arena_done(&mem);
	return found;
}

static void on_node(void *ctx, const char *name, const struct node *node)
{
	struct usage_feed *f = ctx;
	if (node != NULL)
		usage_node_seen(f->usage, node, f->config.options->usage_pool_label);
	else
		usage_node_gone(&f->usage->nodes, name);
}

/* A list may lack nodes whose end was not seen. */
static void forget_nodes(struct usage_feed *f)
{
	const struct usage_node *node;
	size_t len;
	for (size_t i = 0; (node = map_next(&f->usage->nodes, &i)) != NULL;)
		if (store_get(f->config.store, KIND_NODE, node->name, &len) == NULL) {
			usage_node_gone(&f->usage->nodes, node->name);
			i = 0; /* the table moved */
		}
}

/* ---- events ---- */

static void on_begin(void *ctx)
{
	struct usage_feed *f = ctx;
	usage_list_begin(f->usage, usage_time(f->usage, clock_now()));
}

static void on_object(void *ctx, bool gone, const char *json, size_t len)
{
	struct usage_feed *f = ctx;
	struct pulled event;
	struct err err;
	if (gone) /* its hour is over */
		return;
	int rc = pulled_read(json, len, &f->arena, &event, &err);
	if (rc > 0)
		usage_event(f->usage, &event, usage_time(f->usage, clock_now()));
	else
		f->usage->outcomes[rc == 0 ? USAGE_other : USAGE_unreadable]++;
	arena_reset(&f->arena);
}

static void on_synced(void *ctx, int64_t began_ms)
{
	struct usage_feed *f = ctx;
	(void)began_ms;
	usage_list_end(f->usage);
	if (!f->listed)
		log_info("events listed", LN("images", f->usage->images.n),
			 LN("uses", f->usage->outcomes[USAGE_used]));
	f->listed = true;
	f->trouble[0] = '\0';
}

static void on_trouble(void *ctx, const struct err *err)
{
	struct usage_feed *f = ctx;
	snprintf(f->trouble, sizeof(f->trouble), "%s", err->text);
	log_warn("watch failed, retrying", LS("kind", "Event"), LS("error", err->text));
}

static void on_went_back(void *ctx)
{
	struct usage_feed *f = ctx;
	usage_went_back(f->usage, usage_time(f->usage, clock_now()));
}

static const struct reflector_ops ops = {
	.begin = on_begin,
	.object = on_object,
	.synced = on_synced,
	.trouble = on_trouble,
	.went_back = on_went_back,
};

/* ---- life ---- */

struct usage_feed *usage_feed_new(const struct usage_feed_config *config)
{
	if (!config->options->usage)
		return NULL;
	struct usage_feed *f = xcalloc(1, sizeof(*f));
	f->config = *config;
	f->epoch = random_id();
	f->usage = usage_new(config->pod_namespace, lists, f);
	views_follow_nodes(config->views, on_node, f);
	return f;
}

void usage_feed_free(struct usage_feed *f)
{
	if (f == NULL)
		return;
	reflector_free(f->reflector);
	if (f->request != 0)
		kube_cancel(f->config.kube, f->request);
	usage_free(f->usage);
	for (int i = 0; i < STORED_PARTS; i++)
		buf_done(&f->parts[i]);
	arena_done(&f->arena);
	free(f);
}

static void drop_snapshot(struct usage_feed *f)
{
	f->snapshot = 0;
	for (int i = 0; i < STORED_PARTS; i++)
		buf_done(&f->parts[i]);
}

int64_t usage_feed_turn(struct usage_feed *f, struct now now)
{
	if (f == NULL)
		return CLOCK_NEVER;
	if (f->restored < STORED_PARTS) {
		if (f->request == 0 && now.boot_ms >= f->again_ms)
			read_kept(f, now.boot_ms);
		return f->request == 0 ? f->again_ms : CLOCK_NEVER;
	}
	if (f->reflector == NULL &&
	    views_fresh_ms(f->config.views, UINT64_C(1) << KIND_NODE) != 0) {
		struct reflector_config config = {
			.path = EVENTS_PATH, .field_selector = EVENTS_SELECTOR, .uncached = true};
		f->reflector = reflector_new(f->config.kube, &config, &ops, f);
	}
	if (f->snapshot != 0 && now.boot_ms >= f->snapshot_ms + SNAPSHOT_KEPT_MS)
		drop_snapshot(f);
	if (f->reflector != NULL && now.boot_ms >= f->tick_ms) {
		int64_t hour = f->usage->hour;
		bool live = reflector_live(f->reflector);
		if (live) /* a watch goes on without a list */
			f->trouble[0] = '\0';
		usage_tick(f->usage, usage_time(f->usage, now), live);
		if (hour != f->usage->hour)
			forget_nodes(f);
		f->tick_ms = now.boot_ms + TICK_MS;
	}
	return now.boot_ms + TICK_MS;
}

static void take_snapshot(struct usage_feed *f, int64_t now_ms)
{
	drop_snapshot(f);
	f->snapshot = random_id() | 1;
	f->snapshot_ms = now_ms;
	for (int i = 0; i < STORED_PARTS; i++)
		usage_store(f->usage, i, &f->parts[i]);
}

void usage_feed_read(struct usage_feed *f, const struct msg_usage_get *ask, struct now now,
		     struct msg_usage *ret)
{
	*ret = (struct msg_usage){.parts = STORED_PARTS};
	if (f == NULL)
		return;
	ret->enabled = true;
	ret->listed = f->listed;
	ret->trouble = f->trouble[0] != '\0' ? f->trouble : NULL;
	ret->store = f->config.options->usage_store;
	if (!f->listed || ask->part >= STORED_PARTS)
		return;
	if (ask->snapshot == 0 &&
	    (f->snapshot == 0 || now.boot_ms >= f->snapshot_ms + SNAPSHOT_FRESH_MS) &&
	    usage_whole(f->usage))
		take_snapshot(f, now.boot_ms);
	if (f->snapshot == 0 || (ask->snapshot != 0 && ask->snapshot != f->snapshot))
		return;
	const struct buf *part = &f->parts[ask->part];
	ret->snapshot = f->snapshot;
	ret->data = (struct msg_bin){(const uint8_t *)part->data, part->len};
}

static int64_t micros(double seconds)
{
	return seconds >= 0 ? (int64_t)(seconds * 1e6) : -1;
}

static struct msg_workload_start start_row(const struct usage *u, const struct start *start)
{
	return (struct msg_workload_start){
		.node = start->node,
		.node_uid = start->node_uid,
		.image = start->image,
		.at_s = start->at_s,
		.rv = start->rv,
		.own = start->own,
		.cold = start->cold,
		.again = start->again,
		.fetched = start->fetched,
		.took_us = micros(start->seconds),
		.waited_us = micros(start->waited),
		.typical_us = (int64_t)(demand_pull_seconds(u->demand, start->image) * 1e6),
	};
}

/* Of a reader that knows another log than this one: has it counted the entry? */
static bool was_read(const struct msg_starts_since *ask, const struct start *start)
{
	return start->rv <= ask->counted_rv && start->at_s <= ask->counted_s + USAGE_HISTORY_S;
}

static int64_t gaps_since(const struct coverage *c, int64_t from_s)
{
	int64_t sum = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->gaps[i].to_s > from_s)
			sum += c->gaps[i].to_s -
			       (c->gaps[i].from_s > from_s ? c->gaps[i].from_s : from_s);
	return sum;
}

static void add_starts(const struct usage_feed *f, const struct msg_starts_since *ask,
		       struct arena *a, struct msg_starts *ret)
{
	const struct starts *starts = f->usage->starts;
	const struct start *start;
	bool same = ask->epoch == f->epoch;
	ret->next = same ? ask->seq : 0;
	if (!same && ask->counted_rv != 0 && starts_forgotten_rv(starts) > ask->counted_rv)
		ret->lost++; /* at least */
	ret->starts.at = arena_array(a, STARTS_READ_MAX, sizeof(*ret->starts.at));
	while ((start = starts_after(starts, ret->next)) != NULL && !ret->more) {
		if (same || ret->next != 0)
			ret->lost += start->seq - ret->next - 1;
		if (same || !was_read(ask, start))
			ret->starts.at[ret->starts.n++] = start_row(f->usage, start);
		ret->next = start->seq;
		ret->more = ret->starts.n == STARTS_READ_MAX;
	}
}

void usage_feed_starts(const struct usage_feed *f, const struct msg_starts_since *ask,
		       struct arena *a, struct msg_starts *ret)
{
	*ret = (struct msg_starts){0};
	if (f == NULL)
		return;
	ret->enabled = true;
	ret->store = f->config.options->usage_store;
	if (!f->listed) /* the log is not complete before: nothing is said of it */
		return;
	ret->epoch = f->epoch;
	ret->since_s = f->usage->coverage.since_s;
	ret->gaps_s = gaps_since(&f->usage->coverage, ask->since_s);
	add_starts(f, ask, a, ret);
}

const struct usage *usage_feed_usage(const struct usage_feed *f, const char **ret_trouble)
{
	*ret_trouble = f->listed ? NULL : "they are not listed yet";
	if (f->trouble[0] != '\0')
		*ret_trouble = f->trouble;
	return f->usage;
}

void usage_feed_collect(const struct usage_feed *f, struct metrics *m)
{
	metric_set(m, METRIC_usage_enabled, f != NULL, NULL);
	if (f == NULL)
		return;
	for (int i = 0; i < USAGE_OUTCOME_COUNT; i++)
		metric_set(m, METRIC_usage_events_total, (int64_t)f->usage->outcomes[i],
			   LABELS(usage_outcome_name((enum usage_outcome)i)));
	metric_set(m, METRIC_usage_images, (int64_t)f->usage->images.n, NULL);
	metric_set(m, METRIC_usage_since_timestamp_seconds, f->usage->coverage.since_s * 1000000,
		   NULL);
	metric_set(m, METRIC_usage_seen_timestamp_seconds, f->usage->coverage.seen_s * 1000000,
		   NULL);
}
