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
	memory_done(&s->memory);
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
	arena_done(&policy->status_mem);
	free(policy->name);
	free(policy->uid);
	free(policy);
}

/* The sources of a new spec. `old`: the spec they were of; NULL: there was none. */
static void take_sources(struct policy *policy, const struct discoverypolicy_spec *old)
{
	const struct discoverypolicy_spec *spec = &policy->obj->spec;
	struct source_state *was = policy->sources;
	size_t n_was = policy->n;
	policy->n = spec->sources.n;
	policy->sources = xcalloc(policy->n != 0 ? policy->n : 1, sizeof(*policy->sources));
	for (size_t i = 0; i < policy->n; i++) {
		struct source_state *s = &policy->sources[i];
		const struct discovery_source *source = &spec->sources.at[i];
		s->retry_ms = CLOCK_NEVER;
		size_t k = 0;
		while (k < n_was &&
		       !desc_equal(&discovery_source_desc, &old->sources.at[k], source))
			k++;
		if (k < n_was) {
			s->memory = was[k].memory;
			was[k].memory = (struct memory){0};
			continue;
		}
		/* Until it answers, what the list has of its type; its first answer replaces that.
		 */
		memory_inherit(&s->memory, &policy->status.discovered_images,
			       source->type != NULL ? source->type : "",
			       old != NULL ? spec->remove_after : 0);
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
		return; /* its spec was never synced */
	bool fine =
		healthy != NULL && healthy->status != NULL && strcmp(healthy->status, "True") == 0;
	policy->full_ms +=
		schedule_resume(s->last_sync_time, fine && s->last_sync_time != 0,
				policy->obj->spec.sync_interval, now.wall_s, random_id());
}

/* Another replica may have led since: what counts is what it left in the status. */
static void forget_answers(struct policy *policy)
{
	for (size_t i = 0; i < policy->n; i++) {
		struct source_state *s = &policy->sources[i];
		const char *type = policy->obj->spec.sources.at[i].type;
		memory_inherit(&s->memory, &policy->status.discovered_images,
			       type != NULL ? type : "", 0);
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
	/* A late echo: its spec is news, its status is what the API had before our last write. */
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
		take_sources(policy, first ? NULL : &old->spec);
		policy_check(policy);
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
