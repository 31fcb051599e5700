/*
 * CachedImages: their spec, their place in the queue, and which nodes they target.
 * A changed reference starts over (behaviour.md 16), any change of the spec clears
 * back-offs (behaviour.md 14). Invariant: queue[] holds all images in queue order.
 */
#include "reconciler/core/images.h"

#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "api/tables.h"
#include "base/xalloc.h"
#include "reconciler/core/adopt.h"
#include "reconciler/core/budgets.h"
#include "reconciler/core/causes.h"
#include "reconciler/core/check_answers.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/digests.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/held.h"
#include "reconciler/core/image_health.h"
#include "reconciler/core/node_faults.h"
#include "reconciler/core/nodes.h"
#include "reconciler/rules/pack.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/pods.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pulls.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/status_writes.h"
#include "reconciler/core/suspend.h"
#include "reconciler/core/unlisted.h"
#include "reconciler/rules/set_owner.h"

static int queue_compare(const struct image *a, const struct image *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void queue_remove(struct core *c, struct image *img)
{
	size_t i = 0;
	while (i < c->n_queue && c->queue[i] != img)
		i++;
	if (i == c->n_queue)
		return;
	memmove(&c->queue[i], &c->queue[i + 1], (c->n_queue - i - 1) * sizeof(struct image *));
	c->n_queue--;
}

static void queue_insert(struct core *c, struct image *img)
{
	size_t lo = 0, hi = c->n_queue;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (queue_compare(c->queue[mid], img) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (c->n_queue % 64 == 0)
		c->queue = xreallocarray(c->queue, c->n_queue + 64, sizeof(struct image *));
	memmove(&c->queue[lo + 1], &c->queue[lo], (c->n_queue - lo) * sizeof(struct image *));
	c->queue[lo] = img;
	c->n_queue++;
}

bool reference_fixed(const char *reference, const char *pull_policy)
{
	return strchr(reference, '@') != NULL ||
	       (pull_policy != NULL && strcmp(pull_policy, "Always") != 0);
}

static void copy_parts(struct image *img, const struct cachedimage_spec *spec,
		       const char *reference, const char *normal, const char *host, struct pack *p)
{
	img->reference = pack_str(p, reference);
	img->normal = pack_str(p, normal);
	img->host = pack_str(p, host);
	img->pull_policy =
		pack_str(p, spec->image_pull_policy != NULL ? spec->image_pull_policy : "Always");
	img->policy_name = pack_str(p, spec->policy_ref != NULL ? spec->policy_ref->name : NULL);
	img->secrets = pack_names(p, &spec->image_pull_secrets);
	img->selector = pack_map(p, &spec->node_selector);
	img->tolerations = pack_tolerations(p, &spec->tolerations);
	img->pod_metadata = pack_pod_metadata(p, spec->pod_metadata);
}

static void copy_spec(struct core *c, struct image *img, const struct cachedimage_spec *spec)
{
	struct arena *a = &c->scratch;
	const char *reference = ref_make(a, spec->image, spec->tag, spec->digest);
	const char *normal = ref_normal(a, reference);
	/* An invalid reference has no host of its own: the kubelet will say what is wrong. */
	const char *host = normal != NULL ? ref_host(a, normal) : NULL;
	if (normal == NULL)
		normal = reference;
	if (host == NULL)
		host = "";
	struct pack p = {0};
	void *old = img->mem;
	copy_parts(img, spec, reference, normal, host, &p);
	p.mem = img->mem = xmalloc(p.used);
	p.used = 0;
	copy_parts(img, spec, reference, normal, host, &p);
	free(old);
	img->priority = spec->priority;
	img->listed_as = ref_hash(reference);
	img->gates = spec->gate_nodes;
	img->suspend = spec->suspend;
	img->fixed = reference_fixed(reference, img->pull_policy);
}

/* 50. What suspends it may have changed, or be gone. */
static void look_suspended(struct core *c, struct image *img, struct now now)
{
	enum suspended is = suspended_by(c, img);
	if (img->suspended == is)
		return;
	img->suspended = is;
	if (!c->leading)
		return;
	if (img->gates)
		held_touch_all(c);
	nodes_settle_fresh(c); /* a new node does not wait for it */
	if (img->waiting_ms != 0)
		img->waiting_ms = now.boot_ms;
	check_resume(c, img);
	pairs_place(c, img, now); /* a repull that became due asks the registry first (37) */
	image_wake(c, img);
	image_touch(c, img);
}

static void take_owner(struct image *img, const struct api_meta *meta)
{
	const char *uid = set_owner_uid(meta);
	if (uid == img->set_uid ||
	    (uid != NULL && img->set_uid != NULL && strcmp(uid, img->set_uid) == 0))
		return;
	free(img->set_uid);
	img->set_uid = uid != NULL ? xstrdup(uid) : NULL;
}

/* 16. What was cached is for the old reference. */
static void start_over(struct core *c, struct image *img, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		pair_clear(c, img, (int)slot, now);
	causes_clear(img);
	img->proven = false;
	img->pulled_at = 0;
	free(img->digest);
	img->digest = NULL;
	digest_forget(img);
	check_forget(img);
	img->seen_platforms = 0;
}

/* 14. Whatever was wrong may have been mended. */
static void retry_all(struct core *c, struct image *img, struct now now)
{
	faults_clear(img);
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		if ((img->pairs[slot].flags & PAIR_TARGETED) != 0)
			node_fault_retry(c, (int)slot, now);
		if (img->pairs[slot].retry_ds != 0) {
			img->pairs[slot].retry_ds = 0;
			pair_settle(c, img, (int)slot, now);
		}
	}
}

static void take_spec(struct core *c, struct image *img, const struct cachedimage *ci)
{
	struct policy *old_policy = img->policy;
	struct registry *old_registry = img->registry;
	img->generation = ci->meta.generation;
	img->spec_hash = spec_hash(&cachedimage_spec_desc, &ci->spec);
	queue_remove(c, img);
	copy_spec(c, img, &ci->spec);
	queue_insert(c, img);
	sizes_changed(c);
	img->policy = policy_hold(c, img->policy_name);
	img->registry = registry_hold(c, img->host);
	if (old_policy != NULL)
		policy_release(c, old_policy);
	if (old_registry != NULL)
		registry_release(c, old_registry);
}

/* 17a. What was pulled with other secrets is not usable with these: one pod asks. */
static void secrets_changed(struct core *c, struct image *img, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (img->fixed && c->nodes[slot].checks_credentials &&
		    img->pairs[slot].pulled_s != 0)
			pair_clear(c, img, (int)slot, now);
}

static void change_spec(struct core *c, struct image *img, const struct cachedimage *ci,
			struct now now)
{
	const char *reference =
		ref_make(&c->scratch, ci->spec.image, ci->spec.tag, ci->spec.digest);
	bool other = strcmp(reference, img->reference) != 0;
	bool secrets = !api_name_refs_equal(&img->secrets, &ci->spec.image_pull_secrets);
	if (img->gates)
		held_touch_all(c); /* it may stop to gate */
	/* Pulls are counted in the old registry and policy until they are looked at again. */
	while (other && !list_alone(&img->pulls))
		pull_doom(c, LIST_MEMBER(img->pulls.next, struct pull, of_image), now);
	take_spec(c, img, ci);
	for (size_t slot = 0; other && slot < c->n_slots; slot++)
		pair_unlisted(img, (int)slot);
	if (other)
		sizes_forget(img);
	if (!c->leading) {
		pairs_look(c, img, now);
		return;
	}
	fact_no_policy(c, img);
	policies_recount(c);
	if (other)
		start_over(c, img, now);
	else if (secrets)
		secrets_changed(c, img, now);
	if (secrets && !img->fixed)
		check_secrets_changed(c, img);
	retry_all(c, img, now);
	check_resume(c, img);
	pairs_place(c, img, now);
	pairs_look(c, img, now);
	if (other)
		pulls_match_image(c, img->name, now);
	else
		pulls_policy_changed(c, img->policy, now);
	image_wake(c, img);
	image_touch(c, img);
}

static struct image *image_new(struct core *c, const struct cachedimage *ci)
{
	struct image *img = xcalloc(1, sizeof(*img));
	img->name = xstrdup(ci->meta.name);
	img->created = ci->meta.created;
	img->uid = xstrdup(ci->meta.uid != NULL ? ci->meta.uid : "");
	list_init(&img->pulls);
	list_init(&img->touched);
	list_init(&img->resolve);
	list_init(&img->check.wanted);
	img->retry.owner = TIMER_IMAGE;
	img->status.owner = TIMER_STATUS;
	slots_of_image(c, img);
	map_put(&c->images, img->name, img);
	return img;
}

void image_free(struct core *c, struct image *img)
{
	if (img->gates)
		held_touch_all(c);
	unlisted_forget_image(c, img);
	sizes_changed(c);
	list_remove(&img->touched);
	list_remove(&img->resolve);
	timer_stop(&c->timers, &img->retry);
	timer_stop(&c->writes, &img->status);
	queue_remove(c, img);
	map_del(&c->images, img->name);
	policy_release(c, img->policy);
	registry_release(c, img->registry);
	causes_clear(img);
	free(img->causes);
	faults_clear(img);
	free(img->platforms);
	free(img->digest);
	free(img->pairs);
	free(img->waiting);
	free(img->backoff);
	free(img->repulls);
	free(img->held);
	free(img->sizes);
	sizes_forget(img);
	free(img->losses);
	free(img->left_out);
	budgets_forget(img);
	check_done(img);
	free(img->mem);
	free(img->set_uid);
	free(img->uid);
	free(img->name);
	free(img);
}

void image_gone(struct core *c, struct image *img, struct now now)
{
	/* 10. Deleting a CachedImage deletes its pods. */
	while (!list_alone(&img->pulls))
		pull_doom(c, LIST_MEMBER(img->pulls.next, struct pull, of_image), now);
	image_free(c, img);
}

void image_put(struct core *c, const struct cachedimage *ci, struct now now)
{
	struct image *img = map_get(&c->images, ci->meta.name);
	const char *uid = ci->meta.uid != NULL ? ci->meta.uid : "";
	if (img != NULL && (ci->meta.deleted != 0 || strcmp(img->uid, uid) != 0)) {
		image_gone(c, img, now);
		img = NULL;
	}
	if (ci->meta.deleted != 0)
		return;
	bool created = img == NULL;
	if (created) {
		img = image_new(c, ci);
		take_spec(c, img, ci);
	}
	img->read = c->read;
	img->ack.again_ms = 0; /* it is there */
	take_owner(img, &ci->meta);
	if (!created && (img->generation != ci->meta.generation ||
			 img->spec_hash != spec_hash(&cachedimage_spec_desc, &ci->spec)))
		change_spec(c, img, ci, now);
	look_suspended(c, img, now);
	if (created || !c->leading)
		image_adopt(c, img, ci);
	/* The standby notes sizes too: later lists may lack what these show (18). */
	if (created && !c->leading)
		pairs_look(c, img, now);
	image_observe(c, img, ci);
	if (created && c->leading) {
		nodes_settle_fresh(c);
		image_begin(c, img, now);
		pulls_match_image(c, img->name, now);
	}
}

void images_sweep(struct core *c, struct now now)
{
	for (size_t i = c->n_queue; i-- > 0;)
		if (c->queue[i]->read != c->read)
			image_gone(c, c->queue[i], now);
}

void images_sets_changed(struct core *c, struct now now)
{
	for (size_t i = 0; i < c->n_queue; i++)
		look_suspended(c, c->queue[i], now);
}

void images_policy_changed(struct core *c, const struct policy *p, struct now now)
{
	for (size_t i = 0; !c->leading && i < c->n_queue; i++)
		if (c->queue[i]->policy == p)
			look_suspended(c, c->queue[i], now);
	if (!c->leading)
		return;
	policies_recount(c);
	for (size_t i = 0; i < c->n_queue; i++)
		if (c->queue[i]->policy == p) {
			fact_no_policy(c, c->queue[i]);
			look_suspended(c, c->queue[i], now);
			check_resume(c, c->queue[i]);
			pairs_place(c, c->queue[i], now);
			if (image_policy_untold(c->queue[i]))
				image_touch(c, c->queue[i]);
			if (p->zone_turned) /* 51. Its message says so, or not any more. */
				image_touch(c, c->queue[i]);
		}
	pulls_policy_changed(c, p, now);
	policies_wake(c);
}
