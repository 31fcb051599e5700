/*
 * Writes the status of a policy by merge patch. Invariant: at most one write of a policy is under
 * way; changes in the meantime are written after it.
 */
#include "discoverer/policy.h"

#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "kube/status_patch.h"

#include "discoverer/discovery_status.h"
#include "discoverer/nodes_seen.h"

#define WRITE_MS           10000
#define WRITE_AGAIN_MS     1000
#define WRITE_AGAIN_MAX_MS 60000

static void write_failed(struct policy *policy, const struct kube_answer *answer)
{
	int64_t wait = WRITE_AGAIN_MS;
	for (int i = 0; i < policy->write_fails && wait < WRITE_AGAIN_MAX_MS; i++)
		wait *= 2;
	policy->write_fails++;
	policy->write_after_ms = clock_boot_ms() + wait;
	policy->dirty = true; /* the status is built again at the next write */
	/* Before Kubernetes 1.30 an object that a newer CRD refuses takes no status: said once. */
	bool again = answer->code == 422 && policy->refused;
	policy->refused = answer->code == 422;
	LOG_AT(again ? LOG_DEBUG : LOG_WARN, "status not written, retrying",
	       LS("policy", policy->name), LN("code", answer->code), LS("error", answer->message));
}

static void on_written(void *ctx, const struct kube_answer *answer)
{
	struct write_ctx *w = ctx;
	struct policy *policy = w->policy;
	if (policy != NULL) {
		policy_forget_write(policy);
		enum patch_result result = kube_patch_result(answer);
		if (result == PATCH_MADE) {
			policy_set_status(policy, &w->status);
			policy->written_rv = kube_written_rv(answer);
			policy->acked_ms = clock_boot_ms();
			policy->write_fails = 0;
			policy->refused = false;
			if (w->plain)
				plain_event_send(policy);
		} else if (result == PATCH_FAILED) {
			policy->synced |= w->synced;
			write_failed(policy, answer);
		}
	}
	arena_done(&w->mem);
	free(w);
}

static void say(const struct policy *policy, const struct discoverypolicy_status *s)
{
	const struct api_condition *was = api_condition_find(&policy->status.conditions, "Ready");
	const struct api_condition *is = api_condition_find(&s->conditions, "Ready");
	bool same = was != NULL && was->reason != NULL && strcmp(was->reason, is->reason) == 0 &&
		    was->message != NULL && strcmp(was->message, is->message) == 0;
	LOG_AT(same ? LOG_DEBUG : LOG_INFO, "policy synced", LS("policy", policy->name),
	       LS("reason", is->reason), LS("message", is->message));
}

static void send(struct policy *policy, struct write_ctx *w, struct now now)
{
	const struct status_patch patch = {
		.kind = KIND_DISCOVERYPOLICY,
		.name = policy->name,
		.uid = policy->uid,
		.old = &policy->status,
		.new = &w->status,
		.deadline_ms = leader_deadline(&policy->d->lead.lease, now.boot_ms + WRITE_MS),
	};
	w->policy = policy;
	policy->writing = w;
	policy->write = kube_patch_status(policy->d->kube, &patch, on_written, w);
	if (policy->write == 0) {
		policy_forget_write(policy);
		arena_done(&w->mem);
		free(w);
	}
}

/* ---- what it says ---- */

static struct list_source *list_sources(const struct policy *policy, struct arena *a)
{
	struct list_source *all = arena_array(a, policy->n, sizeof(*all));
	for (size_t i = 0; i < policy->n; i++)
		all[i] = (struct list_source){&policy->sources[i].images,
					      policy->plan.queries.at[i].type,
					      policy->plan.of[i].signals};
	return all;
}

static struct list make_list(struct policy *policy, struct arena *a)
{
	struct ranking ranking;
	const struct api_condition *ready = api_condition_find(&policy->status.conditions, "Ready");
	struct list_rules rules = {
		.filter = policy->filter,
		.max_images = policy->obj->spec.max_images,
		.max_shrink_percent = policy->obj->spec.max_shrink_percent,
	};
	/* maxShrinkPercent does not apply to a list that was made from another spec. */
	if (ready != NULL && ready->observed_generation == policy->obj->meta.generation)
		rules.old = policy->status.discovered_images;
	plan_list_rules(&policy->plan, nodes_ready(policy->d, policy->plan.nodes), &ranking,
			&rules);
	return list_make(list_sources(policy, a), policy->n, &rules, a);
}

static void publish(struct policy *policy, struct now now)
{
	struct write_ctx *w = xcalloc(1, sizeof(*w));
	struct list list = {0};
	struct source_view *views = arena_array(&w->mem, policy->n, sizeof(*views));
	bool suspended = policy->obj->spec.suspend;
	if (policy->spec_error[0] == '\0' && !suspended)
		list = make_list(policy, &w->mem);
	struct status_facts facts = {
		.sources = views,
		.n = policy->n,
		.spec_error = policy->spec_error[0] != '\0' ? policy->spec_error : NULL,
		.suspended = suspended,
		.images = plan_images(&policy->plan, &list, &w->mem),
		.too_large = list.too_large,
		.synced = policy->synced,
		.generation = policy->obj->meta.generation,
		.now_s = now.wall_s,
	};
	for (size_t i = 0; i < policy->n; i++) {
		const struct source_state *s = &policy->sources[i];
		views[i] = (struct source_view){.fault = s->fault,
						.text = s->text,
						.note = s->note,
						.warning = s->warning,
						.plain = s->plain};
		if (!s->answered)
			views[i] = (struct source_view){
				.fault = FAULT_TIMEOUT,
				.text = arena_printf(
					&w->mem, "%s has not answered yet",
					plan_query_name(&policy->plan.queries, i, &w->mem)),
				.plain = s->plain};
		for (int why = 0; why < DROP_REASONS_COUNT; why++)
			facts.left_out[why] += s->left_out[why];
	}
	facts.queries = &policy->plan.queries;
	struct discoverypolicy_status status = status_make(&facts, &policy->status, &w->mem);
	w->status = *(struct discoverypolicy_status *)desc_clone(&discoverypolicy_status_desc,
								 &status, &w->mem);
	if (list.held > 0)
		log_info("images kept because of maxShrinkPercent", LS("policy", policy->name),
			 LN("kept", list.held));
	say(policy, &w->status);
	measure_found(policy, &w->status.discovered_images);
	w->synced = policy->synced;
	w->plain = status_says_plain(&w->status) && !status_says_plain(&policy->status);
	policy->dirty = policy->synced = false;
	send(policy, w, now);
}

int64_t policy_publish(struct policy *policy, struct now now)
{
	if (!policy->dirty || policy->writing != NULL)
		return CLOCK_NEVER;
	if (now.boot_ms < policy->write_after_ms)
		return policy->write_after_ms;
	if (policy->running > 0 && now.boot_ms < policy->publish_ms)
		return policy->publish_ms;
	if (policy->plan.counts_nodes && !nodes_known(policy->d))
		return CLOCK_NEVER; /* they come with the feed, and a turn follows */
	publish(policy, now);
	return CLOCK_NEVER;
}
