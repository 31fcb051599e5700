/*
 * What machines read of an image's health (behaviour.md 59): PolicyResolved while its policy is
 * missing; Stalled for what does not heal by itself, which is a fault of the reference, a refused
 * pod, no node; Reconciling for all else that is not Ready. None of them costs a write of its own:
 * each changes with what Ready says.
 */
#include "reconciler/core/image_health.h"

bool image_lacks_policy(const struct image *img)
{
	return img->policy_name != NULL && !img->policy->present;
}

bool image_policy_untold(const struct image *img)
{
	return image_lacks_policy(img) != (img->no_policy_s != 0);
}

static bool reference_at_fault(const struct image *img)
{
	if (img->fault.failures != 0)
		return true;
	for (size_t i = 0; i < img->n_platforms; i++)
		if (img->platforms[i].gate.failures != 0)
			return true;
	return false;
}

enum health image_health(const struct image *img, enum phase phase)
{
	if (phase == PHASE_READY)
		return HEALTH_CURRENT;
	if (img->n_targeted == 0)
		return HEALTH_STALLED;
	if (phase == PHASE_DEGRADED && (img->rejected.failures != 0 || reference_at_fault(img)))
		return HEALTH_STALLED;
	return HEALTH_RECONCILING;
}

void image_health_add(struct image *img, enum phase phase, struct now now, struct arena *a,
		      struct api_conditions *list)
{
	const struct api_condition *ready = &list->at[0];
	list->n += health_condition(&img->health, image_health(img, phase), ready, now.wall_s,
				    &list->at[list->n]);
	if (!image_lacks_policy(img)) {
		img->no_policy_s = 0;
		return;
	}
	if (img->no_policy_s == 0)
		img->no_policy_s = now.wall_s;
	list->at[list->n++] = (struct api_condition){
		.type = CONDITION_POLICY,
		.status = "False",
		.reason = "PolicyNotFound",
		.message = arena_printf(
			a, "PullPolicy %s does not exist: the default policy paces the pulls",
			img->policy_name),
		.observed_generation = img->generation,
		.last_transition = img->no_policy_s,
	};
}
