/* See repository.h. */
#include "discoverer/registry/repository.h"

#include <string.h>

#include "base/buf.h"
#include "kube/urls.h"

static const char segment_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-";

int repository_check(const char *name, struct err *err)
{
	if (strlen(name) > REPOSITORY_MAX)
		return err_set(err, ERR_TERMINAL, "a name is longer than %d bytes", REPOSITORY_MAX);
	for (const char *p = name;; p++) {
		size_t n = strcspn(p, "/");
		if (n == 0)
			return err_set(err, ERR_TERMINAL, "\"%s\" is empty between its slashes",
				       name);
		if (strncmp(p, "..", n) == 0 && n <= 2)
			return err_set(err, ERR_TERMINAL, "\"%s\" has . or .. between its slashes",
				       name);
		if (strspn(p, segment_bytes) != n)
			return err_set(err, ERR_TERMINAL,
				       "\"%s\" is not a repository name: leave out URL scheme, "
				       "port, tag and digest",
				       name);
		p += n;
		if (*p == '\0')
			return 0;
	}
}

struct weburl repository_url(struct arena *a, const struct weburl *registry, const char *name,
			     const char *tail)
{
	struct weburl url = *registry;
	struct buf path = {0};
	buf_adds(&path, "/v2");
	for (const char *p = name; *p != '\0';) {
		size_t n = strcspn(p, "/");
		buf_adds(&path, "/");
		url_escape(&path, arena_strndup(a, p, n));
		p += n + (p[n] == '/');
	}
	buf_addf(&path, "/%s", tail);
	weburl_below(a, &url, path.data);
	url.query = NULL;
	buf_done(&path);
	return url;
}

static bool is_docker_hub(const char *host)
{
	return strcmp(host, "docker.io") == 0 || strcmp(host, "registry-1.docker.io") == 0 ||
	       strcmp(host, "index.docker.io") == 0;
}

const char *repository_hint(struct arena *a, const struct weburl *registry, const char *name,
			    const char *words)
{
	const char *slash = strchr(name, '/'), *path = registry->path;
	size_t len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len >= 3 && memcmp(path + len - 3, "/v2", 3) == 0)
		return "; leave /v2 out of registry.url, it is appended automatically";
	if (strcmp(registry->scheme, "http") == 0 && strstr(words, "HTTPS") != NULL)
		return "; registry.url begins with http:// but the port serves https";
	if (slash != NULL && (memchr(name, '.', (size_t)(slash - name)) != NULL ||
			      strncmp(name, "localhost/", 10) == 0))
		return arena_printf(a,
				    "; if %.*s is the registry's host, leave it out of "
				    "repositories: %s",
				    (int)(slash - name), name, slash + 1);
	if (slash == NULL && is_docker_hub(registry->host))
		return arena_printf(a, "; Docker Hub's own images are in library/: library/%s",
				    name);
	return "";
}
