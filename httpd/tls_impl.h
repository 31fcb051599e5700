/*
 * The inside of struct tls, for tls.c (certificates made here) and tls_files.c (from files).
 */
#ifndef DROP_HTTPD_TLS_IMPL_H
#define DROP_HTTPD_TLS_IMPL_H

#include <stdint.h>
#include <sys/stat.h>

#include <openssl/ssl.h>

#include "httpd/tls.h"

struct tls {
	SSL_CTX *ctx;
	X509 *authority;
	/* From files: where, and what they were when last looked at. */
	char *cert_path, *key_path;
	struct stat cert_was, key_was;
};

/* A context without a certificate. */
SSL_CTX *tls_context(void);

#endif
