/*
 * Service account in, struct kube_config out. The items keep their paths, so that the
 * kubelet's rotation of token and authority is followed (credentials.c).
 */
#include "kube/incluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define ENV_HOST "KUBERNETES_SERVICE_HOST"
#define ENV_PORT "KUBERNETES_SERVICE_PORT"

bool incluster_here(void)
{
	const char *host = getenv(ENV_HOST), *port = getenv(ENV_PORT);
	return host != NULL && *host != '\0' && port != NULL && *port != '\0';
}

static char *join(const char *dir, const char *name)
{
	struct buf b = {0};
	buf_addf(&b, "%s/%s", dir, name);
	return b.data;
}

/* Reads <dir>/namespace if it is there. */
static char *read_namespace(const char *dir)
{
	size_t len;
	struct stat st;
	char *path = join(dir, "namespace");
	char *ns = config_file_read(path, &len, &st, NULL);
	free(path);
	if (ns != NULL)
		ns[strcspn(ns, " \r\n")] = '\0';
	return ns;
}

int incluster_load_from(const char *dir, const char *host, const char *port,
			struct kube_config *ret, struct err *err)
{
	struct kube_config c = {0};
	struct buf server = {0};
	bool ipv6 = strchr(host, ':') != NULL;
	buf_addf(&server, "https://%s%s%s:%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
	c.server = server.data;
	c.token.path = join(dir, "token");
	c.ca.path = join(dir, "ca.crt");
	if (config_item_read(&c.token, err) != 0 || config_item_read(&c.ca, err) != 0) {
		config_done(&c);
		return err_wrap(err, "service account of this pod (is its token mounted?)");
	}
	c.ns = read_namespace(dir);
	c.account = account_of_token(c.token.data);
	*ret = c;
	return 0;
}

int incluster_load(struct kube_config *ret, struct err *err)
{
	const char *host = getenv(ENV_HOST), *port = getenv(ENV_PORT);
	if (host == NULL || port == NULL)
		return err_set(err, ERR_TERMINAL, "%s and %s are not set: not in a pod", ENV_HOST,
			       ENV_PORT);
	return incluster_load_from(INCLUSTER_DIR, host, port, ret, err);
}
