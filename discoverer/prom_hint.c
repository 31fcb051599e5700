/* See prom_hint.h. */
#include "discoverer/prom_hint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#include "discoverer/promtime.h"

#define DEFAULT_STEP "5m"

static const char *step_of(const struct prometheus_source *spec)
{
	static char text[TIME_TEXT_MAX]; /* the process has one thread */
	if (spec->step_ms > 0) {
		duration_format(text, spec->step_ms);
		return text;
	}
	return spec->step != NULL && *spec->step != '\0' ? spec->step : DEFAULT_STEP;
}

int64_t prom_step_ms(const struct prometheus_source *spec)
{
	int64_t ms;
	if (spec->step_ms > 0) /* of a query */
		return spec->step_ms;
	return promtime_parse(step_of(spec), &ms) < 0 ? 0 : ms;
}

/* Does the path of the endpoint end in what we add ourselves? A proxy may have /api/v1/ elsewhere.
 */
static bool has_api_path(const char *endpoint)
{
	static const char *const ends[] = {"/api/v1", "/api/v1/query", "/api/v1/query_range",
					   "/graph"};
	size_t len = strcspn(endpoint, "?#");
	while (len > 0 && endpoint[len - 1] == '/')
		len--;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);
		if (len > n && strncmp(endpoint + len - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

/* Prometheus, Thanos, Mimir: "maximum resolution of 11,000 points", "too many samples";
 * VictoriaMetrics: "too many points", -search.maxSamplesPerQuery and their like. */
static bool too_fine(const char *words)
{
	static const char *const signs[] = {"points", "samples", "maxPoints", "maxSamples"};
	bool named = false;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		named |= strstr(words, signs[i]) != NULL;
	return named && (strstr(words, "max") != NULL || strstr(words, "too many") != NULL);
}

void prom_hint(char out[PROM_HINT_MAX], const struct prometheus_source *spec,
	       const struct prom_refusal *why)
{
	int64_t step_ms = prom_step_ms(spec);
	int64_t points = spec->lookback > 0 && step_ms > 0 ? spec->lookback / step_ms + 1 : 0;
	bool refused = why->code >= 400 && why->code < 500 && why->code != 401 && why->code != 403;
	out[0] = '\0';
	if ((refused || why->html) && has_api_path(spec->endpoint))
		snprintf(out, PROM_HINT_MAX,
			 "leave /api/v1 out of endpoint; it is appended automatically");
	else if (points > 0 &&
		 (too_fine(why->words) || (why->code == 400 && points > PROM_POINTS_MAX)))
		snprintf(out, PROM_HINT_MAX,
			 "raise step or shorten lookback: lookback over a step of %s is %" PRId64
			 " points a series",
			 step_of(spec), points);
	else if (why->html)
		snprintf(out, PROM_HINT_MAX,
			 "check whether endpoint is the server itself or a login page in front of "
			 "it");
	else if (why->code == 404)
		snprintf(out, PROM_HINT_MAX,
			 "is endpoint all of the URL before /api/v1/query, as in "
			 "http://mimir/prometheus?");
}
