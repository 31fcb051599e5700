/*
 * One mirrored message as one JSON line, for people and programs that read traffic. Messages that
 * cannot be decoded are marked. Pure. Messages hold no secrets (ipc/messages.def).
 */
#ifndef DROP_DROPCTL_TAP_LINE_H
#define DROP_DROPCTL_TAP_LINE_H

#include "base/buf.h"
#include "ipc/msg.h"

/* Appends the line with its newline. process: whose traffic it is. */
void tap_line(enum proc_id process, const struct msg_tap_frame *frame, int64_t wall_us,
	      struct buf *out);

#endif
