/* Compression of an answer (RFC 1952). */
#ifndef DROP_METRICSD_GZIP_H
#define DROP_METRICSD_GZIP_H

#include "base/buf.h"

/* Appends the compressed bytes. */
void gzip_add(struct buf *out, const void *bytes, size_t len);

#endif
