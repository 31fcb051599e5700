/* See policy_windows.h. */
#include "reconciler/core/policy_windows.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/core/facts.h"

void windows_know(struct core *c, const char *name, const struct zone *zone)
{
	struct known_zone *k = map_get(&c->zones, name);
	if (k == NULL) {
		k = xcalloc(1, sizeof(*k));
		k->name = xstrdup(name);
		map_put(&c->zones, k->name, k);
	}
	k->zone = zone;
}

void windows_forget_zones(struct core *c)
{
	struct known_zone *k;
	for (size_t i = 0; (k = map_next(&c->zones, &i)) != NULL; i = 0) {
		map_del(&c->zones, k->name);
		free(k->name);
		free(k);
	}
	map_done(&c->zones);
}

void windows_drop(struct core *c, struct policy *p)
{
	timer_stop(&c->timers, &p->windows_timer);
	free(p->windows);
	free(p->no_zone);
	p->windows = NULL;
	p->no_zone = NULL;
	p->n_windows = 0;
}

/* false: its time zone is not known. */
static bool find_zone(const struct core *c, const char *name, struct pull_window *w)
{
	const struct known_zone *k;
	if (name == NULL || *name == '\0' || strcmp(name, "UTC") == 0)
		return true;
	k = map_get(&c->zones, name);
	if (k != NULL)
		w->zone = k->zone;
	return k != NULL;
}

/* A malformed window makes the policy's spec invalid, and never opens. */
void windows_take(struct core *c, struct policy *p, const struct pullpolicy_spec *spec)
{
	size_t n =
		spec->pull_windows.n < PULL_WINDOWS_MAX ? spec->pull_windows.n : PULL_WINDOWS_MAX;
	bool had_none = p->no_zone != NULL;
	p->zone_told = false;
	windows_drop(c, p);
	p->zone_turned = had_none;
	p->windows_obeyed = spec->new_nodes_in_windows != NULL &&
			    strcmp(spec->new_nodes_in_windows, "Obey") == 0;
	p->shut = n != 0;
	p->shut_from_s = p->shut_until_s = 0;
	if (n == 0)
		return;
	p->windows = xcalloc(n, sizeof(*p->windows));
	for (size_t i = 0; i < n; i++) {
		const struct pull_window_spec *from = &spec->pull_windows.at[i];
		struct pull_window *w = &p->windows[p->n_windows];
		if (!find_zone(c, from->timezone, w) && p->no_zone == NULL)
			p->no_zone = xstrdup(from->timezone);
		const struct zone *zone = w->zone;
		if (!window_read(from, w))
			continue;
		w->zone = zone;
		p->n_windows++;
	}
	p->zone_turned |= p->no_zone != NULL;
}

/* No clock says when an unknown zone opens; nor do windows that are all malformed. */
static bool ever_opens(const struct policy *p)
{
	return p->n_windows != 0 && p->no_zone == NULL;
}

static void look(struct core *c, struct policy *p, struct now now)
{
	int64_t change_s = windows_change(p->windows, p->n_windows, now.wall_s);
	p->shut = !windows_open(p->windows, p->n_windows, now.wall_s);
	p->shut_from_s = now.wall_s;
	p->shut_until_s = change_s != 0 ? change_s : now.wall_s + WINDOWS_AHEAD_S;
	timer_stop(&c->timers, &p->windows_timer);
}

static void tell_no_zone(struct core *c, struct policy *p)
{
	struct core_fact f = {.kind = FACT_NO_ZONE,
			      .policy = p->name,
			      .policy_uid = p->uid,
			      .message = p->no_zone};
	if (p->no_zone == NULL || p->zone_told)
		return;
	fact_add(c, &f);
	p->zone_told = true;
}

bool windows_run(struct core *c, struct now now)
{
	struct policy *p;
	bool any = false;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;) {
		if (p->present)
			tell_no_zone(c, p);
		if (!p->present || !ever_opens(p))
			continue;
		if (now.wall_s < p->shut_from_s || now.wall_s >= p->shut_until_s) {
			bool was = p->shut;
			look(c, p, now);
			p->dirty |= was != p->shut;
			any |= was != p->shut && p->windows_obeyed;
		}
		int64_t left_ms = (p->shut_until_s - now.wall_s) * 1000;
		if (p->windows_timer.place == 0)
			timer_set(&c->timers, &p->windows_timer,
				  now.boot_ms +
					  (left_ms < WINDOWS_LOOK_MS ? left_ms : WINDOWS_LOOK_MS));
	}
	return any;
}

void windows_fence(struct core *c)
{
	struct policy *p;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		timer_stop(&c->timers, &p->windows_timer);
}
