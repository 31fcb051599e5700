/*
 * Observed pods, and what the pulls of each belong to (behaviour.md 5, 6, 10): by our annotations,
 * or, for pods left by upstream, by labels, node and image. A pod with all our labels that belongs
 * to no pull is deleted; a pod without them is never touched. Outcomes come from the watch, not
 * from answers.
 */
#include "reconciler/core/pods.h"

#include <stdlib.h>
#include <string.h>

#include "api/pullpod.h"
#include "api/ref.h"
#include "base/xalloc.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/node_pods.h"
#include "reconciler/core/stale_pods.h"
#include "reconciler/rules/carried.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/pulled_images.h"
#include "reconciler/core/pulls.h"
#include "reconciler/core/slots.h"

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool ours(const struct pod *pod)
{
	const char *by = api_map_get(&pod->meta.labels, PULLPOD_LABEL_MANAGED_BY);
	const char *image = api_map_get(&pod->meta.labels, PULLPOD_LABEL_IMAGE);
	const char *node = api_map_get(&pod->meta.labels, PULLPOD_LABEL_NODE);
	return by != NULL && strcmp(by, PULLPOD_MANAGED_BY) == 0 && image != NULL &&
	       *image != '\0' && node != NULL && *node != '\0';
}

static void replace_text(struct core *c, const char **field, const char *value)
{
	const char *old = *field;
	*field = text_hold(&c->texts, value);
	text_drop(&c->texts, old);
}

/* Unix seconds until 2106. */
static uint32_t seconds(int64_t s)
{
	return s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

/*
 * What does not change in the life of a pod. Where a webhook took the annotations of a batch of
 * ours away, we still know what it carries. What was stale by the names that we knew is so by these.
 */
static void identify(struct core *c, struct pull_pod *pod, const struct pod *seen,
		     const struct carried *carried, size_t n, struct now now)
{
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		stale_pod_end(c, &pod->pulls[i], now);
	node_pods_take(c, pod, seen->node_name);
	pod->created = seen->meta.created;
	pod->state = POD_SEEN;
	pod->vanished = pod->made = false;
	free(pod->uid);
	pod->uid = xstrdup(seen->meta.uid);
	replace_text(c, &pod->node_uid,
		     api_map_get(&seen->meta.annotations, PULLPOD_NOTE_NODE_UID));
	for (uint32_t i = 0; n == pod->n_pulls && i < n; i++) {
		struct pull *p = &pod->pulls[i];
		p->container = (int8_t)carried[i].place;
		p->noted = carried[i].noted;
		p->attempt = (uint16_t)carried[i].attempt;
		/* What we asked for ourselves moves with our clock since then. */
		if (p->repull_s != carried[i].repull_s)
			p->repull_s = p->repull_at_s = seconds(carried[i].repull_s);
		const struct pulled_image *old = p->of;
		p->of = pulled_image_hold(c, carried[i].image, carried[i].image_uid,
					  carried[i].reference);
		pulled_image_drop(c, old);
	}
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (pod->pulls[i].state != PULL_LOOSE)
			stale_pod_settle(c, &pod->pulls[i], now);
}

/* Is it what we asked for? The truth is what is there (44). */
static bool as_asked(const struct pull_pod *pod, const struct carried *carried, size_t n)
{
	if (pod->n_pulls != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (pod->pulls[i].container != carried[i].place ||
		    (carried[i].noted && !same(pod->pulls[i].of->uid, carried[i].image_uid)))
			return false;
	return true;
}

/* What it was to carry waits again, and finds this pod in its way. */
static void forget(struct core *c, struct pull_pod *pod, struct now now)
{
	struct pull *p;
	while ((p = pod_live(pod)) != NULL)
		pull_detach(c, p, now);
	pod_free(c, pod, now);
}

/* Does the pod pull what the image wants on a node that is still that node? */
static bool belongs(struct core *c, const struct pull *p, const struct image *img, int slot)
{
	if (img == NULL || slot < 0 || !c->nodes[slot].present)
		return false;
	if (p->noted)
		return same(p->of->uid, img->uid) && same(p->of->reference, img->reference) &&
		       same(p->pod->node_uid, c->nodes[slot].uid);
	const char *reference = p->of->reference;
	const char *normal = reference != NULL ? ref_normal(&c->scratch, reference) : NULL;
	return same(normal != NULL ? normal : reference, img->normal) &&
	       p->pod->created >= c->nodes[slot].created;
}

/* Was its outcome recorded before this life of ours (10)? Then it is only deleted. */
static bool recorded(const struct pull *p, const struct pair *pair)
{
	if (p->repull_s != 0)
		return pair->pulled_s >= p->repull_at_s ||
		       (p->outcome.kind == OUTCOME_FAILED && pair->failed_s >= p->repull_at_s);
	if (p->outcome.kind == OUTCOME_PULLED)
		return pair->pulled_s != 0;
	return pair->pulled_s != 0 || pair->attempts > p->attempt;
}

/* 44. Two pods have the pull: what one of them has proven holds for the other. */
static void take_evidence(struct core *c, const struct pull *p, struct image *img, int slot,
			  struct now now)
{
	for (struct link *l = img->pulls.next, *next; l != &img->pulls; l = next) {
		struct pull *live = LIST_MEMBER(l, struct pull, of_image);
		next = l->next;
		if (live->state != PULL_LIVE || live->slot != slot)
			continue;
		struct outcome proven = pull_outcome(p);
		pull_set_outcome(c, live, &proven);
		pull_done(c, live, now);
	}
}

void pull_match(struct core *c, struct pull *p, struct now now)
{
	struct image *img = map_get(&c->images, p->of->name);
	int slot = node_find(c, pod_node_name(p->pod));
	if (img == NULL || !belongs(c, p, img, slot)) {
		pull_doom(c, p, now);
		return;
	}
	struct pair *pair = &img->pairs[slot];
	struct outcome later = pull_in_time(c, p, img, slot);
	bool over = later.kind != OUTCOME_RUNNING || now.boot_ms >= later.due_ms;
	pull_detach(c, p, now);
	if (!p->noted)
		p->attempt = pair->attempts;
	bool needless = pair->pulled_s != 0 && p->repull_s == 0;
	if (needless || (over && recorded(p, pair))) {
		p->image = img;
		p->slot = slot;
		p->state = PULL_DONE;
		p->outcomes = img->outcomes;
		list_append(&img->pulls, &p->of_image);
		stale_pod_settle(c, p, now);
		pod_settle(c, p->pod);
		return;
	}
	if ((pair->flags & PAIR_LIVE) != 0) { /* one pull a pair */
		if (p->outcome.kind == OUTCOME_PULLED) {
			take_evidence(c, p, img, slot, now);
			pull_match(c, p, now);
		} else {
			pull_doom(c, p, now);
		}
		return;
	}
	/* Earlier attempts failed, though the status does not have them any more. */
	if (p->attempt > pair->attempts) {
		pair->attempts = p->attempt;
		pair->failed_s = (uint32_t)p->pod->created;
	}
	p->pod->started_ms = p->pod->seen_ms;
	pull_attach(c, p, img, slot, now);
	pull_judge(c, p, now);
}

static void keep(struct pull *p, const struct outcome_memory *m)
{
	int64_t after_ms = m->waiting_reason != 0 ? m->waiting_ms - m->seen_ms : 0;
	p->pod->seen_ms = m->seen_ms;
	p->waiting_reason = m->waiting_reason;
	p->waiting_ms = after_ms < UINT32_MAX ? (uint32_t)after_ms : UINT32_MAX; /* 49 days */
}

/* 8. By a webhook: not on the node that we asked for, nothing was pulled there. */
static const struct outcome sent_elsewhere = {
	.kind = OUTCOME_FAILED,
	.fault = FAULT_PULL,
	.reason = "PodMutated",
	.message = "a webhook took the pull pod away from its node",
};

static void look(struct core *c, struct pull *p, const struct pod *pod, struct now now)
{
	int slot = node_find(c, pod_node_name(p->pod));
	const char *reference = p->of->reference;
	const char *normal = reference != NULL ? ref_normal(&c->scratch, reference) : NULL;
	struct outcome_memory memory = {p->pod->seen_ms, p->waiting_reason,
					p->pod->seen_ms + p->waiting_ms};
	struct outcome o =
		outcome_of(pod, p->container, &memory,
			   normal != NULL ? ref_host(&c->scratch, normal) : NULL,
			   slot >= 0 ? c->nodes[slot].platform : NULL, now.boot_ms, &c->scratch);
	keep(p, &memory);
	if (p->state == PULL_LIVE && slot != p->slot)
		o = sent_elsewhere;
	else
		(void)outcome_mutated(pod, p->container, reference, &c->scratch, &o);
	/* What ErrImagePull said of this pod is the cause of the back-off that does not say it. */
	if (p->outcome.kind == OUTCOME_FAILED && o.kind == OUTCOME_RUNNING &&
	    outcome_lacks_cause(pod, p->container))
		return;
	pull_set_outcome(c, p, &o);
}

/* It says something new, or what it belongs to is to be found. */
static void consider(struct core *c, struct pull *p, bool known, struct now now)
{
	if (p->state == PULL_DONE) /* an outcome once recorded stands */
		return;
	if (p->image == NULL) {
		pull_match(c, p, now);
		return;
	}
	if (!known)
		fault_made(c, p->image);
	pull_judge(c, p, now);
}

/* asked_for: NULL if it is none of ours, in this life. */
static struct pull_pod *first_seen(struct core *c, struct pull_pod *asked_for,
				   const struct pod *seen, struct now now)
{
	struct carried carried[PULLPOD_IMAGES_MAX];
	size_t n = carried_by(seen, carried);
	struct pull_pod *pod = asked_for;
	bool bare = n == 1 && !carried[0].noted, asked = false;
	if (pod != NULL && !bare && !as_asked(pod, carried, n)) {
		asked = pod->asked;
		forget(c, pod, now);
		pod = NULL;
	}
	if (pod == NULL) {
		pod = pod_new(c, seen->meta.name, (uint32_t)n);
		pod->asked = asked;
	}
	timer_stop(&c->timers, &pod->timer);
	list_remove(&pod->queued);
	identify(c, pod, seen, carried, n, now);
	return pod;
}

void pod_put(struct core *c, const struct pod *seen, struct now now)
{
	/* No server sends that; here a uid means that the pod was seen. */
	if (seen->meta.uid == NULL)
		return;
	struct pull_pod *pod = map_get(&c->pods, seen->meta.name);
	bool other = pod != NULL && pod->uid != NULL && strcmp(pod->uid, seen->meta.uid) != 0;
	if (other || (pod != NULL && pod->uid != NULL && !ours(seen))) {
		pod_gone(c, pod, now);
		pod = map_get(&c->pods, seen->meta.name);
	}
	if (!ours(seen))
		return;
	bool known = pod != NULL && pod->uid != NULL;
	if (!known)
		pod = first_seen(c, pod, seen, now);
	pod->read = c->read;
	/* A delete once asked for stands. */
	for (uint32_t i = 0; !pod->deleting && i < pod->n_pulls; i++)
		if (pod->pulls[i].state != PULL_DONE)
			look(c, &pod->pulls[i], seen, now);
	if (c->leading && pod->n_live != 0)
		timer_stop(&c->timers, &pod->timer); /* each is judged now */
	for (uint32_t i = 0; c->leading && !pod->deleting && i < pod->n_pulls; i++)
		consider(c, &pod->pulls[i], known, now);
	pod_settle(c, pod);
}

void pod_gone(struct core *c, struct pull_pod *pod, struct now now)
{
	if (!pod->asked) {
		pod_deleted(c, pod, now);
		return;
	}
	/*
	 * The create in flight may bring it back: nothing else starts until its answer, not even
	 * for another node of that name.
	 */
	free(pod->uid);
	pod->uid = NULL;
	pod->vanished = true;
	pod->state = POD_ASKED;
	timer_stop(&c->timers, &pod->timer);
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (pod->pulls[i].state != PULL_LIVE)
			pull_doom(c, &pod->pulls[i], now);
}

typedef bool (*pod_test)(const struct core *c, const struct pull_pod *pod, const void *ctx);

/* The pods that satisfy the test, in a list that changes of the table do not disturb. */
static struct pull_pod **select_pods(struct core *c, pod_test test, const void *ctx, size_t *ret_n)
{
	struct pull_pod **list =
		arena_array(&c->scratch, c->pods.count + 1, sizeof(struct pull_pod *));
	struct pull_pod *pod;
	size_t n = 0;
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL;)
		if (test(c, pod, ctx))
			list[n++] = pod;
	*ret_n = n;
	return list;
}

static void gone_if(struct core *c, pod_test test, struct now now)
{
	size_t n;
	struct pull_pod **list = select_pods(c, test, NULL, &n);
	for (size_t i = 0; i < n; i++)
		pod_gone(c, list[i], now);
}

/* Not among what the full read put. */
static bool not_read(const struct core *c, const struct pull_pod *pod, const void *ctx)
{
	(void)ctx;
	return pod->uid != NULL && pod->read != c->read;
}

void pods_sweep(struct core *c, struct now now)
{
	gone_if(c, not_read, now);
}

/* Made before the lists of what we know began, and not among them. */
static bool went_unseen(const struct core *c, const struct pull_pod *pod, const void *ctx)
{
	(void)ctx;
	return pod->made && pod->uid == NULL && pod->made_ms < c->listed_ms;
}

/*
 * Deleted before the lists of what we know began, and still among them: a finalizer holds it, or
 * the API server's store was restored from an older backup, and no other component would delete it.
 */
static void delete_again(struct core *c, struct now now)
{
	struct pull_pod *pod;
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL;)
		if (pod->uid != NULL && pod->deleted_ms != 0 && pod->deleted_ms < c->listed_ms)
			pod_not_deleted(c, pod, now);
}

void pods_listed(struct core *c, struct now now)
{
	gone_if(c, went_unseen, now);
	delete_again(c, now);
}

static bool any(const struct core *c, const struct pull_pod *pod, const void *ctx)
{
	(void)c;
	(void)pod;
	(void)ctx;
	return true;
}

/*
 * What was never seen, or is being deleted, is not taken up again. image_name NULL: all of it. The
 * pod goes with the last pull of one that is not there.
 */
static void match_again(struct core *c, struct pull_pod *pod, const char *image_name,
			struct now now)
{
	bool may_go = pod->uid == NULL && !pod->asked && !pod->made;
	bool doom = pod->uid == NULL || pod->deleting;
	for (uint32_t i = 0, n = pod->n_pulls; i < n; i++) {
		struct pull *p = &pod->pulls[i];
		if (image_name != NULL && !same(p->of->name, image_name))
			continue;
		if (pod->uid != NULL)
			list_remove(&pod->queued);
		bool last = pod->n_live == (p->state == PULL_LIVE ? 1 : 0);
		if (doom)
			pull_doom(c, p, now);
		else
			pull_match(c, p, now);
		if (last && may_go)
			return;
	}
}

void pulls_match_image(struct core *c, const char *image_name, struct now now)
{
	size_t n;
	struct pull_pod **list = select_pods(c, any, NULL, &n);
	for (size_t i = 0; i < n; i++)
		match_again(c, list[i], image_name, now);
}

void pulls_match_node(struct core *c, const char *node_name, struct now now)
{
	size_t n;
	struct pull_pod **list = node_pods_list(c, node_name, &n);
	for (size_t i = 0; i < n; i++)
		match_again(c, list[i], NULL, now);
}

void pulls_node_changed(struct core *c, const char *node_name, struct now now)
{
	size_t n;
	struct pull_pod **list = node_pods_list(c, node_name, &n);
	for (size_t i = 0; i < n; i++) {
		stale_pod_node_changed(c, list[i]);
		if (list[i]->state == POD_SEEN)
			pod_judge(c, list[i], NULL, now);
	}
}

void pulls_policy_changed(struct core *c, const struct policy *policy, struct now now)
{
	size_t n;
	struct pull_pod **list = select_pods(c, any, NULL, &n);
	for (size_t i = 0; i < n; i++)
		if (list[i]->state == POD_SEEN)
			pod_judge(c, list[i], policy, now);
}
