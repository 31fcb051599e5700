/*
 * May a registry be asked now (behaviour.md 35)? After a failure it is not
 * asked for 1 min, doubling to 1 h; after a 429 for Retry-After. GETs of manifests are counted for
 * registries that limit them. Pure.
 */
#ifndef DROP_DISCOVERER_FACTS_HOSTS_H
#define DROP_DISCOVERER_FACTS_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTS_MAX          256
#define HOST_FAIL_FIRST_MS (60 * 1000)
#define HOST_FAIL_MAX_MS   (60 * 60 * 1000)
/* Limit of anonymous GETs of manifests at docker.io, and the period it is for. */
#define HUB_GETS 10
/* Of them, at most so many for questions that leave the rest to others. */
#define HUB_GETS_SPARED (HUB_GETS / 4)
#define HUB_GETS_MS     (6 * 60 * 60 * 1000)

struct host_state;

struct hosts { /* zeroed: nothing is known */
	struct host_state *at;
	size_t n;
};

bool hosts_may(const struct hosts *h, const char *host, int64_t now_ms);
/* The host could not be reached, did not answer, or failed. */
void hosts_failed(struct hosts *h, const char *host, int64_t now_ms);
/* It answered 429. retry_ms: its Retry-After; 0: none. */
void hosts_held(struct hosts *h, const char *host, int64_t retry_ms, int64_t now_ms);
/* It answered; limit and remaining: its RateLimit headers, "100;w=21600", or "". */
void hosts_answered(struct hosts *h, const char *host, const char *limit, const char *remaining,
		    int64_t now_ms);
/*
 * May a manifest be fetched with GET? If so it is counted. sparing: at most a quarter is used, so
 * that plans of many images leave most to the images that are there.
 */
bool hosts_take_get(struct hosts *h, const char *host, bool anonymous, bool sparing,
		    int64_t now_ms);
void hosts_done(struct hosts *h);

#endif
