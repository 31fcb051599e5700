/*
 * See version.h. One GET without retries; what does not look like a version is ignored.
 */
#include "kube/version.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#include "kube/client.h"
#include "base/json.h"

#define ASK_MS 10000

static void on_version(void *ctx, const struct kube_answer *a)
{
	struct kube *k = ctx;
	char version[sizeof(k->version)];
	if (a->code != 200)
		return;
	json_copy_string(json_member((struct json_range){a->body, a->len}, "gitVersion"), version,
			 sizeof(version));
	if (version[0] == '\0' || strcmp(version, k->version) == 0)
		return;
	if (k->version[0] != '\0') {
		log_info("version of the API server changed, trying WatchList again",
			 LS("was", k->version), LS("is", version));
		k->watchlist_strikes = 0;
	}
	memcpy(k->version, version, sizeof(version));
}

void version_ask(struct kube *k)
{
	int64_t now_ms = clock_boot_ms();
	if (k->version_ms != 0 && now_ms - k->version_ms < VERSION_EVERY_MS)
		return;
	k->version_ms = now_ms;
	kube_send(k,
		  &(struct kube_request){.method = KUBE_GET,
					 .lane = KUBE_WATCH,
					 .path = "/version",
					 .deadline_ms = now_ms + ASK_MS,
					 .once = true},
		  on_version, k);
}
