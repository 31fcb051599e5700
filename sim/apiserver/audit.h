/*
 * The audit log: one JSON line a finished request, in the shape of a real API server's
 * (audit.k8s.io/v1, stage ResponseComplete), so that the same tools read both. Bodies
 * of pods and of this project's kinds come along; those of Secrets never do.
 */
#ifndef DROP_SIM_APISERVER_AUDIT_H
#define DROP_SIM_APISERVER_AUDIT_H

#include "base/err.h"

#include "sim/play/target.h"

struct audit;

struct audit_event {
	const struct target *target;
	const char *method, *uri, *user_agent, *peer;
	const char *body; /* of a write; or NULL */
	size_t len;
	int code;
	int64_t received_us; /* wall clock, microseconds since 1970 */
};

/* Appends to the file. path NULL: nothing is written anywhere. */
struct audit *audit_new(const char *path, struct err *err);
void audit_free(struct audit *a);
void audit_write(struct audit *a, const struct audit_event *event);
/* Flushes the lines; called once a turn. */
void audit_flush(struct audit *a);

#endif
