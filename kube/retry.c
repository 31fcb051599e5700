/*
 * The retry policy of all requests, in one place and without side effects.
 */
#include "kube/retry.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include <curl/curl.h>

int64_t retry_backoff_ms(int failures, int64_t first_ms, int64_t max_ms, uint32_t random)
{
	int64_t wait = first_ms;
	for (int i = 1; i < failures && wait < max_ms; i++)
		wait *= 2;
	if (wait > max_ms)
		wait = max_ms;
	return wait - (int64_t)(random % (uint64_t)(wait / 2 + 1));
}

int64_t retry_after_ms(const char *retry_after, const char *date, int64_t now_s)
{
	char *end;
	if (retry_after == NULL)
		return 0;
	int64_t after_s = strtoll(retry_after, &end, 10);
	if (*end != '\0') {
		time_t until = curl_getdate(retry_after, NULL);
		time_t from = date != NULL ? curl_getdate(date, NULL) : (time_t)-1;
		after_s = until == (time_t)-1 ? 0 : until - (from != (time_t)-1 ? from : now_s);
	}
	if (after_s <= 0)
		return 0;
	return after_s < INT_MAX ? after_s * 1000 : (int64_t)INT_MAX * 1000;
}

static bool worth_retrying(const struct retry_case *c)
{
	switch (c->code) {
	case 0:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return true;
	case 401:
		return c->renewed;
	default:
		return false;
	}
}

int64_t retry_at(const struct retry_case *c)
{
	if (c->once || !worth_retrying(c))
		return RETRY_NO;
	int64_t wait = retry_backoff_ms(c->attempt, RETRY_FIRST_MS, RETRY_MAX_MS, c->random);
	if (c->code == 401)
		wait = 0;
	else if (c->retry_after_ms > RETRY_AFTER_MAX_MS)
		wait = RETRY_AFTER_MAX_MS;
	else if (c->retry_after_ms > wait)
		wait = c->retry_after_ms;
	return c->deadline_ms - c->now_ms > wait ? c->now_ms + wait : RETRY_NO;
}
