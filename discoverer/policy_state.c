/* What is done to a policy from more than one side: the feed, its sources, its writes. */
#include "discoverer/policy.h"

#include <stdio.h>

#include "api/tables.h"

void policy_set_status(struct policy *policy, const struct discoverypolicy_status *status)
{
	struct arena mem = ARENA_INIT;
	/* The old one may be what the new one is made of. */
	policy->status = *(struct discoverypolicy_status *)desc_clone(&discoverypolicy_status_desc,
								      status, &mem);
	arena_done(&policy->status_mem);
	policy->status_mem = mem;
}

void policy_check(struct policy *policy)
{
	const struct discoverypolicy_spec *spec = &policy->obj->spec;
	struct err err;
	policy->spec_error[0] = '\0';
	policy->filter = regex_free(policy->filter);
	arena_reset(&policy->plan_mem);
	policy->plan = (struct plan){0};
	/* Of a copy: obj is replaced by each echo of our own writes. */
	spec = desc_clone(&discoverypolicy_spec_desc, spec, &policy->plan_mem);
	if (plan_make(spec, &policy->plan_mem, &policy->plan, &err) < 0 ||
	    queries_check(&policy->plan.queries, &err) < 0)
		snprintf(policy->spec_error, sizeof(policy->spec_error), "%s", err.text);
	if (regex_new(spec->image_filter, &policy->filter, &err) < 0) {
		err_wrap(&err, "imageFilter");
		snprintf(policy->spec_error, sizeof(policy->spec_error), "%s", err.text);
	}
}

void policy_stop(struct policy *policy)
{
	for (size_t i = 0; i < policy->n; i++)
		policy->sources[i].query = query_free(policy->sources[i].query);
	policy->running = 0;
}

void policy_forget_write(struct policy *policy)
{
	if (policy->writing != NULL)
		policy->writing->policy = NULL;
	policy->writing = NULL;
	policy->write = 0;
}
