/*
 * Kubernetes quantities (apimachinery resource.Quantity): "10m", "16Mi", "0.5", "1e3". Pure.
 */
#ifndef DROP_API_QUANTITY_H
#define DROP_API_QUANTITY_H

#include <stdint.h>

/*
 * The value of a quantity that is not negative; -1: the text is none. Rounded to what a long
 * double holds, which is enough to compare a request with its limit.
 */
long double quantity_value(const char *text);

/* The quantity in whole bytes, at most QUANTITY_BYTES_MAX; 0: NULL, or the text is none. */
uint64_t quantity_bytes(const char *text);
/* 1 EiB. */
#define QUANTITY_BYTES_MAX (UINT64_C(1) << 60)

/* For people: "17 B", "5.3 MB", "120 MB", "1.2 GB", with powers of 1,000. */
#define QUANTITY_TEXT_MAX 16
void quantity_format(char out[QUANTITY_TEXT_MAX], uint64_t bytes);

#endif
