/*
 * What a policy is and has, from the feed. Invariant: `sources` mirrors obj's spec, and a
 * source whose part of the spec did not change keeps what it knows.
 */
#include "discoverer/policy.h"

#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "base/random.h"
#include "base/xalloc.h"

#include "discoverer/schedule.h"

struct policy *policy_find(const struct discoverer *d, const char *name)
{
	return map_get(&d->policies, name);
}

static void source_done(struct source_state *s)
{
	s->query = query_free(s->query);
	source_images_done(&s->images);
}

void policy_free(struct policy *policy)
{
	measure_forget(policy);
	map_del(&policy->d->policies, policy->name);
	policy_forget_write(policy);
	for (size_t i = 0; i < policy->n; i++)
		source_done(&policy->sources[i]);
	free(policy->sources);
	regex_free(policy->filter);
	arena_done(&policy->mem);
	arena_done(&policy->plan_mem);
	arena_done(&policy->status_mem);
	free(policy->name);
	free(policy->uid);
	free(policy);
}

/* Restores the images of source i from the status: its own, and those of unknown source. */
static void restore_images(struct policy *policy, size_t i, int64_t missed)
{
	const struct plan *plan = &policy->plan;
	struct source_images *m = &policy->sources[i].images;
	const struct discovered_images *images = &policy->status.discovered_images;
	const char *type = plan->queries.at[i].type;
	if (plan->queries.pipeline)
		source_images_restore_signals(m, images, plan->of[i].names, plan->of[i].n);
	else
		source_images_restore(m, images, type != NULL ? type : "", missed);
}

/* Numbers of its images are those of signals, so these have to be the same. */
static bool same_signals(const struct discoverypolicy_spec *a, const struct discoverypolicy_spec *b)
{
	size_t i = 0, n = a->signals.n;
	if (n != b->signals.n)
		return false;
	while (i < n && desc_equal(&discovery_signal_desc, &a->signals.at[i], &b->signals.at[i]))
		i++;
	return i == n;
}

/* Builds the sources for a new spec. `old`: the spec before; NULL: there was none. */
static void take_sources(struct policy *policy, const struct discoverypolicy_spec *old)
{
	const struct discoverypolicy_spec *spec = &policy->obj->spec;
	const struct plan_queries *now = &policy->plan.queries;
	struct plan_queries before = {0};
	struct source_state *was = policy->sources;
	size_t n_was = policy->n;
	if (old != NULL)
		before = plan_queries(old);
	bool same_form = before.pipeline == now->pipeline && old != NULL && same_signals(old, spec);
	policy->n = now->n;
	policy->sources = xcalloc(policy->n != 0 ? policy->n : 1, sizeof(*policy->sources));
	for (size_t i = 0; i < policy->n; i++) {
		struct source_state *s = &policy->sources[i];
		s->retry_ms = CLOCK_NEVER;
		size_t k = 0;
		while (k < n_was &&
		       !(same_form && desc_equal(now->desc, &before.at[k], &now->at[i])))
			k++;
		if (k < n_was) {
			s->images = was[k].images;
			was[k].images = (struct source_images){0};
			continue;
		}
		/* Until its first answer it keeps the images that the list has of its type.
		 */
		restore_images(policy, i, old != NULL ? spec->remove_after : 0);
	}
	for (size_t i = 0; i < n_was; i++)
		source_done(&was[i]);
	free(was);
	policy->running = 0;
	policy->dirty = policy->synced = false;
}

static void resume(struct policy *policy, struct now now)
{
	const struct discoverypolicy_status *s = &policy->status;
	const struct api_condition *ready = api_condition_find(&s->conditions, "Ready");
	const struct api_condition *healthy = api_condition_find(&s->conditions, "SourceHealthy");
	policy->full_ms = now.boot_ms;
	if (ready == NULL || ready->observed_generation != policy->obj->meta.generation)
		return; /* the status is not about the present spec */
	bool fine =
		healthy != NULL && healthy->status != NULL && strcmp(healthy->status, "True") == 0;
	policy->full_ms +=
		schedule_resume(s->last_sync_time, fine && s->last_sync_time != 0,
				policy->obj->spec.sync_interval, now.wall_s, random_id());
}

/* Another replica may have been the leader since, so the state comes from the status. */
static void forget_answers(struct policy *policy)
{
	for (size_t i = 0; i < policy->n; i++) {
		struct source_state *s = &policy->sources[i];
		restore_images(policy, i, 0);
		s->answered = false;
		s->fault = FAULT_NONE;
		s->fails = 0;
		s->note[0] = s->warning[0] = '\0';
		memset(s->left_out, 0, sizeof(s->left_out));
		s->plain = false;
		s->retry_ms = CLOCK_NEVER;
	}
}

void policy_act(struct policy *policy, bool act, struct now now)
{
	if (act) {
		forget_answers(policy);
		resume(policy, now);
		return;
	}
	policy_stop(policy);
	policy_forget_write(policy);
	measure_forget(policy);
	policy->full_ms = CLOCK_NEVER;
	policy->dirty = policy->synced = false;
}

static struct policy *policy_new(struct discoverer *d, const struct discoverypolicy *obj)
{
	struct policy *policy = xcalloc(1, sizeof(*policy));
	policy->d = d;
	policy->name = xstrdup(obj->meta.name);
	policy->uid = xstrdup(obj->meta.uid != NULL ? obj->meta.uid : "");
	policy->full_ms = CLOCK_NEVER;
	map_put(&d->policies, policy->name, policy);
	return policy;
}

void policy_put(struct discoverer *d, const struct discoverypolicy *obj, struct now now)
{
	struct policy *policy = policy_find(d, obj->meta.name);
	if (policy != NULL && obj->meta.uid != NULL && strcmp(policy->uid, obj->meta.uid) != 0) {
		policy_free(policy); /* deleted and made again */
		policy = NULL;
	}
	bool first = policy == NULL;
	if (first)
		policy = policy_new(d, obj);
	policy->read = d->read;
	/* An event older than our last write: take its spec, ignore its status. */
	if (first || obj->meta.rv >= policy->written_rv)
		policy_set_status(policy, &obj->status);
	const struct discoverypolicy *old = policy->obj;
	struct arena old_mem = policy->mem;
	bool same = !first && desc_equal(&discoverypolicy_spec_desc, &old->spec, &obj->spec);
	policy->mem = (struct arena){0};
	policy->obj = desc_clone(&discoverypolicy_desc, obj, &policy->mem);
	if (!same) {
		policy_forget_write(policy);
		measure_forget(policy);
		policy_check(policy);
		take_sources(policy, first ? NULL : &old->spec);
		policy->write_after_ms = 0;
		if (d->acting && first)
			resume(policy, now);
		else if (d->acting)
			policy->full_ms = now.boot_ms;
	}
	arena_done(&old_mem);
}

void policy_listed(struct policy *policy, int64_t fresh_ms, struct now now)
{
	if (policy->written_rv == 0 || policy->acked_ms >= fresh_ms)
		return;
	bool lost = policy->obj->meta.rv < policy->written_rv;
	policy->written_rv = 0;
	if (!lost)
		return;
	policy_set_status(policy, &policy->obj->status);
	if (policy->d->acting)
		policy->full_ms = now.boot_ms;
}
