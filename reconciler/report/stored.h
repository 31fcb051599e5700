/*
 * The report as bytes, for a ConfigMap (behaviour 56): sums, hours, images, what is known of each
 * node's copies, and up to which event all that is. Pure.
 */
#ifndef DROP_RECONCILER_REPORT_STORED_H
#define DROP_RECONCILER_REPORT_STORED_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#include "reconciler/report/tally.h"

/* Bytes; of them, of images. With what usage/stored.h keeps it is 1 MiB (52). */
#define REPORT_STORED_MAX (512 * 1024)
#define REPORT_IMAGES_MAX (96 * 1024)

/* Appends it. */
void report_store(const struct tally *t, struct buf *out);
/*
 * Sets t to what the bytes say. ERR_TERMINAL: they are not understood, and t is as it was. Bytes of
 * an older version are read; fields that it had not are 0.
 */
int report_restore(struct tally *t, const void *bytes, size_t len, struct err *err);

#endif
