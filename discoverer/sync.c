/*
 * Asks the sources of a policy and applies their answers. Each source has its own schedule: one
 * that fails is asked again sooner, and one that hangs does not delay the others. Invariant:
 * `running` counts the sources with a query.
 */
#include "discoverer/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"

#include "discoverer/schedule.h"

/* ---- answers ---- */

static void log_end(const struct policy *policy, const struct source_state *s,
		    const struct query *q, bool was_failing)
{
	struct arena scratch = ARENA_INIT;
	const char *url = query_shown(q, &scratch);
	if (s->fault != FAULT_NONE && s->fails == 1)
		log_warn("source failed, retrying", LS("policy", policy->name),
			 LS("type", q->ops->type), LS("url", url),
			 LS("reason", fault_reason(s->fault)), LS("error", q->text));
	else if (s->fault != FAULT_NONE)
		log_debug("source failed again, retrying", LS("policy", policy->name),
			  LS("type", q->ops->type), LS("url", url), LN("fails", s->fails),
			  LS("reason", fault_reason(s->fault)), LS("error", q->text));
	else
		LOG_AT(was_failing ? LOG_INFO : LOG_DEBUG, "source answered",
		       LS("policy", policy->name), LS("type", q->ops->type), LS("url", url),
		       LN("images", q->results.n), LN("ms", q->took_ms));
	if (q->warning[0] != '\0') /* that usage is young is no fault */
		LOG_AT(q->ops->url != NULL ? LOG_WARN : LOG_DEBUG, "source returned a warning",
		       LS("policy", policy->name), LS("url", url), LS("warning", q->warning));
	for (int why = DROP_none + 1; why < DROP_REASONS_COUNT; why++)
		if (q->results.counts[why] > 0)
			log_debug("names ignored", LS("policy", policy->name), LS("url", url),
				  LS("why", drop_reason_name((enum drop_reason)why)),
				  LN("count", q->results.counts[why]));
	arena_done(&scratch);
}

/* The ranking of a pipeline is over all images of all queries. */
static size_t keep_of(const struct policy *policy)
{
	if (policy->plan.queries.pipeline)
		return RESULTS_MAX;
	int64_t most = policy->obj->spec.max_images;
	return most < LIST_IMAGES_MAX ? (size_t)(most > 0 ? most : 1) : LIST_IMAGES_MAX;
}

static void learn(struct policy *policy, struct source_state *s, struct query *q)
{
	bool whole = q->fault == FAULT_NONE;
	if (q->fault == FAULT_SPEC || (!whole && !q->partial && q->results.parts == NULL))
		return;
	results_filter(&q->results, policy->filter);
	memcpy(s->left_out, q->results.counts, sizeof(s->left_out));
	results_why_none(&q->results, q->note, sizeof(q->note));
	source_images_update(&s->images, &q->results, whole, policy->obj->spec.remove_after,
			     keep_of(policy));
}

/* Every end of a query, success or failure, is recorded here. */
static void source_ended(struct policy *policy, size_t i, struct now now)
{
	struct source_state *s = &policy->sources[i];
	struct query *q = s->query;
	bool was_failing = s->answered && s->fault != FAULT_NONE;
	struct arena scratch = ARENA_INIT;
	if (q->fault == FAULT_SPEC)
		snprintf(policy->spec_error, sizeof(policy->spec_error), "%s: %s",
			 plan_query_name(&policy->plan.queries, i, &scratch), q->text);
	s->answered = true;
	s->fault = q->fault;
	if (q->started) /* if not, what was known about http stays */
		s->plain = q->plain;
	s->fails = q->fault == FAULT_NONE ? 0 : s->fails + 1;
	snprintf(s->text, sizeof(s->text), "%s %s: %s", q->ops->type, query_shown(q, &scratch),
		 q->text);
	snprintf(s->warning, sizeof(s->warning), "%s", q->warning);
	learn(policy, s, q);
	s->note[0] = '\0';
	if (q->note[0] != '\0')
		snprintf(s->note, sizeof(s->note), "%s %s: %s", q->ops->type,
			 query_shown(q, &scratch), q->note);
	log_end(policy, s, q, was_failing);
	measure_answer(policy, q);
	arena_done(&scratch);
	s->retry_ms = CLOCK_NEVER;
	if (s->fault != FAULT_NONE)
		s->retry_ms =
			now.boot_ms + schedule_retry(s->fails, policy->obj->spec.sync_interval,
						     q->retry_after_ms, random_id());
	else
		policy->synced = true;
	s->query = query_free(q);
	policy->running--;
	if (!policy->dirty)
		policy->publish_ms = now.boot_ms + PATIENCE_MS;
	policy->dirty = true;
}

/* ---- questions ---- */

static void ask(struct policy *policy, size_t i, bool full)
{
	struct source_state *s = &policy->sources[i];
	if (full)
		source_images_begin_round(&s->images);
	s->query = query_new(&policy->d->env, &policy->plan.queries, i, &policy->obj->spec.signals,
			     policy, false);
	policy->running++;
}

static void ask_due(struct policy *policy, struct now now)
{
	bool suspend = policy->obj->spec.suspend, full = now.boot_ms >= policy->full_ms;
	if (full) {
		policy->full_ms = now.boot_ms +
				  schedule_interval(policy->obj->spec.sync_interval, random_id());
		policy_check(policy); /* an expression that was too slow gets another try */
	}
	/* 31, 50. Nobody is asked. */
	if (policy->spec_error[0] != '\0' || suspend) {
		policy->dirty |= full;
		return;
	}
	for (size_t i = 0; i < policy->n; i++) {
		struct source_state *s = &policy->sources[i];
		if (s->query == NULL && (full || now.boot_ms >= s->retry_ms))
			ask(policy, i, full);
	}
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t policy_turn(struct policy *policy, struct now now)
{
	int64_t next = CLOCK_NEVER;
	if (policy->full_ms == CLOCK_NEVER)
		return next;
	for (size_t i = 0; i < policy->n; i++) {
		struct query *q = policy->sources[i].query;
		if (q != NULL && query_tick(q, now.boot_ms) <= now.boot_ms && q->ended)
			source_ended(policy, i, now);
	}
	ask_due(policy, now);
	next = sooner(policy_publish(policy, now), policy->full_ms);
	for (size_t i = 0; i < policy->n; i++) {
		const struct source_state *s = &policy->sources[i];
		next = sooner(next, s->query == NULL  ? s->retry_ms
				    : s->query->ended ? now.boot_ms
						      : s->query->began_ms + QUERY_TIME_MS);
	}
	return next;
}
