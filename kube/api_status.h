/*
 * metav1.Status: the API server's description of a failed request. Pure.
 */
#ifndef DROP_KUBE_API_STATUS_H
#define DROP_KUBE_API_STATUS_H

#include <stddef.h>
#include <stdint.h>

#define STATUS_REASON_MAX 64
/* Longer messages are cut on a UTF-8 boundary: admission webhooks can be chatty. */
#define STATUS_MESSAGE_MAX 1024

struct status {
	int code; /* 0: it has none */
	char reason[STATUS_REASON_MAX], message[STATUS_MESSAGE_MAX];
	int64_t retry_after_ms;
};

/* What is not a Status leaves reason "" and, if it is text (a proxy's page), a short message. */
void status_decode(const char *body, size_t len, struct status *ret);

#endif
