/*
 * The conditions Reconciling and Stalled by the convention of kstatus (behaviour 59): True while
 * they hold, else not there, never both. Reconciling: it is being worked on, or heals by itself.
 * Stalled: a user has to act. Pure; borrows its strings.
 */
#ifndef DROP_API_HEALTH_H
#define DROP_API_HEALTH_H

#include "api/meta.h"

enum health { HEALTH_CURRENT, HEALTH_RECONCILING, HEALTH_STALLED };

struct health_memory { /* zeroed: current */
	enum health health;
	int64_t since; /* unix seconds; of HEALTH_CURRENT: 0 */
};

/* What a status says. */
struct health_memory health_of(const struct api_conditions *list);
bool health_is_condition(const char *type);
/*
 * The condition that says `health`, with the reason and message of `why`; false: there is none.
 * lastTransitionTime moves with health only (20), which m remembers.
 */
bool health_condition(struct health_memory *m, enum health health, const struct api_condition *why,
		      int64_t now_s, struct api_condition *ret);

#endif
