/* The numbers of the model by image; see image_stats.h. Pairs are walked only where one fails. */
#include "reconciler/core/image_stats.h"

#include "reconciler/core/model.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/image_status.h"

static uint32_t worst_attempts(const struct core *c, const struct image *img)
{
	uint32_t worst = 0;
	if (img->n_failing == 0)
		return 0;
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		const struct pair *p = &img->pairs[slot];
		if ((p->flags & PAIR_FAILING) != 0 && p->attempts > worst)
			worst = p->attempts;
	}
	return worst;
}

size_t core_image_stats(const struct core *c, struct arena *a, struct image_stats **ret_list)
{
	*ret_list = arena_array(a, c->n_queue, sizeof(**ret_list));
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct image *img = c->queue[i];
		bool stopped = img->suspended != SUSPENDED_NOT;
		bool named = img->policy != NULL && img->policy->present;
		(*ret_list)[i] = (struct image_stats){
			.image = img->name,
			.reference = img->reference,
			.policy = named && img->policy->name != NULL ? img->policy->name : "",
			.degraded = image_phase(img) == PHASE_DEGRADED,
			.targeted = img->n_targeted,
			.ready = img->n_ready,
			.active = img->n_live,
			.suspended = stopped,
			.waiting = stopped ? 0 : img->n_waiting[0] + img->n_waiting[1],
			.failures = worst_attempts(c, img),
			.waiting_ms = stopped ? 0 : img->waiting_ms,
		};
	}
	return c->n_queue;
}

size_t core_window_stats(const struct core *c, struct arena *a, struct window_stats **ret_list)
{
	const struct policy *p;
	size_t n = 0;
	*ret_list = arena_array(a, c->policies.count, sizeof(**ret_list));
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		if (p->present && (p->n_windows != 0 || p->no_zone != NULL))
			(*ret_list)[n++] = (struct window_stats){
				p->name, !p->shut, p->no_zone != NULL ? 0 : p->shut_until_s};
	return n;
}

bool core_has_node(const struct core *c, const char *name)
{
	int slot = node_find(c, name);
	return slot >= 0 && c->nodes[slot].present;
}
