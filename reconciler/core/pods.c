/*
 * Observed pods, and which pull each belongs to (behaviour.md 5, 6, 10): by our annotations, or,
 * for pods left by upstream, by labels, node and image. A pod with all our labels that belongs to
 * no pull is deleted; a pod without them is never touched. Outcomes come from the watch, not from
 * answers.
 */
#include "reconciler/core/pods.h"

#include <stdlib.h>
#include <string.h>

#include "api/pullpod.h"
#include "api/ref.h"
#include "base/xalloc.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/stale_pods.h"
#include "reconciler/rules/podname.h"
#include "reconciler/core/policies.h"
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

static void replace(char **field, const char *value)
{
	free(*field);
	*field = xstrdup(value);
}

/* What does not change in the life of a pod. */
static void identify(struct pull *p, const struct pod *pod)
{
	const struct api_map *notes = &pod->meta.annotations;
	const char *image = api_map_get(notes, PULLPOD_NOTE_IMAGE);
	const char *attempt = api_map_get(notes, PULLPOD_NOTE_ATTEMPT);
	const struct pod_container *container = outcome_container(pod);
	uint32_t number = 0;
	int64_t repull_s = 0;
	p->noted = image != NULL && podname_attempt_parse(attempt, &number, &repull_s) == 0;
	p->attempt = number;
	p->repull_s = repull_s;
	p->created = pod->meta.created;
	p->vanished = p->made = false;
	replace(&p->uid, pod->meta.uid);
	replace(&p->node_name, pod->node_name);
	replace(&p->image_name,
		p->noted ? image : api_map_get(&pod->meta.labels, PULLPOD_LABEL_IMAGE));
	replace(&p->image_uid, api_map_get(notes, PULLPOD_NOTE_IMAGE_UID));
	replace(&p->node_uid, api_map_get(notes, PULLPOD_NOTE_NODE_UID));
	if (p->noted)
		replace(&p->reference, api_map_get(notes, PULLPOD_NOTE_REFERENCE));
	else
		replace(&p->reference, container != NULL ? container->image : NULL);
}

/* Does the pod pull what the image wants on a node that is still that node? */
static bool belongs(struct core *c, const struct pull *p, const struct image *img, int slot)
{
	if (img == NULL || slot < 0 || !c->nodes[slot].present)
		return false;
	if (p->noted)
		return same(p->image_uid, img->uid) && same(p->reference, img->reference) &&
		       same(p->node_uid, c->nodes[slot].uid);
	const char *normal = p->reference != NULL ? ref_normal(&c->scratch, p->reference) : NULL;
	return same(normal != NULL ? normal : p->reference, img->normal) &&
	       p->created >= c->nodes[slot].created;
}

/* Was its outcome recorded before this life of ours (10)? Then it is only deleted. */
static bool recorded(const struct pull *p, const struct pair *pair)
{
	if (p->repull_s != 0)
		return pair->pulled_s >= p->repull_s ||
		       (p->outcome.kind == OUTCOME_FAILED && pair->failed_s >= p->repull_s);
	if (p->outcome.kind == OUTCOME_PULLED)
		return pair->pulled_s != 0;
	return pair->pulled_s != 0 || pair->attempts > p->attempt;
}

void pull_match(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image_name != NULL ? map_get(&c->images, p->image_name) : NULL;
	int slot = node_find(c, p->node_name);
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
		pull_settle(c, p);
		return;
	}
	if ((pair->flags & PAIR_LIVE) != 0) { /* one pull a pair */
		pull_doom(c, p, now);
		return;
	}
	/* Earlier attempts failed, though nothing else says so any more. */
	if (p->attempt > pair->attempts) {
		pair->attempts = (uint16_t)p->attempt;
		pair->failed_s = (uint32_t)p->created;
	}
	p->started_ms = p->memory.seen_ms;
	pull_attach(c, p, img, slot, now);
	pull_judge(c, p, now);
}

static void look(struct core *c, struct pull *p, const struct pod *pod, struct now now)
{
	int slot = node_find(c, p->node_name);
	const char *normal = p->reference != NULL ? ref_normal(&c->scratch, p->reference) : NULL;
	struct outcome o =
		outcome_of(pod, &p->memory, normal != NULL ? ref_host(&c->scratch, normal) : NULL,
			   slot >= 0 ? c->nodes[slot].platform : NULL, now.boot_ms, &c->scratch);
	(void)outcome_mutated(pod, p->reference, &c->scratch, &o);
	/* What ErrImagePull said of this pod is the cause of the back-off that does not say it. */
	if (p->outcome.kind == OUTCOME_FAILED && o.kind == OUTCOME_RUNNING &&
	    outcome_lacks_cause(pod))
		return;
	pull_set_outcome(p, &o);
}

void pod_put(struct core *c, const struct pod *pod, struct now now)
{
	if (pod->meta.uid == NULL) /* no server says so of a pod; a uid means that it was seen */
		return;
	struct pull *p = map_get(&c->pulls, pod->meta.name);
	bool other = p != NULL && p->uid != NULL && strcmp(p->uid, pod->meta.uid) != 0;
	if (other || (p != NULL && p->uid != NULL && !ours(pod))) {
		pull_gone(c, p, now);
		p = map_get(&c->pulls, pod->meta.name);
	}
	if (!ours(pod))
		return;
	bool known = p != NULL && p->uid != NULL;
	if (p == NULL)
		p = pull_new(c, pod->meta.name);
	p->read = c->read;
	if (!known) {
		timer_stop(&c->timers, &p->timer);
		list_remove(&p->queued);
		identify(p, pod);
	}
	/* An outcome once recorded stands, and so does a delete once asked for. */
	if (p->state == PULL_DONE || p->deleting) {
		pull_settle(c, p);
		return;
	}
	look(c, p, pod, now);
	if (!c->leading)
		return;
	if (p->image == NULL) {
		pull_match(c, p, now);
		return;
	}
	if (!known)
		fault_made(c, p->image);
	pull_judge(c, p, now);
}

void pull_gone(struct core *c, struct pull *p, struct now now)
{
	if (p->asked) {
		/*
		 * The create in flight may bring it back: nothing else starts until its answer,
		 * not even for another node of that name.
		 */
		free(p->uid);
		p->uid = NULL;
		p->vanished = true;
		timer_stop(&c->timers, &p->timer);
		if (p->policy != NULL)
			p->state = PULL_ASKED;
		else
			pull_doom(c, p, now);
	} else if (p->policy == NULL) {
		pull_free(c, p, now);
	} else {
		pull_deleted(c, p, now);
	}
}

typedef bool (*pull_test)(const struct core *c, const struct pull *p, const void *ctx);

/* The pulls that satisfy the test, in a list that changes of the table do not disturb. */
static struct pull **select_pulls(struct core *c, pull_test test, const void *ctx, size_t *ret_n)
{
	struct pull **list = arena_array(&c->scratch, c->pulls.count + 1, sizeof(struct pull *));
	struct pull *p;
	size_t n = 0;
	for (size_t i = 0; (p = map_next(&c->pulls, &i)) != NULL;)
		if (test(c, p, ctx))
			list[n++] = p;
	*ret_n = n;
	return list;
}

static void gone_if(struct core *c, pull_test test, struct now now)
{
	size_t n;
	struct pull **list = select_pulls(c, test, NULL, &n);
	for (size_t i = 0; i < n; i++)
		pull_gone(c, list[i], now);
}

/* Not among what the full read put. */
static bool not_read(const struct core *c, const struct pull *p, const void *ctx)
{
	(void)ctx;
	return p->uid != NULL && p->read != c->read;
}

void pulls_sweep(struct core *c, struct now now)
{
	gone_if(c, not_read, now);
}

/* Made before the lists of what we know began, and not among them. */
static bool went_unseen(const struct core *c, const struct pull *p, const void *ctx)
{
	(void)ctx;
	return p->made && p->uid == NULL && p->made_ms < c->listed_ms;
}

/*
 * Deleted before the lists of what we know began, and still among them: a finalizer holds it, or
 * the API server's store was restored from an older backup, and nobody else would delete it.
 */
static void delete_again(struct core *c, struct now now)
{
	struct pull *p;
	for (size_t i = 0; (p = map_next(&c->pulls, &i)) != NULL;)
		if (p->uid != NULL && p->deleted_ms != 0 && p->deleted_ms < c->listed_ms)
			pull_not_deleted(c, p, now);
}

void pulls_listed(struct core *c, struct now now)
{
	gone_if(c, went_unseen, now);
	delete_again(c, now);
}

static bool is_pull(const struct pull *p)
{
	return p->state != PULL_LOOSE || p->uid != NULL;
}

static bool of_image(const struct core *c, const struct pull *p, const void *image_name)
{
	(void)c;
	return is_pull(p) && same(p->image_name, image_name);
}

static bool of_node(const struct core *c, const struct pull *p, const void *node_name)
{
	(void)c;
	return is_pull(p) && same(p->node_name, node_name);
}

static bool runs_under(const struct core *c, const struct pull *p, const void *policy)
{
	(void)c;
	return p->state == PULL_RUNNING && p->image->policy == policy;
}

/* What was never seen, or is being deleted, is not taken up again. */
static void match_again(struct core *c, struct pull **list, size_t n, struct now now)
{
	for (size_t i = 0; i < n; i++) {
		struct pull *p = list[i];
		list_remove(&p->queued);
		if (p->uid == NULL || p->deleting)
			pull_doom(c, p, now);
		else
			pull_match(c, p, now);
	}
}

void pulls_match_image(struct core *c, const char *image_name, struct now now)
{
	size_t n;
	struct pull **list = select_pulls(c, of_image, image_name, &n);
	match_again(c, list, n, now);
}

void pulls_match_node(struct core *c, const char *node_name, struct now now)
{
	size_t n;
	struct pull **list = select_pulls(c, of_node, node_name, &n);
	match_again(c, list, n, now);
}

void pulls_node_changed(struct core *c, const char *node_name, struct now now)
{
	size_t n;
	struct pull **list = select_pulls(c, of_node, node_name, &n);
	for (size_t i = 0; i < n; i++) {
		stale_pod_node_changed(c, list[i]);
		if (list[i]->state == PULL_RUNNING)
			pull_judge(c, list[i], now);
	}
}

void pulls_policy_changed(struct core *c, const struct policy *policy, struct now now)
{
	size_t n;
	struct pull **list = select_pulls(c, runs_under, policy, &n);
	for (size_t i = 0; i < n; i++)
		pull_judge(c, list[i], now);
}
