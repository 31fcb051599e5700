/*
 * The writes of the puller: at most one in flight for a pod, so that a repeated POST can
 * never follow the DELETE of the same name and make the pod a second time. Pure.
 *
 * A request for a pod without a write in flight is sent. The same request again, while the first is
 * in flight, joins it: one write, an answer to each. A different request for that pod waits. No
 * list of created pods is needed: the API server answers AlreadyExists (behaviour.md 6).
 */
#ifndef DROP_PULLER_WRITES_H
#define DROP_PULLER_WRITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/proc.h"

/* Requests accepted and unanswered; as many as one peer may have (ipc/proc.h). */
#define WRITES_MAX PROC_REQUESTS_MAX
/* Bytes of a pod name with its NUL (RFC 1123 subdomain). */
#define POD_NAME_SIZE 254
/* Bytes of a uid with its NUL; a UUID has 36. */
#define POD_UID_SIZE 64

enum write_kind { WRITE_START, WRITE_DELETE };

enum write_state {
	WRITE_FREE,
	WRITE_WAITING, /* behind another write of the pod */
	WRITE_GOING,   /* to be sent now, or on the wire */
	WRITE_JOINED,  /* answered together with the one it joined */
};

struct write {
	enum write_state state;
	enum write_kind kind;
	uint64_t session;       /* of the reconciler that asked */
	int64_t valid_until_ms; /* boot ms */
	char pod_name[POD_NAME_SIZE];
	char pod_uid[POD_UID_SIZE]; /* WRITE_DELETE */
	char *body; /* of the HTTP request; owned by the table once added; NULL: sent */
	size_t body_len;
	struct reply_to reply_to;
	uint64_t order;     /* of arrival */
	struct write *next; /* the one that joined after us */
};

struct writes {
	struct write at[WRITES_MAX];
	uint64_t arrived;
};

/*
 * Takes the request over; its state says what becomes of it, WRITE_GOING: the caller sends
 * it. NULL: too many, nothing was taken.
 */
struct write *writes_add(struct writes *ws, const struct write *request);
/* Its body is not needed any more: kube_send() has a copy, up to 100 KiB of a pod of 20 images. */
void write_sent(struct write *w);
/* w was answered, with all that joined it. The one that goes now, to be sent, or NULL. */
struct write *writes_end(struct writes *ws, struct write *w);

/* A waiting write of another session, to be answered and ended; NULL: none. */
struct write *writes_stranger(struct writes *ws, uint64_t session);
/* A waiting write, to be answered and ended; NULL: none. */
struct write *writes_waiting(struct writes *ws);
/* Nothing of another session is on the wire or waits. */
bool writes_only_of(const struct writes *ws, uint64_t session);
bool writes_idle(const struct writes *ws);
void writes_done(struct writes *ws);

#endif
