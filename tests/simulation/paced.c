/*
 * The limits of a policy at each start, counted from the truth and not from the core (behaviour.md
 * 11, 12, 40). Counting is lenient where the core cannot know better: what it has not seen yet only
 * makes it more careful.
 */
#include "tests/simulation/sim.h"

#include "reconciler/core/byte_rate.h"
#include "reconciler/core/pulls.h"

#include <string.h>

/* A change of the spec may reach the core this much later. */
#define LATE_MS 20000
/* A start's own pod is made within this time. */
#define OWN_MS 2000

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

struct sim_image *sim_in_flight(struct sim *s, const struct sim_pod *p, const struct sim_pull *pull)
{
	const struct sim_node *n = sim_node_by_name(s, p->node);
	return n != NULL && strcmp(n->uid, p->node_uid) == 0 ? pulls(s, p, pull) : NULL;
}

struct count {
	int policy;
	const struct sim_image
		*only; /* 55: the pods of this image alone; NULL: all of the policy */
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
	if (img == NULL || pull->given_up ||
	    (img->if_not_present && sim_had_pulled(s, p->node_uid, pull->reference)) ||
	    s->run.boot_ms - img->changed_ms < LATE_MS)
		return NULL;
	return img;
}

/* 10. What the core has called failed holds no slot, though it may pull until it is deleted. */
void check_given_up(struct sim *s, const struct core_fact *f)
{
	for (int i = 0; i < PODS_MAX && f->kind == FACT_PULL_FAILED; i++) {
		struct sim_pod *p = &s->pods[i];
		for (size_t k = 0; p->exists && strcmp(p->node, f->node) == 0 && k < p->n_pulls;
		     k++)
			p->pulls[k].given_up |= strcmp(p->pulls[k].image_uid, f->image_uid) == 0;
	}
}

/* 43. A pod is one, under the policy of its images; if those are under several now, under none. */
static void count_one(struct sim *s, struct count *c, const struct sim_pod *p)
{
	const struct sim_image *img = NULL;
	bool one = true, has_only = c->only == NULL;
	for (size_t i = 0; i < p->n_pulls; i++) {
		const struct sim_image *each = counts(s, p, &p->pulls[i]);
		one &= each == NULL || img == NULL ||
		       sim_policy_of(s, each) == sim_policy_of(s, img);
		one &= p->n_pulls == 1 || each != NULL;
		has_only |= each != NULL && each == c->only;
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
	if (held_apart(s, img, n) || !has_only)
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
		if (s->pods[i].exists && s->run.boot_ms - s->pods[i].created_ms < SIM_GIVEN_UP_MS)
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

bool sim_bytes_known(const struct sim *s, const struct sim_image *img, const char *reference)
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
		const struct sim_image *img = sim_image_by_uid(s, start->pulls[i].image_uid);
		if (img != NULL && sim_bytes_known(s, img, start->pulls[i].reference))
			bytes += sim_bytes(start->pulls[i].reference);
	}
	return bytes;
}

/* 40. The last start is paid for: then the sum never runs ahead by more than one pull. */
static void check_bytes(struct sim *s, const struct sim_policy *p)
{
	int64_t cost_ms = p->mb_per_s != 0 ? p->last_bytes * 998 / 1000 / (p->mb_per_s * 1000) : 0;
	if (p->last.known && s->run.boot_ms - p->last.ms < cost_ms - BYTE_RATE_LATE_US / 1000)
		sim_fail(&s->run, "maxBytesPerSecond: %d ms after %d bytes of %s, %d MB a second",
			 (int)(s->run.boot_ms - p->last.ms), (int)p->last_bytes, p->last_reference,
			 (int)p->mb_per_s);
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
				 sim_now(s).wall_s - (s->run.boot_ms - p->last.ms) / 1000;
	}
	return known;
}

static void note_last(struct sim *s, struct sim_last *last, const struct core_start *start)
{
	last->known = true;
	last->ms = s->run.boot_ms;
	sim_text(last->node, NAME, start->node);
}

static void note_start(struct sim *s, struct sim_policy *p, const struct core_start *start)
{
	p->last_bytes = start_bytes(s, start);
	sim_text(p->last_reference, TEXT, start->pulls[0].reference);
	note_last(s, &p->last, start);
	for (size_t i = 0; i < start->n_pulls; i++) {
		struct sim_image *img = sim_image_by_uid(s, start->pulls[i].image_uid);
		if (img != NULL)
			note_last(s, &img->last, start);
	}
}

/* The image is gone, and the core does not know yet: to it, this is the last start of the policy.
 */
static void note_start_of_gone(struct sim *s, const struct core_start *start)
{
	for (int i = 0; i < IMAGES_MAX; i++)
		if (strcmp(s->images[i].uid, start->pulls[0].image_uid) == 0) {
			const struct sim_image *img = &s->images[i];
			if (!held_apart(s, img, sim_node_by_name(s, start->node)))
				note_start(s, policy_at(s, sim_policy_of(s, img)), start);
			return;
		}
	/* Another has its name: which policy it was is not known any more. */
	for (int i = -1; i < POLICIES_MAX; i++)
		policy_at(s, i)->last.known = false;
}

static void check_delay(struct sim *s, const struct sim_last *last, int64_t delay_ms,
			const struct core_start *start)
{
	if (last->known && strcmp(last->node, start->node) != 0 &&
	    s->run.boot_ms - last->ms < delay_ms)
		sim_fail(&s->run, "minDelayBetweenPulls: %d ms after %s",
			 (int)(s->run.boot_ms - last->ms), last->node);
}

/* The nodes that pull, were this start made. */
static int64_t nodes_with(struct sim *s, const struct count *c, const struct core_start *start)
{
	int64_t nodes = 1;
	for (int i = 0; i < NODES_MAX; i++)
		nodes += c->busy[i] && strcmp(s->nodes[i].name, start->node) != 0;
	return nodes;
}

/* 55. concurrencyScope Image: nodes and delays are those of each image. */
static void check_images(struct sim *s, const struct sim_policy *p, const struct core_start *start)
{
	for (size_t i = 0; i < start->n_pulls; i++) {
		struct count c = {.node = start->node, .pod_name = start->pod_name};
		c.only = sim_image_by_uid(s, start->pulls[i].image_uid);
		if (c.only == NULL)
			continue;
		c.policy = sim_policy_of(s, c.only);
		count_all(s, &c);
		int64_t nodes = nodes_with(s, &c, start);
		if (nodes > p->max_nodes)
			sim_fail(&s->run, "maxConcurrentNodes of %s: %d > %d", c.only->name,
				 (int)nodes, (int)p->max_nodes);
		check_delay(s, &c.only->last, p->delay_ms, start);
	}
}

/* 11. concurrencyScope Policy: those of all its images. */
static void check_all_images(struct sim *s, const struct sim_policy *p, const struct count *c,
			     const struct core_start *start)
{
	int64_t nodes = nodes_with(s, c, start);
	if (nodes > p->max_nodes && nodes != 1)
		for (int i = 0; i < NODES_MAX; i++)
			if (c->busy[i] && strcmp(s->nodes[i].name, start->node) == 0)
				nodes = 0; /* it was busy already: nothing is added */
	if (nodes > p->max_nodes && !seems_busy(s, start->node))
		sim_fail(&s->run, "maxConcurrentNodes: %d > %d", (int)nodes, (int)p->max_nodes);
	check_delay(s, &p->last, p->delay_ms, start);
}

/* 11, 12, 55. */
void check_start(struct sim *s, const struct core_start *start, int *ret_policy)
{
	const struct sim_image *img = sim_image_by_uid(s, start->pulls[0].image_uid);
	*ret_policy = -1;
	if (img == NULL) {
		note_start_of_gone(s, start);
		return;
	}
	struct count c = {.node = start->node, .pod_name = start->pod_name};
	c.policy = *ret_policy = sim_policy_of(s, img);
	struct sim_policy *p = policy_at(s, c.policy);
	count_all(s, &c);
	if (c.on_node + 1 > p->max_per_node)
		sim_fail(&s->run, "maxPullsPerNode: %d > %d", (int)c.on_node + 1,
			 (int)p->max_per_node);
	if (held_apart(s, img, sim_node_by_name(s, start->node)))
		return;
	if (p->by_image)
		check_images(s, p, start);
	else
		check_all_images(s, p, &c, start);
	if (p->max_pulls != 0 && c.pulls + 1 > p->max_pulls)
		sim_fail(&s->run, "maxConcurrentPulls: %d > %d", (int)c.pulls + 1,
			 (int)p->max_pulls);
	check_bytes(s, p);
	note_start(s, p, start);
}

/* Under a policy; or, if there is one, of that image. */
static bool in_flight_of(struct sim *s, const struct sim_pod *p, int policy,
			 const struct sim_image *only)
{
	for (size_t i = 0; i < p->n_pulls; i++) {
		const struct sim_image *img = sim_in_flight(s, p, &p->pulls[i]);
		if (img != NULL && (only != NULL ? img == only : sim_policy_of(s, img) == policy))
			return true;
	}
	return false;
}

/*
 * 11. What a new core cannot know of the last start of a policy, or of an image, is not held
 * against it, nor that it takes a later one of an image that has come under the policy since.
 */
static void restart_last(struct sim *s, struct sim_last *last, int policy,
			 const struct sim_image *only)
{
	bool known = false, later = false;
	for (int k = 0; k < PODS_MAX; k++) {
		const struct sim_pod *p = &s->pods[k];
		bool same = p->exists && in_flight_of(s, p, policy, only);
		known |= same && p->created_ms >= last->ms;
		later |= same && p->created_ms >= last->ms + OWN_MS;
		/* Of two in one second the new core cannot tell which was the last. */
		later |= same && p->created_ms >= last->ms - 1000 &&
			 strcmp(p->node, last->node) != 0;
	}
	int64_t last_s = sim_now(s).wall_s - (s->run.boot_ms - last->ms) / 1000;
	for (int k = 0; k < IMAGES_MAX; k++) {
		const struct sim_image *img = &s->images[k];
		known |= img->exists && img->status.attempted_at >= last_s &&
			 (only != NULL ? img == only : sim_policy_of(s, img) == policy);
	}
	if (!known || later || s->jumps)
		last->known = false;
}

void check_restart(struct sim *s)
{
	for (int i = 0; i < IMAGES_MAX; i++)
		restart_last(s, &s->images[i].last, -1, &s->images[i]);
	for (int i = -1; i < POLICIES_MAX; i++) {
		struct sim_policy *p = policy_at(s, i);
		restart_last(s, &p->last, i, NULL);
		if (!bytes_remembered(s, p, i))
			p->last_bytes = 0;
		/* It may be that only the first image of a batch tells of its start. */
		else if (p->last_bytes != 0)
			p->last_bytes = sim_bytes(p->last_reference);
	}
}
