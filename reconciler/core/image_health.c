/*
 * What machines read of an image's health (behaviour.md 59): PolicyResolved while its policy is
 * missing; Suspended while it is (50); PlatformsMatched while nodes are left out (39); Stalled for
 * what does not heal by itself, which is a fault of the reference, a refused pod, no node;
 * Reconciling for all else that is not Ready. None of them costs a write of its own: each changes
 * with what Ready says.
 */
#include "reconciler/core/image_health.h"

#include <inttypes.h>

#include "reconciler/core/suspend.h"

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
	if (phase == PHASE_DEGRADED &&
	    (img->rejected.failures != 0 || img->n_too_large != 0 || reference_at_fault(img)))
		return HEALTH_STALLED;
	return HEALTH_RECONCILING;
}

/* Names of platforms that a text has; more are counted. */
#define PLATFORMS_NAMED 8

const char *image_platforms_text(const struct image *img, struct arena *a)
{
	const struct image_platforms *list = &img->check.platforms;
	size_t named = list->n <= PLATFORMS_NAMED ? list->n : PLATFORMS_NAMED;
	char *names = arena_strdup(a, "");
	for (size_t i = 0; i < named; i++)
		names = arena_printf(a, "%s%s%s", names,
				     i == 0             ? ""
				     : i + 1 == list->n ? " and "
							: ", ",
				     list->at[i].platform);
	if (named < list->n)
		names = arena_printf(a, "%s and %zu more", names, list->n - named);
	return *names != '\0' ? arena_printf(a, "image is %s only", names) : names;
}

static void add_platforms(struct image *img, struct now now, struct arena *a,
			  struct api_conditions *list)
{
	uint32_t n = img->n_left_out - img->n_no_room;
	if (n == 0) {
		img->left_out_s = 0;
		return;
	}
	if (img->left_out_s == 0)
		img->left_out_s = now.wall_s;
	list->at[list->n++] = (struct api_condition){
		.type = CONDITION_PLATFORMS,
		.status = "False",
		.reason = "NodesLeftOut",
		.message = arena_printf(a, "%" PRIu32 " node%s left out: %s", n, n == 1 ? "" : "s",
					image_platforms_text(img, a)),
		.observed_generation = img->generation,
		.last_transition = img->left_out_s,
	};
}

/* 50. */
static void add_suspended(struct core *c, struct image *img, struct now now, struct arena *a,
			  struct api_conditions *list)
{
	if (img->suspended == SUSPENDED_NOT) {
		img->suspended_s = 0;
		return;
	}
	if (img->suspended_s == 0)
		img->suspended_s = now.wall_s;
	list->at[list->n++] = (struct api_condition){
		.type = CONDITION_SUSPENDED,
		.status = "True",
		.reason = "Suspended",
		.message = arena_printf(a, "No pull starts: %s", suspended_text(c, img, a)),
		.observed_generation = img->generation,
		.last_transition = img->suspended_s,
	};
}

void image_health_add(struct core *c, struct image *img, enum phase phase, struct now now,
		      struct arena *a, struct api_conditions *list)
{
	const struct api_condition *ready = &list->at[0];
	list->n += health_condition(&img->health, image_health(img, phase), ready, now.wall_s,
				    &list->at[list->n]);
	add_platforms(img, now, a, list);
	add_suspended(c, img, now, a, list);
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
