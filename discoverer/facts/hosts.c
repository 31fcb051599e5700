/*
 * See hosts.h. Invariant: a host without a row was never asked, or its row was reused as the least
 * recently used.
 */
#include "discoverer/facts/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct host_state {
	char *host;
	int64_t used_ms, until_ms; /* not asked before until_ms */
	int fails;
	bool scarce; /* by its last RateLimit headers less than half of the limit is left */
	bool used;   /* less than three quarters */
	int64_t scarce_until_ms;
	int64_t gets_ms[HUB_GETS]; /* when; 0: none yet */
	bool spared[HUB_GETS];     /* for whom */
};

static const struct host_state *known(const struct hosts *h, const char *host)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->at[i].host, host) == 0)
			return &h->at[i];
	return NULL;
}

static struct host_state *row(struct hosts *h, const char *host, int64_t now_ms)
{
	struct host_state *s = (struct host_state *)(uintptr_t)known(h, host);
	if (s == NULL && h->at == NULL)
		h->at = xcalloc(HOSTS_MAX, sizeof(*h->at));
	if (s == NULL && h->n < HOSTS_MAX) {
		s = &h->at[h->n++];
	} else if (s == NULL) {
		s = &h->at[0];
		for (size_t i = 1; i < h->n; i++)
			if (h->at[i].used_ms < s->used_ms)
				s = &h->at[i];
		free(s->host);
		s->host = NULL;
	}
	if (s->host == NULL)
		*s = (struct host_state){.host = xstrdup(host)};
	s->used_ms = now_ms;
	return s;
}

bool hosts_may(const struct hosts *h, const char *host, int64_t now_ms)
{
	const struct host_state *s = known(h, host);
	return s == NULL || now_ms >= s->until_ms;
}

void hosts_failed(struct hosts *h, const char *host, int64_t now_ms)
{
	struct host_state *s = row(h, host, now_ms);
	if (now_ms < s->until_ms) /* of a request that began before the last failure */
		return;
	int64_t wait_ms = HOST_FAIL_FIRST_MS;
	for (int i = 0; i < s->fails && wait_ms < HOST_FAIL_MAX_MS; i++)
		wait_ms *= 2;
	s->fails++;
	s->until_ms = now_ms + (wait_ms < HOST_FAIL_MAX_MS ? wait_ms : HOST_FAIL_MAX_MS);
}

void hosts_held(struct hosts *h, const char *host, int64_t retry_ms, int64_t now_ms)
{
	struct host_state *s = row(h, host, now_ms);
	int64_t wait_ms = retry_ms > HOST_FAIL_FIRST_MS ? retry_ms : HOST_FAIL_FIRST_MS;
	if (wait_ms > HUB_GETS_MS)
		wait_ms = HUB_GETS_MS;
	if (now_ms + wait_ms > s->until_ms)
		s->until_ms = now_ms + wait_ms;
}

void hosts_answered(struct hosts *h, const char *host, const char *limit, const char *remaining,
		    int64_t now_ms)
{
	struct host_state *s = row(h, host, now_ms);
	s->fails = 0;
	if (*limit == '\0' || *remaining == '\0')
		return;
	long granted = strtol(limit, NULL, 10), left = strtol(remaining, NULL, 10);
	s->scarce = granted > 0 && left < (granted + 1) / 2;
	s->used = granted > 0 && left < granted - granted / 4;
	s->scarce_until_ms = now_ms + HUB_GETS_MS;
}

bool hosts_take_get(struct hosts *h, const char *host, bool anonymous, bool sparing, int64_t now_ms)
{
	struct host_state *s = row(h, host, now_ms);
	size_t oldest = 0, spared = 0;
	if ((s->scarce || (sparing && s->used)) && now_ms < s->scarce_until_ms)
		return false;
	if (!anonymous || strcmp(host, "docker.io") != 0)
		return true;
	for (size_t i = 0; i < HUB_GETS; i++) {
		if (s->gets_ms[i] < s->gets_ms[oldest])
			oldest = i;
		spared += s->spared[i] && now_ms - s->gets_ms[i] < HUB_GETS_MS;
	}
	if (s->gets_ms[oldest] != 0 && now_ms - s->gets_ms[oldest] < HUB_GETS_MS)
		return false;
	if (sparing && spared >= HUB_GETS_SPARED)
		return false;
	s->gets_ms[oldest] = now_ms;
	s->spared[oldest] = sparing;
	return true;
}

void hosts_done(struct hosts *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->at[i].host);
	free(h->at);
	*h = (struct hosts){0};
}
