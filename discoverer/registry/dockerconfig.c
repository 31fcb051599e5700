/* See dockerconfig.h. What is taken goes into blocks of the auth, which wipes them. */
#include "discoverer/registry/dockerconfig.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "base/json.h"

#include "discoverer/registry/docker_entry.h"

/* ---- matching ---- */

struct place {
	char host[DOCKER_KEY_MAX], port[16];
	const char *path; /* into the key; without slashes at its ends */
	size_t path_len;
};

static const char *host_alias(const char *host)
{
	static const char *const hub[] = {"index.docker.io", "registry-1.docker.io"};
	for (size_t i = 0; i < sizeof(hub) / sizeof(hub[0]); i++)
		if (strcmp(host, hub[i]) == 0)
			return "docker.io";
	return host;
}

static bool place_of(const char *key, struct place *ret)
{
	if (strncmp(key, "https://", 8) == 0)
		key += 8;
	else if (strncmp(key, "http://", 7) == 0)
		key += 7;
	size_t all = strcspn(key, "/"), name = 0;
	if (*key == '[')
		name = strcspn(key, "]");
	name += strcspn(key + name, ":/");
	if (name > all || name == 0 || name >= sizeof(ret->host))
		return false;
	snprintf(ret->host, sizeof(ret->host), "%.*s", (int)name, key);
	snprintf(ret->port, sizeof(ret->port), "%.*s", name < all ? (int)(all - name - 1) : 0,
		 name < all ? key + name + 1 : "");
	const char *path = key + all;
	path += *path == '/';
	size_t n = strlen(path);
	while (n > 0 && path[n - 1] == '/')
		n--;
	if (n == 2 && (memcmp(path, "v1", 2) == 0 || memcmp(path, "v2", 2) == 0))
		n = 0;
	ret->path = path;
	ret->path_len = n;
	return true;
}

/* Label by label: * is within one. */
static bool host_matches(const char *pattern, const char *host)
{
	char one[256], other[256];
	for (;;) {
		size_t n = strcspn(pattern, "."), m = strcspn(host, ".");
		if (n >= sizeof(one) || m >= sizeof(other))
			return false;
		snprintf(one, sizeof(one), "%.*s", (int)n, pattern);
		snprintf(other, sizeof(other), "%.*s", (int)m, host);
		if (fnmatch(one, other, FNM_CASEFOLD) != 0)
			return false;
		pattern += n;
		host += m;
		if (*pattern == '\0' || *host == '\0')
			return *pattern == *host;
		pattern++;
		host++;
	}
}

static bool port_matches(const char *port, const struct weburl *registry)
{
	const char *plain = strcmp(registry->scheme, "https") == 0 ? "443" : "80";
	return strcmp(*port != '\0' ? port : plain, registry->port) == 0;
}

/* Does base/repository begin with the entry's path, whole segments of it? */
static bool path_matches(const struct place *entry, const char *base, const char *repository)
{
	char path[2 * DOCKER_KEY_MAX];
	size_t n = entry->path_len;
	while (*base == '/')
		base++;
	size_t len = strlen(base);
	while (len > 0 && base[len - 1] == '/')
		len--;
	snprintf(path, sizeof(path), "%.*s%s%s/", (int)len, base, len > 0 ? "/" : "", repository);
	return n == 0 || (strncmp(path, entry->path, n) == 0 && path[n] == '/');
}

static bool entry_matches(const char *key, const struct weburl *registry,
			  const struct api_strings *repositories)
{
	struct place entry;
	if (!place_of(key, &entry) ||
	    !host_matches(host_alias(entry.host), host_alias(registry->host)) ||
	    !port_matches(entry.port, registry))
		return false;
	for (size_t i = 0; i < repositories->n; i++)
		if (!path_matches(&entry, registry->path, repositories->at[i]))
			return false;
	return true;
}

/* ---- an entry ---- */

static int take_entry(struct auth *a, const char *secret, const char *host, struct json_range entry,
		      struct err *err)
{
	char *user, *password;
	if (!docker_entry_login(entry, &user, &password))
		return err_set(
			err, ERR_TERMINAL,
			"the docker configuration in Secret %s has no user and password for %s%s",
			secret, host,
			json_member(entry, "identitytoken").at != NULL
				? ": an identitytoken is not supported"
				: "");
	auth_take(a, user, password);
	docker_forget(user);
	docker_forget(password);
	return 0;
}

int docker_login(struct auth *a, const char *secret, const struct weburl *registry,
		 const struct api_strings *repositories, struct err *err)
{
	bool new = a->docker_config.data != NULL;
	struct json_range all = {new ? a->docker_config.data : a->docker_cfg.data,
				 new ? a->docker_config.len : a->docker_cfg.len};
	struct json_range best = {0}, name, value;
	char *best_key = NULL;
	if (new)
		all = json_member(all, "auths");
	for (size_t at = 0; all.at != NULL && json_next(all, &at, &name, &value);) {
		/* The key stands inside its quotes. */
		char *key =
			docker_text((struct json_range){name.at - 1, name.len + 2}, DOCKER_KEY_MAX);
		if (key != NULL && entry_matches(key, registry, repositories) &&
		    (best_key == NULL || strcmp(key, best_key) > 0)) {
			free(best_key);
			best_key = key;
			best = value;
		} else {
			free(key);
		}
	}
	if (best_key == NULL)
		return err_set(err, ERR_TERMINAL,
			       "the docker configuration in Secret %s has no entry for %s", secret,
			       registry->host);
	free(best_key);
	return take_entry(a, secret, registry->host, best, err);
}
