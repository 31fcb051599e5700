/*
 * TLS of the pretend API server: an authority of its own and a certificate for loopback,
 * both made at start and kept in memory only. OpenSSL, as in the rest of the tree.
 */
#ifndef DROP_SIM_TLS_H
#define DROP_SIM_TLS_H

#include "base/buf.h"
#include "base/err.h"

struct tls;
struct ssl_st; /* OpenSSL's SSL */

/* host: the address that is listened at; localhost and both loopback addresses are named too. */
struct tls *tls_new(const char *host, struct err *err);
void tls_free(struct tls *t);
/* For one connection; owned by who asked. Out of memory aborts. */
struct ssl_st *tls_accept(struct tls *t);
/* Appends the authority's certificate, PEM. */
void tls_authority(const struct tls *t, struct buf *out);

#endif
