/*
 * Making and ending a client, waiting, and its counters. Requests are in request.c.
 */
#include "kube/client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <curl/curl.h>

#include "api/meta.h"
#include "base/clock.h"
#include "base/xalloc.h"

#include "kube/config.h"

/* Bytes of stack of a thread that runs getaddrinfo(3). */
#define RESOLVER_STACK (512 * 1024)

uint32_t kube_random(void)
{
	uint32_t r = 0;
	/* Never blocks once the machine has booted; if it fails, a jitter of 0 does no harm. */
	ssize_t got = getrandom(&r, sizeof(r), GRND_NONBLOCK);
	(void)got;
	return r;
}

/*
 * curl starts a thread for each name it resolves, and each stack counts with its whole size
 * against RLIMIT_DATA.
 */
static void bound_stacks(void)
{
	pthread_attr_t attr;
	if (pthread_attr_init(&attr) != 0)
		return;
	pthread_attr_setstacksize(&attr, RESOLVER_STACK);
	(void)pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

struct kube *kube_new(const char *kubeconfig, const char *user_agent, struct err *err)
{
	struct kube_config config = {0};
	struct kube *k = xcalloc(1, sizeof(*k));
	if (config_load(kubeconfig, &config, err) != 0 ||
	    credentials_init(&k->cred, &config, err) != 0) {
		config_done(&config);
		free(k);
		return NULL;
	}
	bound_stacks();
	/* Bounds getaddrinfo(3) in curl's resolver thread, unless the user said otherwise. */
	setenv("RES_OPTIONS", "timeout:2 attempts:2", 0);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort(); /* out of memory, or a broken OpenSSL */
	TAILQ_INIT(&k->all);
	TAILQ_INIT(&k->waiting);
	k->http = http_new(&k->cred, &k->timers, &k->counters, user_agent);
	return k;
}

void kube_free(struct kube *k)
{
	if (k == NULL)
		return;
	kube_requests_free(k);
	http_free(k->http);
	timers_done(&k->timers);
	credentials_done(&k->cred);
	curl_global_cleanup();
	free(k);
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
	return http_wait(k->http, fds, n, timeout_ms);
}

void kube_set_pace(struct kube *k, int gap_ms)
{
	http_set_pace(k->http, gap_ms);
}

void kube_set_poll(struct kube *k, kube_poll_fn fn, void *ctx)
{
	http_set_poll(k->http, fn, ctx);
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
