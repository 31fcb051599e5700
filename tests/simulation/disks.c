/*
 * Nodes with disks that not everything fits onto, and policies that heed it (behaviour.md 41). What
 * starts must fit beside what the core was told that the node lists, and what it has in flight
 * there. In the end the disks grow, and what was held back must come.
 */
#include "tests/simulation/sim.h"

#include <string.h>

#include "reconciler/core/sizes.h"

#define GB           INT64_C(1000000000)
#define DISK_PERCENT 50
/* A change of a policy may reach the core this much later. */
#define LATE_MS 20000

/* One image takes up to 1.6 GB. */
void disks_node_new(struct sim *s, struct sim_node *n)
{
	if (s->disks && sim_chance(&s->run, 600))
		n->disk = GB + (int64_t)sim_random(&s->run, 12) * GB;
	n->had_disk = n->disk != 0;
}

void disks_policy_new(const struct sim *s, struct sim_policy *p, int i)
{
	p->disk_percent = s->disks && i != 1 ? DISK_PERCENT : 0;
}

void disks_calm(struct sim *s)
{
	for (int i = 0; i < NODES_MAX; i++) {
		struct sim_node *n = &s->nodes[i];
		if (!n->exists || n->disk == 0)
			continue;
		n->disk = 1000 * GB;
		sim_say(s, KIND_NODE, false, n);
	}
}

static const struct sim_node *told_of(const struct sim *s, const char *uid)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->told[i].exists && strcmp(s->told[i].uid, uid) == 0)
			return &s->told[i];
	return NULL;
}

/* Unpacked, of what the node does not list; what nobody knows the bytes of counts nothing. */
static int64_t on_disk(struct sim *s, const struct sim_node *n, const char *image_uid,
		       const char *reference)
{
	const struct sim_image *img = sim_image_by_uid(s, image_uid);
	return img != NULL && !sim_lists(n, reference) && sim_bytes_known(s, img, reference)
		       ? SIZE_UNPACKED * sim_bytes(reference)
		       : 0;
}

static int64_t in_flight(struct sim *s, const struct sim_node *n, const char *but)
{
	int64_t bytes = 0;
	for (int i = 0; i < PODS_MAX; i++) {
		const struct sim_pod *p = &s->pods[i];
		if (!p->exists || !p->told || strcmp(p->node_uid, n->uid) != 0 ||
		    strcmp(p->name, but) == 0 || s->run.boot_ms - p->created_ms >= SIM_GIVEN_UP_MS)
			continue;
		for (size_t k = 0; k < p->n_pulls; k++)
			if (sim_in_flight(s, p, &p->pulls[k]) != NULL && !p->pulls[k].given_up)
				bytes +=
					on_disk(s, n, p->pulls[k].image_uid, p->pulls[k].reference);
	}
	return bytes;
}

void disks_check_start(struct sim *s, const struct core_start *start, int policy)
{
	const struct sim_node *n = told_of(s, start->node_uid);
	const struct sim_node *truth = sim_node_by_name(s, start->node);
	const struct sim_policy *p = policy >= 0 ? &s->policies[policy] : NULL;
	if (p == NULL || p->disk_percent == 0 || n == NULL || n->disk == 0 ||
	    s->run.boot_ms - p->changed_ms < LATE_MS)
		return;
	/* A start that was answered with "unknown" is asked for again: it was decided earlier. */
	if (truth == NULL || s->run.boot_ms < truth->held_ms)
		return;
	int64_t used = 0, needed = 0;
	for (size_t i = 0; i < n->report.n; i++)
		used += SIZE_UNPACKED * n->report.at[i].size;
	for (size_t i = 0; i < start->n_pulls; i++)
		needed += on_disk(s, n, start->pulls[i].image_uid, start->pulls[i].reference);
	if (needed == 0)
		return;
	used += in_flight(s, n, start->pod_name);
	if ((used + needed) / 1000 * 998 > n->disk / 100 * p->disk_percent)
		sim_fail(&s->run, "disk: %s on %s takes %lld beside %lld of %lld",
			 start->pulls[0].image_name, start->node, (long long)needed,
			 (long long)used, (long long)n->disk);
}
