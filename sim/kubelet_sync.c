/*
 * The table: what a pod is doing x what happened to it -> what kubelet does. Every row of a
 * state that can be left by deletion, eviction or a stopped kubelet says so itself.
 *
 * Invariants: a pod that pulls is on a list of kubelet_pull.c; `active` pods hold a place of
 * max_pods; the image of a pod that has a container is in use on the disk until the pod is
 * gone. Statuses of one pod are said in order; one that was not written yet is replaced.
 */
#include "sim/kubelet_sync.h"

#include <string.h>

#include "sim/kubelet_pull.h"

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

static void say(struct kpod *p, enum pod_shape shape, struct now now)
{
	bool no_sandbox = shape == POD_SHAPE_CREATING;
	bool had_none = p->said == POD_SHAPE_CREATING;
	if (p->sandbox_s == 0 || no_sandbox != had_none || shape == POD_SHAPE_SUCCEEDED ||
	    shape == POD_SHAPE_FAILED)
		p->sandbox_s = now.wall_s;
	if (p->ready_s == 0 || (shape == POD_SHAPE_RUNNING) != (p->said == POD_SHAPE_RUNNING))
		p->ready_s = now.wall_s;
	p->said = shape;
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
	if (other != p && other->active && strcmp(other->image, p->image) == 0) {
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
	if (p->intolerant)
		return "TaintToleration";
	p->used = k->full ? k->group->max_pods : (int64_t)k->n_active;
	return p->used >= k->group->max_pods ? "OutOfpods" : NULL;
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
	if (!k->env->config.instant && p->failures == 0)
		say(p, POD_SHAPE_CREATING, now);
	kpod_wait(p, KUBELET_SANDBOX_MS, now);
}

/* ---- from the sandbox to the end of the container ---- */

static void start(struct kpod *p, const struct sim_content *content, const char *digest_name,
		  struct now now)
{
	p->content = content;
	p->image_id = digest_name;
	disk_use(&p->kubelet->disk, p->content, true, now.wall_s);
	p->state = KPOD_STARTING;
	kpod_wait(p, KUBELET_START_MS, now);
}

static int64_t sync_ms(struct kpod *p)
{
	return KUBELET_SYNC_MS + (int64_t)random_below(p->kubelet->env, KUBELET_SYNC_MORE_MS + 1);
}

/* There will be no image unless something changes: looks again at each sync. */
static void no_image(struct kpod *p, enum pod_shape shape, struct now now)
{
	p->state = KPOD_FAILING;
	p->next = shape;
	if (p->said != shape)
		kpod_wait(p, KUBELET_RELIST_MS, now);
}

/* The image may be there already, or must be. */
static void want_image(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	struct sim_manifest m;
	bool known = registries_find(k->env->registries, p->image, &m) == 0;
	const struct sim_content *there = known ? disk_find_manifest(&k->disk, &m) : NULL;
	if (!known && pull_name_refused(p->image, NULL))
		no_image(p, POD_SHAPE_BAD_NAME, now);
	else if (p->always || (there == NULL && !p->never))
		pull_queue(p, now);
	else if (there == NULL)
		no_image(p, POD_SHAPE_NEVER, now);
	else /* the tag may mean something newer by now: the node's is what runs */
		start(p, there, disk_digest_name(&k->disk, there), now);
}

/* The first sync after a failure comes with the sandbox's event, the others by the clock. */
static void not_pulled(struct kpod *p, struct now now)
{
	p->state = KPOD_FAILING;
	p->next = POD_SHAPE_ERR_PULL;
	if (p->failures == 1)
		kpod_wait(p, KUBELET_START_MS, now);
	else
		timer_set(p->kubelet->env->timers, &p->timer, now.boot_ms + sync_ms(p));
}

/* Says what the last sync found out, then looks whether it is time to pull again. */
static void sync_failing(struct kpod *p, struct now now)
{
	if (p->said != p->next)
		say(p, p->next, now);
	int64_t backoff = KUBELET_BACKOFF_MS;
	for (unsigned i = 1; i < p->failures && backoff < KUBELET_BACKOFF_MAX_MS; i++)
		backoff *= 2;
	if (backoff > KUBELET_BACKOFF_MAX_MS)
		backoff = KUBELET_BACKOFF_MAX_MS;
	if (p->failures == 0 || now.boot_ms - p->failed_ms >= backoff) {
		want_image(p, now);
		if (p->state != KPOD_FAILING)
			return;
	} else {
		p->next = POD_SHAPE_BACK_OFF;
	}
	timer_set(p->kubelet->env->timers, &p->timer, now.boot_ms + sync_ms(p));
}

static void started(struct kpod *p, struct now now)
{
	bool instant = p->kubelet->env->config.instant;
	bool fails = p->ends && p->content->scratch;
	p->started_s = fails ? 0 : now.wall_s; /* a runtime that could not start says 1970 */
	p->ended_s = now.wall_s;
	if (!p->ends) {
		p->state = KPOD_RUNNING;
		timer_stop(p->kubelet->env->timers, &p->timer);
		say(p, POD_SHAPE_RUNNING, now);
	} else if (instant) {
		over(p, fails ? POD_SHAPE_FAILED : POD_SHAPE_SUCCEEDED, now);
	} else {
		p->state = KPOD_ENDED;
		say(p, fails ? POD_SHAPE_NO_START : POD_SHAPE_ENDED, now);
		kpod_wait(p, KUBELET_RELIST_MS, now);
	}
}

static void ended(struct kpod *p, struct now now)
{
	over(p, p->said == POD_SHAPE_NO_START ? POD_SHAPE_FAILED : POD_SHAPE_SUCCEEDED, now);
}

/* ---- what comes from outside ---- */

static void die(struct kpod *p, struct now now)
{
	pull_cancel(p, now);
	if (p->state == KPOD_RUNNING) {
		p->ended_s = now.wall_s;
		say(p, POD_SHAPE_KILLED, now);
	}
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
	over(p, p->state == KPOD_RUNNING ? POD_SHAPE_KILLED : POD_SHAPE_EVICTED, now);
}

/* What was going on is lost; a started kubelet begins the pod again from its sandbox. */
static void stop(struct kpod *p, struct now now)
{
	pull_cancel(p, now);
	timer_stop(p->kubelet->env->timers, &p->timer);
	if (p->content != NULL)
		disk_use(&p->kubelet->disk, p->content, false, now.wall_s);
	p->content = NULL;
	p->image_id = NULL;
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
	[KPOD_SANDBOX] = {[KPOD_DUE] = want_image,
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
	[KPOD_ENDED] = {[KPOD_DUE] = ended, [KPOD_DELETE] = die, [KPOD_STOP] = stay},
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

void kubelet_pull_ended(struct kpod *p, bool done, struct now now)
{
	if (done)
		start(p, p->pull.content, p->pull.digest_name, now);
	else
		not_pulled(p, now);
}

bool kpod_can(const struct kpod *p, enum kpod_event event)
{
	return table[p->state][event] != NULL;
}
