/* Addresses to listen on, in the syntax of Go: ":8443", "127.0.0.1:9090", "[::1]:80", "0". Pure. */
#ifndef DROP_METRICSD_LISTEN_H
#define DROP_METRICSD_LISTEN_H

#include <stdbool.h>

#include "base/err.h"

/* Bytes of a numeric address with its NUL. */
#define LISTEN_HOST_MAX 64

struct listen_address {
	bool on;                    /* false: "0", the server is off */
	char host[LISTEN_HOST_MAX]; /* "": every address of this machine */
	int port;
};

/* option: its name, for the error. ERR_TERMINAL. */
int listen_parse(const char *option, const char *text, struct listen_address *ret, struct err *err);
/* Is it reachable from this machine, or this pod, only? */
bool listen_is_loopback(const struct listen_address *a);
/*
 * Does a Host header name this machine: a loopback address or localhost, with or without a port?
 * Against DNS rebinding: a web page whose own name resolves to 127.0.0.1 makes the browser send
 * that name.
 */
bool listen_is_local_name(const char *host);

#endif
