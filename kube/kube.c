/*
 * Makes and ends a client: its configuration, curl, and the bounds of curl's resolver threads.
 */
#include "kube/kube.h"

#include <pthread.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/xalloc.h"
#include "kube/client.h"
#include "kube/config_choose.h"

/* Bytes of stack of a thread that runs getaddrinfo(3). */
#define RESOLVER_STACK (512 * 1024)

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
	k->transport = transport_new(&k->cred, &k->timers, &k->counters, user_agent);
	return k;
}

void kube_free(struct kube *k)
{
	if (k == NULL)
		return;
	kube_requests_free(k);
	transport_free(k->transport);
	timers_done(&k->timers);
	credentials_done(&k->cred);
	curl_global_cleanup();
	free(k);
}
