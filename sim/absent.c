/*
 * Weak stand-ins for parts that other files of this folder bring; linked last, so that the
 * real ones win. Goes as soon as all are there.
 */
#include "sim/admit.h"

__attribute__((weak)) int admit(const struct resource *r, cJSON *obj, const cJSON *old, bool status,
				struct api_error *e)
{
	(void)r, (void)obj, (void)old, (void)status, (void)e;
	return 0;
}

__attribute__((weak)) bool admit_spec_changed(const struct resource *r, const cJSON *old,
					      const cJSON *new)
{
	(void)r, (void)old, (void)new;
	return true;
}
