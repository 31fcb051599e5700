/*
 * Walks the YAML tree by name: only the current context, its cluster and its user are
 * looked at. No value that could be a secret is ever part of an error text.
 */
#include "kube/kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "api/yaml_tree.h"

#include "kube/base64.h"

struct reader {
	const cJSON *root;
	const char *dir, *name;
	struct err *err;
};

/* The text of a scalar member; NULL if it is absent, empty or null. */
static const char *text(const cJSON *map, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
	return s == NULL || s[0] == '\0' ? NULL : s;
}

static char *copy_text(const cJSON *map, const char *key)
{
	return xstrdup(text(map, key));
}

/* Element called `name` of the list `list`: its member `part`. -1: says which is missing. */
static int named(const struct reader *r, const char *list, const char *name, const char *part,
		 const cJSON **ret)
{
	const cJSON *one, *all = cJSON_GetObjectItemCaseSensitive(r->root, list);
	cJSON_ArrayForEach(one, all)
	{
		const char *its = text(one, "name");
		if (its == NULL || strcmp(its, name) != 0)
			continue;
		*ret = cJSON_GetObjectItemCaseSensitive(one, part);
		return 0;
	}
	return err_set(r->err, ERR_TERMINAL, "%s: the %s \"%s\" is not in it", r->name, part, name);
}

/* A path of the file, absolute. */
static char *resolve(const struct reader *r, const char *path)
{
	struct buf b = {0};
	if (path[0] != '/')
		buf_addf(&b, "%s/", r->dir);
	buf_adds(&b, path);
	return b.data;
}

/* "<key>-data" (base64) wins over "<key>" (a path), as with kubectl. */
static int item(const struct reader *r, const cJSON *map, const char *key, const char *data_key,
		struct config_item *ret)
{
	const char *data = text(map, data_key), *path = text(map, key);
	if (data != NULL) {
		ret->data = base64_decode(data, &ret->len);
		if (ret->data == NULL)
			return err_set(r->err, ERR_TERMINAL, "%s: %s is not base64", r->name,
				       data_key);
	} else if (path != NULL) {
		ret->path = resolve(r, path);
	}
	return 0;
}

static int read_server(const struct reader *r, const cJSON *cluster, struct kube_config *c)
{
	const char *server = text(cluster, "server");
	if (server == NULL)
		return err_set(r->err, ERR_TERMINAL, "%s: the cluster has no server", r->name);
	if (strncmp(server, "https://", 8) != 0 && strncmp(server, "http://", 7) != 0)
		return err_set(r->err, ERR_TERMINAL,
			       "%s: server must begin with https:// or http://", r->name);
	if (strpbrk(server, "@?# ") != NULL)
		return err_set(r->err, ERR_TERMINAL,
			       "%s: server must be a plain URL: credentials belong to the user",
			       r->name);
	c->server = xstrdup(server);
	for (size_t n = strlen(c->server); n > 8 && c->server[n - 1] == '/'; n--)
		c->server[n - 1] = '\0';
	return 0;
}

static int read_cluster(const struct reader *r, const cJSON *cluster, struct kube_config *c)
{
	if (read_server(r, cluster, c) != 0 ||
	    item(r, cluster, "certificate-authority", "certificate-authority-data", &c->ca) != 0)
		return -1;
	const char *insecure = text(cluster, "insecure-skip-tls-verify");
	c->insecure = insecure != NULL && strcmp(insecure, "true") == 0;
	c->tls_server_name = copy_text(cluster, "tls-server-name");
	c->proxy_url = copy_text(cluster, "proxy-url");
	return 0;
}

static int read_token(const struct reader *r, const cJSON *user, struct kube_config *c)
{
	/* tokenFile wins over token, as with client-go: a file may rotate. */
	const char *token = text(user, "token"), *file = text(user, "tokenFile");
	if (file != NULL) {
		c->token.path = resolve(r, file);
	} else if (token != NULL) {
		c->token.data = xstrdup(token);
		c->token.len = strlen(token);
	}
	return 0;
}

static int read_user(const struct reader *r, const cJSON *user, struct kube_config *c)
{
	if (read_token(r, user, c) != 0 ||
	    item(r, user, "client-certificate", "client-certificate-data", &c->cert) != 0 ||
	    item(r, user, "client-key", "client-key-data", &c->key) != 0)
		return -1;
	c->username = copy_text(user, "username");
	c->password = copy_text(user, "password");
	bool cert = c->cert.path || c->cert.data, key = c->key.path || c->key.data;
	if (cert != key)
		return err_set(r->err, ERR_TERMINAL, "%s: the user has a client %s without its %s",
			       r->name, cert ? "certificate" : "key", cert ? "key" : "certificate");
	bool any = cert || c->token.path || c->token.data || c->username;
	for (const char *const *plugin = (const char *const[]){"exec", "auth-provider", NULL};
	     *plugin != NULL; plugin++)
		if (!any && cJSON_GetObjectItemCaseSensitive(user, *plugin) != NULL)
			return err_set(r->err, ERR_TERMINAL,
				       "%s: the user logs in with an %s plugin, which is not "
				       "supported: use a token or a client certificate",
				       r->name, *plugin);
	if (text(user, "as") != NULL)
		return err_set(r->err, ERR_TERMINAL,
			       "%s: impersonation (\"as\") is not supported: use a token or a "
			       "client certificate of that user",
			       r->name);
	return 0;
}

static int read_context(const struct reader *r, struct kube_config *c)
{
	const cJSON *context = NULL, *cluster = NULL, *user = NULL;
	const char *current = text(r->root, "current-context");
	if (current == NULL)
		return err_set(
			r->err, ERR_TERMINAL,
			"%s: no current-context: choose one with 'kubectl config use-context'",
			r->name);
	if (named(r, "contexts", current, "context", &context) != 0)
		return -1;
	const char *cluster_name = text(context, "cluster"), *user_name = text(context, "user");
	if (cluster_name == NULL)
		return err_set(r->err, ERR_TERMINAL, "%s: the context \"%s\" has no cluster",
			       r->name, current);
	if (named(r, "clusters", cluster_name, "cluster", &cluster) != 0 ||
	    (user_name != NULL && named(r, "users", user_name, "user", &user) != 0))
		return -1;
	c->ns = copy_text(context, "namespace");
	return read_cluster(r, cluster, c) != 0 || read_user(r, user, c) != 0 ? -1 : 0;
}

int kubeconfig_parse(const char *bytes, size_t len, const char *dir, const char *name,
		     struct kube_config *ret, struct err *err)
{
	struct yaml_docs docs;
	if (yaml_read(bytes, len, YAML_TEXTS, &docs, err) != 0)
		return err_wrap(err, "%s", name);
	struct kube_config c = {0};
	struct reader r = {
		.root = docs.n != 0 ? docs.at[0].root : NULL, .dir = dir, .name = name, .err = err};
	int rc = read_context(&r, &c);
	if (rc == 0)
		*ret = c;
	else
		config_done(&c);
	yaml_done(&docs);
	return rc;
}

/* The folder of a path; "." for a bare name. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buf b = {0};
	if (slash == NULL)
		buf_adds(&b, ".");
	else
		buf_add(&b, path, slash == path ? 1 : (size_t)(slash - path));
	return b.data;
}

int kubeconfig_load(const char *path, struct kube_config *ret, struct err *err)
{
	size_t len;
	struct stat st;
	struct kube_config c = {0};
	char *bytes = config_file_read(path, &len, &st, err);
	if (bytes == NULL)
		return -1;
	char *dir = folder_of(path);
	int rc = kubeconfig_parse(bytes, len, dir, path, &c, err);
	free(dir);
	secret_free(bytes, len);
	struct config_item *items[] = CONFIG_ITEMS(&c);
	for (size_t i = 0; rc == 0 && i < CONFIG_ITEM_COUNT; i++)
		if (items[i]->path != NULL && config_item_read(items[i], err) != 0)
			rc = err_wrap(err, "%s", path);
	if (rc == 0)
		*ret = c;
	else
		config_done(&c);
	return rc;
}
