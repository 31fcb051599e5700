/*
 * Two P-256 keys: one signs itself as the authority, the other is the server's, signed by
 * the first. Valid for a year from a day ago, so that skewed clocks don't matter.
 */
#include "httpd/tls.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/xalloc.h"

#include "httpd/tls_impl.h"

#define DAY_S (24L * 60 * 60)

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

static X509 *make_authority(const char *name, EVP_PKEY *key)
{
	char title[80];
	snprintf(title, sizeof(title), "%s-ca", name);
	X509 *cert = blank(title, key, 1, NULL);
	if (extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE") == 0 &&
	    extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") == 0 &&
	    extend(cert, cert, NID_subject_key_identifier, "hash") == 0 &&
	    X509_sign(cert, key, EVP_sha256()) != 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_server(const char *name, const char *names, EVP_PKEY *key, X509 *authority,
			 EVP_PKEY *signer)
{
	X509 *cert = blank(name, key, 2, authority);
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

SSL_CTX *tls_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		abort(); /* out of memory */
	/* What a connection does not use at the moment it does not hold. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	return ctx;
}

static int set_up(struct tls *t, const char *name, const char *names, EVP_PKEY *signer,
		  EVP_PKEY *key)
{
	t->authority = make_authority(name, signer);
	X509 *server =
		t->authority != NULL ? make_server(name, names, key, t->authority, signer) : NULL;
	t->ctx = tls_context();
	int ok = server != NULL && t->ctx != NULL && SSL_CTX_use_certificate(t->ctx, server) == 1 &&
		 SSL_CTX_use_PrivateKey(t->ctx, key) == 1;
	X509_free(server);
	return ok ? 0 : -1;
}

struct tls *tls_new(const char *name, const char *names, struct err *err)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	EVP_PKEY *signer = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	int rc = signer != NULL && key != NULL ? set_up(t, name, names, signer, key) : -1;
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
	free(t->cert_path);
	free(t->key_path);
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
