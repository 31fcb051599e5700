/*
 * Order and delays of starts, judged from the truth (behaviour.md 13, 14, 17). Only where
 * the core must know what is true: the watch is up to date and nothing is unanswered.
 */
#include "tests/simulation/sim.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/rules/cause.h"

/* A change of the spec may reach the core this much later. */
#define LATE_MS 20000
/* What a pod has come to is in the status by then. */
#define STATUS_MS 10000
/* A gate that a refused create or an earlier failure may have shut is open again by then. */
#define QUIET_MS (6 * 60 * 1000)
/* A new leader has looked at all pods by then. */
#define TOLD_AGAIN_MS 2000

static bool before(const struct sim_image *a, const struct sim_image *b)
{
	return a->priority != b->priority ? a->priority < b->priority
					  : strcmp(a->name, b->name) < 0;
}

/* An image of that name, or of that uid. */
static bool carries(const struct sim_pod *p, const char *name, const char *uid)
{
	for (size_t i = 0; i < p->n_pulls; i++)
		if ((name != NULL && strcmp(p->pulls[i].image, name) == 0) ||
		    (uid != NULL && strcmp(p->pulls[i].image_uid, uid) == 0))
			return true;
	return false;
}

/* Anything known or on its way of the image on the node? Then it is not simply its turn. */
static bool touched(struct sim *s, const struct sim_image *img, const struct sim_node *n)
{
	const struct sim_status *st = &img->status;
	/* A start that was answered with "unknown" is kept, and asked for again. */
	if (s->run.boot_ms - img->pod_ms < STATUS_MS || s->run.boot_ms < n->held_ms)
		return true;
	for (int i = 0; i < REQUESTS_MAX; i++) {
		const struct sim_request *r = &s->requests[i];
		if (r->used && r->kind == REQ_START && carries(&r->pod, NULL, img->uid))
			return true;
		if (r->used && r->kind == REQ_WRITE && strcmp(r->image_uid, img->uid) == 0)
			return true;
	}
	for (int i = 0; i < PODS_MAX; i++)
		if (s->pods[i].exists && carries(&s->pods[i], img->name, NULL))
			return true;
	for (size_t i = 0; i < st->n_cached; i++)
		if (strcmp(st->cached[i], n->name) == 0)
			return true;
	return st->n_failed != 0;
}

/* Would nothing but its turn keep the image from starting on that node? */
static bool could_start(struct sim *s, const struct sim_image *img, const struct sim_node *n)
{
	char reference[TEXT];
	sim_reference(img, reference);
	bool proven = img->status.n_cached != 0 && strcmp(img->status.cached_image, reference) == 0;
	return img->exists && proven && !stopped_lately(s, img) &&
	       s->run.boot_ms - img->changed_ms > LATE_MS && sim_targets(s, img, n) &&
	       !sim_missing(reference) && !n->had_disk && !touched(s, img, n) &&
	       !(img->if_not_present && sim_lists(n, reference));
}

/* node NULL: any. */
static bool among(const struct core_actions *acts, const char *image, const char *node)
{
	for (size_t i = 0; i < acts->n_starts; i++)
		for (size_t k = 0; k < acts->starts[i].n_pulls; k++)
			if (strcmp(acts->starts[i].pulls[k].image_name, image) == 0 &&
			    (node == NULL || strcmp(acts->starts[i].node, node) == 0))
				return true;
	return false;
}

/* Does a status say that the node failed? A new leader goes by that. */
static bool said_to_fail(const struct sim *s, const char *node)
{
	for (int i = 0; i < IMAGES_MAX; i++) {
		const struct sim_status *st = &s->images[i].status;
		for (size_t k = 0; s->images[i].exists && k < st->n_failed; k++)
			if (strcmp(st->failed[k].node, node) == 0 &&
			    strcmp(st->failed[k].reason, "ErrImagePull") != 0)
				return true;
	}
	return false;
}

void check_doubts(struct sim *s)
{
	for (int i = 0; i < NODES_MAX; i++) {
		const char *node = s->nodes[i].exists ? s->nodes[i].name : "";
		sim_text(s->doubted[i], NAME, said_to_fail(s, node) ? node : NULL);
	}
}

/* Until a pull there succeeds. */
static char *doubt_of(struct sim *s, const char *node)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->doubted[i][0] != '\0' && strcmp(s->doubted[i], node) == 0)
			return s->doubted[i];
	return NULL;
}

static struct sim_suspect *suspect_of(struct sim *s, const char *node)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->suspects[i].at_ms != 0 && strcmp(s->suspects[i].node, node) == 0)
			return &s->suspects[i];
	return NULL;
}

/* Of all policies: the core may not know yet which one the image is under now. */
static int64_t shortest_backoff(const struct sim *s)
{
	int64_t least = s->fallback.initial_ms;
	for (int i = 0; i < POLICIES_MAX; i++)
		if (s->policies[i].initial_ms != 0 && s->policies[i].initial_ms < least)
			least = s->policies[i].initial_ms;
	return least;
}

/*
 * Was the pull under way when the core took the lead? To it the failure may belong to the round of
 * an older one that the status tells, though a success that it does not know of came in between.
 */
static bool older_than_lead(const struct sim *s, const struct core_fact *f)
{
	for (int i = 0; i < PODS_MAX; i++) {
		const struct sim_pod *p = &s->pods[i];
		for (size_t k = 0; p->exists && p->created_ms < s->led_ms && k < p->n_pulls; k++)
			if (strcmp(p->node, f->node) == 0 &&
			    strcmp(p->pulls[k].image_uid, f->image_uid) == 0)
				return true;
	}
	return false;
}

void check_suspects(struct sim *s, const struct core_fact *f)
{
	struct sim_suspect *at = f->node != NULL ? suspect_of(s, f->node) : NULL;
	char *doubted = f->node != NULL ? doubt_of(s, f->node) : NULL;
	if (f->kind == FACT_PULL_SUCCEEDED && at != NULL)
		at->at_ms = 0;
	if (f->kind == FACT_PULL_SUCCEEDED && doubted != NULL)
		doubted[0] = '\0';
	/* A new leader tells again how the pods ended that it finds: they may have ended long ago.
	 */
	bool again = s->run.boot_ms - s->led_ms < TOLD_AGAIN_MS;
	if (f->kind != FACT_PULL_FAILED || !cause_concerns_node(f->fault, f->reason))
		return;
	const struct sim_image *img = sim_image_by_uid(s, f->image_uid);
	/* Pulls that were on their way then belong to the same round: the first counts. */
	if (at != NULL || img == NULL)
		return;
	for (int i = 0; i < NODES_MAX && at == NULL; i++)
		if (s->suspects[i].at_ms == 0)
			at = &s->suspects[i];
	if (at == NULL)
		return;
	again |= older_than_lead(s, f);
	*at = (struct sim_suspect){.at_ms = s->run.boot_ms,
				   .initial_ms = again ? 0 : shortest_backoff(s)};
	sim_text(at->node, NAME, f->node);
}

/*
 * 14. A node that took no pod gets none for its back-off, and then one at a time, whatever the
 * image. Where it became Ready, or another leads, the wait begins anew.
 */
static void check_probes(struct sim *s, const struct core_actions *acts,
			 const struct core_start *start)
{
	const struct sim_suspect *at = suspect_of(s, start->node);
	const struct sim_node *n = sim_node_by_name(s, start->node);
	if (at == NULL || n == NULL || s->led_ms > at->at_ms || n->turned_ms >= at->at_ms)
		return;
	for (int i = 0; i < IMAGES_MAX; i++) /* a change of an image may have mended it */
		if (s->images[i].exists && s->images[i].changed_ms + LATE_MS > at->at_ms)
			return;
	if (s->run.boot_ms - at->at_ms < at->initial_ms * 9 / 10 - 100)
		sim_fail(&s->run, "back-off: %s on %s %d ms after the node failed, of %d",
			 start->pulls[0].image_name, start->node, (int)(s->run.boot_ms - at->at_ms),
			 (int)at->initial_ms);
	int probes = 0;
	for (size_t i = 0; i < acts->n_starts; i++)
		probes += strcmp(acts->starts[i].node, start->node) == 0;
	/* Starts that were answered with "unknown" are asked for again. */
	if (probes > 1 && s->run.boot_ms >= n->held_ms)
		sim_fail(&s->run, "%d probes at once on %s", probes, start->node);
}

static bool paced_by_itself(const struct sim *s, const struct sim_image *img)
{
	int policy = sim_policy_of(s, img);
	return policy >= 0 && s->policies[policy].by_image;
}

/*
 * 13. On the same node, under the same policy, the lower number comes first: of a batch its first
 * image; those that go with it were not waited for. An image that is paced by itself (55) may have
 * to wait after its start on another node, and others pass it.
 */
static void check_priority(struct sim *s, const struct core_actions *acts,
			   const struct core_start *start)
{
	const struct sim_image *img = sim_image_by_uid(s, start->pulls[0].image_uid);
	const struct sim_node *n = sim_node_by_name(s, start->node);
	/* What waits for the registry is overtaken. */
	if (s->checks || img == NULL || n == NULL || s->run.boot_ms - img->changed_ms <= LATE_MS ||
	    s->run.boot_ms - s->led_ms <= LATE_MS || s->head != NULL ||
	    s->run.boot_ms < s->refused_ms + QUIET_MS || suspect_of(s, start->node) != NULL ||
	    said_to_fail(s, start->node) || doubt_of(s, start->node) != NULL)
		return;
	for (int i = 0; i < IMAGES_MAX; i++) {
		const struct sim_image *other = &s->images[i];
		if (other != img && other->exists && before(other, img) &&
		    sim_policy_of(s, other) == sim_policy_of(s, img) && could_start(s, other, n) &&
		    !held_apart(s, img, n) && !held_apart(s, other, n) &&
		    !among(acts, other->name, paced_by_itself(s, other) ? NULL : n->name))
			sim_fail(&s->run, "order: %s starts on %s before %s", img->name, n->name,
				 other->name);
	}
}

/* 17. What the node has told of is not pulled if that could bring nothing new. */
static void check_needless(struct sim *s, const struct core_start *start,
			   const struct core_start_pull *pull)
{
	const struct sim_image *img = sim_image_by_uid(s, pull->image_uid);
	if (img == NULL || !img->if_not_present || s->run.boot_ms - img->changed_ms <= LATE_MS)
		return;
	for (int i = 0; i < NODES_MAX; i++) {
		const struct sim_node *t = &s->told[i];
		if (t->exists && strcmp(t->uid, start->node_uid) == 0 &&
		    sim_lists(t, pull->reference))
			sim_fail(&s->run, "pulls what %s says it has: %s", t->name,
				 pull->reference);
	}
}

static struct sim_failure *failure_of(struct sim *s, const char *image_uid, const char *node_uid)
{
	for (size_t i = 0; i < s->n_failures; i++)
		if (strcmp(s->failures[i].image_uid, image_uid) == 0 &&
		    strcmp(s->failures[i].node_uid, node_uid) == 0)
			return &s->failures[i];
	return NULL;
}

void check_failed(struct sim *s, const struct sim_pod *p, const struct sim_pull *pull)
{
	struct sim_failure *f = failure_of(s, pull->image_uid, p->node_uid);
	/* What is the image's fault is probed on any node, when its own wait is over. */
	if (pull->fate == FATE_MISSING || pull->fate == FATE_PLATFORM)
		return;
	if (f == NULL && s->n_failures < FAILURES_MAX)
		f = &s->failures[s->n_failures++];
	if (f == NULL)
		return;
	*f = (struct sim_failure){.revision = pull->revision, .at_ms = s->run.boot_ms};
	sim_text(f->pod_name, NAME, p->name);
	sim_text(f->reference, TEXT, pull->reference);
	sim_text(f->image_uid, NAME, pull->image_uid);
	sim_text(f->node_uid, NAME, p->node_uid);
}

void check_unseen(struct sim *s, const struct sim_pod *p)
{
	for (size_t i = 0; !s->leading && i < p->n_pulls; i++) {
		struct sim_failure *f = failure_of(s, p->pulls[i].image_uid, p->node_uid);
		if (f != NULL && strcmp(f->pod_name, p->name) == 0)
			*f = s->failures[--s->n_failures];
	}
}

/* 14. The shortest back-off is kept, whoever is leading; a second is lost in its writing. */
static void check_backoff(struct sim *s, const struct core_start *start,
			  const struct core_start_pull *pull)
{
	const struct sim_image *img = sim_image_by_uid(s, pull->image_uid);
	const struct sim_failure *f = failure_of(s, pull->image_uid, start->node_uid);
	if (img == NULL || f == NULL || f->revision != img->revision ||
	    strcmp(f->reference, pull->reference) != 0 || s->jumps ||
	    strcmp(f->pod_name, start->pod_name) == 0 /* asked for again, and there already */ ||
	    s->run.boot_ms - img->changed_ms <= LATE_MS)
		return;
	/* 15. Of a repull it is not in the status: another leader does not know. */
	for (size_t i = 0; s->led_ms > f->at_ms && i < img->status.n_cached; i++)
		if (strcmp(img->status.cached[i], start->node) == 0)
			return;
	int64_t initial =
		img->policy >= 0 ? s->policies[img->policy].initial_ms : s->fallback.initial_ms;
	int64_t least = initial * 9 / 10 - 1100;
	if (s->run.boot_ms - f->at_ms < least)
		sim_fail(&s->run, "back-off: %s on %s again after %d ms of %d", img->name,
			 start->node, (int)(s->run.boot_ms - f->at_ms), (int)initial);
}

void check_order(struct sim *s, const struct core_actions *acts)
{
	for (size_t i = 0; i < acts->n_starts; i++) {
		check_priority(s, acts, &acts->starts[i]);
		for (size_t k = 0; k < acts->starts[i].n_pulls; k++) {
			check_needless(s, &acts->starts[i], &acts->starts[i].pulls[k]);
			check_backoff(s, &acts->starts[i], &acts->starts[i].pulls[k]);
		}
		check_probes(s, acts, &acts->starts[i]);
	}
}
