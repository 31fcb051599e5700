/*
 * See pull_logins.h. Invariant: at[] is in the order in which logins are tried, and holds nothing
 * but what matches.
 */
#include "discoverer/registry/pull_logins.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "kube/base64.h"

#include "discoverer/registry/docker_entry.h"

#define HUB_KEY "index.docker.io"

/* ---- keys ---- */

/* The key as kubelet keeps it: host and path without scheme, /v1 and /v2. NULL: it is none. */
static char *key_of(const char *text)
{
	if (strncmp(text, "https://", 8) == 0)
		text += 8;
	else if (strncmp(text, "http://", 7) == 0)
		text += 7;
	size_t host = strcspn(text, "/");
	const char *path = text + host;
	if (host == 0)
		return NULL;
	if (strncmp(path, "/v1/", 4) == 0 || strncmp(path, "/v2/", 4) == 0)
		path += 3;
	if (strcmp(path, "/") == 0)
		path = "";
	size_t size = host + strlen(path) + 1;
	char *key = xcalloc(1, size);
	snprintf(key, size, "%.*s%s", (int)host, text, path);
	return key;
}

struct place {
	const char *host, *port, *path; /* path: with its slash, or "" */
	size_t host_len, port_len;
};

/* Of an IPv6 address the brackets are no glob. */
static struct place place_of(const char *text)
{
	size_t all = strcspn(text, "/");
	const char *bracket = *text == '[' ? memchr(text, ']', all) : NULL;
	const char *from = bracket != NULL ? bracket + 1 : text;
	const char *colon = memchr(from, ':', all - (size_t)(from - text));
	struct place p = {
		.host = text,
		.host_len = colon != NULL ? (size_t)(colon - text) : all,
		.port = colon != NULL ? colon + 1 : "",
		.port_len = colon != NULL ? all - (size_t)(colon - text) - 1 : 0,
		.path = text + all,
	};
	if (bracket != NULL) {
		p.host = text + 1;
		p.host_len = (size_t)(bracket - text) - 1;
	}
	return p;
}

/* Label by label; * is within one. */
static bool hosts_match(struct place pattern, struct place host)
{
	const char *p = pattern.host, *p_end = p + pattern.host_len;
	const char *h = host.host, *h_end = h + host.host_len;
	for (;;) {
		char one[256], other[256];
		const char *p_dot = memchr(p, '.', (size_t)(p_end - p));
		const char *h_dot = memchr(h, '.', (size_t)(h_end - h));
		size_t n = (size_t)((p_dot != NULL ? p_dot : p_end) - p);
		size_t m = (size_t)((h_dot != NULL ? h_dot : h_end) - h);
		if (n >= sizeof(one) || m >= sizeof(other) || (p_dot == NULL) != (h_dot == NULL))
			return false;
		snprintf(one, sizeof(one), "%.*s", (int)n, p);
		snprintf(other, sizeof(other), "%.*s", (int)m, h);
		if (fnmatch(one, other, 0) != 0)
			return false;
		if (p_dot == NULL)
			return true;
		p = p_dot + 1;
		h = h_dot + 1;
	}
}

bool pull_login_matches(const char *key, const char *image)
{
	struct place entry = place_of(key), target = place_of(image);
	return entry.port_len == target.port_len &&
	       memcmp(entry.port, target.port, entry.port_len) == 0 && hosts_match(entry, target) &&
	       strncmp(target.path, entry.path, strlen(entry.path)) == 0;
}

static bool is_hub(const char *image)
{
	return strncmp(image, "docker.io/", strlen("docker.io/")) == 0;
}

/* ---- entries ---- */

static void forget(struct pull_login *login)
{
	auth_done(&login->auth);
	free(login->key);
	*login = (struct pull_login){0};
}

/* Behind those of the same key; the last one goes if there is no room. */
static void insert(struct pull_logins *l, char *key, const char *user, const char *password)
{
	size_t at = 0;
	while (at < l->n && strcmp(l->at[at].key, key) >= 0)
		at++;
	if (at == PULL_LOGINS_MAX) {
		free(key);
		return;
	}
	if (l->n == PULL_LOGINS_MAX)
		forget(&l->at[--l->n]);
	memmove(&l->at[at + 1], &l->at[at], (l->n - at) * sizeof(l->at[0]));
	l->at[at] = (struct pull_login){.key = key};
	auth_take(&l->at[at].auth, user, password);
	l->n++;
}

static void take_entry(struct pull_logins *l, const char *image, struct json_range name,
		       struct json_range entry)
{
	char *user, *password;
	/* The key stands inside its quotes. */
	char *text = docker_text((struct json_range){name.at - 1, name.len + 2}, DOCKER_KEY_MAX);
	char *key = text != NULL ? key_of(text) : NULL;
	bool match = key != NULL && (pull_login_matches(key, image) ||
				     (is_hub(image) && strcmp(key, HUB_KEY) == 0));
	free(text);
	if (!match || !docker_entry_login(entry, &user, &password)) {
		free(key);
		return;
	}
	insert(l, key, user, password);
	docker_forget(user);
	docker_forget(password);
}

static int take_config(struct pull_logins *l, const char *image, struct json_range value, bool old,
		       struct err *err)
{
	size_t at = 0, len = 0, seen = 0;
	struct json_range plain = json_plain_string(value), all, name, entry;
	char *coded = plain.at != NULL ? docker_text(value, plain.len + 2) : NULL;
	char *bytes = coded != NULL ? base64_decode(coded, &len) : NULL;
	docker_forget(coded);
	if (bytes == NULL)
		return err_set(err, ERR_TERMINAL, "its docker configuration is not base64");
	all = (struct json_range){bytes, len};
	if (!old)
		all = json_member(all, "auths");
	while (all.at != NULL && seen++ < PULL_ENTRIES_MAX && json_next(all, &at, &name, &entry))
		take_entry(l, image, name, entry);
	explicit_bzero(bytes, len);
	free(bytes);
	return 0;
}

int pull_logins_add(struct pull_logins *l, const char *image, const char *json, size_t len,
		    struct err *err)
{
	struct json_range all = {json, len}, data = json_member(all, "data");
	struct json_range type = json_member(all, "type");
	bool new = json_is_string(type, "kubernetes.io/dockerconfigjson");
	bool old = json_is_string(type, "kubernetes.io/dockercfg");
	struct json_range value = json_member(data, new ? ".dockerconfigjson" : ".dockercfg");
	if ((!new && !old) || value.at == NULL)
		return err_set(err, ERR_TERMINAL, "it has no docker configuration");
	return take_config(l, image, value, old, err);
}

void pull_logins_settle(struct pull_logins *l)
{
	bool better = false;
	for (size_t i = 0; i < l->n; i++)
		better |= strcmp(l->at[i].key, HUB_KEY) != 0;
	for (size_t i = l->n; better && i-- > 0;) {
		if (strcmp(l->at[i].key, HUB_KEY) != 0)
			continue;
		forget(&l->at[i]);
		memmove(&l->at[i], &l->at[i + 1], (--l->n - i) * sizeof(l->at[0]));
		l->at[l->n] = (struct pull_login){0};
	}
}

void pull_logins_done(struct pull_logins *l)
{
	while (l->n > 0)
		forget(&l->at[--l->n]);
}
