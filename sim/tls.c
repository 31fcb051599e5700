/*
 * Two P-256 keys: one signs itself as the authority, the other is the server's, signed by
 * the first. Valid for a year from a day ago, so that skewed clocks don't matter.
 */
#include "sim/tls.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/xalloc.h"

#define DAY_S (24L * 60 * 60)

struct tls {
	SSL_CTX *ctx;
	X509 *authority;
};

/* An extension given as OpenSSL's configuration words it. */
static int extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	int ok = e != NULL && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok ? 0 : -1;
}

/* A certificate for that key without extensions or signature. */
static X509 *blank(const char *name, EVP_PKEY *key, long serial, const X509 *issuer)
{
	X509 *cert = X509_new();
	if (cert == NULL)
		abort(); /* out of memory */
	X509_NAME *subject = X509_get_subject_name(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(cert), 365 * DAY_S);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	return cert;
}

static X509 *make_authority(EVP_PKEY *key)
{
	X509 *cert = blank("drop-sim-ca", key, 1, NULL);
	if (extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE") == 0 &&
	    extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") == 0 &&
	    extend(cert, cert, NID_subject_key_identifier, "hash") == 0 &&
	    X509_sign(cert, key, EVP_sha256()) != 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_server(const char *host, EVP_PKEY *key, X509 *authority, EVP_PKEY *signer)
{
	X509 *cert = blank("drop-sim", key, 2, authority);
	char names[256];
	snprintf(names, sizeof(names), "DNS:localhost,IP:127.0.0.1,IP:::1,IP:%s", host);
	if (extend(cert, authority, NID_basic_constraints, "critical,CA:FALSE") == 0 &&
	    extend(cert, authority, NID_key_usage, "critical,digitalSignature") == 0 &&
	    extend(cert, authority, NID_ext_key_usage, "serverAuth") == 0 &&
	    extend(cert, authority, NID_subject_alt_name, names) == 0 &&
	    extend(cert, authority, NID_authority_key_identifier, "keyid") == 0 &&
	    X509_sign(cert, signer, EVP_sha256()) != 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static int set_up(struct tls *t, const char *host, EVP_PKEY *signer, EVP_PKEY *key)
{
	t->authority = make_authority(signer);
	X509 *server = t->authority != NULL ? make_server(host, key, t->authority, signer) : NULL;
	t->ctx = SSL_CTX_new(TLS_server_method());
	int ok = server != NULL && t->ctx != NULL &&
		 SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) == 1 &&
		 SSL_CTX_use_certificate(t->ctx, server) == 1 &&
		 SSL_CTX_use_PrivateKey(t->ctx, key) == 1;
	X509_free(server);
	return ok ? 0 : -1;
}

struct tls *tls_new(const char *host, struct err *err)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	EVP_PKEY *signer = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	int rc = signer != NULL && key != NULL ? set_up(t, host, signer, key) : -1;
	EVP_PKEY_free(signer);
	EVP_PKEY_free(key);
	if (rc == 0)
		return t;
	err_set(err, ERR_TERMINAL, "cannot make a certificate: %s",
		ERR_reason_error_string(ERR_peek_last_error()));
	tls_free(t);
	return NULL;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	X509_free(t->authority);
	free(t);
}

struct ssl_st *tls_accept(struct tls *t)
{
	SSL *ssl = SSL_new(t->ctx);
	if (ssl == NULL)
		abort(); /* out of memory */
	return ssl;
}

void tls_authority(const struct tls *t, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	if (bio == NULL || PEM_write_bio_X509(bio, t->authority) != 1)
		abort(); /* out of memory */
	long n = BIO_get_mem_data(bio, &pem);
	buf_add(out, pem, (size_t)n);
	BIO_free(bio);
}
