/*
 * Address and credentials of the API server as plain data, produced by kubeconfig.c and incluster.c
 * and kept fresh by credentials.c. Contains secrets: only server and ns are ever logged, and
 * config_done() wipes it.
 */
#ifndef DROP_KUBE_API_CONFIG_H
#define DROP_KUBE_API_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"

#include "kube/account.h"

/* A credential that is in the configuration itself (data) or in a file of its own (path). */
struct config_item {
	char *path; /* NULL: only data; else data is what the file held when last read */
	char *data;
	size_t len;
	struct stat seen; /* of the file when it was read */
};

struct kube_config {
	char *server; /* "https://host:port/base", no slash at the end */
	char *ns;     /* namespace of the context or of our pod; NULL: none said */
	char *tls_server_name, *proxy_url;
	bool insecure; /* insecure-skip-tls-verify */
	char *username, *password;
	struct config_item token, ca, cert, key;
	struct account account; /* in a pod: whose token it is */
};

#define CONFIG_ITEMS(c)                                                                            \
	{                                                                                          \
		&(c)->token, &(c)->ca, &(c)->cert, &(c)->key                                       \
	}
#define CONFIG_ITEM_COUNT 4

/* Bytes of a kubeconfig, a token or a bundle of certificates. */
#define CONFIG_FILE_MAX (1024 * 1024)

void config_done(struct kube_config *c);

/* Reads the file of an item that has one. */
int config_item_read(struct config_item *item, struct err *err);
/* Whether the file changed since it was read. */
bool config_item_stale(const struct config_item *item);
/* Wipes and frees a string that holds a secret; NULL is fine. */
void secret_free(char *s, size_t len);

/* At most CONFIG_FILE_MAX bytes into a new NUL-terminated block. ERR_TERMINAL. */
char *config_file_read(const char *path, size_t *ret_len, struct stat *ret_stat, struct err *err);

#endif
