/*
 * See fold.h. Two clocks: the hour of a use is that of the event's creation, by the API server; our
 * own says when an hour is over. While events are listed, which come in the order of their names,
 * uses of hours after the running one wait until the list is complete, so that each hour is learned
 * with all its uses.
 */
#include "usage/fold.h"

#include <stdlib.h>
#include <string.h>

#include "api/pullpod.h"
#include "base/hash.h"
#include "base/names.h"
#include "base/xalloc.h"

#include "usage/node_pool.h"

#define HOUR_S 3600
/* Entries of the tables of what was seen lately. */
#define REPEATS_SIZE 8192
#define PAIRS_SIZE   32768
#define PODS_SIZE    16384
/* A pull of an image that was there takes one request to the registry. */
#define CHECK_ONLY_S 1.0
/* An event that is so old comes late: its node may list what it pulled. */
#define LATE_S 30
/* An event may come so long after the hour in which it was written. */
#define GRACE_S 10
/* So long the end of an hour waits for a watch that is interrupted. */
#define PATIENCE_S 600

#define OUTCOME_NAME(name, doc) [USAGE_##name] = #name,
static const char *const outcome_names[] = {USAGE_OUTCOMES(OUTCOME_NAME)};

const char *usage_outcome_name(enum usage_outcome outcome)
{
	return name_of(NAMES(outcome_names), (int)outcome);
}

struct usage *usage_new(const char *pod_namespace, usage_lists_fn lists, void *ctx)
{
	struct usage *u = xcalloc(1, sizeof(*u));
	u->pod_namespace = xstrdup(pod_namespace);
	u->lists = lists;
	u->ctx = ctx;
	u->demand = demand_new();
	u->starts = starts_new();
	u->repeats.size = REPEATS_SIZE;
	u->pairs.size = PAIRS_SIZE;
	u->pods.size = PODS_SIZE;
	return u;
}

void usage_free(struct usage *u)
{
	if (u == NULL)
		return;
	usage_images_done(&u->images);
	usage_nodes_done(&u->nodes);
	demand_free(u->demand);
	starts_free(u->starts);
	recent_done(&u->repeats);
	recent_done(&u->pairs);
	recent_done(&u->pods);
	for (size_t i = 0; i < DEMAND_POOLS_MAX; i++)
		free(u->pools[i]);
	free(u->later);
	free(u->pod_namespace);
	free(u);
}

/* ---- time ---- */

static bool apart(int64_t a, int64_t b)
{
	return a > b + USAGE_JUMP_S || b > a + USAGE_JUMP_S;
}

/* Hours were folded that have not come yet: by a clock that was wrong when we started. */
static void forget_hours(struct usage *u)
{
	for (size_t i = 0; i < u->images.n; i++) {
		memset(u->images.at[i]->hours, 0, sizeof(u->images.at[i]->hours));
		memset(u->images.at[i]->waited, 0, sizeof(u->images.at[i]->waited));
		u->images.at[i]->last = 0;
	}
	demand_free(u->demand);
	u->demand = demand_new();
	u->coverage = (struct coverage){0};
	u->images.hour = u->hour = 0;
	u->n_later = 0;
}

int64_t usage_time(struct usage *u, struct now now)
{
	int64_t due = u->clock.wall_s + (now.boot_ms - u->clock.boot_ms) / 1000;
	if (u->clock.wall_s != 0 && apart(now.wall_s, due) && apart(now.wall_s, u->newest_s))
		return due;
	if (u->images.hour > (now.wall_s + USAGE_JUMP_S) / HOUR_S)
		forget_hours(u);
	u->clock = now;
	return now.wall_s;
}

/* ---- hours ---- */

/* The demand knows images that are real only. */
static void demand_this(struct usage *u, const char *pool, const struct usage_image *image,
			uint64_t uses)
{
	if (image->real)
		demand_use(u->demand, pool, image->reference, (unsigned)uses);
}

/* Uses that waited for the hour that runs now go to it; of earlier ones, they are too late. */
static void release_later(struct usage *u)
{
	size_t kept = 0;
	for (size_t i = 0; i < u->n_later; i++) {
		const struct usage_later *l = &u->later[i];
		const struct usage_image *image = usage_image_find(&u->images, l->hash);
		if (l->hour > u->hour)
			u->later[kept++] = *l;
		else if (l->hour == u->hour && image != NULL)
			demand_this(u, l->pool, image, l->uses);
	}
	u->n_later = kept;
	u->later_full = false;
}

static void begin_hour(struct usage *u, int64_t hour)
{
	bool whole = u->hour != 0 && hour == u->hour + 1 &&
		     coverage_whole(&u->coverage, u->hour * HOUR_S, hour * HOUR_S);
	usage_nodes_count(&u->nodes, u->demand, u->hour * HOUR_S);
	demand_hour(u->demand, hour, whole);
	u->hour = hour;
	release_later(u);
}

/* Hours end one after the other, when their events are all there: not while they are listed. */
static void advance(struct usage *u, int64_t now_s)
{
	int64_t hour = now_s / HOUR_S;
	if (u->listing || u->coverage.since_s == 0)
		return;
	if (u->hour == 0 || hour - u->hour > USAGE_HOURS)
		begin_hour(u, hour);
	while (u->hour < hour) {
		int64_t end = (u->hour + 1) * HOUR_S;
		if (u->coverage.seen_s < end && now_s < end + PATIENCE_S)
			return;
		begin_hour(u, u->hour + 1);
	}
	coverage_forget(&u->coverage, (hour - USAGE_HOURS) * HOUR_S);
}

void usage_tick(struct usage *u, int64_t now_s, bool live)
{
	usage_images_hour(&u->images, now_s / HOUR_S);
	if (live && !u->listing)
		coverage_seen(&u->coverage, now_s);
	advance(u, now_s - GRACE_S);
}

void usage_list_begin(struct usage *u, int64_t now_s)
{
	/* The list before broke off: which of its events were not seen is not known. */
	u->broke_off = u->listing && (u->list_folded || u->broke_off);
	if (u->listing && u->list_folded && u->coverage.since_s != 0)
		coverage_gap(&u->coverage, u->coverage.seen_s, now_s);
	u->listing = true;
	starts_unsorted(u->starts);
	u->list_folded = false;
	u->known_rv = u->rv;
	u->began_s = now_s;
	u->oldest_s = 0;
	usage_images_hour(&u->images, now_s / HOUR_S);
}

void usage_list_end(struct usage *u)
{
	u->listing = false;
	u->told_all = true;
	starts_sort(u->starts);
	u->created_s = u->newest_s;
	coverage_listed(&u->coverage, u->began_s, u->oldest_s);
	advance(u, u->began_s - GRACE_S);
}

bool usage_whole(const struct usage *u)
{
	return !u->listing || !(u->list_folded || u->broke_off);
}

void usage_went_back(struct usage *u, int64_t now_s)
{
	u->rv = u->known_rv = 0;
	coverage_gap(&u->coverage, u->coverage.seen_s, now_s);
}

/* ---- one use ---- */

/* The name, for as long as we are there; "" if there are too many. */
static const char *pool_kept(struct usage *u, const char *pool)
{
	for (size_t i = 0; i < DEMAND_POOLS_MAX; i++) {
		if (u->pools[i] == NULL)
			u->pools[i] = xstrdup(pool);
		if (strcmp(u->pools[i], pool) == 0)
			return u->pools[i];
	}
	return "";
}

static int by_place(const void *a, const void *b)
{
	const struct usage_later *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->hour != y->hour)
		return x->hour < y->hour ? -1 : 1;
	return x->pool < y->pool ? -1 : x->pool > y->pool;
}

/* Adds up what is of the same image, pool and hour. */
static void merge_later(struct usage *u)
{
	size_t n = 0;
	qsort(u->later, u->n_later, sizeof(*u->later), by_place);
	for (size_t i = 0; i < u->n_later; i++)
		if (n > 0 && by_place(&u->later[n - 1], &u->later[i]) == 0)
			u->later[n - 1].uses += u->later[i].uses;
		else
			u->later[n++] = u->later[i];
	u->n_later = n;
}

static void use_later(struct usage *u, int64_t hour, const struct usage_use *use)
{
	const char *pool = pool_kept(u, use->node->pool);
	if (u->later == NULL)
		u->later = xcalloc(USAGE_LATER_MAX, sizeof(*u->later));
	if (u->n_later == USAGE_LATER_MAX && !u->later_full) {
		merge_later(u);
		u->later_full = u->n_later > USAGE_LATER_MAX / 4 * 3;
	}
	if (u->n_later < USAGE_LATER_MAX)
		u->later[u->n_later++] = (struct usage_later){hour, use->hash, pool, use->uses};
	else /* the hour is not whole then */
		coverage_gap(&u->coverage, hour * HOUR_S, hour * HOUR_S + 1);
}

static void use_of_workload(struct usage *u, struct usage_image *image, const struct usage_use *use)
{
	int64_t hour = use->at_s / HOUR_S;
	double waited = use->waited > use->seconds ? use->waited : use->seconds;
	usage_image_use(&u->images, image, hour, use->uses, use->ns);
	if (use->was_pulled && waited > 0)
		usage_image_wait(&u->images, image, hour, waited);
	if (hour > u->hour)
		use_later(u, hour, use);
	else if (hour == u->hour)
		demand_this(u, use->node->pool, image, use->uses);
}

void usage_fold(struct usage *u, const struct usage_use *use)
{
	struct usage_image *image = usage_image_get(&u->images, use->image, use->hash);
	bool timed = use->cold && use->seconds >= 0 && (!use->own || use->own_alone);
	if (use->listed)
		image->real = true;
	if (use->bytes > 0)
		image->bytes = use->bytes;
	if (!use->own)
		use_of_workload(u, image, use);
	if (!timed)
		return;
	usage_image_pull(image, use->seconds);
	demand_pull(u->demand, use->node->pool, image->reference, use->seconds,
		    use->bytes > 0 ? use->bytes : 0);
}

/* ---- nodes ---- */

static void become_real(struct usage *u, struct usage_image *image, const char *pool)
{
	image->real = true;
	/* What was used before a node was seen to have it: this hour's is known. */
	demand_this(u, pool, image, image->hours[u->hour % USAGE_HOURS]);
}

void usage_node_seen(struct usage *u, const struct node *node, const char *pool_label)
{
	usage_node_put(&u->nodes, node, pool_label);
	for (size_t i = 0; u->images.n > 0 && i < node->images.n; i++)
		for (size_t k = 0; k < node->images.at[i].names.n; k++) {
			uint64_t hash = node_name_hash(node->images.at[i].names.at[k]);
			struct usage_image *image =
				hash != 0 ? usage_image_find(&u->images, hash) : NULL;
			if (image != NULL && !image->real)
				become_real(u, image, node_pool(&node->meta.labels, pool_label));
		}
}

/* ---- one event ---- */

static uint64_t hash_of(const char *a, uint64_t b)
{
	uint64_t h = hash_bytes(hash_str(HASH_START, a), &b, sizeof(b));
	return h != 0 ? h : 1;
}

/*
 * How many of the event's count are new. What is not in the table had a count of 1 when it was
 * written, and that was seen if events were seen then.
 */
static uint64_t new_of(struct usage *u, const struct pulled *e)
{
	uint64_t id = hash_of(e->uid, 0), known = 0;
	if (e->count > 1) {
		known = recent_get(&u->repeats, id);
		if (known == 0 && e->created_s <= u->created_s &&
		    e->created_s >= u->coverage.since_s && u->coverage.since_s != 0)
			known = 1;
		recent_put(&u->repeats, id, e->count);
	}
	uint64_t new = e->count > known ? e->count - known : 0;
	return new < USAGE_COUNT_MAX ? new : USAGE_COUNT_MAX;
}

/* The API server's clock, and the node's only for what was repeated, within what is possible. */
static int64_t time_of(const struct pulled *e, int64_t now_s)
{
	int64_t at = e->count > 1 && e->last_s > e->created_s ? e->last_s : e->created_s;
	return at < now_s && at > 0 ? at : now_s;
}

static bool is_own(const struct usage *u, const struct pulled *e, bool *ret_alone)
{
	*ret_alone = strcmp(e->container, PULLPOD_CONTAINER) == 0;
	return strcmp(e->ns, u->pod_namespace) == 0 &&
	       (*ret_alone ||
		strncmp(e->container, PULLPOD_CONTAINER "-", strlen(PULLPOD_CONTAINER "-")) == 0);
}

static void note_uncovered(struct usage *u, const struct pulled *e, uint64_t new)
{
	uint64_t pod = hash_of(e->pod_uid, 0), events = recent_get(&u->pods, pod) + (e->count == 1);
	if (e->combined && new > 1)
		u->outcomes[USAGE_uncovered] += new - 1;
	recent_put(&u->pods, pod, events);
	if (e->count == 1 && events == USAGE_POD_EVENTS_MAX)
		u->outcomes[USAGE_uncovered]++;
}

/* 56. The kubelet may "pull" what was there; only what takes time can have brought something. */
static void note_start(struct usage *u, const struct usage_use *use)
{
	double waited = use->waited > use->seconds ? use->waited : use->seconds;
	/* What the node lists may have been there before us; who knows our pulls decides (56). */
	bool cold = use->cold && !use->listed;
	/* A look of ours that stood in the kubelet's queue brought nothing, either. */
	double took = use->own ? use->seconds : waited;
	starts_add(u->starts, &(struct start){
				      .rv = use->rv,
				      .node = use->node->name,
				      .node_uid = use->node->uid,
				      .image = (char *)use->image,
				      .hash = use->hash,
				      .at_s = use->at_s,
				      .own = use->own,
				      .cold = cold,
				      .fetched = use->cold && use->listed,
				      .again = use->was_pulled && !cold && took >= CHECK_ONLY_S,
				      .seconds = use->own && !use->own_alone ? -1 : use->seconds,
				      .waited = waited,
			      });
}

/*
 * Was an earlier event of the node and image seen? A list is in the order of names, so that there
 * an event may come after one that was written later.
 */
static bool seen_before(const struct usage *u, uint64_t pair, const struct pulled *e)
{
	int64_t first_s = (int64_t)recent_get(&u->pairs, pair);
	return first_s != 0 && (!u->listing || first_s < e->created_s);
}

static void note_pair(struct usage *u, uint64_t pair, const struct pulled *e)
{
	int64_t first_s = (int64_t)recent_get(&u->pairs, pair);
	int64_t at_s = e->created_s > 0 ? e->created_s : 1;
	recent_put(&u->pairs, pair, (uint64_t)(first_s != 0 && first_s < at_s ? first_s : at_s));
}

/*
 * Of an image that the node lists: did this pull bring it? An event that comes as it is written is
 * there before its node lists what was new, so that such an image was there before. Of events that
 * come later only the duration tells.
 */
static bool may_have_brought(const struct usage *u, const struct pulled *e, int64_t now_s)
{
	bool late = u->listing || e->created_s < now_s - LATE_S;
	return late && e->seconds >= CHECK_ONLY_S;
}

/*
 * It tells of an earlier node of that name, which a list still has. Not of this one, so that what
 * was pulled there is not on it. Both times are the API server's.
 */
static bool of_earlier_node(const struct usage_node *node, const struct pulled *e)
{
	return e->created_s < node->created_s;
}

static double believed(double value, double most)
{
	return value >= 0 && value <= most ? value : -1;
}

static struct usage_use use_of(struct usage *u, const struct pulled *e,
			       const struct usage_node *node, uint64_t new, int64_t now_s)
{
	bool gone = of_earlier_node(node, e);
	bool seen = !gone && seen_before(u, hash_of(node->uid, e->hash), e);
	bool listed = !seen && u->lists != NULL && u->lists(u->ctx, node->name, e->hash);
	bool doubtful = listed || gone;
	struct usage_use use = {
		.node = node,
		.image = e->image,
		.hash = e->hash,
		.ns = e->ns,
		.uses = e->combined ? 1 : new,
		.rv = e->rv,
		.was_pulled = e->was_pulled,
		.listed = listed,
		.cold = e->was_pulled && !seen && (!doubtful || may_have_brought(u, e, now_s)),
		.seconds = believed(e->seconds, USAGE_SECONDS_MAX),
		.waited = believed(e->waited, USAGE_SECONDS_MAX),
		.bytes = believed(e->bytes, USAGE_BYTES_MAX),
		.at_s = time_of(e, now_s),
	};
	use.own = is_own(u, e, &use.own_alone);
	return use;
}

static void fold_event(struct usage *u, const struct pulled *e, const struct usage_node *node,
		       uint64_t new, int64_t now_s)
{
	struct usage_use use = use_of(u, e, node, new, now_s);
	bool gone = of_earlier_node(node, e);
	if (!gone)
		note_pair(u, hash_of(node->uid, e->hash), e);
	u->outcomes[use.own ? USAGE_own : USAGE_used] += use.uses;
	if (!use.own)
		note_uncovered(u, e, new);
	usage_fold(u, &use);
	if (!gone)
		note_start(u, &use);
}

/* It was folded before a restart; whether the report has it, its reader knows (56). */
static void tell_again(struct usage *u, const struct pulled *e, const struct usage_node *node,
		       int64_t now_s)
{
	struct usage_use use = use_of(u, e, node, 1, now_s);
	if (!of_earlier_node(node, e))
		note_start(u, &use);
}

/*
 * Versions begin again: what was kept is of another cluster, or of its time before the store of
 * this one was restored. A list that broke off left out events that are old by version, too.
 */
static bool of_another_history(const struct usage *u, const struct pulled *e)
{
	return !u->broke_off && u->newest_s != 0 && e->created_s > u->newest_s + USAGE_HISTORY_S;
}

void usage_event(struct usage *u, const struct pulled *e, int64_t now_s)
{
	const struct usage_node *node = usage_node_find(&u->nodes, e->node);
	if (u->listing && (u->oldest_s == 0 || e->created_s < u->oldest_s))
		u->oldest_s = e->created_s;
	if (e->rv <= u->known_rv && of_another_history(u, e)) {
		u->rv = u->known_rv = 0;
		coverage_gap(&u->coverage, u->newest_s, now_s);
	}
	if (e->rv <= u->known_rv) {
		u->outcomes[USAGE_repeated]++;
		if (u->listing && !u->told_all && node != NULL)
			tell_again(u, e, node, now_s);
		return;
	}
	uint64_t new = new_of(u, e);
	u->list_folded = true;
	if (e->rv > u->rv)
		u->rv = e->rv;
	if (node == NULL)
		u->outcomes[USAGE_unknown_node]++;
	else if (new == 0)
		u->outcomes[USAGE_repeated]++;
	else
		fold_event(u, e, node, new, now_s);
	/* A list is in the order of names: what it shows counts as seen at its end. */
	if (e->created_s > u->newest_s)
		u->newest_s = e->created_s;
	if (!u->listing)
		u->created_s = u->newest_s;
}
