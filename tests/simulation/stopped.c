/*
 * Suspended and resumed in the pretend cluster (behaviour 50): images, the set that controls every
 * second one, policies. And pull windows (51), over midnight, in two zones, while the wall clock
 * jumps around both changes of a year. What must hold: nothing starts that the core was told to be
 * suspended, or outside of the windows; the invariants of all runs (no pull twice) and the calm at
 * the end (nothing is lost) do the rest.
 */
#include "tests/simulation/sim.h"

#include <string.h>

#include "base/zone.h"
#include "reconciler/rules/pull_windows.h"

/* What the core was told late is not held against it. */
#define LATE_MS 20000

static const char *sunday = "Sun";
static const struct pull_window_spec windows[] = {
	{"22:00", "02:30", {NULL, 0}, "Europe/Berlin"},
	{"01:30", "03:15", {&sunday, 1}, "America/New_York"},
	{"02:00", "02:45", {NULL, 0}, "Europe/Berlin"},
	{"23:59", "00:01", {NULL, 0}, NULL},
	{"00:00", "12:00", {NULL, 0}, "Mars/Phobos"},
};
#define WINDOWS   (sizeof(windows) / sizeof(windows[0]))
#define NOT_KNOWN WINDOWS /* number of the last: there is no such zone */

/* Berlin's and New York's changes of 2026, unix seconds. */
static const int64_t changes[] = {1774746000, 1792890000, 1772953200, 1793512800};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

void stopped_core_new(struct sim *s)
{
	static const char *const names[] = {"Europe/Berlin", "America/New_York"};
	for (size_t i = 0; s->windows && i < 2; i++) {
		const struct zone *zone;
		struct err err;
		if (zone_load(names[i], &s->zones, &zone, &err) < 0)
			sim_fail(&s->run, "%s", err.text);
		else
			core_know_zone(s->core, names[i], zone);
	}
}

void stopped_window(const struct sim_policy *p, struct pullpolicy_spec *spec)
{
	if (p->window == 0)
		return;
	spec->pull_windows = (struct pull_window_specs){
		(struct pull_window_spec *)(uintptr_t)&windows[p->window - 1], 1};
	spec->new_nodes_in_windows = p->obey ? "Obey" : NULL;
}

/* By the windows of its policy nothing starts now, but for new nodes if they need not obey. */
static bool shut(const struct sim *s, const struct sim_policy *p)
{
	struct pull_window w;
	struct arena mem = ARENA_INIT;
	struct err err;
	if (!p->exists || p->window == 0)
		return false;
	if (p->window == (int)NOT_KNOWN)
		return true;
	window_read(&windows[p->window - 1], &w);
	zone_load(windows[p->window - 1].timezone, &mem, &w.zone, &err);
	bool open = windows_open(&w, 1, sim_now(s).wall_s);
	arena_done(&mem);
	return !open;
}

static const struct sim_policy *policy_of(const struct sim *s, const struct sim_image *img)
{
	const struct sim_policy *p = img->policy >= 0 ? &s->policies[img->policy] : &s->fallback;
	return p->exists ? p : &s->fallback;
}

static void trouble_windows(struct sim *s)
{
	struct sim_policy *p = &s->policies[sim_random(&s->run, POLICIES_MAX)];
	if (sim_chance(&s->run, 20)) {
		p->window = (int)sim_random(&s->run, WINDOWS + 1);
		p->obey = sim_chance(&s->run, 500);
		sim_trace(&s->run, "%s window=%d obey=%d", p->name, p->window, p->obey);
		s->stopped_ms = s->run.boot_ms;
		if (p->exists)
			sim_say(s, KIND_PULLPOLICY, false, p);
	}
	if (sim_chance(&s->run, 20)) {
		int64_t to = s->change_s - 5 * 3600 + (int64_t)sim_random(&s->run, 10 * 3600);
		s->wall_offset_s += to - sim_now(s).wall_s;
		s->stopped_ms = s->run.boot_ms;
		sim_trace(&s->run, "the clock jumps to %lld", (long long)to);
	}
}

void stopped_told(struct sim *s, const struct sim_image *img)
{
	for (int i = 0; i < IMAGES_MAX; i++)
		if (strcmp(s->images[i].name, img->name) == 0)
			s->told_suspend[i] = img->suspend;
}

void stopped_init(struct sim *s)
{
	if (s->windows) {
		s->change_s = changes[sim_random(&s->run, CHANGES)];
		s->wall_offset_s = s->change_s - 5 * 3600 - sim_now(s).wall_s;
	}
	for (int i = 0; i < IMAGES_MAX; i++)
		s->images[i].of_set = s->stops && i % 2 == 1;
}

/* Told at once, as policies are. */
void stopped_put_set(struct sim *s)
{
	struct cachedimageset obj = {.meta = {.name = "set", .uid = "set"},
				     .spec = {.suspend = s->set_suspend}};
	if (s->stops && s->core != NULL)
		core_put(s->core, KIND_CACHEDIMAGESET, &obj, sim_now(s));
}

static void turn_set(struct sim *s, bool suspend)
{
	s->set_suspend = suspend;
	stopped_put_set(s);
	s->touched = true;
}

static void turn_policy(struct sim *s, struct sim_policy *p, bool suspend)
{
	p->suspend = suspend;
	if (p->exists)
		sim_say(s, KIND_PULLPOLICY, false, p);
}

static void turn_image(struct sim *s, struct sim_image *img, bool suspend)
{
	if (!img->exists)
		return;
	img->suspend = suspend;
	img->generation++;
	img->rv = ++s->rv;
	img->revision = ++s->revisions;
	img->changed_ms = s->run.boot_ms;
	sim_say(s, KIND_CACHEDIMAGE, false, img);
}

void stopped_trouble(struct sim *s)
{
	if (s->windows)
		trouble_windows(s);
	if (!s->stops || !sim_chance(&s->run, 15))
		return;
	s->stopped_ms = s->run.boot_ms;
	struct sim_image *img = &s->images[sim_random(&s->run, IMAGES_MAX)];
	struct sim_policy *p = &s->policies[sim_random(&s->run, POLICIES_MAX)];
	switch (sim_random(&s->run, 3)) {
	case 0:
		sim_trace(&s->run, "set suspend=%d", !s->set_suspend);
		turn_set(s, !s->set_suspend);
		break;
	case 1:
		sim_trace(&s->run, "%s suspend=%d", p->name, !p->suspend);
		turn_policy(s, p, !p->suspend);
		break;
	default:
		sim_trace(&s->run, "%s suspend=%d", img->name, !img->suspend);
		turn_image(s, img, !img->suspend);
		break;
	}
}

void stopped_calm(struct sim *s)
{
	for (int i = 0; s->windows && i < POLICIES_MAX; i++) {
		/* One that may never open, or only next year, would keep the end from coming. */
		s->policies[i].window = 0;
		if (s->policies[i].exists)
			sim_say(s, KIND_PULLPOLICY, false, &s->policies[i]);
	}
	if (!s->stops)
		return;
	turn_set(s, false);
	for (int i = 0; i < POLICIES_MAX; i++)
		turn_policy(s, &s->policies[i], false);
	for (int i = 0; i < IMAGES_MAX; i++)
		if (s->images[i].suspend)
			turn_image(s, &s->images[i], false);
}

bool stopped_lately(const struct sim *s, const struct sim_image *img)
{
	if (s->windows && (s->run.boot_ms - s->stopped_ms < LATE_MS || shut(s, policy_of(s, img))))
		return true;
	return s->stops && (s->run.boot_ms - s->stopped_ms < LATE_MS || img->suspend ||
			    (img->of_set && s->set_suspend) || policy_of(s, img)->suspend);
}

static void check_pull(struct sim *s, const struct core_start_pull *pull)
{
	for (int i = 0; i < IMAGES_MAX; i++) {
		const struct sim_image *img = &s->images[i];
		if (!img->exists || strcmp(img->uid, pull->image_uid) != 0)
			continue;
		if (s->told_suspend[i] || (img->of_set && s->set_suspend) ||
		    policy_of(s, img)->suspend)
			sim_fail(&s->run, "%s starts, and is suspended", img->name);
	}
}

/* An old node: it was there and Ready from the first, so that it was never new. */
static bool is_old(const struct sim *s, const char *uid)
{
	for (int i = 0; i < NODES_MAX; i++)
		if (s->nodes[i].exists && strcmp(s->nodes[i].uid, uid) == 0)
			return s->nodes[i].born_ms == 0 && s->nodes[i].turned_ms == 0 &&
			       s->nodes[i].ready_ms == 0;
	return false;
}

static void check_windows(struct sim *s, const struct core_start *start)
{
	const struct sim_image *img = sim_image_by_uid(s, start->pulls[0].image_uid);
	if (img == NULL)
		return;
	const struct sim_policy *p = policy_of(s, img);
	bool new_ones = !p->obey && p->window != (int)NOT_KNOWN && !is_old(s, start->node_uid);
	if (shut(s, p) && !new_ones)
		sim_fail(&s->run, "%s starts outside of the windows of %s", img->name, p->name);
}

void stopped_check_start(struct sim *s, const struct core_start *start)
{
	if (s->windows)
		check_windows(s, start);
	for (size_t i = 0; s->stops && i < start->n_pulls; i++)
		check_pull(s, &start->pulls[i]);
}
