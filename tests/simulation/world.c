/*
 * Kubelets that pull, and everything that goes wrong in a cluster's life: nodes and
 * images come and go, policies change, pods are deleted by hand, the watch lags, the
 * API server refuses, the clock is set, the reconciler dies or loses the lease.
 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALM_REPULL_MS (10 * 60 * 1000)
#define GC_MS          5000 /* pods of a node that is gone are removed */

static enum fate fate_of_pull(struct sim *s, const struct sim_pod *p, const struct sim_pull *pull)
{
	const struct sim_node *n = sim_node_by_name(s, p->node);
	if (sim_missing(pull->reference))
		return FATE_MISSING;
	if (n != NULL && asked_nothing_for(s, pull->reference, n))
		return FATE_PLATFORM;
	return sim_chance(&s->run, 200) ? FATE_SCRATCH : FATE_PULLED;
}

static enum fate fate_of(struct sim *s, struct sim_pod *p)
{
	if (s->faults && sim_chance(&s->run, 60))
		return FATE_EVICTED;
	if (s->faults && sim_chance(&s->run, 30))
		return FATE_STUCK;
	for (size_t i = 0; i < p->n_pulls; i++)
		p->pulls[i].fate = fate_of_pull(s, p, &p->pulls[i]);
	return FATE_PULLED;
}

static void finish(struct sim *s, struct sim_pod *p)
{
	p->finished = true;
	for (size_t i = 0; i < p->n_pulls; i++) {
		struct sim_pull *pull = &p->pulls[i];
		if (p->fate == FATE_EVICTED)
			pull->fate = FATE_EVICTED;
		sim_trace(&s->run, "pod %s ends with fate %d", p->name, (int)pull->fate);
		if (pull->fate == FATE_PULLED || pull->fate == FATE_SCRATCH) {
			sim_pulled_add(s, p->node_uid, pull->reference);
			pull->version = asked_version(s, pull->reference);
		} else {
			check_failed(s, p, pull);
		}
	}
	sim_say(s, KIND_POD, false, p);
}

static void kubelet(struct sim *s, struct sim_pod *p)
{
	const struct sim_node *n = sim_node_by_name(s, p->node);
	if (n == NULL || strcmp(n->uid, p->node_uid) != 0) {
		if (s->run.boot_ms - p->created_ms > GC_MS && p->labelled)
			sim_pod_remove(s, p);
		return;
	}
	if (!n->ready || p->finished || !p->labelled)
		return;
	if (p->start_ms == 0) {
		p->fate = fate_of(s, p);
		p->start_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, 1000);
		/* Never in the second in which the node was created (16 depends on it). */
		p->end_ms =
			p->start_ms + 1000 + (int64_t)sim_random(&s->run, s->faults ? 15000 : 2000);
	}
	if (p->fate == FATE_STUCK)
		return;
	if (!p->started && p->start_ms <= s->run.boot_ms) {
		p->started = true;
		sim_say(s, KIND_POD, false, p);
	}
	if (p->started && p->end_ms <= s->run.boot_ms)
		finish(s, p);
}

void sim_kubelets(struct sim *s)
{
	for (int i = 0; i < PODS_MAX; i++)
		if (s->pods[i].exists)
			kubelet(s, &s->pods[i]);
	sim_reports(s);
}

static void node_new(struct sim *s, struct sim_node *n, int i)
{
	*n = (struct sim_node){.exists = true, .ready = true};
	n->cap = sim_chance(&s->run, 300) ? 1 + sim_random(&s->run, 4) : LISTED_MAX;
	n->five_names = sim_chance(&s->run, 150);
	snprintf(n->name, NAME, "node-%d", i);
	snprintf(n->uid, NAME, "n%d-%llu", i, (unsigned long long)++s->uids);
	snprintf(n->pool, sizeof(n->pool), "%s", sim_chance(&s->run, 500) ? "a" : "b");
	n->fargate = sim_chance(&s->run, 100);
	n->created = sim_now(s).wall_s;
	n->arm = s->checks && sim_chance(&s->run, 300);
	held_node_new(s, n);
	disks_node_new(s, n);
}

/*
 * Machines come and go only while the watch is up to date: a pull that ends on a node
 * whose replacement was not seen yet is put down to the new one if the reconciler then
 * dies, since status knows names and one time an image (behaviour.md 16).
 */
static void trouble_node(struct sim *s)
{
	bool fixed = s->jumps || s->head != NULL || s->lag_ms != 0;
	int i = (int)sim_random(&s->run, NODES_MAX);
	struct sim_node *n = &s->nodes[i];
	if (!n->exists) {
		if (!fixed)
			node_new(s, n, i);
	} else {
		switch (sim_random(&s->run, fixed ? 3 : 5)) {
		case 0:
			n->ready = !n->ready;
			held_turned(s, n);
			break;
		case 1:
			n->cordoned = !n->cordoned;
			break;
		case 2:
			snprintf(n->pool, sizeof(n->pool), "%s",
				 sim_chance(&s->run, 500) ? "a" : "b");
			break;
		case 3:
			n->exists = false;
			sim_trace(&s->run, "node %s is gone", n->name);
			sim_say(s, KIND_NODE, true, n);
			return;
		default: /* the same name is another machine now */
			node_new(s, n, i);
			break;
		}
	}
	if (!n->exists)
		return;
	sim_trace(&s->run, "node %s uid=%s ready=%d cordoned=%d pool=%s", n->name, n->uid, n->ready,
		  n->cordoned, n->pool);
	sim_say(s, KIND_NODE, false, n);
}

static void image_new(struct sim *s, struct sim_image *img, int i)
{
	*img = (struct sim_image){.exists = true, .generation = 1};
	img->if_not_present = sim_chance(&s->run, 400);
	snprintf(img->name, NAME, "image-%d", i);
	snprintf(img->uid, NAME, "i%d-%llu", i, (unsigned long long)++s->uids);
	img->policy = s->batches ? i % 2 - 1 : i % (POLICIES_MAX + 1) - 1;
	snprintf(img->tag, NAME, "1");
	img->gates = s->startup && sim_chance(&s->run, 500);
	img->of_set = s->stops && i % 2 == 1;
}

static void trouble_image(struct sim *s)
{
	int i = (int)sim_random(&s->run, IMAGES_MAX);
	struct sim_image *img = &s->images[i];
	if (!img->exists) {
		image_new(s, img, i);
	} else {
		switch (sim_random(&s->run, 4)) {
		case 0:
			img->exists = false;
			sim_trace(&s->run, "image %s is gone", img->name);
			sim_say(s, KIND_CACHEDIMAGE, true, img);
			return;
		case 1:
			img->priority = (int64_t)sim_random(&s->run, 3);
			break;
		case 2:
			snprintf(img->tag, NAME, "missing-%d", (int)sim_random(&s->run, 3));
			break;
		default:
			snprintf(img->tag, NAME, "%d", (int)sim_random(&s->run, 3));
			break;
		}
		img->generation++;
	}
	img->rv = ++s->rv;
	img->revision = ++s->revisions;
	img->changed_ms = s->run.boot_ms;
	sim_trace(&s->run, "image %s uid=%s tag=%s priority=%d", img->name, img->uid, img->tag,
		  (int)img->priority);
	sim_say(s, KIND_CACHEDIMAGE, false, img);
}

static void trouble_policy(struct sim *s)
{
	struct sim_policy *p = &s->policies[sim_random(&s->run, POLICIES_MAX)];
	if (p->exists && sim_chance(&s->run, 300)) {
		p->exists = false;
		/* Its images bring their last starts along: two may be the last now. */
		s->fallback.last.known = false;
	} else {
		p->exists = true;
		p->max_nodes = 1 + (int64_t)sim_random(&s->run, 4);
		p->max_per_node = 1 + (int64_t)sim_random(&s->run, 3);
		if (s->scopes)
			p->by_image = sim_chance(&s->run, 500);
		if (s->batches)
			p->max_images = 1 + (int64_t)sim_random(&s->run, IMAGES_MAX);
		p->delay_ms = (int64_t)sim_random(&s->run, 3000);
		if (p->mb_per_s != 0)
			p->mb_per_s = 50 + (int64_t)sim_random(&s->run, 1000);
	}
	p->changed_ms = s->run.boot_ms;
	sim_trace(&s->run, "policy %s exists=%d nodes=%d", p->name, p->exists, (int)p->max_nodes);
	sim_say(s, KIND_PULLPOLICY, !p->exists, p);
}

/*
 * Not one whose start may be asked for again: created twice by then, deleted once in
 * between, what is seen of it later says less than what happened.
 */
static bool settled(struct sim *s, const struct sim_pod *p)
{
	const struct sim_node *n = sim_node_by_name(s, p->node);
	for (int i = 0; i < REQUESTS_MAX; i++)
		if (s->requests[i].used && strcmp(s->requests[i].pod_name, p->name) == 0)
			return false;
	return n == NULL || n->held_ms < s->run.boot_ms;
}

static struct sim_pod *some_pod(struct sim *s)
{
	int from = (int)sim_random(&s->run, PODS_MAX);
	for (int i = 0; i < PODS_MAX; i++) {
		struct sim_pod *p = &s->pods[(from + i) % PODS_MAX];
		if (p->exists && p->labelled && settled(s, p))
			return p;
	}
	return NULL;
}

static void delete_by_hand(struct sim *s)
{
	struct sim_pod *p = some_pod(s);
	if (p == NULL)
		return;
	sim_trace(&s->run, "deleted by hand:");
	/* If we die before this is written down, the same attempt is made again. */
	for (size_t i = 0; i < s->n_creates; i++)
		if (strcmp(s->creates[i].pod_name, p->name) == 0)
			s->creates[i].key[0] = '\0';
	sim_pod_remove(s, p);
}

/* Pods that belong to nothing, with and without our labels. */
static void stray(struct sim *s)
{
	struct sim_pod p = {.labelled = sim_chance(&s->run, 500),
			    .noted = sim_chance(&s->run, 500),
			    .n_pulls = 1};
	struct sim_pull *pull = &p.pulls[0];
	snprintf(p.name, NAME, "stray-%llu", (unsigned long long)++s->uids);
	snprintf(pull->image, NAME, "image-%d", (int)sim_random(&s->run, IMAGES_MAX));
	snprintf(pull->image_uid, NAME, "nobody");
	snprintf(p.node, NAME, "node-%d", (int)sim_random(&s->run, NODES_MAX));
	snprintf(p.node_uid, NAME, "nowhere");
	snprintf(pull->reference, TEXT, "registry.test/stray:1");
	snprintf(pull->attempt, NAME, "0");
	sim_pod_add(s, &p);
}

static void edit_status(struct sim *s)
{
	struct sim_image *img = &s->images[sim_random(&s->run, IMAGES_MAX)];
	if (!img->exists || !img->status.written)
		return;
	snprintf(img->status.phase, sizeof(img->status.phase), "Ready");
	img->status.ready_nodes = 99;
	img->rv = ++s->rv;
	sim_trace(&s->run, "status of %s edited by hand", img->name);
	sim_say(s, KIND_CACHEDIMAGE, false, img);
}

void sim_crash(struct sim *s)
{
	sim_trace(&s->run, "CRASH");
	core_free(s->core);
	s->core = NULL;
	sim_requests_drop(s);
	check_restart(s);
	s->core = core_new();
	held_core_new(s);
	asked_core_new(s);
	stopped_core_new(s);
	s->life++;
	s->leading = false;
	s->lead_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, 3000);
	/* A warm standby: it has seen this or that before it leads. */
	if (sim_chance(&s->run, 500))
		sim_read_all(s);
}

static void lose_lead(struct sim *s)
{
	if (!s->leading)
		return;
	sim_trace(&s->run, "lead lost");
	core_lead(s->core, false, sim_now(s));
	sim_requests_drop(s);
	check_restart(s);
	s->leading = false;
	s->lead_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, 5000);
}

void sim_trouble(struct sim *s)
{
	if (sim_chance(&s->run, 5))
		trouble_node(s);
	if (sim_chance(&s->run, 4))
		trouble_image(s);
	if (sim_chance(&s->run, 2))
		trouble_policy(s);
	if (sim_chance(&s->run, 3))
		delete_by_hand(s);
	if (sim_chance(&s->run, 3))
		sim_lose_image(s);
	if (sim_chance(&s->run, 2))
		sim_preload_image(s);
	if (sim_chance(&s->run, 1))
		stray(s);
	if (sim_chance(&s->run, 2))
		edit_status(s);
	if (s->startup && sim_chance(&s->run, 3))
		held_trouble(s);
	asked_trouble(s);
	stopped_trouble(s);
	if (sim_chance(&s->run, 10))
		s->lag_ms = sim_chance(&s->run, 500) ? 0 : (int64_t)sim_random(&s->run, 8000);
	if (sim_chance(&s->run, 2))
		s->refuse_until_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, 8000);
	if (s->jumps && sim_chance(&s->run, 3))
		s->wall_offset_s += (int64_t)sim_random(&s->run, 6000) - 3000;
	if (sim_chance(&s->run, 3))
		sim_crash(s);
	if (sim_chance(&s->run, 2))
		lose_lead(s);
}

void sim_calm(struct sim *s)
{
	sim_trace(&s->run, "CALM");
	s->faults = false;
	s->lag_ms = 0;
	s->refuse_until_ms = 0;
	s->registry_down_ms = 0;
	for (int i = 0; i < NODES_MAX; i++) {
		struct sim_node *n = &s->nodes[i];
		if (!n->exists || n->ready)
			continue;
		n->ready = true;
		held_turned(s, n);
		sim_say(s, KIND_NODE, false, n);
	}
	stopped_calm(s);
	disks_calm(s);
	for (int i = 0; i < POLICIES_MAX; i++) {
		/* A seventh repull, which needs no answer, would come after the end. */
		s->policies[i].repull_ms =
			s->checks && s->policies[i].repull_ms != 0 ? CALM_REPULL_MS : 0;
		if (s->policies[i].exists)
			sim_say(s, KIND_PULLPOLICY, false, &s->policies[i]);
	}
}
