/*
 * The kubelet as a whole: pods come and go, it goes away and comes back, its node is under
 * pressure. What happens to a single pod is in kubelet_sync.c.
 *
 * Invariant: a kubelet that is away has no pod in the line of writes, and starts none.
 */
#include "sim/nodes/kubelet.h"

#include <stdlib.h>

#include "sim/nodes/kubelet_pod.h"
#include "sim/nodes/kubelet_pull.h"
#include "sim/nodes/kubelet_sync.h"

struct now kubelet_now(const struct kubelet *k, struct now now)
{
	now.wall_s += k->skew_s;
	return now;
}

void kubelet_pod_due(struct kpod *p, struct now now)
{
	timer_stop(p->kubelet->env->timers, &p->timer);
	kpod_happen(p, KPOD_DUE, kubelet_now(p->kubelet, now));
}

void kubelet_fetch_due(struct kubelet *k, struct now now)
{
	pull_fetched(k, kubelet_now(k, now));
}

void kubelet_delete(struct kpod *p, struct now now)
{
	p->deleting = true;
	if (!p->kubelet->away)
		kpod_happen(p, KPOD_DELETE, kubelet_now(p->kubelet, now));
}

/* ---- pods come and go ---- */

struct kpod *kubelet_add(struct kubelet *k, const struct sim_pod *pod, struct now now)
{
	if (pod->containers.n == 0)
		return NULL;
	struct kpod *p = kpod_new(pod, &k->group->taints, k->group->platform);
	p->kubelet = k;
	TAILQ_INSERT_TAIL(&k->pods, p, of_node);
	k->n_pods++;
	if (p->state == KPOD_NEW && !k->away && !k->group->by_hand)
		kpod_wait(p, KUBELET_SEEN_MS, now);
	return p;
}

void kubelet_gone(struct kpod *p, struct now now)
{
	struct kubelet *k = p->kubelet;
	now = kubelet_now(k, now);
	pull_cancel(p, now);
	timer_stop(k->env->timers, &p->timer);
	kpod_inactive(p);
	for (size_t i = 0; i < p->n; i++)
		if (p->containers[i].content != NULL)
			disk_use(&k->disk, p->containers[i].content, false, now.wall_s);
	if (p->queued)
		TAILQ_REMOVE(&k->env->writes, p, of_writes);
	if (p->waits_retry)
		TAILQ_REMOVE(&k->env->retries, p, of_writes);
	TAILQ_REMOVE(&k->pods, p, of_node);
	k->n_pods--;
	free(p);
}

/* ---- the kubelet as a whole ---- */

void kubelet_init(struct kubelet *k, struct kubelet_env *env, const struct kubelet_group *group,
		  int64_t disk_bytes, uint64_t address)
{
	*k = (struct kubelet){
		.env = env, .group = group, .address = address, .pull_ended = kpod_pull_ended};
	k->fetch.owner = TIMER_FETCH;
	disk_init(&k->disk, disk_bytes);
	TAILQ_INIT(&k->pods);
	TAILQ_INIT(&k->line);
	TAILQ_INIT(&k->pulls);
}

void kubelet_done(struct kubelet *k)
{
	struct kpod *p;
	while ((p = TAILQ_FIRST(&k->pods)) != NULL)
		kubelet_gone(p, (struct now){0});
	timer_stop(k->env->timers, &k->fetch);
	if (k->images_changed)
		TAILQ_REMOVE(&k->env->changed, k, of_changed);
	k->images_changed = false;
	disk_done(&k->disk);
}

void kubelet_stop(struct kubelet *k, struct now now)
{
	struct kpod *p;
	if (k->away)
		return;
	k->away = true;
	now = kubelet_now(k, now);
	TAILQ_FOREACH(p, &k->pods, of_node)
	{
		kpod_happen(p, KPOD_STOP, now);
		if (p->queued)
			TAILQ_REMOVE(&k->env->writes, p, of_writes);
		p->queued = false;
	}
}

void kubelet_start(struct kubelet *k, struct now now)
{
	struct kpod *p;
	if (!k->away)
		return;
	k->away = false;
	now = kubelet_now(k, now);
	TAILQ_FOREACH(p, &k->pods, of_node)
	{
		if (p->dirty || p->wants_delete)
			kpod_queue_write(p);
		if (p->deleting && p->state != KPOD_DYING)
			kpod_happen(p, KPOD_DELETE, now);
		else if ((p->state == KPOD_NEW && !k->group->by_hand) || p->state == KPOD_ENDED ||
			 p->state == KPOD_DYING)
			kpod_wait(p, KUBELET_RELIST_MS, now);
	}
}

void kubelet_set_pressure(struct kubelet *k, bool on, struct now now)
{
	k->pressure = on;
	k->evict_ms = on ? now.boot_ms : CLOCK_NEVER;
}

void kubelet_evict_one(struct kubelet *k, struct now now)
{
	struct kpod *p;
	k->evict_ms = now.boot_ms + KUBELET_EVICT_MS;
	now = kubelet_now(k, now);
	TAILQ_FOREACH(p, &k->pods, of_node)
	if (p->active && kpod_can(p, KPOD_EVICT)) {
		kpod_happen(p, KPOD_EVICT, now);
		return;
	}
}
