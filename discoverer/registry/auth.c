/* See auth.h. The Secret is never made into a tree: its values are decoded from where they lie. */
#include "discoverer/registry/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "kube/base64.h"
#include "base/json.h"

/* A repeated text shorter than this proves nothing; of a longer secret so much proves it. */
#define LEAK_MIN    4
#define LEAK_WINDOW 24

struct auth_block {
	struct auth_block *next;
	size_t size;
	char bytes[];
};

struct auth_set { /* in a block of its own, as are its lines */
	struct auth_set *next;
	enum auth_how how;
	const char *token; /* inside its line; NULL: none */
	const char *lines[AUTH_HEADERS_MAX + 2];
};

static char *block(struct auth *a, size_t size)
{
	struct auth_block *b = xcalloc(1, sizeof(*b) + size);
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	return b->bytes;
}

/* All texts in order, as one string. */
static const char *join(struct auth *a, const char *first, const char *second, const char *third)
{
	size_t size = strlen(first) + strlen(second) + strlen(third) + 1;
	char *text = block(a, size);
	snprintf(text, size, "%s%s%s", first, second, third);
	return text;
}

void auth_done(struct auth *a)
{
	for (struct auth_block *b; (b = a->blocks) != NULL;) {
		a->blocks = b->next;
		explicit_bzero(b->bytes, b->size);
		free(b);
	}
	*a = (struct auth){0};
}

/* The value of a key, decoded; *ret_len without the NUL behind it. NULL: not base64. */
static char *decoded(struct auth *a, struct json_range value, size_t *ret_len)
{
	struct json_range plain = json_plain_string(value);
	if (plain.at == NULL)
		return NULL;
	char *text = block(a, plain.len + 1);
	memcpy(text, plain.at, plain.len);
	char *bytes = base64_decode(text, ret_len);
	if (bytes == NULL)
		return NULL;
	char *copy = block(a, *ret_len + 1);
	memcpy(copy, bytes, *ret_len);
	explicit_bzero(bytes, *ret_len);
	free(bytes);
	return copy;
}

static int bad_key(struct err *err, const char *secret, const char *key, const char *what)
{
	return err_set(err, ERR_TERMINAL, "key %s of Secret %s %s", key, secret, what);
}

/*
 * What goes into a header: no control characters; the line break of an editor is taken off. A
 * password goes there as base64, and some are files of several lines (Google's _json_key).
 */
static bool header_value(char *text, size_t len, bool lines)
{
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' &&
		     (!lines || text[i] == '\0' || strchr("\t\r\n", text[i]) == NULL)) ||
		    text[i] == 0x7f)
			return false;
	return len > 0;
}

static bool header_name(const char *name)
{
	/* Those that say where a message goes and where it ends are not for others to set. */
	static const char *const ours[] = {"Host",   "Content-Length", "Transfer-Encoding",
					   "Expect", "Connection",     "Upgrade"};
	if (*name == '\0' || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					  "0123456789-_.") != strlen(name))
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return false;
	return true;
}

static int take_header(struct auth *a, const char *secret, const char *key, const char *value,
		       struct err *err)
{
	const char *name = key + strlen("headers.");
	if (!header_name(name))
		return bad_key(err, secret, key, "is no header that may be set");
	if (a->n_headers == AUTH_HEADERS_MAX)
		return bad_key(err, secret, key, "is one header too many");
	a->headers[a->n_headers++] = join(a, name, ": ", value);
	return 0;
}

static int take_pem(struct fetch_bytes *into, const char *secret, const char *key,
		    const char *bytes, size_t len, struct err *err)
{
	if (strstr(bytes, "-----BEGIN ") == NULL)
		return bad_key(err, secret, key, "is not PEM");
	*into = (struct fetch_bytes){bytes, len};
	return 0;
}

static int take(struct auth *a, const char *secret, const char *key, struct json_range value,
		struct err *err)
{
	struct {
		const char *key;
		const char **text;
		struct fetch_bytes *pem, *docker;
	} keys[] = {{"token", &a->token, NULL, NULL},
		    {"username", &a->username, NULL, NULL},
		    {"password", &a->password, NULL, NULL},
		    {"ca.crt", NULL, &a->ca, NULL},
		    {"tls.crt", NULL, &a->cert, NULL},
		    {"tls.key", NULL, &a->key, NULL},
		    {".dockerconfigjson", NULL, NULL, &a->docker_config},
		    {".dockercfg", NULL, NULL, &a->docker_cfg}};
	size_t k = 0, n = sizeof(keys) / sizeof(keys[0]), len;
	while (k < n && strcmp(key, keys[k].key) != 0)
		k++;
	bool header = strncmp(key, "headers.", strlen("headers.")) == 0;
	if (k == n && !header)
		return 0; /* not for us */
	char *bytes = decoded(a, value, &len);
	if (bytes == NULL)
		return bad_key(err, secret, key, "is not base64");
	if (k < n && keys[k].docker != NULL) {
		*keys[k].docker = (struct fetch_bytes){bytes, len};
		return 0;
	}
	a->n_keys++;
	if (k < n && keys[k].pem != NULL)
		return take_pem(keys[k].pem, secret, key, bytes, len, err);
	if (!header_value(bytes, len, strcmp(key, "password") == 0))
		return bad_key(err, secret, key,
			       "is empty or has control characters, which no header can carry");
	if (header)
		return take_header(a, secret, key, bytes, err);
	*keys[k].text = bytes;
	return 0;
}

static int pairs(const struct auth *a, const char *secret, struct err *err)
{
	if ((a->username == NULL) != (a->password == NULL))
		return err_set(err, ERR_TERMINAL, "Secret %s has %s", secret,
			       a->username ? "username but no password"
					   : "password but no username");
	if ((a->cert.data == NULL) != (a->key.data == NULL))
		return err_set(err, ERR_TERMINAL, "Secret %s has %s", secret,
			       a->cert.data ? "tls.crt but no tls.key" : "tls.key but no tls.crt");
	return 0;
}

int auth_check(const struct auth *a, const char *secret, bool docker, struct err *err)
{
	bool has = a->docker_config.data != NULL || a->docker_cfg.data != NULL;
	if (a->n_keys > 0 || (docker && has))
		return 0;
	return err_set(err, ERR_TERMINAL,
		       "Secret %s has none of the keys that are read: token, username and "
		       "password, ca.crt, tls.crt and tls.key, headers.<name>%s%s",
		       secret, docker ? ", .dockerconfigjson" : "",
		       has ? "; a .dockerconfigjson is for sources of type registry" : "");
}

int auth_read(struct auth *a, const char *secret, const char *json, size_t len, struct err *err)
{
	struct json_range all = {json, len}, data = json_member(all, "data"), name, value;
	json_copy_string(json_member(json_member(all, "metadata"), "resourceVersion"), a->version,
			 sizeof(a->version));
	for (size_t at = 0; json_next(data, &at, &name, &value);) {
		char key[256];
		if (name.len >= sizeof(key))
			continue;
		memcpy(key, name.at, name.len);
		key[name.len] = '\0';
		if (take(a, secret, key, value, err) < 0)
			return -1;
	}
	return pairs(a, secret, err);
}

void auth_take(struct auth *a, const char *username, const char *password)
{
	a->username = join(a, username, "", "");
	a->password = join(a, password != NULL ? password : "", "", "");
}

static const char *basic(struct auth *a)
{
	const char *pair = join(a, a->username, ":", a->password);
	char *encoded = base64_encode(pair, strlen(pair));
	const char *line = join(a, "Authorization: Basic ", encoded, "");
	explicit_bzero(encoded, strlen(encoded));
	free(encoded);
	return line;
}

static struct auth_set *set_of(const struct auth *a, enum auth_how how, const char *token)
{
	struct auth_set *s = a->sets;
	while (s != NULL && (s->how != how || (token != NULL && strcmp(s->token, token) != 0)))
		s = s->next;
	return s;
}

const char *const *auth_lines(struct auth *a, enum auth_how how, const char *token)
{
	static const char bearer[] = "Authorization: Bearer ";
	struct auth_set *s = set_of(a, how, token);
	if (s != NULL)
		return s->lines;
	s = (struct auth_set *)(void *)block(a, sizeof(*s));
	s->how = how;
	size_t n = 0;
	bool user = a->username != NULL, own = user || a->token != NULL;
	bool headers = how != AUTH_USER && how != AUTH_AWAY;
	if (token != NULL) {
		s->lines[n++] = join(a, bearer, token, "");
		s->token = s->lines[0] + strlen(bearer);
	} else if (how != AUTH_NOBODY && user) {
		s->lines[n++] = basic(a);
	} else if (how == AUTH_OWN && a->token != NULL) {
		s->lines[n++] = join(a, bearer, a->token, "");
	}
	for (size_t i = 0; headers && i < a->n_headers; i++)
		if (!(own || n > 0) || strncasecmp(a->headers[i], "Authorization:", 14) != 0)
			s->lines[n++] = a->headers[i];
	s->next = a->sets;
	a->sets = s;
	return s->lines;
}

bool auth_sends(const struct auth *a)
{
	return a->token != NULL || a->username != NULL || a->n_headers != 0;
}

/* Is any LEAK_WINDOW bytes of the text in the secret, or is all of a shorter secret in the text? */
static bool holds(const char *text, const char *secret)
{
	size_t len = secret != NULL ? strlen(secret) : 0, all = strlen(text);
	if (len < LEAK_WINDOW)
		return len >= LEAK_MIN && strstr(text, secret) != NULL;
	for (size_t i = 0; i + LEAK_WINDOW <= all; i++)
		if (memmem(secret, len, text + i, LEAK_WINDOW) != NULL)
			return true;
	return false;
}

bool auth_leaks(const struct auth *a, const char *text)
{
	bool leaks = holds(text, a->token) || holds(text, a->password);
	for (size_t i = 0; i < a->n_headers; i++)
		leaks |= holds(text, strchr(a->headers[i], ':') + 2);
	for (const struct auth_set *s = a->sets; s != NULL; s = s->next) {
		const char *scheme = s->lines[0] != NULL ? strchr(s->lines[0], ' ') : NULL;
		const char *value = scheme != NULL ? strchr(scheme + 1, ' ') : NULL;
		leaks |= value != NULL && holds(text, value + 1);
	}
	return leaks;
}
