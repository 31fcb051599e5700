/* What the parts of the status page are written with. Pure. */
#ifndef DROP_METRICSD_HTML_H
#define DROP_METRICSD_HTML_H

#include <stdint.h>

#include "base/buf.h"

/* Appends text so that HTML shows it as it is. */
void html_add(struct buf *out, const char *text);
/* With a comma every three digits: "2,000". */
void html_add_number(struct buf *out, uint64_t n);
/* "1h30m0s" and the like, of seconds. */
void html_add_seconds(struct buf *out, int64_t seconds);

#endif
