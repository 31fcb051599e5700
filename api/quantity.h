/*
 * Kubernetes quantities (apimachinery resource.Quantity): "10m", "16Mi", "0.5", "1e3". Pure.
 */
#ifndef DROP_API_QUANTITY_H
#define DROP_API_QUANTITY_H

/*
 * The value of a quantity that is not negative; -1: the text is none. Rounded to what a long
 * double holds, which is enough to compare a request with its limit.
 */
long double quantity_value(const char *text);

#endif
