/*
 * Blocked nodes: blocked by a fault that concerns the node, released by a success. See
 * node_faults.h for what that means; who waits for an image or a registry is faults.c.
 */
#include "reconciler/core/node_faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "reconciler/core/policies.h"

static void set_text(struct node_slot *s, const char *text)
{
	char *copy = xstrdup(text);
	free(s->fault_text);
	s->fault_text = copy;
}

static uint64_t seed_of(const struct node_slot *s)
{
	return hash_str(HASH_START, s->uid);
}

void node_fault_add(struct core *c, int slot, struct backoff backoff, const char *reason,
		    const char *message, int64_t started_ms, struct now now)
{
	struct node_slot *s = &c->nodes[slot];
	gate_fail(&s->fault, backoff, seed_of(s), started_ms, now.boot_ms);
	set_text(s, arena_printf(&c->scratch, "%s: %s", reason != NULL ? reason : "",
				 message != NULL ? message : ""));
	policies_wake(c);
}

void node_fault_clear(struct core *c, int slot)
{
	struct node_slot *s = &c->nodes[slot];
	if (s->fault.failures == 0)
		return;
	s->fault = (struct gate){0};
	set_text(s, NULL);
	policies_wake(c);
}

void node_fault_retry(struct core *c, int slot, struct now now)
{
	struct node_slot *s = &c->nodes[slot];
	if (s->fault.failures == 0 || s->fault.until_ms <= now.boot_ms)
		return;
	s->fault.until_ms = now.boot_ms;
	policies_wake(c);
}

static void restore_pair(struct core *c, struct image *img, int slot, struct now now)
{
	const struct pair *p = &img->pairs[slot];
	struct node_slot *s = &c->nodes[slot];
	const struct cause_text *text = &img->causes[p->cause];
	if (!cause_concerns_node(cause_fault_of(text->reason, text->message), text->reason))
		return;
	int64_t ago_ms = p->failed_s < now.wall_s ? (now.wall_s - p->failed_s) * 1000 : 0;
	int64_t delay_ms = backoff_delay(policy_of_image(c, img)->backoff, p->attempts, seed_of(s));
	int64_t until_ms = now.boot_ms + (ago_ms < delay_ms ? delay_ms - ago_ms : 0);
	if (s->fault.failures != 0 && until_ms <= s->fault.until_ms)
		return;
	s->fault = (struct gate){
		.failures = p->attempts, .failed_ms = now.boot_ms, .until_ms = until_ms};
	set_text(s, arena_printf(&c->scratch, "%s: %s", text->reason, text->message));
}

void node_faults_restore(struct core *c, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		node_fault_clear(c, (int)slot);
	for (size_t i = 0; i < c->n_queue; i++)
		for (size_t slot = 0; slot < c->n_slots; slot++) {
			const struct pair *p = &c->queue[i]->pairs[slot];
			if (c->nodes[slot].present && p->attempts != 0 && p->cause != 0)
				restore_pair(c, c->queue[i], (int)slot, now);
		}
}

bool node_fault_room(const struct core *c, int slot, int64_t now_ms, int64_t *until)
{
	const struct node_slot *s = &c->nodes[slot];
	switch (gate_look(&s->fault, now_ms)) {
	case GATE_OPEN:
		return true;
	case GATE_SHUT:
		if (s->fault.until_ms < *until)
			*until = s->fault.until_ms;
		return false;
	case GATE_PROBE:
		break;
	}
	return s->n_live + s->n_leaving == 0;
}

bool node_comes_last(const struct core *c, int slot)
{
	return c->nodes[slot].last || c->nodes[slot].fault.failures != 0;
}
