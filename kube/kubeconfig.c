/*
 * Walks libyaml's document tree by name: only the current context, its cluster and its
 * user are looked at. No value that could be a secret is ever part of an error text.
 */
#include "kube/kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "kube/base64.h"

struct reader {
	yaml_document_t *doc;
	const char *dir, *name;
	struct err *err;
};

/* The value of key in a mapping, or NULL. */
static yaml_node_t *member(const struct reader *r, yaml_node_t *map, const char *key)
{
	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *k = yaml_document_get_node(r->doc, p->key);
		if (k != NULL && k->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)k->data.scalar.value, key) == 0)
			return yaml_document_get_node(r->doc, p->value);
	}
	return NULL;
}

/* The text of a scalar member; NULL if it is absent, empty or null. */
static const char *text(const struct reader *r, yaml_node_t *map, const char *key)
{
	yaml_node_t *v = member(r, map, key);
	if (v == NULL || v->type != YAML_SCALAR_NODE || v->data.scalar.length == 0)
		return NULL;
	const char *s = (const char *)v->data.scalar.value;
	bool plain = v->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return plain && (strcmp(s, "null") == 0 || strcmp(s, "~") == 0) ? NULL : s;
}

static char *copy_text(const struct reader *r, yaml_node_t *map, const char *key)
{
	return xstrdup(text(r, map, key));
}

/* Element called `name` of the list `list`: its member `part`. -1: says which is missing. */
static int named(const struct reader *r, const char *list, const char *name, const char *part,
		 yaml_node_t **ret)
{
	yaml_node_t *seq = member(r, yaml_document_get_root_node(r->doc), list);
	if (seq != NULL && seq->type == YAML_SEQUENCE_NODE) {
		for (yaml_node_item_t *i = seq->data.sequence.items.start;
		     i < seq->data.sequence.items.top; i++) {
			yaml_node_t *one = yaml_document_get_node(r->doc, *i);
			const char *its = text(r, one, "name");
			if (its == NULL || strcmp(its, name) != 0)
				continue;
			*ret = member(r, one, part);
			return 0;
		}
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
static int item(const struct reader *r, yaml_node_t *map, const char *key, const char *data_key,
		struct config_item *ret)
{
	const char *data = text(r, map, data_key), *path = text(r, map, key);
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

static int read_server(const struct reader *r, yaml_node_t *cluster, struct kube_config *c)
{
	const char *server = text(r, cluster, "server");
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

static int read_cluster(const struct reader *r, yaml_node_t *cluster, struct kube_config *c)
{
	if (read_server(r, cluster, c) != 0 ||
	    item(r, cluster, "certificate-authority", "certificate-authority-data", &c->ca) != 0)
		return -1;
	const char *insecure = text(r, cluster, "insecure-skip-tls-verify");
	c->insecure = insecure != NULL && strcmp(insecure, "true") == 0;
	c->tls_server_name = copy_text(r, cluster, "tls-server-name");
	c->proxy_url = copy_text(r, cluster, "proxy-url");
	return 0;
}

static int read_token(const struct reader *r, yaml_node_t *user, struct kube_config *c)
{
	/* tokenFile wins over token, as with client-go: a file may rotate. */
	const char *token = text(r, user, "token"), *file = text(r, user, "tokenFile");
	if (file != NULL) {
		c->token.path = resolve(r, file);
	} else if (token != NULL) {
		c->token.data = xstrdup(token);
		c->token.len = strlen(token);
	}
	return 0;
}

static int read_user(const struct reader *r, yaml_node_t *user, struct kube_config *c)
{
	if (read_token(r, user, c) != 0 ||
	    item(r, user, "client-certificate", "client-certificate-data", &c->cert) != 0 ||
	    item(r, user, "client-key", "client-key-data", &c->key) != 0)
		return -1;
	c->username = copy_text(r, user, "username");
	c->password = copy_text(r, user, "password");
	bool cert = c->cert.path || c->cert.data, key = c->key.path || c->key.data;
	if (cert != key)
		return err_set(r->err, ERR_TERMINAL, "%s: the user has a client %s without its %s",
			       r->name, cert ? "certificate" : "key", cert ? "key" : "certificate");
	bool any = cert || c->token.path || c->token.data || c->username;
	for (const char *const *plugin = (const char *const[]){"exec", "auth-provider", NULL};
	     *plugin != NULL; plugin++)
		if (!any && member(r, user, *plugin) != NULL)
			return err_set(r->err, ERR_TERMINAL,
				       "%s: the user logs in with an %s plugin, which is not "
				       "supported: use a token or a client certificate",
				       r->name, *plugin);
	if (text(r, user, "as") != NULL)
		return err_set(r->err, ERR_TERMINAL,
			       "%s: impersonation (\"as\") is not supported: use a token or a "
			       "client certificate of that user",
			       r->name);
	return 0;
}

static int read_context(const struct reader *r, struct kube_config *c)
{
	yaml_node_t *context = NULL, *cluster = NULL, *user = NULL;
	const char *current = text(r, yaml_document_get_root_node(r->doc), "current-context");
	if (current == NULL)
		return err_set(
			r->err, ERR_TERMINAL,
			"%s: no current-context: choose one with 'kubectl config use-context'",
			r->name);
	if (named(r, "contexts", current, "context", &context) != 0)
		return -1;
	const char *cluster_name = text(r, context, "cluster"),
		   *user_name = text(r, context, "user");
	if (cluster_name == NULL)
		return err_set(r->err, ERR_TERMINAL, "%s: the context \"%s\" has no cluster",
			       r->name, current);
	if (named(r, "clusters", cluster_name, "cluster", &cluster) != 0 ||
	    (user_name != NULL && named(r, "users", user_name, "user", &user) != 0))
		return -1;
	c->ns = copy_text(r, context, "namespace");
	return read_cluster(r, cluster, c) != 0 || read_user(r, user, c) != 0 ? -1 : 0;
}

int kubeconfig_parse(const char *bytes, size_t len, const char *dir, const char *name,
		     struct kube_config *ret, struct err *err)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	if (!yaml_parser_initialize(&parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	if (!yaml_parser_load(&parser, &doc)) {
		err_set(err, ERR_TERMINAL, "%s: not YAML: line %zu: %s", name,
			parser.problem_mark.line + 1, parser.problem ? parser.problem : "?");
		yaml_parser_delete(&parser);
		return -1;
	}
	struct kube_config c = {0};
	struct reader r = {.doc = &doc, .dir = dir, .name = name, .err = err};
	int rc = read_context(&r, &c);
	if (rc == 0)
		*ret = c;
	else
		config_done(&c);
	yaml_document_delete(&doc);
	yaml_parser_delete(&parser);
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
