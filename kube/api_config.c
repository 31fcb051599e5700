/*
 * Reads the files of a configuration and wipes what they held. What a file means is decided
 * in kubeconfig.c and incluster.c, which file is used in config_choose.c.
 */
#include "kube/api_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

void secret_free(char *s, size_t len)
{
	if (s != NULL)
		explicit_bzero(s, len);
	free(s);
}

static void item_done(struct config_item *item)
{
	free(item->path);
	secret_free(item->data, item->len);
}

void config_done(struct kube_config *c)
{
	struct config_item *items[] = CONFIG_ITEMS(c);
	for (size_t i = 0; i < CONFIG_ITEM_COUNT; i++)
		item_done(items[i]);
	free(c->server);
	free(c->ns);
	free(c->tls_server_name);
	free(c->proxy_url);
	free(c->username);
	account_done(&c->account);
	secret_free(c->password, c->password ? strlen(c->password) : 0);
	*c = (struct kube_config){0};
}

char *config_file_read(const char *path, size_t *ret_len, struct stat *ret_stat, struct err *err)
{
	char *data = NULL;
	size_t n = 0, cap = 0;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_set(err, ERR_TERMINAL, "cannot read %s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > CONFIG_FILE_MAX) {
		err_set(err, ERR_TERMINAL, "cannot read %s: not a file of at most %d bytes", path,
			CONFIG_FILE_MAX);
		goto out;
	}
	/* One block of the full size: growing would leave copies of a secret behind. */
	cap = (size_t)st.st_size + 1;
	data = xmalloc(cap);
	while (n < cap - 1) {
		ssize_t got = read(fd, data + n, cap - 1 - n);
		if (got < 0 && errno != EINTR) {
			err_set(err, ERR_TERMINAL, "cannot read %s: %s", path, strerror(errno));
			secret_free(data, n);
			data = NULL;
			goto out;
		}
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	data[n] = '\0';
	*ret_len = n;
	*ret_stat = st;
out:
	if (fd >= 0)
		close(fd);
	return data;
}

int config_item_read(struct config_item *item, struct err *err)
{
	size_t len;
	struct stat st;
	char *data = config_file_read(item->path, &len, &st, err);
	if (data == NULL)
		return -1;
	secret_free(item->data, item->len);
	item->data = data;
	item->len = len;
	item->seen = st;
	return 0;
}

bool config_item_stale(const struct config_item *item)
{
	struct stat st;
	if (item->path == NULL || stat(item->path, &st) != 0)
		return false;
	return st.st_ino != item->seen.st_ino || st.st_size != item->seen.st_size ||
	       st.st_mtim.tv_sec != item->seen.st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec != item->seen.st_mtim.tv_nsec;
}
