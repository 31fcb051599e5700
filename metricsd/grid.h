/*
 * The grid of images and nodes of the status page: a table with a cell for each image and node, or
 * for each image and pool if there are too many nodes. Each state has a sign beside its colour, and
 * each cell a title. Pure.
 */
#ifndef DROP_METRICSD_GRID_H
#define DROP_METRICSD_GRID_H

#include "base/buf.h"
#include "ipc/msg.h"

/* Rows wanted; the reconciler may give fewer (reconciler/explain/grid.h). */
#define GRID_ROWS 100

/* Appends heading, legend and table; of a standby nothing. */
void grid_html(const struct msg_overview *m, struct buf *out);
/* Appends a JSON object. */
void grid_json(const struct msg_overview *m, struct buf *out);

#endif
