/*
 * What must hold whatever happens, seen from the truth and not from the core
 * (behaviour.md 1, 6, 10, 19, 32). It is lenient where the core cannot know better.
 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A change of the spec may reach the core this much later. */
#define LATE_MS 20000

bool sim_missing(const char *reference)
{
	return strstr(reference, ":missing") != NULL;
}

bool sim_targets(const struct sim *s, const struct sim_image *img, const struct sim_node *n)
{
	(void)s;
	return n->exists && !n->fargate && !n->cordoned &&
	       (!img->pool_a_only || strcmp(n->pool, "a") == 0);
}

int sim_policy_of(const struct sim *s, const struct sim_image *img)
{
	return img->policy >= 0 && s->policies[img->policy].exists ? img->policy : -1;
}

static bool has_image(const struct core_start *start, const char *name)
{
	for (size_t i = 0; i < start->n_pulls; i++)
		if (strcmp(start->pulls[i].image_name, name) == 0)
			return true;
	return false;
}

/* 10. No pod is asked for while the core knows of another for that image on that node. */
void check_alone(struct sim *s, const struct core_start *start)
{
	for (int i = 0; i < PODS_MAX; i++) {
		const struct sim_pod *p = &s->pods[i];
		if (!p->exists || !p->labelled || !p->told ||
		    strcmp(p->name, start->pod_name) == 0 || strcmp(p->node, start->node) != 0)
			continue;
		for (size_t k = 0; k < p->n_pulls; k++)
			if (has_image(start, p->pulls[k].image))
				sim_fail(&s->run, "starts %s beside %s", start->pod_name, p->name);
	}
}

static bool pulled_anywhere(const struct sim *s, const char *reference)
{
	for (size_t i = 0; i < s->n_pulled; i++)
		if (strcmp(s->pulled[i].reference, reference) == 0)
			return true;
	return false;
}

/* 42. Only what was pulled before, as many as the policy allows, each image once, one policy. */
void check_batch(struct sim *s, const struct core_start *start)
{
	if (start->n_pulls == 1)
		return;
	const struct sim_image *first = sim_image_by_uid(s, start->pulls[0].image_uid);
	for (size_t i = 0; i < start->n_pulls; i++) {
		const struct core_start_pull *p = &start->pulls[i];
		const struct sim_image *img = sim_image_by_uid(s, p->image_uid);
		if (!pulled_anywhere(s, p->reference))
			sim_fail(&s->run, "%s is in a batch and was never pulled", p->reference);
		for (size_t k = 0; k < i; k++)
			if (strcmp(start->pulls[k].image_uid, p->image_uid) == 0)
				sim_fail(&s->run, "%s is twice in a batch", p->image_name);
		if (img == NULL || first == NULL || s->run.boot_ms - img->changed_ms < LATE_MS ||
		    s->run.boot_ms - first->changed_ms < LATE_MS)
			continue;
		if (sim_policy_of(s, img) != sim_policy_of(s, first))
			sim_fail(&s->run, "%s is under another policy", p->image_name);
	}
}

/* 6, 10: no crash pulls twice. */
static void check_created_once(struct sim *s, const struct sim_pod *pod,
			       const struct sim_pull *pull)
{
	char key[sizeof(s->creates[0].key)];
	snprintf(key, sizeof(key), "%s %s %s %s %llu", pull->image_uid, pod->node_uid,
		 pull->reference, pull->attempt, (unsigned long long)pull->revision);
	/*
	 * A restart may not know what only a list said that has been cut since: then the pod of an
	 * IfNotPresent image is made although the image is there. It brings nothing.
	 */
	const struct sim_image *img = sim_image_by_uid(s, pull->image_uid);
	bool needless = img != NULL && img->if_not_present &&
			sim_has_pulled(s, pod->node_uid, pull->reference);
	for (size_t i = 0; i < s->n_creates && !needless; i++)
		if (strcmp(s->creates[i].key, key) == 0)
			sim_fail(&s->run, "created twice: %s", key);
	if (s->n_creates == CREATES_MAX) {
		sim_fail(&s->run, "pods without end");
		return;
	}
	sim_text(s->creates[s->n_creates].pod_name, NAME, pod->name);
	sim_text(s->creates[s->n_creates++].key, sizeof(key), key);
}

static bool same_pull(const struct sim_pod *p, const struct sim_pod *pod,
		      const struct sim_pull *pull)
{
	for (size_t i = 0; i < p->n_pulls; i++)
		if (strcmp(p->pulls[i].image_uid, pull->image_uid) == 0 &&
		    strcmp(p->node_uid, pod->node_uid) == 0 &&
		    strcmp(p->pulls[i].reference, pull->reference) == 0)
			return true;
	return false;
}

void check_create(struct sim *s, const struct sim_pod *pod)
{
	for (size_t k = 0; k < pod->n_pulls; k++) {
		check_created_once(s, pod, &pod->pulls[k]);
		for (int i = 0; i < PODS_MAX; i++) {
			const struct sim_pod *p = &s->pods[i];
			if (p->exists && !p->finished && p->labelled && p->noted &&
			    s->run.boot_ms - p->created_ms < SIM_GIVEN_UP_MS &&
			    same_pull(p, pod, &pod->pulls[k]))
				sim_fail(&s->run, "two pods pull the same: %s %s", p->name,
					 pod->name);
		}
	}
}

static bool durable(const struct sim_status *st, const struct sim_pod *pod,
		    const struct sim_pull *p)
{
	if (strcmp(st->cached_image, p->reference) != 0)
		return false;
	for (size_t i = 0; i < st->n_cached; i++)
		if (strcmp(st->cached[i], pod->node) == 0)
			return true;
	for (size_t i = 0; i < st->n_failed; i++)
		if (strcmp(st->failed[i].node, pod->node) == 0)
			return st->failed[i].attempts > atoll(p->attempt);
	return false;
}

/* 10. */
void check_delete(struct sim *s, const struct core_delete *d)
{
	const struct sim_pod *p = sim_pod_by_name(s, d->pod_name);
	if (p == NULL || strcmp(p->uid, d->pod_uid) != 0)
		return;
	if (!p->labelled)
		sim_fail(&s->run, "deletes a pod that is not ours: %s", p->name);
	const struct sim_node *n = sim_node_by_name(s, p->node);
	for (size_t i = 0; i < p->n_pulls; i++) {
		const struct sim_image *img = sim_image_by_uid(s, p->pulls[i].image_uid);
		char reference[TEXT];
		if (img == NULL || n == NULL || strcmp(n->uid, p->node_uid) != 0 ||
		    s->run.boot_ms - img->changed_ms < LATE_MS)
			continue;
		sim_reference(img, reference);
		if (strcmp(reference, p->pulls[i].reference) == 0 &&
		    !durable(&img->status, p, &p->pulls[i]))
			sim_fail(&s->run, "deletes %s before its outcome is durable", p->name);
	}
}

static const struct sim_node *told_node(const struct sim *s, const char *name)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->told[i].exists && strcmp(s->told[i].name, name) == 0)
			return &s->told[i];
	return NULL;
}

/* 16, 19: nobody is named who never had it, and Ready says that all have it. */
void check_write(struct sim *s, const struct core_write *w)
{
	const struct cachedimage_status *st = w->new;
	bool ready = strcmp(st->phase, "Ready") == 0;
	for (size_t i = 0; i < st->cached_nodes.n; i++) {
		const char *name = st->cached_nodes.at[i];
		const struct sim_node *n = told_node(s, name);
		if (n != NULL && st->cached_image != NULL && !s->jumps &&
		    !sim_had_pulled(s, n->uid, st->cached_image))
			sim_fail(&s->run, "%s is said to have %s", name, st->cached_image);
	}
	if (ready && (st->nodes_targeted == 0 || st->nodes_ready != st->nodes_targeted))
		sim_fail(&s->run, "Ready with %s", st->ready);
	const struct sim_image *img = sim_image_by_uid(s, w->image_uid);
	if (!ready || img == NULL || s->head != NULL || st->observed_generation != img->generation)
		return;
	for (int i = 0; i < NODES_MAX; i++) {
		const struct sim_node *n = &s->nodes[i];
		bool named = false;
		for (size_t k = 0; k < st->cached_nodes.n; k++)
			named |= strcmp(st->cached_nodes.at[k], n->name) == 0;
		char reference[TEXT];
		sim_reference(img, reference);
		if (!named && sim_targets(s, img, n) && !n->had_disk &&
		    !asked_may_skip(s, reference, n))
			sim_fail(&s->run, "Ready without %s", n->name);
	}
}

/* 18: nothing is called evicted that was never lost. */
void check_fact(struct sim *s, const struct core_fact *f)
{
	const struct sim_image *img =
		f->image_uid != NULL ? sim_image_by_uid(s, f->image_uid) : NULL;
	const struct sim_node *n = f->node != NULL ? told_node(s, f->node) : NULL;
	char reference[TEXT];
	if (f->kind != FACT_EVICTED || img == NULL || n == NULL ||
	    s->run.boot_ms - img->changed_ms < LATE_MS)
		return;
	sim_reference(img, reference);
	const struct sim_pulled *p = sim_pulled_find(s, n->uid, reference);
	if (!s->jumps && (p == NULL || !p->ever_gone))
		sim_fail(&s->run, "%s never lost %s", f->node, reference);
}

static bool names(const struct sim_status *st, const char *node)
{
	for (size_t i = 0; i < st->n_cached; i++)
		if (strcmp(st->cached[i], node) == 0)
			return true;
	return false;
}

/* 37. It is pulled again when its repull is due, and the registry tells another digest. */
static bool behind(struct sim *s, const struct sim_image *img, const struct sim_node *n,
		   const char *reference)
{
	const struct sim_pulled *p = sim_pulled_find(s, n->uid, reference);
	int policy = sim_policy_of(s, img);
	return s->checks && policy >= 0 && s->policies[policy].repull_ms != 0 &&
	       !img->if_not_present && sim_targets(s, img, n) && p != NULL &&
	       !asked_nothing_for(s, reference, n) && p->version != asked_version(s, reference);
}

static bool image_converged(struct sim *s, const struct sim_image *img, char *why, size_t size)
{
	const struct sim_status *st = &img->status;
	int64_t targeted = 0, ready = 0, nothing = 0;
	char reference[TEXT];
	sim_reference(img, reference);
	for (int i = 0; i < NODES_MAX; i++) {
		const struct sim_node *n = &s->nodes[i];
		bool named = n->exists && names(st, n->name);
		bool has = n->exists && sim_has_pulled(s, n->uid, reference);
		const struct sim_pulled *p =
			n->exists ? sim_pulled_find(s, n->uid, reference) : NULL;
		/* 18. What nobody can prove stays as it was. */
		bool unknown = p != NULL && p->gone && !s->jumps &&
			       (p->listed_to != s->life || !sim_proves(n));
		if (named && !has && !unknown) {
			snprintf(why, size, "%s: %s is named and has it not", img->name, n->name);
			return false;
		}
		if (named && behind(s, img, n, reference)) {
			snprintf(why, size, "%s: %s has another version", img->name, n->name);
			return false;
		}
		nothing += sim_targets(s, img, n) && !named && asked_nothing_for(s, reference, n);
		targeted += sim_targets(s, img, n);
		ready += sim_targets(s, img, n) && named;
	}
	/* 39. Where there is nothing for its platform, a node is left out, or fails. */
	bool fails = sim_missing(reference) || st->skipped < nothing;
	targeted -= st->skipped;
	const char *phase = targeted == 0 ? "Pending" : fails ? "Degraded" : "Ready";
	if (st->skipped > nothing) {
		snprintf(why, size, "%s: %d of %d are left out", img->name, (int)st->skipped,
			 (int)nothing);
		return false;
	}
	if (!sim_missing(reference) && ready + nothing - st->skipped != targeted) {
		snprintf(why, size, "%s: %d of %d cached", img->name, (int)ready, (int)targeted);
		return false;
	}
	if (strcmp(st->phase, phase) != 0 || st->targeted != targeted || st->ready_nodes != ready ||
	    st->generation != img->generation || strcmp(st->cached_image, reference) != 0) {
		snprintf(why, size, "%s: status says %s %d/%d of %s, truth is %s %d/%d", img->name,
			 st->phase, (int)st->ready_nodes, (int)st->targeted, st->cached_image,
			 phase, (int)ready, (int)targeted);
		return false;
	}
	return true;
}

/* What is not there is tried for ever. */
static bool pulls_missing(struct sim *s, const struct sim_pod *p)
{
	const struct sim_node *n = sim_node_by_name(s, p->node);
	for (size_t i = 0; i < p->n_pulls; i++) {
		const struct sim_pull *pull = &p->pulls[i];
		bool fails = sim_missing(pull->reference) ||
			     (n != NULL && asked_nothing_for(s, pull->reference, n));
		if ((sim_in_flight(s, p, pull) && fails) ||
		    (p->finished && (pull->fate == FATE_MISSING || pull->fate == FATE_PLATFORM)))
			return true;
	}
	return false;
}

/* 14, 19: in the end status is the truth, and nothing is left over. */
bool check_converged(struct sim *s, char *why, size_t size)
{
	for (int i = 0; i < IMAGES_MAX; i++)
		if (s->images[i].exists && !image_converged(s, &s->images[i], why, size))
			return false;
	if (held_left(s) != NULL) {
		snprintf(why, size, "%s is held", held_left(s));
		return false;
	}
	for (int i = 0; i < PODS_MAX; i++) {
		const struct sim_pod *p = &s->pods[i];
		if (p->exists && p->labelled && !pulls_missing(s, p)) {
			snprintf(why, size, "pod %s is left", p->name);
			return false;
		}
	}
	return true;
}
