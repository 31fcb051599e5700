/*
 * Time zones of pull windows (behaviour 51): read from the system's files when a policy names one
 * that the core does not know yet, and kept for the life of the process. A name without a file is
 * looked for again with each observation of its policy. At most ZONES_MAX: more are unknown.
 */
#include "reconciler/reconciler.h"

#include "base/log.h"

static void tell(struct reconciler *r, const char *policy, const char *name)
{
	struct arena *mem = &r->zones[r->n_zones];
	const struct zone *zone;
	struct err err;
	if (core_knows_zone(r->core, name))
		return;
	if (r->n_zones == ZONES_MAX) {
		log_warn("too many time zones, pulls of the policy do not start",
			 LS("policy", policy), LS("zone", name));
		return;
	}
	if (zone_load(name, mem, &zone, &err) < 0) {
		log_warn("time zone of pull windows unknown, pulls of the policy do not start",
			 LS("policy", policy), LS("zone", name), LS("error", err.text));
		arena_done(mem);
		return;
	}
	r->n_zones++;
	core_know_zone(r->core, name, zone);
}

void zones_tell(struct reconciler *r, const struct pullpolicy *p)
{
	for (size_t i = 0; i < p->spec.pull_windows.n; i++)
		if (p->spec.pull_windows.at[i].timezone != NULL)
			tell(r, p->meta.name, p->spec.pull_windows.at[i].timezone);
}

void zones_done(struct reconciler *r)
{
	for (size_t i = 0; i < r->n_zones; i++)
		arena_done(&r->zones[i]);
}
