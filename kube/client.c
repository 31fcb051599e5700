/*
 * What the files of this folder and programs ask of a client: its server, credentials, waiting
 * and counters. kube.c makes and ends it; requests are in request.c.
 */
#include "kube/client.h"

#include <string.h>
#include <sys/random.h>

#include "api/meta.h"
#include "base/clock.h"

uint32_t kube_random(void)
{
	uint32_t r = 0;
	/* Never blocks once the machine has booted; if it fails, a jitter of 0 does no harm. */
	ssize_t got = getrandom(&r, sizeof(r), GRND_NONBLOCK);
	(void)got;
	return r;
}

const char *kube_server(const struct kube *k)
{
	return k->cred.config.server;
}

const char *kube_namespace(const struct kube *k)
{
	return k->cred.config.ns;
}

bool kube_owner(const struct kube *k, const char *ns, struct api_owner *ret)
{
	const struct account *a = &k->cred.config.account;
	if (a->uid == NULL || strcmp(a->ns, ns) != 0)
		return false;
	*ret = (struct api_owner){
		.api_version = "v1", .kind = "ServiceAccount", .name = a->name, .uid = a->uid};
	return true;
}

bool kube_renew_credentials(struct kube *k)
{
	if (!credentials_refresh(&k->cred, clock_boot_ms(), true))
		return false;
	k->counters.credential_reloads++;
	return true;
}

int kube_wait(void *ctx, struct pollfd *fds, size_t n, int timeout_ms)
{
	struct kube *k = ctx;
	return transport_wait(k->transport, fds, n, timeout_ms);
}

void kube_set_pace(struct kube *k, int gap_ms)
{
	transport_set_pace(k->transport, gap_ms);
}

void kube_set_poll(struct kube *k, kube_poll_fn fn, void *ctx)
{
	transport_set_poll(k->transport, fn, ctx);
}

void kube_stats(const struct kube *k, void (*fn)(void *ctx, const char *name, uint64_t value),
		void *ctx)
{
#define COUNTER_TELL(name, doc) fn(ctx, #name, k->counters.name);
	KUBE_COUNTERS(COUNTER_TELL)
#undef COUNTER_TELL
}

void kube_observe(struct kube *k, kube_attempt_fn fn, void *ctx)
{
	k->counters.attempt = fn;
	k->counters.attempt_ctx = ctx;
}
