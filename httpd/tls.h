/*
 * TLS of the server (OpenSSL, 1.2 and later): with a self-signed certificate generated at start and
 * kept in memory, or with one from files, reloaded when they change.
 */
#ifndef DROP_HTTPD_TLS_H
#define DROP_HTTPD_TLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct tls;
struct ssl_st; /* OpenSSL's SSL */

/*
 * An authority of its own, "<name>-ca", and a certificate it signed. names: of the server, as in
 * OpenSSL's configuration: "DNS:localhost,IP:127.0.0.1".
 */
struct tls *tls_new(const char *name, const char *names, struct err *err);
/* A chain and its key, PEM. ERR_TERMINAL: not readable, or they do not fit each other. */
struct tls *tls_from_files(const char *cert, const char *key, struct err *err);
/*
 * Reads the files again if they have changed. Connections keep what they began with. 1: they
 * have changed and count from now on; 0: not changed; -1: they have, and cannot be used: the
 * old ones go on (told once a change).
 */
int tls_reload(struct tls *t, struct err *err);
void tls_free(struct tls *t);
/* For one connection; owned by who asked. Out of memory aborts. */
struct ssl_st *tls_accept(struct tls *t);
/* Appends the authority's certificate, PEM; of tls_new() only. */
void tls_authority(const struct tls *t, struct buf *out);

#endif
