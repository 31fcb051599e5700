/*
 * What is probably wrong with a policy's endpoint or step, after its server refused (behaviour.md
 * 30): one clause for people, added to the server's own words. Pure.
 */
#ifndef DROP_DISCOVERER_PROM_HINT_H
#define DROP_DISCOVERER_PROM_HINT_H

#include <stdbool.h>

#include "api/kinds.h"

/* Points of a series that Prometheus answers at most (web/api/v1: 11,000; VictoriaMetrics: 30,000).
 */
#define PROM_POINTS_MAX 11000

#define PROM_HINT_MAX 200

struct prom_refusal {
	int code;          /* HTTP status; 2xx: the body was no answer */
	bool html;         /* it was a web page */
	const char *words; /* the server's own */
};

/* "" if we don't know. */
void prom_hint(char out[PROM_HINT_MAX], const struct prometheus_source *spec,
	       const struct prom_refusal *why);
/* The step of a range query in milliseconds; 0 if it is no duration. */
int64_t prom_step_ms(const struct prometheus_source *spec);

#endif
