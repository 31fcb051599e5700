/*
 * The Kubernetes client: configuration (kubeconfig or in-cluster), HTTP/2 over libcurl, and the
 * handling of all failures: 429 with Retry-After, 5xx, timeouts, connection loss, token and CA
 * rotation. Asynchronous, one thread; callbacks run inside kube_wait().
 *
 * Watches, writes and the lease each have connections of their own (lanes): a slow
 * watch never stalls a write (must 6).
 */
#ifndef DROP_KUBE_KUBE_H
#define DROP_KUBE_KUBE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct api_owner;
struct kube;

/* KUBE_FETCH is for other servers than the API server (kube/fetch.h); kube_send() refuses it. */
enum kube_lane { KUBE_WATCH, KUBE_WRITE, KUBE_LEASE, KUBE_FETCH, KUBE_LANES };

enum kube_method { KUBE_GET, KUBE_POST, KUBE_PUT, KUBE_PATCH, KUBE_DELETE };

/* Transfers in flight on the write lane; more wait in line (the API server allows 100 streams). */
#define KUBE_IN_FLIGHT_MAX 64
/* Bytes of an answer that is collected whole; lists and watches are streamed instead. */
#define KUBE_ANSWER_MAX (4 * 1024 * 1024)

/* accept of a write: only the metadata of what was written comes back (behaviour.md 21, must 6). */
#define KUBE_ACCEPT_META                                                                           \
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

/*
 * kubeconfig: a path, or NULL/"" for the service account of the pod we run in, else
 * $KUBECONFIG. Reads files now; an exec or auth-provider plugin, a missing context,
 * an unreadable file is ERR_TERMINAL and says what to do. user_agent is copied.
 */
struct kube *kube_new(const char *kubeconfig, const char *user_agent, struct err *err);
void kube_free(struct kube *k);
/* "https://host:port", for logs. */
const char *kube_server(const struct kube *k);
/* Namespace of the context, or of the pod we run in; NULL: the configuration names none. */
const char *kube_namespace(const struct kube *k);
/*
 * The service account of the pod we run in, as the owner of what is made in namespace ns; borrowed
 * until kube_free. false: we are in no pod, or in one of another namespace (an owner there would be
 * none, and the garbage collector would delete what it owns).
 */
bool kube_owner(const struct kube *k, const char *ns, struct api_owner *ret);

struct kube_request {
	enum kube_method method;
	enum kube_lane lane;
	const char *path; /* "/api/v1/namespaces/x/pods?..."; copied */
	const char *body; /* copied; NULL: none */
	size_t body_len;
	const char *content_type; /* NULL: application/json */
	const char *accept;       /* NULL: application/json */
	/*
	 * Retries (429, 5xx, transport errors; with jittered back-off, Retry-After obeyed) and the
	 * attempt in flight end here: nothing is on the wire after it. Boot ms. All our
	 * requests are idempotent, so a retry is always right.
	 */
	int64_t deadline_ms;
	bool once;   /* no retries: the lease has its own rhythm */
	bool secret; /* the answer is wiped when it has been handed on */
	bool bare;   /* the body of a 2xx answer is of no use, and not kept */
};

struct kube_answer {
	int code;         /* HTTP status; 0: none came before the deadline, or cancelled */
	const char *body; /* NUL-terminated, borrowed for the callback; "" if none */
	size_t len;
	const char *reason;  /* metav1.Status reason, or "" */
	const char *message; /* metav1.Status message, or the transport's error text */
	int64_t sent_ms;     /* boot ms when the attempt that was answered was sent */
	int attempts;
};

/* resourceVersion of what a write made, by its answer; 0: the answer does not tell. */
uint64_t kube_written_rv(const struct kube_answer *answer);

typedef void (*kube_done_fn)(void *ctx, const struct kube_answer *answer);

/* Always ends in exactly one call of done. Returns an id for kube_cancel. */
uint64_t kube_send(struct kube *k, const struct kube_request *req, kube_done_fn done, void *ctx);
/* done is called (code 0) before this returns; an unknown id is ignored. */
void kube_cancel(struct kube *k, uint64_t id);
/* Requests accepted and not yet done. */
size_t kube_pending(const struct kube *k);
/* Closes the connections of a lane at once and cancels its requests: the fence. */
void kube_close_lane(struct kube *k, enum kube_lane lane);

/*
 * The wait function of ipc/proc.h: waits for our transfers and the given fds at once, runs
 * transfers and callbacks. ctx is the struct kube.
 */
int kube_wait(void *ctx, struct pollfd *fds, size_t n, int timeout_ms);

/*
 * From then on kube_wait() returns KUBE_PACE_BURST times at once and then once in gap_ms
 * (0, the beginning: whenever something is there): what comes in the meantime is handled
 * together. Never later than its timeout, and at once while bytes of a stream wait.
 */
void kube_set_pace(struct kube *k, int gap_ms);
#define KUBE_PACE_BURST 4
/*
 * For our programs: a twentieth of what the shortest pull takes. Measured (200 x 5): with 20 ms
 * half as much CPU again, with 100 ms no less; convergence is the API server's in all three.
 */
#define KUBE_PACE_MS 50

/*
 * The poll(2) to wait with, for a program that has another library's descriptors to wait for
 * at the same time. fn must not call kube_wait().
 */
typedef int (*kube_poll_fn)(void *ctx, struct pollfd *fds, size_t n, int timeout_ms);
void kube_set_poll(struct kube *k, kube_poll_fn fn, void *ctx);

/* Counters of the client: retries, connections, lists (kube/stats.h). Calls fn for each. */
void kube_stats(const struct kube *k, void (*fn)(void *ctx, const char *name, uint64_t value),
		void *ctx);

/*
 * fn is called for each attempt that ended: with the verb as in the API server's metrics (GET,
 * LIST, WATCH, POST, PUT, PATCH, DELETE), the HTTP status, 0 if no answer came, and how
 * long it took in microseconds; of streams -1, since they last as long as they like.
 */
typedef void (*kube_attempt_fn)(void *ctx, const char *verb, int code, int64_t took_us);
void kube_observe(struct kube *k, kube_attempt_fn fn, void *ctx);

#endif
