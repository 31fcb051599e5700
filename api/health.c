/* See health.h. */
#include "api/health.h"

#include <string.h>

static const char *const types[] = {
	[HEALTH_RECONCILING] = "Reconciling",
	[HEALTH_STALLED] = "Stalled",
};

struct health_memory health_of(const struct api_conditions *list)
{
	for (int h = HEALTH_RECONCILING; h <= HEALTH_STALLED; h++) {
		const struct api_condition *c = api_condition_find(list, types[h]);
		if (c != NULL && c->status != NULL && strcmp(c->status, "True") == 0)
			return (struct health_memory){(enum health)h, c->last_transition};
	}
	return (struct health_memory){HEALTH_CURRENT, 0};
}

bool health_is_condition(const char *type)
{
	return type != NULL && (strcmp(type, types[HEALTH_RECONCILING]) == 0 ||
				strcmp(type, types[HEALTH_STALLED]) == 0);
}

bool health_condition(struct health_memory *m, enum health health, const struct api_condition *why,
		      int64_t now_s, struct api_condition *ret)
{
	if (m->health != health)
		*m = (struct health_memory){health, health != HEALTH_CURRENT ? now_s : 0};
	if (health == HEALTH_CURRENT)
		return false;
	*ret = (struct api_condition){
		.type = types[health],
		.status = "True",
		.reason = why->reason,
		.message = why->message,
		.observed_generation = why->observed_generation,
		.last_transition = m->since,
	};
	return true;
}
