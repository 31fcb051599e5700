/*
 * Events about objects without a namespace, in both APIs that take them: events.k8s.io/v1, and the
 * older core/v1 if the first is forbidden (behaviour.md 22). Only encodes them; the caller decides
 * which events are written. Pure, except for the host name.
 */
#ifndef DROP_KUBE_EVENT_H
#define DROP_KUBE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/buf.h"

struct event {
	const char *name;            /* of the Event */
	enum kind kind;              /* of the object it is about */
	const char *object, *uid;    /* of that object */
	bool warning;                /* its type: Warning, else Normal */
	const char *reason, *action; /* at most 128 bytes each */
	const char *note;            /* at most 1,024 bytes */
	int64_t count;               /* how often it was seen */
	int64_t first_s, last_s;     /* unix seconds */
};

/* Where Events are created; a name goes below it. legacy: core/v1. */
const char *event_path(bool legacy);
/* A whole Event. */
void event_body(const struct event *e, bool legacy, struct buf *body);
/* A merge patch of its count and its last time. */
void event_count_body(const struct event *e, bool legacy, struct buf *body);

#endif
