/* Bytes by zlib at its fastest level, and back. Pure. */
#ifndef DROP_USAGE_DEFLATED_H
#define DROP_USAGE_DEFLATED_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

void deflated_add(struct buf *out, const void *bytes, size_t len);
/* Up to out's limit. ERR_TERMINAL: damaged, or too long. */
int inflated_add(struct buf *out, const void *bytes, size_t len, struct err *err);

#endif
