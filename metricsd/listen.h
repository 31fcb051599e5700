/* Addresses to listen at as Go writes them: ":8443", "127.0.0.1:9090", "[::1]:80", "0". Pure. */
#ifndef DROP_METRICSD_LISTEN_H
#define DROP_METRICSD_LISTEN_H

#include <stdbool.h>

#include "base/err.h"

/* Bytes of a numeric address with its NUL. */
#define LISTEN_HOST_MAX 64

struct listen_address {
	bool on;                    /* false: "0", nothing is listened at */
	char host[LISTEN_HOST_MAX]; /* "": every address of this machine */
	int port;
};

/* option names it in the error. ERR_TERMINAL. */
int listen_parse(const char *option, const char *text, struct listen_address *ret, struct err *err);
/* Only this machine, or this pod, reaches it. */
bool listen_is_loopback(const struct listen_address *a);
/*
 * Does a Host header name this machine: a loopback address or localhost, with or without a port? A
 * page elsewhere that has its own name resolved to 127.0.0.1 makes a browser send that name.
 */
bool listen_is_local_name(const char *host);

#endif
