/*
 * From images to a pod and its request. The name says what is pulled, so that the same pulls have
 * the same name in every life (behaviour.md 6, 44).
 */
#include "reconciler/core/pull_starts.h"

#include <string.h>

#include "base/xalloc.h"
#include "reconciler/core/held.h"
#include "reconciler/core/node_pods.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/pulled_images.h"
#include "reconciler/core/pulls.h"
#include "reconciler/rules/pack.h"
#include "reconciler/rules/podname.h"

struct attempt { /* of one image on the node, now */
	uint16_t number;
	uint32_t repull_s;
	const char *text;
};

static struct attempt attempt_of(struct core *c, const struct image *img, int slot, struct now now)
{
	const struct pair *pair = &img->pairs[slot];
	bool again = pair->pulled_s != 0 || (pair->flags & PAIR_EVICTED) != 0;
	struct attempt t = {.number = again ? 0 : pair->attempts,
			    .repull_s = again ? (uint32_t)now.wall_s : 0};
	t.text = podname_attempt(&c->scratch, t.number, t.repull_s);
	return t;
}

static char *name_of(struct core *c, struct image *const *images, size_t n, int slot,
		     struct now now)
{
	const char *node_uid = c->nodes[slot].uid;
	struct podname_batch b = podname_batch(node_uid);
	if (n == 1)
		return podname_make(&c->scratch, images[0]->name, images[0]->uid, node_uid,
				    images[0]->reference, attempt_of(c, images[0], slot, now).text);
	for (size_t i = 0; i < n; i++)
		podname_batch_add(&b, images[i]->uid, images[i]->reference,
				  attempt_of(c, images[i], slot, now).text);
	return podname_batch_name(&c->scratch, &b);
}

struct pull_pod *pull_pod_make(struct core *c, struct image *const *images, size_t n, int slot,
			       struct now now)
{
	char *name = name_of(c, images, n, slot, now);
	if (map_get(&c->pods, name) != NULL)
		return NULL;
	struct pull_pod *pod = pod_new(c, name, (uint32_t)n);
	node_pods_take(c, pod, c->nodes[slot].name);
	pod->node_uid = text_hold(&c->texts, c->nodes[slot].uid);
	for (size_t i = 0; i < n; i++) {
		struct attempt attempt = attempt_of(c, images[i], slot, now);
		struct pull *p = &pod->pulls[i];
		p->of = pulled_image_hold(c, images[i]->name, images[i]->uid,
					  images[i]->reference);
		p->noted = true;
		p->attempt = attempt.number;
		p->repull_s = p->repull_at_s = attempt.repull_s;
	}
	for (size_t i = 0; i < n; i++)
		pull_attach(c, &pod->pulls[i], images[i], slot, now);
	return pod;
}

/* ---- the request ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void tolerate(struct api_tolerations *all, const struct api_tolerations *more, bool once,
		     struct arena *a)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct api_toleration *t = &more->at[i];
		bool known = false;
		for (size_t k = 0; once && k < all->n && !known; k++)
			known = same_text(all->at[k].key, t->key) &&
				same_text(all->at[k].op, t->op) &&
				same_text(all->at[k].value, t->value) &&
				same_text(all->at[k].effect, t->effect);
		if (!known)
			all->at[all->n++] = (struct api_toleration){
				.key = arena_strdup(a, t->key),
				.op = arena_strdup(a, t->op),
				.value = arena_strdup(a, t->value),
				.effect = arena_strdup(a, t->effect),
			};
	}
}

/* Of the images, united (42), and of their policy. */
static struct api_tolerations tolerations_of(struct core *c, const struct pull_pod *pod,
					     struct arena *a)
{
	const struct api_tolerations *more = &policy_of_image(c, pod->pulls[0].image)->tolerations;
	struct api_tolerations all = {NULL, 0};
	size_t most = more->n + held_keys(c);
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		most += pod->pulls[i].image->tolerations.n;
	all.at = arena_array(a, most, sizeof(*all.at));
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		tolerate(&all, &pod->pulls[i].image->tolerations, pod->n_pulls > 1, a);
	tolerate(&all, more, pod->n_pulls > 1, a);
	held_tolerate(c, &all, a);
	return all;
}

static struct pod_metadata pod_metadata_of(const struct image *img, struct arena *a)
{
	struct pack p = {0};
	pack_pod_metadata(&p, &img->pod_metadata);
	if (p.used == 0)
		return (struct pod_metadata){0};
	p = (struct pack){.mem = arena_alloc(a, p.used)};
	return pack_pod_metadata(&p, &img->pod_metadata);
}

/* What the start says of one image. */
static struct core_start_pull describe(const struct pull *p, struct arena *a)
{
	const struct image *img = p->image;
	return (struct core_start_pull){
		.image_name = arena_strdup(a, img->name),
		.image_uid = arena_strdup(a, img->uid),
		.reference = arena_strdup(a, img->reference),
		.attempt = podname_attempt(a, p->attempt, p->repull_s),
		.pull_policy = arena_strdup(a, img->pull_policy),
	};
}

static char *batch_label(const struct pull_pod *pod, struct arena *a)
{
	struct podname_batch b = podname_batch(pod->node_uid);
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		const struct pull *p = &pod->pulls[i];
		podname_batch_add(&b, p->of->uid, p->of->reference,
				  podname_attempt(a, p->attempt, p->repull_s));
	}
	return podname_batch_label(a, &b);
}

static bool on_windows(const struct node_slot *s)
{
	static const char os[] = "windows/";
	return strncmp(s->platform, os, sizeof(os) - 1) == 0;
}

/* Secrets and podMetadata are the same for all images of a pod. */
struct core_start pull_pod_start(struct core *c, const struct pull_pod *pod, struct arena *a)
{
	const struct image *img = pod->pulls[0].image;
	struct core_start start = {
		.pod_name = arena_strdup(a, pod->name),
		.node = arena_strdup(a, pod->node->name),
		.node_uid = arena_strdup(a, pod->node_uid),
		.windows = on_windows(&c->nodes[pod->slot]),
		.batch = pod->n_pulls > 1 ? batch_label(pod, a) : NULL,
		.pulls = arena_array(a, pod->n_pulls, sizeof(*start.pulls)),
		.n_pulls = pod->n_pulls,
		.secrets = {arena_array(a, img->secrets.n, sizeof(*start.secrets.at)),
			    img->secrets.n},
		.tolerations = tolerations_of(c, pod, a),
		.pod_metadata = pod_metadata_of(img, a),
	};
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		start.pulls[i] = describe(&pod->pulls[i], a);
	for (size_t i = 0; i < img->secrets.n; i++)
		start.secrets.at[i].name = arena_strdup(a, img->secrets.at[i].name);
	return start;
}
