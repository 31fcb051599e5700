/*
 * Startup taints in the pretend cluster (behaviour 45, 46): nodes come with one, somebody puts it
 * back, removals are late, lost or find the node changed. What must hold: a node opens when its
 * images are there or its time is over, and not before; only what the core was told to be tainted
 * is opened; two removals of one node are never under way.
 */
#include "tests/simulation/sim.h"

#include <string.h>

/* What the core was told late, or does not know yet, is not held against it. */
#define LATE_MS 20000
/* A gate of an image that a refused create or a failure may have shut is open again by then. */
#define QUIET_MS (6 * 60 * 1000)

void held_core_new(struct sim *s)
{
	for (int i = 0; i < NODES_MAX; i++)
		s->nodes[i].decided = false;
	if (s->startup)
		core_hold_nodes(s->core, HELD_KEY, NULL, HELD_DEADLINE_MS);
}

void held_node_new(struct sim *s, struct sim_node *n)
{
	n->cold = n->was_cold = s->startup && sim_chance(&s->run, 600);
	n->born_ms = s->run.boot_ms;
	held_turned(s, n);
}

/* It became Ready, or not. */
void held_turned(const struct sim *s, struct sim_node *n)
{
	n->ready_ms = s->run.boot_ms;
	n->ready_s = sim_now(s).wall_s;
}

/* Somebody puts the taint back, or a new machine is labelled at last. */
void held_trouble(struct sim *s)
{
	struct sim_node *n = &s->nodes[sim_random(&s->run, NODES_MAX)];
	if (!n->exists || n->cold || !n->was_cold)
		return;
	sim_trace(&s->run, "node %s is tainted again", n->name);
	n->cold = true;
	sim_say(s, KIND_NODE, false, n);
}

static const struct sim_node *told(const struct sim *s, const char *uid)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->told[i].exists && strcmp(s->told[i].uid, uid) == 0)
			return &s->told[i];
	return NULL;
}

/* A gating image that the node has not, that can come, and that the core knows of. */
static const struct sim_image *missing(struct sim *s, const struct sim_node *n)
{
	char reference[TEXT];
	for (int i = 0; i < IMAGES_MAX; i++) {
		const struct sim_image *img = &s->images[i];
		if (!img->exists || !img->gates || stopped_lately(s, img) ||
		    s->run.boot_ms - img->changed_ms < LATE_MS)
			continue;
		sim_reference(img, reference);
		if (sim_targets(s, img, n) && !sim_missing(reference) &&
		    !asked_may_skip(s, reference, n) && !sim_had_pulled(s, n->uid, reference))
			return img;
	}
	return NULL;
}

/*
 * 45. By the truth it is too early: the first time for this machine, not a removal that failed and
 * is repeated, and nothing that the core can not know has happened lately.
 */
static void check_early(struct sim *s, const struct sim_node *n)
{
	const struct sim_image *img = missing(s, n);
	int64_t late_ms = n->ready ? n->ready_ms + HELD_DEADLINE_MS : INT64_MAX;
	if (n->born_ms + 2 * HELD_DEADLINE_MS < late_ms)
		late_ms = n->born_ms + 2 * HELD_DEADLINE_MS;
	if (img == NULL || n->opened || n->decided || s->jumps || s->head != NULL ||
	    s->run.boot_ms - s->led_ms < LATE_MS || s->run.boot_ms < s->refused_ms + QUIET_MS ||
	    s->run.boot_ms + 2000 >= late_ms)
		return;
	sim_fail(&s->run, "%s opens without %s, %d ms before its deadline", n->name, img->name,
		 (int)(late_ms - s->run.boot_ms));
}

/* The request's part of it is puller.c's. */
void held_check_open(struct sim *s, const struct core_open *o)
{
	struct sim_node *n = sim_node_by_name(s, o->node);
	const struct sim_node *t = told(s, o->node_uid);
	for (int i = 0; i < REQUESTS_MAX; i++) {
		const struct sim_request *r = &s->requests[i];
		if (r->used && r->kind == REQ_OPEN && strcmp(r->pod_uid, o->node_uid) == 0)
			sim_fail(&s->run, "two removals at once on %s", o->node);
	}
	if (strcmp(o->keys, HELD_KEY) != 0)
		sim_fail(&s->run, "removes %s", o->keys);
	if (t == NULL || !t->cold)
		sim_fail(&s->run, "opens %s, which has no startup taint", o->node);
	if (n == NULL || strcmp(n->uid, o->node_uid) != 0)
		return;
	check_early(s, n);
	n->decided = true;
}

/* What the puller does: by uid, and what it finds there. */
enum core_open_result held_exec_open(struct sim *s, const char *node, const char *uid)
{
	struct sim_node *n = sim_node_by_name(s, node);
	if (n == NULL || strcmp(n->uid, uid) != 0 || !n->cold)
		return OPEN_NOTHING;
	if (s->faults && sim_chance(&s->run, 200))
		return sim_chance(&s->run, 500) ? OPEN_CHANGED : OPEN_FAILED;
	n->cold = false;
	n->opened = true;
	sim_trace(&s->run, "node %s is open", n->name);
	sim_say(s, KIND_NODE, false, n);
	return OPEN_REMOVED;
}

/* 46. The policy does not pace what a held node waits for; the core may know less, or more. */
bool held_apart(const struct sim *s, const struct sim_image *img, const struct sim_node *n)
{
	return s->startup && img->gates && n != NULL && n->was_cold;
}

/* In the end none is held: nobody puts the taint back any more. */
const char *held_left(const struct sim *s)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->nodes[i].exists && s->nodes[i].cold)
			return s->nodes[i].name;
	return NULL;
}
