/*
 * Several messages in one nng message: all requests or answers of one turn to one peer, each after
 * the number of its request. Each nng message costs several switches between nng's threads.
 *
 * On the wire, for each message: the request's number and the message's length in bytes,
 * both 32 bits, big-endian, then the message (ipc/msg.h). Publications are not bundled.
 */
#ifndef DROP_IPC_BUNDLE_H
#define DROP_IPC_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/bus.h"
#include "ipc/msg.h"

/* Bytes before each message. */
#define BUNDLE_HEAD 8
/* A bundle of so many bytes leaves at once, so that none is longer than it and one message. */
#define BUNDLE_FULL (64 * 1024)

/* Makes room for a head at the end; the message is appended after it. */
void bundle_begin(struct buf *bundle);
/* The message that began at `start` (where its head is) is whole. */
void bundle_end(struct buf *bundle, size_t start, uint32_t id);

struct bundle_part {
	uint32_t id;
	const uint8_t *data; /* in the bundle */
	size_t len;
};
/*
 * Takes the next message off *data and *len. false: there is none; *len is not 0 then if
 * what is left is no message.
 */
bool bundle_next(const uint8_t **data, size_t *len, struct bundle_part *ret);

#endif
