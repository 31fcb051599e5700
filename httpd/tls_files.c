/*
 * A certificate from files, and its next one when they change. A Secret is mounted as a folder of
 * symbolic links that are switched at once, so what a path leads to is compared, not the link.
 */
#include <stdlib.h>

#include <openssl/err.h>

#include "base/xalloc.h"

#include "httpd/tls_impl.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void look_at(const char *path, struct stat *ret)
{
	if (stat(path, ret) != 0)
		*ret = (struct stat){0};
}

/* NULL: they cannot be used. */
static SSL_CTX *load(const char *cert, const char *key, struct err *err)
{
	SSL_CTX *ctx = tls_context();
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) == 1 &&
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1)
		return ctx;
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	err_set(err, ERR_TERMINAL, "certificate %s with key %s: %s", cert, key,
		why != NULL ? why : "cannot be read");
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

int tls_reload(struct tls *t, struct err *err)
{
	struct stat cert, key;
	if (t->cert_path == NULL)
		return 0;
	look_at(t->cert_path, &cert);
	look_at(t->key_path, &key);
	if (same_file(&cert, &t->cert_was) && same_file(&key, &t->key_was))
		return 0;
	t->cert_was = cert;
	t->key_was = key;
	SSL_CTX *next = load(t->cert_path, t->key_path, err);
	if (next == NULL)
		return -1;
	SSL_CTX_free(t->ctx); /* connections hold their own reference */
	t->ctx = next;
	return 1;
}

struct tls *tls_from_files(const char *cert, const char *key, struct err *err)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	t->cert_path = xstrdup(cert);
	t->key_path = xstrdup(key);
	if (tls_reload(t, err) == 1)
		return t;
	if (t->ctx == NULL && t->cert_was.st_ino == 0)
		err_set(err, ERR_TERMINAL, "certificate %s: there is no such file", cert);
	tls_free(t);
	return NULL;
}
