/*
 * The Warning event that a policy's credentials go over http: once, when its status first says so.
 * Its name is made of the policy, so that a repetition is the same Event. Losing it is allowed; the
 * status keeps saying it.
 */
#include "discoverer/policy.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/tables.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "kube/event.h"

#define EVENT_MS 5000
/* Of a name; the dot and the digits of the hash come after it. */
#define NAME_KEPT (API_NAME_MAX - 17)

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
	if (answer->code != 201 && answer->code != 409)
		log_debug("event not written, ignoring", LS("policy", job->policy),
			  LN("code", answer->code), LS("error", answer->message));
	free(job->policy);
	free(job->uid);
	free(job);
}

static void send(struct event_job *job)
{
	struct discoverer *d = job->d;
	struct arena a = ARENA_INIT;
	struct buf body = {0};
	struct now now = clock_now();
	uint64_t h = hash_stable_str(hash_stable_str(HASH_STABLE_START, job->uid), "plain");
	struct event event = {
		.name = arena_printf(&a, "%.*s.%016" PRIx64, NAME_KEPT, job->policy, h),
		.kind = KIND_DISCOVERYPOLICY,
		.object = job->policy,
		.uid = job->uid,
		.warning = true,
		.reason = "CredentialsOverHTTP",
		.action = "Discover",
		.note = "Credentials are sent unencrypted over http: anyone on the network path "
			"can read them. Use an https URL; the status lists the sources",
		.count = 1,
		.first_s = now.wall_s,
		.last_s = now.wall_s,
	};
	int64_t limit_ms = now.boot_ms + EVENT_MS;
	job->legacy = d->events_legacy;
	event_body(&event, job->legacy, &body);
	struct kube_request req = {
		.method = KUBE_POST,
		.lane = KUBE_WRITE,
		.path = event_path(job->legacy),
		.body = body.data,
		.body_len = body.len,
		.accept = KUBE_ACCEPT_META,
		.deadline_ms = leader_deadline(&d->lead.lease, limit_ms),
	};
	kube_send(d->kube, &req, on_event, job);
	buf_done(&body);
	arena_done(&a);
}

void plain_event_send(struct policy *policy)
{
	struct event_job *job = xcalloc(1, sizeof(*job));
	*job = (struct event_job){
		.d = policy->d, .policy = xstrdup(policy->name), .uid = xstrdup(policy->uid)};
	log_warn("credentials are sent unencrypted over http", LS("policy", policy->name));
	send(job);
}
