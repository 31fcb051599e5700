/*
 * Why a source failed: the reasons of the condition Ready (behaviour.md 30), and what leads to
 * which. Pure.
 */
#ifndef DROP_DISCOVERER_FAULT_H
#define DROP_DISCOVERER_FAULT_H

#include <stdbool.h>

#include "base/err.h"
#include "kube/fetch.h"

/* name, reason of the condition */
#define FAULTS(X)                                                                                  \
	X(DNS, "DNSError")                                                                         \
	X(REFUSED, "ConnectionRefused")                                                            \
	X(TIMEOUT, "Timeout")                                                                      \
	X(TLS, "TLSError")                                                                         \
	X(UNAUTHORIZED, "Unauthorized")                                                            \
	X(FORBIDDEN, "Forbidden")                                                                  \
	X(NOT_FOUND, "NotFound")                                                                   \
	X(SERVER, "ServerError")                                                                   \
	X(INVALID, "InvalidResponse")                                                              \
	X(FAILED, "SyncFailed")                                                                    \
	X(NO_SECRET, "SyncFailed") /* it is missing, or has no login in it */                      \
	X(SECRET, "SecretRefused")                                                                 \
	X(INSECURE, "CredentialsWithheld")                                                         \
	X(USAGE, "UsageDisabled") /* of a source of type cluster */                                \
	X(SPEC, "InvalidSpec")

#define FAULT_ENUM(name, reason) FAULT_##name,
enum fault { FAULT_NONE, FAULTS(FAULT_ENUM) FAULT_COUNT };

/* "" of FAULT_NONE. */
const char *fault_reason(enum fault f);
/* Rule 59: does it last until a user changes the policy, the Secret or the server? */
bool fault_lasts(enum fault f);
enum fault fault_of_end(enum fetch_end end);
/* Of an HTTP status that is not 2xx. */
enum fault fault_of_code(int code);

/* Makes text of a server fit for messages: one line, printable, at most 200 bytes. */
#define FAULT_TEXT_MAX 200
void fault_clean(char out[FAULT_TEXT_MAX + 1], const char *text);

#endif
