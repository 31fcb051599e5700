/*
 * The Warning event that a policy's credentials are sent over http: once, when its status first
 * says so. Losing it is allowed; the status keeps saying it.
 */
#include "discoverer/policy.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "kube/event_send.h"

struct event_job { /* lives from kube_send to its answer */
	struct discoverer *d;
	char *policy, *uid;
	bool legacy;
};

static void send(struct event_job *job);

static void on_event(void *ctx, const struct kube_answer *answer)
{
	struct event_job *job = ctx;
	if (answer->code == 403 && !job->legacy) { /* behaviour.md 22 */
		job->d->events_legacy = true;
		send(job);
		return;
	}
	if (!event_sent(answer))
		log_debug("event not written, ignoring", LS("policy", job->policy),
			  LN("code", answer->code), LS("error", answer->message));
	free(job->policy);
	free(job->uid);
	free(job);
}

static void send(struct event_job *job)
{
	struct discoverer *d = job->d;
	struct event event = {
		.kind = KIND_DISCOVERYPOLICY,
		.object = job->policy,
		.uid = job->uid,
		.warning = true,
		.reason = "CredentialsOverHTTP",
		.action = "Discover",
		.note = "Credentials are sent unencrypted over http: anyone on the network path "
			"can read them. Use an https URL; the status lists the sources",
	};
	job->legacy = d->events_legacy;
	event_send(d->kube, &event, "plain", job->legacy,
		   leader_deadline(&d->lead.lease, INT64_MAX), on_event, job);
}

void plain_event_send(struct policy *policy)
{
	struct event_job *job = xcalloc(1, sizeof(*job));
	*job = (struct event_job){
		.d = policy->d, .policy = xstrdup(policy->name), .uid = xstrdup(policy->uid)};
	log_warn("credentials are sent unencrypted over http", LS("policy", policy->name));
	send(job);
}
