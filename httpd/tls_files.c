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

/* OpenSSL asks for a passphrase, on the terminal if there is no callback. There is none. */
static int refuse_passphrase(char *ret, int size, int writing, void *ctx)
{
	bool *asked = ctx;
	(void)ret;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

/* NULL: they cannot be used. */
static SSL_CTX *load(const char *cert, const char *key, struct err *err)
{
	SSL_CTX *ctx = tls_context();
	bool asked = false;
	SSL_CTX_set_default_passwd_cb(ctx, refuse_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) == 1 &&
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1) {
		SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
		return ctx;
	}
	const char *why = asked ? "the key is encrypted; only one without a passphrase can be used"
				: ERR_reason_error_string(ERR_peek_last_error());
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
	if ((cert.st_ino != 0 && !S_ISREG(cert.st_mode)) ||
	    (key.st_ino != 0 && !S_ISREG(key.st_mode)))
		return err_set(err, ERR_TERMINAL, "certificate %s with key %s: not a file",
			       t->cert_path, t->key_path); /* to read a FIFO could take for ever */
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
