/*
 * Attribution of failures and back-off by kind of fault (behaviour.md 14). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_FAULTS_H
#define DROP_RECONCILER_CORE_FAULTS_H

#include "reconciler/core/model.h"

void fault_success(struct core *c, struct image *img, int slot);
/* The pair's attempts, cause and time are recorded already. */
void fault_failure(struct core *c, struct image *img, int slot, struct pull *p, struct now now);
void fault_refused(struct core *c, struct image *img, struct pull *p, const char *text,
		   struct now now);
void fault_made(struct core *c, struct image *img);
void faults_clear(struct image *img);
/* After a restart: gates from what status.failedNodes said. */
void faults_restore(struct core *c, struct image *img, struct now now);
struct platform *platform_find(struct image *img, const char *name);
struct registry *registry_hold(struct core *c, const char *host);
void registry_release(struct core *c, struct registry *r);

/* May one more pull of the image start? wake is lowered to when that changes by time. */
enum image_room { ROOM_NONE, ROOM_PROBE, ROOM_ANY };
enum image_room fault_room(const struct image *img, int64_t now_ms, int64_t *wake);
/* What keeps a pull of the image on the node from starting, as far as faults are concerned. */
struct fault_hold {
	enum {
		HOLD_NOTHING,
		HOLD_REJECTED,
		HOLD_IMAGE,
		HOLD_PLATFORM,
		HOLD_REGISTRY,
		HOLD_NODE,
		HOLD_SLOW_START,
	} by;
	int64_t until_ms; /* CLOCK_NEVER: until the probe in flight has found out */
	uint32_t limit;   /* HOLD_SLOW_START: pulls at once */
};
struct fault_hold fault_hold(const struct core *c, const struct image *img, int slot,
			     int64_t now_ms);
bool fault_room_on(const struct core *c, const struct image *img, int slot, int64_t now_ms,
		   int64_t *wake);

#endif
