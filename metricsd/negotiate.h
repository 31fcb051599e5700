/* Content negotiation: format of the metrics and compression (RFC 9110, 12). Pure. */
#ifndef DROP_METRICSD_NEGOTIATE_H
#define DROP_METRICSD_NEGOTIATE_H

#include <stdbool.h>

enum expose_form { EXPOSE_TEXT, EXPOSE_OPENMETRICS };

/* accept: the header, or NULL. The text format, unless OpenMetrics 1.0 or 0.0.1 is preferred. */
enum expose_form negotiate_form(const char *accept);
/* accept_encoding: the header, or NULL. */
bool negotiate_gzip(const char *accept_encoding);

#endif
