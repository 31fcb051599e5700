/*
 * What must hold whatever happens, seen from the truth and not from the core
 * (behaviour.md 1, 6, 10, 11, 12, 19, 32). Counting is lenient where the core cannot
 * know better: what it has not seen yet only makes it more careful.
 */
#include "tests/simulation/sim.h"

#include "reconciler/core/byte_rate.h"
#include "reconciler/core/pulls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pod older than this may have been given up (NodeUnresponsive, 9). */
#define GIVEN_UP_MS (110 * 1000)
/* A change of the spec may reach the core this much later. */
#define LATE_MS 20000
/* A start's own pod is made within this time. */
#define OWN_MS 2000

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

static struct sim_policy *policy_at(struct sim *s, int i)
{
	return i >= 0 ? &s->policies[i] : &s->fallback;
}

/*
 * Does a pull of it count for the limits? Its image, or NULL. That its node is gone or another
 * machine now does not matter: it pulls until it is deleted.
 */
static struct sim_image *pulls(struct sim *s, const struct sim_pod *p, const struct sim_pull *pull)
{
	struct sim_image *img = sim_image_by_uid(s, pull->image_uid);
	char reference[TEXT];
	if (!p->labelled || !p->noted || p->finished || img == NULL)
		return NULL;
	sim_reference(img, reference);
	return strcmp(reference, pull->reference) == 0 ? img : NULL;
}

/* Does it hold the slot of its pair? */
static struct sim_image *in_flight(struct sim *s, const struct sim_pod *p,
				   const struct sim_pull *pull)
{
	const struct sim_node *n = sim_node_by_name(s, p->node);
	return n != NULL && strcmp(n->uid, p->node_uid) == 0 ? pulls(s, p, pull) : NULL;
}

struct count {
	int policy;
	const char *node, *pod_name;
	bool busy[NODES_MAX];
	int64_t pulls, on_node;
};

/*
 * What the core does not know yet of a change is not held against it, nor that it lets a pod go
 * whose image the node has got by itself (17).
 */
static const struct sim_image *counts(struct sim *s, const struct sim_pod *p,
				      const struct sim_pull *pull)
{
	const struct sim_image *img = pulls(s, p, pull);
	if (img == NULL ||
	    (img->if_not_present && sim_had_pulled(s, p->node_uid, pull->reference)) ||
	    s->run.boot_ms - img->changed_ms < LATE_MS)
		return NULL;
	return img;
}

/* 43. A pod is one, under the policy of its images; if those are under several now, under none. */
static void count_one(struct sim *s, struct count *c, const struct sim_pod *p)
{
	const struct sim_image *img = NULL;
	bool one = true;
	for (size_t i = 0; i < p->n_pulls; i++) {
		const struct sim_image *each = counts(s, p, &p->pulls[i]);
		one &= each == NULL || img == NULL ||
		       sim_policy_of(s, each) == sim_policy_of(s, img);
		one &= p->n_pulls == 1 || each != NULL;
		img = img != NULL ? img : each;
	}
	if (img == NULL || strcmp(p->name, c->pod_name) == 0)
		return;
	c->on_node += strcmp(p->node, c->node) == 0;
	/* 3. On a node that is gone or not Ready it keeps that node waiting, and no other. */
	const struct sim_node *n = sim_node_by_name(s, p->node);
	if (!one || sim_policy_of(s, img) != c->policy || n == NULL || !n->ready)
		return;
	/* Nor does one that its kubelet has not taken. */
	if (!p->started && s->run.boot_ms - p->created_ms >= PULL_UNTAKEN_MS)
		return;
	if (held_apart(s, img, n))
		return;
	c->pulls++;
	sim_trace(&s->run, "  in flight: %s on %s", p->name, p->node);
	for (int i = 0; i < NODES_MAX; i++)
		if (strcmp(s->nodes[i].name, p->node) == 0)
			c->busy[i] = true;
}

static void count_all(struct sim *s, struct count *c)
{
	for (int i = 0; i < PODS_MAX; i++)
		if (s->pods[i].exists && s->run.boot_ms - s->pods[i].created_ms < GIVEN_UP_MS)
			count_one(s, c, &s->pods[i]);
	for (int i = 0; i < REQUESTS_MAX; i++) {
		const struct sim_request *r = &s->requests[i];
		if (r->used && r->kind == REQ_START && !r->done && r->exec_ms >= 0 &&
		    sim_pod_by_name(s, r->pod_name) == NULL)
			count_one(s, c, &r->pod);
	}
}

/*
 * To the core the node may be busy although it is not: a request is unanswered, or what
 * ended a pod there is on its way, or the change of its image.
 */
static bool seems_busy(struct sim *s, const char *node)
{
	const struct sim_node *n = sim_node_by_name(s, node);
	if (n != NULL && s->run.boot_ms < n->held_ms)
		return true;
	for (const struct sim_event *e = s->head; e != NULL; e = e->next)
		if (e->kind == KIND_POD && strcmp(e->u.pod.node, node) == 0)
			return true;
	for (int i = 0; i < PODS_MAX; i++)
		if (s->pods[i].exists && s->pods[i].labelled && strcmp(s->pods[i].node, node) == 0)
			return true;
	for (int i = 0; i < REQUESTS_MAX; i++) {
		const struct sim_request *r = &s->requests[i];
		if (r->used && r->kind == REQ_START && strcmp(r->pod.node, node) == 0)
			return true;
	}
	return false;
}

/* Does a node that the core was told of list it? Then the core knows its bytes. */
static bool bytes_known(const struct sim *s, const struct sim_image *img, const char *reference)
{
	bool known = false;
	for (int i = 0; i < NODES_MAX; i++)
		known |= s->told[i].exists && sim_lists(&s->told[i], reference);
	return known && s->run.boot_ms - img->changed_ms > LATE_MS;
}

/* Of the images whose bytes the core knows. */
static int64_t start_bytes(struct sim *s, const struct core_start *start)
{
	int64_t bytes = 0;
	for (size_t i = 0; i < start->n_pulls; i++) {
		const struct sim_image *img =
			sim_image_by_uid(s, start->pulls[i].image_uid);
		if (img != NULL && bytes_known(s, img, start->pulls[i].reference))
			bytes += sim_bytes(start->pulls[i].reference);
	}
	return bytes;
}

/* 40. The last start is paid for: then the sum never runs ahead by more than one pull. */
static void check_bytes(struct sim *s, struct sim_policy *p, const struct core_start *start)
{
	int64_t cost_ms = p->mb_per_s != 0 ? p->last_bytes * 998 / 1000 / (p->mb_per_s * 1000) : 0;
	if (p->started && s->run.boot_ms - p->last_ms < cost_ms - BYTE_RATE_LATE_US / 1000)
		sim_fail(&s->run, "maxBytesPerSecond: %d ms after %d bytes of %s, %d MB a second",
			 (int)(s->run.boot_ms - p->last_ms), (int)p->last_bytes, p->last_reference,
			 (int)p->mb_per_s);
	p->last_bytes = start_bytes(s, start);
	sim_text(p->last_reference, TEXT, start->pulls[0].reference);
}

/* A new core knows the bytes if a node lists them, and the start by a pod or the image. */
static bool bytes_remembered(struct sim *s, const struct sim_policy *p, int policy)
{
	bool known = false, listed = false;
	char reference[TEXT];
	for (int i = 0; i < NODES_MAX; i++)
		listed |= s->nodes[i].exists && sim_lists(&s->nodes[i], p->last_reference);
	for (int k = 0; k < IMAGES_MAX && listed; k++) {
		const struct sim_image *img = &s->images[k];
		sim_reference(img, reference);
		known |= img->exists && sim_policy_of(s, img) == policy &&
			 strcmp(reference, p->last_reference) == 0 &&
			 img->status.attempted_at >=
				 sim_now(s).wall_s - (s->run.boot_ms - p->last_ms) / 1000;
	}
	return known;
}

/* 11, 12. */
void check_start(struct sim *s, const struct core_start *start, int *ret_policy)
{
	const struct sim_image *img = sim_image_by_uid(s, start->pulls[0].image_uid);
	*ret_policy = -1;
	if (img == NULL)
		return; /* deleted, and the core does not know yet */
	struct count c = {.node = start->node, .pod_name = start->pod_name};
	c.policy = *ret_policy = sim_policy_of(s, img);
	struct sim_policy *p = policy_at(s, c.policy);
	int64_t nodes = 1;
	count_all(s, &c);
	if (c.on_node + 1 > p->max_per_node)
		sim_fail(&s->run, "maxPullsPerNode: %d > %d", (int)c.on_node + 1,
			 (int)p->max_per_node);
	if (held_apart(s, img, sim_node_by_name(s, start->node)))
		return;
	for (int i = 0; i < NODES_MAX; i++)
		nodes += c.busy[i] && strcmp(s->nodes[i].name, start->node) != 0;
	if (nodes > p->max_nodes && nodes != 1)
		for (int i = 0; i < NODES_MAX; i++)
			if (c.busy[i] && strcmp(s->nodes[i].name, start->node) == 0)
				nodes = 0; /* it was busy already: nothing is added */
	if (nodes > p->max_nodes && !seems_busy(s, start->node))
		sim_fail(&s->run, "maxConcurrentNodes: %d > %d", (int)nodes, (int)p->max_nodes);
	if (p->max_pulls != 0 && c.pulls + 1 > p->max_pulls)
		sim_fail(&s->run, "maxConcurrentPulls: %d > %d", (int)c.pulls + 1,
			 (int)p->max_pulls);
	if (p->started && strcmp(p->last_node, start->node) != 0 &&
	    s->run.boot_ms - p->last_ms < p->delay_ms)
		sim_fail(&s->run, "minDelayBetweenPulls: %d ms after %s",
			 (int)(s->run.boot_ms - p->last_ms), p->last_node);
	check_bytes(s, p, start);
	p->started = true;
	p->last_ms = s->run.boot_ms;
	sim_text(p->last_node, NAME, start->node);
}

static bool in_flight_under(struct sim *s, const struct sim_pod *p, int policy)
{
	for (size_t i = 0; i < p->n_pulls; i++) {
		const struct sim_image *img = in_flight(s, p, &p->pulls[i]);
		if (img != NULL && sim_policy_of(s, img) == policy)
			return true;
	}
	return false;
}

/*
 * 11. What a new core cannot know of the last start of a policy is not held against it,
 * nor that it takes a later one of an image that has come under the policy since.
 */
void check_restart(struct sim *s)
{
	for (int i = -1; i < POLICIES_MAX; i++) {
		struct sim_policy *p = policy_at(s, i);
		bool known = false, later = false;
		for (int k = 0; k < PODS_MAX; k++) {
			bool same = s->pods[k].exists && in_flight_under(s, &s->pods[k], i);
			known |= same && s->pods[k].created_ms >= p->last_ms;
			later |= same && s->pods[k].created_ms >= p->last_ms + OWN_MS;
			/* Of two in one second the new core cannot tell which was the last. */
			later |= same && s->pods[k].created_ms >= p->last_ms - 1000 &&
				 strcmp(s->pods[k].node, p->last_node) != 0;
		}
		int64_t last_s = sim_now(s).wall_s - (s->run.boot_ms - p->last_ms) / 1000;
		for (int k = 0; k < IMAGES_MAX; k++)
			known |= s->images[k].exists && sim_policy_of(s, &s->images[k]) == i &&
				 s->images[k].status.attempted_at >= last_s;
		if (!known || later || s->jumps)
			p->started = false;
		if (!bytes_remembered(s, p, i))
			p->last_bytes = 0;
		/* It may be that only the first image of a batch tells of its start. */
		else if (p->last_bytes != 0)
			p->last_bytes = sim_bytes(p->last_reference);
	}
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
			    s->run.boot_ms - p->created_ms < GIVEN_UP_MS &&
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
		if (!named && sim_targets(s, img, n) && !asked_may_skip(s, reference, n))
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
	       !asked_nothing_for(s, reference, n) &&
	       p->version != asked_version(s, reference);
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
		if ((in_flight(s, p, pull) && fails) ||
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
