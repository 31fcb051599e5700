/*
 * Writes a single Event, once: for the processes that have few to tell. Losing it is allowed. Its
 * name is made of the object and of what is told, so that a repetition is the same Event (409).
 * What counts and paces events is reconciler/events/.
 */
#ifndef DROP_KUBE_EVENT_SEND_H
#define DROP_KUBE_EVENT_SEND_H

#include "kube/event.h"
#include "kube/kube.h"

/*
 * event: kind, object, uid, warning, reason, action and note. what: tells the Events of one object
 * apart. The request ends at until_ms (boot ms), or after 5 s. As kube_send().
 */
uint64_t event_send(struct kube *k, const struct event *event, const char *what, bool legacy,
		    int64_t until_ms, kube_done_fn done, void *ctx);
/* Was it written, or there already? */
bool event_sent(const struct kube_answer *answer);

#endif
