/*
 * Invariant: k->pulls holds exactly the pods in KPOD_ASKING and KPOD_FETCHING, k->line those
 * in KPOD_LINE; n_fetching counts the former that fetch. The bytes left are true as of
 * fetched_ms, and the timer stands at the moment when the first of them is through.
 */
#include "sim/nodes/kubelet_pull.h"

#include <string.h>

#include "base/hash.h"

#include "api/ref.h"

/* PULL_FAULT_SLOW: a hundredth of the bandwidth; without a limit, of this. */
#define SLOW_PART    100
#define SLOW_FROM_BS (100 * 1024 * 1024)

/* Bytes a second of one pull; INT64_MAX: no limit. */
static int64_t rate(const struct kpod *p)
{
	const struct kubelet *k = p->kubelet;
	int64_t all = k->group->bandwidth;
	if (all == 0 && !p->slow)
		return INT64_MAX;
	if (p->slow)
		all = (all > 0 ? all : SLOW_FROM_BS) / SLOW_PART;
	all /= (int64_t)k->n_fetching;
	return all > 0 ? all : 1;
}

static int64_t left_after(const struct kpod *p, int64_t ms)
{
	int64_t r = rate(p);
	if (r == INT64_MAX || p->left / r < ms / 1000 - 1)
		return 0;
	int64_t left = p->left - r / 1000 * ms - r % 1000 * ms / 1000;
	return left > 0 ? left : 0;
}

/* Takes off what came since. */
static void advance(struct kubelet *k, struct now now)
{
	struct kpod *p;
	int64_t ms = now.boot_ms - k->fetched_ms;
	k->fetched_ms = now.boot_ms;
	TAILQ_FOREACH(p, &k->pulls, of_pulls)
	if (p->state == KPOD_FETCHING)
		p->left = left_after(p, ms);
}

static void schedule(struct kubelet *k)
{
	struct kpod *p;
	int64_t first = CLOCK_NEVER;
	TAILQ_FOREACH(p, &k->pulls, of_pulls)
	{
		if (p->state != KPOD_FETCHING)
			continue;
		int64_t r = rate(p);
		int64_t ms = r == INT64_MAX ? 0 : p->left / r * 1000 + p->left % r * 1000 / r;
		if (p->left > 0 && r != INT64_MAX)
			ms++;
		if (k->fetched_ms + ms < first)
			first = k->fetched_ms + ms;
	}
	timer_set(k->env->timers, &k->fetch, first);
}

static bool secret_is_there(const struct kpod *p)
{
	const struct node_port *port = p->kubelet->env->port;
	for (const char *s = p->secrets; *s != '\0'; s += strlen(s) + 1)
		if (port->secret_exists == NULL || port->secret_exists(port->ctx, p->ns, s))
			return true;
	return false;
}

static void begin(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	int64_t delay = 0;
	p->fault = registries_pull(k->env->registries, p->cur->image, k->group->platform,
				   secret_is_there(p), &p->pull, &delay);
	p->state = KPOD_ASKING;
	p->began_ms = now.boot_ms;
	p->left = p->total = 0;
	p->slow = p->fault == PULL_FAULT_SLOW;
	TAILQ_INSERT_TAIL(&k->pulls, p, of_pulls);
	k->env->counts.pulls_started++;
	if (!k->env->config.instant)
		delay += KUBELET_MANIFEST_MS;
	timer_set(k->env->timers, &p->timer, now.boot_ms + delay);
}

static void leave(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	advance(k, now);
	if (p->state == KPOD_FETCHING)
		k->n_fetching--;
	TAILQ_REMOVE(&k->pulls, p, of_pulls);
	p->state = KPOD_SANDBOX;
	schedule(k);
}

static void next_pull(struct kubelet *k, struct now now)
{
	struct kpod *p;
	while ((p = TAILQ_FIRST(&k->line)) != NULL &&
	       (k->group->parallel || TAILQ_EMPTY(&k->pulls))) {
		TAILQ_REMOVE(&k->line, p, of_pulls);
		begin(p, now);
	}
}

static void fail(struct kpod *p, bool no_space, struct now now)
{
	leave(p, now);
	p->cur->failure = p->fault;
	p->cur->no_space = no_space ? p->pull.content->digest : NULL;
	p->kubelet->env->counts.pulls_failed++;
	p->cur->failures++;
	p->cur->failed_ms = now.boot_ms;
	p->kubelet->pull_ended(p, false, now);
	next_pull(p->kubelet, now);
}

void kubelet_images_changed(struct kubelet *k)
{
	if (!k->images_changed)
		TAILQ_INSERT_TAIL(&k->env->changed, k, of_changed);
	k->images_changed = true;
}

static void complete(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	/* While layers come the disk goes over its threshold: what is unused goes then. */
	disk_make_space(&k->disk, disk_missing(&k->disk, p->pull.content), now.wall_s);
	kubelet_images_changed(k);
	if (!disk_add(&k->disk, &p->pull, false, now.wall_s)) {
		fail(p, true, now);
		return;
	}
	k->env->counts.pulls_done++;
	k->env->counts.bytes_pulled += (uint64_t)p->total;
	leave(p, now);
	k->pull_ended(p, true, now);
	next_pull(k, now);
}

void pull_queue(struct kpod *p, struct now now)
{
	p->state = KPOD_LINE;
	p->queued_ms = now.boot_ms;
	timer_stop(p->kubelet->env->timers, &p->timer);
	TAILQ_INSERT_TAIL(&p->kubelet->line, p, of_pulls);
	next_pull(p->kubelet, now);
}

void pull_answered(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	timer_stop(k->env->timers, &p->timer);
	if (p->fault != PULL_FAULT_NONE && p->fault != PULL_FAULT_SLOW) {
		fail(p, false, now);
		return;
	}
	advance(k, now);
	p->state = KPOD_FETCHING;
	p->left = p->total = k->env->config.instant ? 0 : disk_missing(&k->disk, p->pull.content);
	k->n_fetching++;
	if (p->left == 0)
		complete(p, now);
	else
		schedule(k);
}

void pull_fetched(struct kubelet *k, struct now now)
{
	struct kpod *p, *next;
	timer_stop(k->env->timers, &k->fetch);
	advance(k, now);
	/* A pull that ended may queue other pulls, but what is in k->pulls leaves by complete()
	 * only. */
	for (p = TAILQ_FIRST(&k->pulls); p != NULL; p = next) {
		next = TAILQ_NEXT(p, of_pulls);
		if (p->state == KPOD_FETCHING && p->left == 0)
			complete(p, now);
	}
	schedule(k);
}

void pull_cancel(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	if (p->state == KPOD_LINE) {
		TAILQ_REMOVE(&k->line, p, of_pulls);
		p->state = KPOD_SANDBOX;
	} else if (p->state == KPOD_ASKING || p->state == KPOD_FETCHING) {
		timer_stop(k->env->timers, &p->timer);
		leave(p, now);
		next_pull(k, now);
	}
}

void pull_failure_text(const struct dialect *d, const struct kcontainer *c, struct buf *out)
{
	if (c->no_space == NULL) {
		pull_fault_text(d, c->failure, c->image, out);
		return;
	}
	struct arena a = ARENA_INIT;
	unsigned long long upload = hash_stable_str(HASH_STABLE_START, c->no_space);
	const struct dialect_word words[] = {{"ref", ref_normal(&a, c->image)},
					     {"upload", arena_printf(&a, "%016llx", upload)}};
	dialect_expand(d->no_space, words, sizeof(words) / sizeof(words[0]), out);
	arena_done(&a);
}

enum pod_shape pull_failure_shape(const struct dialect *d, const struct kcontainer *c)
{
	bool unavailable = d->unavailable && c->failure == PULL_FAULT_REFUSED;
	return unavailable ? POD_SHAPE_UNAVAILABLE : POD_SHAPE_ERR_PULL;
}

int pull_percent(const struct kpod *p)
{
	if (p->state != KPOD_FETCHING || p->total == 0 || p->cur != p->main)
		return 0;
	int64_t left = left_after(p, p->kubelet->env->now_ms - p->kubelet->fetched_ms);
	return (int)((p->total - left) * 100 / p->total);
}
