/*
 * The grammar of image references, as container runtimes read them: an optional
 * registry, a path of lower-case components, a tag or a digest. One parser, which
 * borrows slices of the text; every function of the header is a view on its result.
 *
 * What looks like an image ID (64 hex digits, bare or behind "sha256:") is no
 * reference, although the grammar would take it for a name.
 */
#include "api/ref.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define DEFAULT_HOST "docker.io"
#define OLD_HOST     "index.docker.io"
/* Limits of the OCI distribution spec and its grammar. */
#define REF_NAME_MAX 255
#define REF_TAG_MAX  128
#define REF_HEX      64

struct slice {
	const char *at;
	size_t len;
};

struct parsed {
	struct slice host;  /* as written; empty: none was */
	struct slice path;  /* without host */
	struct slice tag;   /* empty: none */
	const char *digest; /* "sha256:...", or NULL */
};

static bool slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool is_hex(const char *s, size_t n)
{
	return n == REF_HEX && strspn(s, "0123456789abcdef") >= n;
}

static bool is_digest(const char *s)
{
	return strncmp(s, "sha256:", 7) == 0 && is_hex(s + 7, strlen(s + 7));
}

static bool alnum_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Length of the separator at s: ".", "_", "__" or any number of "-"; 0: none. */
static size_t separator(struct slice s)
{
	size_t dashes = 0;
	while (dashes < s.len && s.at[dashes] == '-')
		dashes++;
	if (dashes != 0)
		return dashes;
	if (s.len >= 2 && s.at[0] == '_' && s.at[1] == '_')
		return 2;
	return s.len != 0 && (s.at[0] == '.' || s.at[0] == '_') ? 1 : 0;
}

/* "team/my-app": components of letters and digits, joined by single separators. */
static bool path_valid(struct slice s)
{
	for (;;) {
		size_t n = 0;
		while (n < s.len && alnum_lower(s.at[n]))
			n++;
		if (n == 0)
			return false;
		s = (struct slice){s.at + n, s.len - n};
		if (s.len == 0)
			return true;
		size_t skip = s.at[0] == '/' ? 1 : separator(s);
		if (skip == 0)
			return false;
		s = (struct slice){s.at + skip, s.len - skip};
	}
}

static bool port_valid(struct slice s)
{
	if (s.len == 0 || s.len > 5)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit((unsigned char)s.at[i]))
			return false;
	return true;
}

/* "[2001:db8::1]": returns its length, 0 if it is none. */
static size_t bracketed(struct slice s)
{
	size_t n = 1;
	if (s.len == 0 || s.at[0] != '[')
		return 0;
	while (n < s.len && (isxdigit((unsigned char)s.at[n]) || s.at[n] == ':'))
		n++;
	return n > 1 && n < s.len && s.at[n] == ']' ? n + 1 : 0;
}

/* Letters, digits and inner dashes between dots; returns its length, 0 if malformed. */
static size_t domain(struct slice s)
{
	size_t n = 0;
	for (; n < s.len && s.at[n] != ':'; n++) {
		char c = s.at[n];
		bool edge = n == 0 || s.at[n - 1] == '.' || n + 1 == s.len || s.at[n + 1] == '.' ||
			    s.at[n + 1] == ':';
		if (!isalnum((unsigned char)c) && (edge || (c != '-' && c != '.')))
			return 0;
	}
	return n;
}

static bool host_valid(struct slice s)
{
	size_t n = s.len != 0 && s.at[0] == '[' ? bracketed(s) : domain(s);
	if (n == 0)
		return false;
	return n == s.len ||
	       (s.at[n] == ':' && port_valid((struct slice){s.at + n + 1, s.len - n - 1}));
}

static bool tag_valid(struct slice s)
{
	if (s.len == 0 || s.len > REF_TAG_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		if (!isalnum((unsigned char)c) && c != '_' && (i == 0 || (c != '.' && c != '-')))
			return false;
	}
	return true;
}

/* The first component is a registry if it could not be part of a Docker Hub name. */
static void split_host(struct slice name, struct parsed *p)
{
	const char *slash = memchr(name.at, '/', name.len);
	*p = (struct parsed){.path = name};
	if (slash == NULL)
		return;
	struct slice first = {name.at, (size_t)(slash - name.at)};
	if (memchr(first.at, '.', first.len) == NULL && memchr(first.at, ':', first.len) == NULL &&
	    !slice_is(first, "localhost"))
		return;
	p->host = first;
	p->path = (struct slice){slash + 1, name.len - first.len - 1};
}

static struct slice host_of(const struct parsed *p)
{
	if (p->host.len == 0 || slice_is(p->host, OLD_HOST))
		return (struct slice){DEFAULT_HOST, strlen(DEFAULT_HOST)};
	return p->host;
}

/* Docker Hub's own images: no host or user in the name. */
static bool is_official(const struct parsed *p)
{
	return slice_is(host_of(p), DEFAULT_HOST) && memchr(p->path.at, '/', p->path.len) == NULL;
}

/* As runtimes count: of the full name, with what was left out. */
static size_t name_length(const struct parsed *p)
{
	return host_of(p).len + 1 + (is_official(p) ? strlen("library/") : 0) + p->path.len;
}

static bool parse(const char *ref, struct parsed *p)
{
	if (ref == NULL || is_digest(ref) || is_hex(ref, strlen(ref)))
		return false;
	const char *at = strchr(ref, '@');
	size_t len = at != NULL ? (size_t)(at - ref) : strlen(ref);
	if (at != NULL && !is_digest(at + 1))
		return false;

	/* A colon after the last slash begins the tag; before it, a port. */
	size_t name_len = len, colon = len;
	while (colon > 0 && ref[colon - 1] != ':' && ref[colon - 1] != '/')
		colon--;
	bool tagged = colon > 0 && ref[colon - 1] == ':';
	if (tagged)
		name_len = colon - 1;

	split_host((struct slice){ref, name_len}, p);
	p->digest = at != NULL ? at + 1 : NULL;
	if (tagged)
		p->tag = (struct slice){ref + colon, len - colon};
	return name_length(p) <= REF_NAME_MAX && path_valid(p->path) &&
	       (p->host.len == 0 || host_valid(p->host)) && (!tagged || tag_valid(p->tag));
}

static char *repository_of(struct arena *a, const struct parsed *p)
{
	struct slice host = host_of(p);
	return arena_printf(a, "%.*s/%s%.*s", (int)host.len, host.at,
			    is_official(p) ? "library/" : "", (int)p->path.len, p->path.at);
}

char *ref_make(struct arena *a, const char *image, const char *tag, const char *digest)
{
	if (digest != NULL && *digest != '\0')
		return arena_printf(a, "%s@%s", image, digest);
	return arena_printf(a, "%s:%s", image, tag != NULL && *tag != '\0' ? tag : "latest");
}

char *ref_normal(struct arena *a, const char *ref)
{
	struct parsed p;
	if (!parse(ref, &p))
		return NULL;
	const char *repository = repository_of(a, &p);
	if (p.digest != NULL)
		return arena_printf(a, "%s@%s", repository, p.digest);
	if (p.tag.len == 0)
		return arena_printf(a, "%s:latest", repository);
	return arena_printf(a, "%s:%.*s", repository, (int)p.tag.len, p.tag.at);
}

char *ref_host(struct arena *a, const char *ref)
{
	struct parsed p;
	if (!parse(ref, &p))
		return NULL;
	struct slice host = host_of(&p);
	return arena_strndup(a, host.at, host.len);
}

char *ref_repository(struct arena *a, const char *ref)
{
	struct parsed p;
	return parse(ref, &p) ? repository_of(a, &p) : NULL;
}

int ref_split(struct arena *a, const char *ref, const char **ret_image, const char **ret_tag,
	      const char **ret_digest)
{
	struct parsed p;
	if (!parse(ref, &p))
		return -1;
	*ret_image = arena_strndup(a, ref, (size_t)(p.path.at + p.path.len - ref));
	*ret_digest = p.digest != NULL ? arena_strdup(a, p.digest) : NULL;
	*ret_tag =
		p.digest == NULL && p.tag.len != 0 ? arena_strndup(a, p.tag.at, p.tag.len) : NULL;
	return 0;
}

/* Of all processes of a tree: the watcher hashes what the reconciler compares. */
static struct hash_key names_key;

void ref_hash_seed(struct hash_key key)
{
	names_key = key;
}

static char *append(char *end, const char *text, size_t n)
{
	memcpy(end, text, n);
	return end + n;
}

/* The bytes that ref_normal() prints, without an arena: nodes list thousands of names. */
uint64_t ref_hash(const char *ref)
{
	struct parsed p;
	if (!parse(ref, &p))
		return 0;
	struct slice host = host_of(&p), version = {"latest", strlen("latest")};
	if (p.digest != NULL)
		version = (struct slice){p.digest, strlen(p.digest)};
	else if (p.tag.len != 0)
		version = p.tag;
	char text[REF_NAME_MAX + 1 + REF_TAG_MAX], *end = append(text, host.at, host.len);
	end = append(end, "/", 1);
	if (is_official(&p))
		end = append(end, "library/", strlen("library/"));
	end = append(end, p.path.at, p.path.len);
	end = append(end, p.digest != NULL ? "@" : ":", 1);
	end = append(end, version.at, version.len);
	return hash_keyed(names_key, text, (size_t)(end - text));
}

const char *ref_digest(const char *image_id)
{
	const char *at = image_id != NULL ? strrchr(image_id, '@') : NULL;
	return at != NULL && at != image_id && is_digest(at + 1) ? at + 1 : NULL;
}
