/*
 * "What it saved" of the status page (behaviour 56): figures, and two plots as SVG, of the last day
 * and the last week. Pure.
 */
#ifndef DROP_METRICSD_SAVED_H
#define DROP_METRICSD_SAVED_H

#include <stdint.h>

#include "base/buf.h"
#include "ipc/msg.h"

/* Appends the part; nothing if this replica does not count. */
void saved_html(const struct msg_report *m, int64_t wall_s, struct buf *out);
/* Appends a JSON object. */
void saved_json(const struct msg_report *m, struct buf *out);

#endif
