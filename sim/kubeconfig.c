/*
 * Writes beside the file and renames: nobody reads half of it.
 */
#include "sim/kubeconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/xalloc.h"

static void add_base64(struct buf *out, const char *text)
{
	size_t n = strlen(text);
	unsigned char *code = xmalloc(n / 3 * 4 + 5);
	EVP_EncodeBlock(code, (const unsigned char *)text, (int)n);
	buf_adds(out, (const char *)code);
	free(code);
}

static void write_text(struct buf *out, const struct kubeconfig *k)
{
	buf_addf(out,
		 "apiVersion: v1\n"
		 "kind: Config\n"
		 "current-context: drop-sim\n"
		 "clusters:\n"
		 "- name: drop-sim\n"
		 "  cluster:\n"
		 "    server: %s\n",
		 k->server);
	if (k->authority != NULL) {
		buf_adds(out, "    certificate-authority-data: ");
		add_base64(out, k->authority);
		buf_adds(out, "\n");
	}
	buf_addf(out,
		 "contexts:\n"
		 "- name: drop-sim\n"
		 "  context:\n"
		 "    cluster: drop-sim\n"
		 "    user: drop-sim\n"
		 "    namespace: %s\n"
		 "users:\n"
		 "- name: drop-sim\n"
		 "  user:%s\n",
		 k->ns, k->token != NULL ? "" : " {}");
	if (k->token != NULL)
		buf_addf(out, "    token: %s\n", k->token);
}

static int write_all(int fd, const struct buf *text)
{
	for (size_t at = 0; at < text->len;) {
		ssize_t n = write(fd, text->data + at, text->len - at);
		if (n < 0)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

int kubeconfig_write(const char *path, const struct kubeconfig *k, struct err *err)
{
	struct buf text = {0}, beside = {0};
	buf_addf(&beside, "%s.%ld", path, (long)getpid());
	write_text(&text, k);
	int fd = open(beside.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc = fd >= 0 ? write_all(fd, &text) : -1;
	if (fd >= 0)
		rc |= close(fd);
	if (rc == 0)
		rc = rename(beside.data, path);
	if (rc != 0) {
		err_set(err, ERR_TERMINAL, "--kubeconfig-out %s: %s", path, strerror(errno));
		(void)unlink(beside.data);
	}
	explicit_bzero(text.data, text.len);
	buf_done(&text);
	buf_done(&beside);
	return rc == 0 ? 0 : -1;
}
