/*
 * The table: what a pod is doing x what happened to it -> what kubelet does. Every row of a
 * state that can be left by deletion, eviction or a stopped kubelet says so itself.
 *
 * A sync brings one init container after the other to its end, then tries each of the other
 * containers in the order of the spec, as kubelet's worker of a pod does; what it found out is
 * said when it is through with them, and of failures at the next sync.
 *
 * Invariants: a pod that pulls is on a list of kubelet_pull.c; `active` pods hold a place of
 * max_pods; the image of a container is in use on the disk until its pod is gone. Statuses of
 * one pod are said in order; one that was not written yet is replaced.
 */
#include "sim/nodes/kubelet_sync.h"

#include <string.h>

#include "sim/nodes/kubelet_event.h"
#include "sim/nodes/kubelet_pull.h"

static uint64_t random_below(struct kubelet_env *env, uint64_t n)
{
	env->random = env->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return n > 0 ? (env->random >> 33) % n : 0;
}

void kpod_wait(struct kpod *p, int64_t ms, struct now now)
{
	struct kubelet_env *env = p->kubelet->env;
	if (env->config.instant)
		ms = 0;
	else if (env->config.jitter_ms > 0)
		ms += (int64_t)random_below(env, (uint64_t)env->config.jitter_ms);
	timer_set(env->timers, &p->timer, now.boot_ms + ms);
}

void kpod_queue_write(struct kpod *p)
{
	if (p->queued || p->flying || p->waits_retry || p->kubelet->away)
		return;
	p->queued = true;
	TAILQ_INSERT_TAIL(&p->kubelet->env->writes, p, of_writes);
}

static bool is_first(enum pod_shape shape)
{
	return shape == POD_SHAPE_CREATING || shape == POD_SHAPE_INIT_FIRST;
}

static void say(struct kpod *p, enum pod_shape shape, struct now now)
{
	bool no_sandbox = is_first(shape), had_none = is_first(p->said);
	if (p->sandbox_s == 0 || no_sandbox != had_none || shape == POD_SHAPE_SUCCEEDED ||
	    shape == POD_SHAPE_FAILED)
		p->sandbox_s = now.wall_s;
	if (p->ready_s == 0 || (shape == POD_SHAPE_RUNNING) != (p->said == POD_SHAPE_RUNNING))
		p->ready_s = now.wall_s;
	p->said = shape;
	p->unsaid = false;
	p->dirty = true;
	kpod_queue_write(p);
}

static void become_active(struct kpod *p)
{
	struct kubelet_env *env = p->kubelet->env;
	p->active = true;
	if (p->kubelet->n_active++ == 0)
		env->busy_nodes++;
	env->active++;
	if (env->active > env->counts.most_at_once)
		env->counts.most_at_once = env->active;
	if (env->busy_nodes > env->counts.most_nodes_at_once)
		env->counts.most_nodes_at_once = env->busy_nodes;
}

void kpod_inactive(struct kpod *p)
{
	if (!p->active)
		return;
	p->active = false;
	p->kubelet->env->active--;
	if (--p->kubelet->n_active == 0)
		p->kubelet->env->busy_nodes--;
}

static void over(struct kpod *p, enum pod_shape shape, struct now now)
{
	timer_stop(p->kubelet->env->timers, &p->timer);
	p->state = KPOD_OVER;
	kpod_inactive(p);
	say(p, shape, now);
}

/* ---- accepting ---- */

static void reject(struct kpod *p, const char *reason, struct now now)
{
	p->rejected = true;
	p->reason = reason;
	p->kubelet->env->counts.pods_rejected++;
	over(p, POD_SHAPE_REJECTED, now);
}

static void count_double(const struct kpod *p)
{
	const struct kpod *other;
	TAILQ_FOREACH(other, &p->kubelet->pods, of_node)
	if (other != p && other->active && strcmp(other->main->image, p->main->image) == 0) {
		p->kubelet->env->counts.double_pulls++;
		return;
	}
}

/* In the order in which kubelet asks its admission handlers. */
static const char *refusal(struct kpod *p)
{
	const struct kubelet *k = p->kubelet;
	if (k->pressure)
		return "Evicted";
	if (p->other_os)
		return "PodOSNotSupported";
	if (p->intolerant)
		return "TaintToleration";
	p->used = k->full ? k->group->max_pods : (int64_t)k->n_active;
	return p->used >= k->group->max_pods ? "OutOfpods" : NULL;
}

static bool is_untried(const struct kpod *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->containers[i].state != KCONTAINER_WAITS || p->containers[i].failures > 0)
			return false;
	return true;
}

static void accept_pod(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	const char *reason = p->accepted ? NULL : refusal(p);
	if (p->start_s == 0)
		p->start_s = now.wall_s;
	if (reason != NULL) {
		reject(p, reason, now);
		return;
	}
	if (!p->accepted) {
		p->accepted = true;
		k->env->counts.pods_accepted++;
		count_double(p);
		become_active(p);
	}
	p->state = KPOD_SANDBOX;
	if (!k->env->config.instant && is_untried(p))
		say(p, p->n_init > 0 ? POD_SHAPE_INIT_FIRST : POD_SHAPE_CREATING, now);
	kpod_wait(p, KUBELET_SANDBOX_MS, now);
}

/* ---- from the sandbox to the end of the containers ---- */

static size_t place_of(const struct kpod *p, const struct kcontainer *c)
{
	return (size_t)(c - p->containers);
}

static bool init_is_done(const struct kcontainer *c)
{
	return c->state == KCONTAINER_ENDED || (c->sidecar && c->state == KCONTAINER_RUNS);
}

/* The init container whose turn it is, or the first of the others. */
static size_t first_to_do(const struct kpod *p)
{
	size_t i = 0;
	while (i < p->n_init && init_is_done(&p->containers[i]))
		i++;
	return i;
}

static bool any_main(const struct kpod *p, enum kcontainer_state state)
{
	for (size_t i = p->n_init; i < p->n; i++)
		if (p->containers[i].state == state)
			return true;
	return false;
}

static bool any_broke(const struct kpod *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->containers[i].state == KCONTAINER_BROKE)
			return true;
	return false;
}

/* The row for phase and conditions of a pod that has its sandbox and is not over. */
static enum pod_shape shape_now(const struct kpod *p)
{
	if (first_to_do(p) < p->n_init)
		return POD_SHAPE_INITIALIZING;
	/* All rows of a container that waits say the same of its pod. */
	if (any_main(p, KCONTAINER_WAITS) || any_main(p, KCONTAINER_FAILS))
		return POD_SHAPE_ERR_PULL;
	bool ended = any_main(p, KCONTAINER_ENDED) || any_main(p, KCONTAINER_BROKE);
	return ended ? POD_SHAPE_PARTLY : POD_SHAPE_RUNNING;
}

static void start(struct kpod *p, const struct sim_content *content, const char *digest_name,
		  bool was_pulled, struct now now)
{
	kevent_add(p, was_pulled, now);
	p->cur->content = content;
	p->cur->image_id = digest_name;
	disk_use(&p->kubelet->disk, content, true, now.wall_s);
	p->state = KPOD_STARTING;
	kpod_wait(p, KUBELET_START_MS, now);
}

static int64_t sync_ms(struct kpod *p)
{
	return KUBELET_SYNC_MS + (int64_t)random_below(p->kubelet->env, KUBELET_SYNC_MORE_MS + 1);
}

static void fails(struct kpod *p, enum pod_shape shape, int64_t soon_ms)
{
	p->cur->state = KCONTAINER_FAILS;
	p->cur->next = shape;
	if (soon_ms != 0 && (p->soon_ms == 0 || soon_ms < p->soon_ms))
		p->soon_ms = soon_ms;
}

/* There will be no image, or no container, unless something changes: looks again at each sync. */
static bool no_image(struct kpod *p, enum pod_shape shape)
{
	fails(p, shape, p->cur->said != shape ? KUBELET_RELIST_MS : 0);
	return false;
}

/* The image of p->cur may be there already, or must be. False: it has none, and waits for none. */
static bool want_image(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	const struct kcontainer *c = p->cur;
	struct sim_manifest m;
	bool known = registries_find(k->env->registries, c->image, &m) == 0;
	const struct sim_content *there = known ? disk_find_manifest(&k->disk, &m) : NULL;
	if (!known && pull_name_refused(c->image, NULL))
		return no_image(p, POD_SHAPE_BAD_NAME);
	if (there == NULL && c->never)
		return no_image(p, POD_SHAPE_NEVER);
	if (c->always || there == NULL)
		pull_queue(p, now);
	else /* the tag may mean something newer by now: the node's is what runs */
		start(p, there, disk_digest_name(&k->disk, there), false, now);
	return true;
}

/* Does this sync try it? A failure waits for its back-off, and says so. */
static bool is_due(struct kcontainer *c, struct now now)
{
	int64_t backoff = KUBELET_BACKOFF_MS;
	if (c->state != KCONTAINER_FAILS)
		return c->state == KCONTAINER_WAITS;
	for (unsigned i = 1; i < c->failures && backoff < KUBELET_BACKOFF_MAX_MS; i++)
		backoff *= 2;
	if (backoff > KUBELET_BACKOFF_MAX_MS)
		backoff = KUBELET_BACKOFF_MAX_MS;
	if (c->failures == 0 || now.boot_ms - c->failed_ms >= backoff)
		return true;
	c->next = POD_SHAPE_BACK_OFF;
	return false;
}

/* All containers have ended, or an init container has in a bad way. */
static void all_ended(struct kpod *p, struct now now)
{
	for (size_t i = 0; i < p->n_init; i++)
		if (p->containers[i].state == KCONTAINER_RUNS) {
			p->containers[i].state = KCONTAINER_ENDED;
			p->containers[i].said = POD_SHAPE_ENDED;
			p->containers[i].ended_s = now.wall_s;
		}
	over(p, any_broke(p) ? POD_SHAPE_FAILED : POD_SHAPE_SUCCEEDED, now);
}

/* No container of the pod is without its image. */
static void settle(struct kpod *p, struct now now)
{
	if (any_main(p, KCONTAINER_RUNS)) {
		p->state = KPOD_RUNNING;
		timer_stop(p->kubelet->env->timers, &p->timer);
		say(p, shape_now(p), now);
	} else if (p->kubelet->env->config.instant) {
		all_ended(p, now);
	} else {
		p->state = KPOD_ENDED;
		say(p, any_broke(p) ? POD_SHAPE_NO_START : POD_SHAPE_ENDED, now);
		kpod_wait(p, KUBELET_RELIST_MS, now);
	}
}

/* This sync has tried what it could. The first sync after a failure comes with the sandbox's event,
 * the others by the clock. */
static void end_sync(struct kpod *p, bool failed, struct now now)
{
	if (!failed) {
		settle(p, now);
		return;
	}
	p->state = KPOD_FAILING;
	if (p->soon_ms != 0)
		kpod_wait(p, p->soon_ms, now);
	else
		timer_set(p->kubelet->env->timers, &p->timer, now.boot_ms + sync_ms(p));
}

/* The sync goes on from that container: the init container alone, or all others. */
static void try_from(struct kpod *p, size_t i, bool init, struct now now)
{
	size_t end = init ? p->n_init : p->n;
	bool failed = false;
	for (; i < end; i++) {
		p->cur = &p->containers[i];
		if (is_due(p->cur, now) && want_image(p, now))
			return; /* it goes on when that has ended */
		if (init)
			break;
	}
	for (i = init ? first_to_do(p) : p->n_init; i < end; i++)
		failed = failed || p->containers[i].state == KCONTAINER_FAILS;
	end_sync(p, failed, now);
}

static void sync_pod(struct kpod *p, struct now now)
{
	size_t i = first_to_do(p);
	p->soon_ms = 0;
	try_from(p, i, i < p->n_init, now);
}

/* Says what the last sync found out, then looks whether it is time to pull again. */
static void sync_failing(struct kpod *p, struct now now)
{
	for (size_t i = 0; i < p->n; i++) {
		struct kcontainer *c = &p->containers[i];
		if (c->state != KCONTAINER_FAILS || c->said == c->next)
			continue;
		c->said = c->next;
		p->unsaid = true;
	}
	if (p->unsaid)
		say(p, shape_now(p), now);
	sync_pod(p, now);
}

static void init_started(struct kpod *p, struct now now)
{
	const struct kcontainer *c = p->cur;
	if (c->state == KCONTAINER_BROKE) {
		settle(p, now);
		return;
	}
	say(p, shape_now(p), now);
	p->state = init_is_done(c) ? KPOD_SANDBOX : KPOD_RUNNING;
	if (p->state == KPOD_SANDBOX)
		kpod_wait(p, KUBELET_RELIST_MS, now);
	else
		timer_stop(p->kubelet->env->timers, &p->timer);
}

/* The sync has failed to bring p->cur to run: an init container keeps all others waiting. */
static void after_failure(struct kpod *p, struct now now)
{
	if (p->cur->init)
		end_sync(p, true, now);
	else
		try_from(p, place_of(p, p->cur) + 1, false, now);
}

/* The runtime makes no container, so that the image is unused; each sync tries it again. */
static void not_created(struct kpod *p, struct now now)
{
	struct kcontainer *c = p->cur;
	disk_use(&p->kubelet->disk, c->content, false, now.wall_s);
	c->content = NULL;
	c->image_id = NULL;
	no_image(p, POD_SHAPE_NO_CREATE);
	after_failure(p, now);
}

static void started(struct kpod *p, struct now now)
{
	struct kcontainer *c = p->cur;
	bool broke = c->needs_true && c->content->scratch;
	if (broke && p->kubelet->group->dialect->no_create) {
		not_created(p, now);
		return;
	}
	c->started_s = broke ? 0 : now.wall_s; /* a runtime that could not start says 1970 */
	c->ended_s = now.wall_s;
	c->state = broke ? KCONTAINER_BROKE : c->ends ? KCONTAINER_ENDED : KCONTAINER_RUNS;
	c->said = broke ? POD_SHAPE_NO_START : c->ends ? POD_SHAPE_ENDED : POD_SHAPE_RUNNING;
	p->unsaid = true;
	if (c->init)
		init_started(p, now);
	else
		try_from(p, place_of(p, c) + 1, false, now);
}

/* ---- what comes from outside ---- */

/* Containers that run are killed; false: there are none. */
static bool end_running(struct kpod *p, struct now now)
{
	bool any = false;
	for (size_t i = 0; i < p->n; i++) {
		struct kcontainer *c = &p->containers[i];
		if (c->state != KCONTAINER_RUNS)
			continue;
		c->state = KCONTAINER_BROKE;
		c->said = POD_SHAPE_KILLED;
		c->ended_s = now.wall_s;
		any = true;
	}
	return any;
}

static void die(struct kpod *p, struct now now)
{
	pull_cancel(p, now);
	if (end_running(p, now))
		say(p, POD_SHAPE_KILLED, now);
	kpod_inactive(p);
	p->state = KPOD_DYING;
	p->wants_delete = true;
	timer_stop(p->kubelet->env->timers, &p->timer);
	kpod_queue_write(p);
}

static void die_again(struct kpod *p, struct now now)
{
	(void)now;
	p->wants_delete = true;
	kpod_queue_write(p);
}

static void evict(struct kpod *p, struct now now)
{
	pull_cancel(p, now);
	p->evicted = true;
	p->reason = "Evicted";
	p->ended_s = now.wall_s;
	for (size_t i = 0; i < p->n; i++)
		if (p->containers[i].state == KCONTAINER_WAITS ||
		    p->containers[i].state == KCONTAINER_FAILS)
			p->containers[i].said = POD_SHAPE_EVICTED;
	over(p, end_running(p, now) ? POD_SHAPE_KILLED : POD_SHAPE_EVICTED, now);
}

/* What was going on is lost; a started kubelet begins the pod again from its sandbox. */
static void stop(struct kpod *p, struct now now)
{
	pull_cancel(p, now);
	timer_stop(p->kubelet->env->timers, &p->timer);
	for (size_t i = 0; i < p->n; i++) {
		struct kcontainer *c = &p->containers[i];
		if (c->state != KCONTAINER_WAITS && c->state != KCONTAINER_FAILS)
			continue;
		if (c->content != NULL)
			disk_use(&p->kubelet->disk, c->content, false, now.wall_s);
		c->content = NULL;
		c->image_id = NULL;
		c->state = KCONTAINER_WAITS;
	}
	p->state = KPOD_NEW;
}

/* Its container goes on without the kubelet. */
static void stay(struct kpod *p, struct now now)
{
	(void)now;
	timer_stop(p->kubelet->env->timers, &p->timer);
}

static void (*const table[KPOD_STATES][KPOD_EVENTS])(struct kpod *p, struct now now) = {
	[KPOD_NEW] = {[KPOD_DUE] = accept_pod, [KPOD_DELETE] = die, [KPOD_STOP] = stop},
	[KPOD_SANDBOX] = {[KPOD_DUE] = sync_pod,
			  [KPOD_DELETE] = die,
			  [KPOD_EVICT] = evict,
			  [KPOD_STOP] = stop},
	[KPOD_LINE] = {[KPOD_DELETE] = die, [KPOD_EVICT] = evict, [KPOD_STOP] = stop},
	[KPOD_ASKING] = {[KPOD_DUE] = pull_answered,
			 [KPOD_DELETE] = die,
			 [KPOD_EVICT] = evict,
			 [KPOD_STOP] = stop},
	[KPOD_FETCHING] = {[KPOD_DELETE] = die, [KPOD_EVICT] = evict, [KPOD_STOP] = stop},
	[KPOD_STARTING] = {[KPOD_DUE] = started,
			   [KPOD_DELETE] = die,
			   [KPOD_EVICT] = evict,
			   [KPOD_STOP] = stop},
	[KPOD_RUNNING] = {[KPOD_DELETE] = die, [KPOD_EVICT] = evict},
	[KPOD_ENDED] = {[KPOD_DUE] = all_ended, [KPOD_DELETE] = die, [KPOD_STOP] = stay},
	[KPOD_FAILING] = {[KPOD_DUE] = sync_failing,
			  [KPOD_DELETE] = die,
			  [KPOD_EVICT] = evict,
			  [KPOD_STOP] = stop},
	[KPOD_OVER] = {[KPOD_DELETE] = die},
	[KPOD_DYING] = {[KPOD_DUE] = die_again, [KPOD_DELETE] = die_again},
};
void kpod_happen(struct kpod *p, enum kpod_event event, struct now now)
{
	if (table[p->state][event] != NULL)
		table[p->state][event](p, now);
}

void kpod_pull_ended(struct kpod *p, bool done, struct now now)
{
	if (done) {
		start(p, p->pull.content, p->pull.digest_name, true, now);
		return;
	}
	fails(p, pull_failure_shape(p->kubelet->group->dialect, p->cur),
	      p->cur->failures == 1 ? KUBELET_START_MS : 0);
	after_failure(p, now);
}

bool kpod_can(const struct kpod *p, enum kpod_event event)
{
	return table[p->state][event] != NULL;
}
