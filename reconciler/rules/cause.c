/*
 * The order of the tests below is the order of behaviour.md 20, with one exception:
 * "no match for platform ...: not found" is about the platform. Words are looked for
 * outside quotes and never inside names, URLs or digests, so that an image called
 * "forbidden" or a tag 404 means nothing.
 */
#include "reconciler/rules/cause.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/utf8.h"

/* A plain text of the message: lower case, quoted parts and references blanked. */
static char *plain_of(struct arena *a, const char *message)
{
	char *plain = arena_strdup(a, message);
	bool quoted = false;
	for (char *p = plain; *p != '\0'; p++) {
		bool quote = *p == '"';
		if (quote)
			quoted = !quoted;
		*p = quote || quoted || *p == '\\' ? ' ' : (char)tolower((unsigned char)*p);
	}
	return plain;
}

static bool part_of_name(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("-_./@", c) != NULL);
}

/* Finds words (lower case, may contain spaces) as a whole. */
static const char *find_words(const char *plain, const char *words)
{
	size_t n = strlen(words);
	for (const char *p = plain; (p = strstr(p, words)) != NULL; p++) {
		bool starts = p == plain || (!part_of_name(p[-1]) && p[-1] != ':');
		bool dot_ends = p[n] == '.' && !part_of_name(p[n + 1]);
		bool tag_follows = p[n] == ':' && p[n + 1] != '\0' && p[n + 1] != ' ';
		if (starts && (dot_ends || !part_of_name(p[n])) && !tag_follows)
			return p;
	}
	return NULL;
}

static bool has_any(const char *plain, const char *const *list)
{
	for (; *list != NULL; list++)
		if (find_words(plain, *list) != NULL)
			return true;
	return false;
}

/* The host, without its port, at the start of s: a name, an address, or [v6]. */
static char *host_at(struct arena *a, const char *s)
{
	size_t n = *s == '[' ? strcspn(s, "]\"/ ")
			     : strspn(s, "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789.-_");
	if (*s == '[' && s[n] == ']')
		n++;
	while (n > 0 && s[n - 1] == '.')
		n--;
	return n > 0 && n <= 253 ? arena_strndup(a, s, n) : NULL;
}

/* Whose host the message is about: a URL, a dialled address, else the reference's. */
static const char *host_of(struct arena *a, const char *message, const char *fallback)
{
	static const char *const before[] = {"://", "dial tcp ", "lookup ", NULL};
	for (const char *const *b = before; *b != NULL; b++) {
		const char *p = strstr(message, *b);
		char *host = p != NULL ? host_at(a, p + strlen(*b)) : NULL;
		if (host != NULL)
			return host;
	}
	const char *host = fallback != NULL ? host_at(a, fallback) : NULL;
	return host != NULL ? host : "the registry";
}

static struct cause registry_fault(struct arena *a, const char *what, const char *host)
{
	return (struct cause){FAULT_REGISTRY, arena_printf(a, "%s%s", what, host)};
}

/* A three-digit 5xx that stands alone; 0 if there is none. */
static int server_error(const char *plain)
{
	for (const char *p = plain; (p = strchr(p, '5')) != NULL; p++) {
		if (!isdigit((unsigned char)p[1]) || !isdigit((unsigned char)p[2]))
			continue;
		char code[4] = {p[0], p[1], p[2], '\0'};
		if (find_words(p == plain ? p : p - 1, code) == p)
			return 500 + (code[1] - '0') * 10 + (code[2] - '0');
		p += 2;
	}
	return 0;
}

const char *cause_tail(struct arena *a, const char *message)
{
	size_t n = strlen(message);
	while (n > 0 && isspace((unsigned char)message[n - 1]))
		n--;
	const char *from = message;
	if (n > CAUSE_TEXT_MAX) {
		from = message + n - CAUSE_TEXT_MAX;
		const char *space = memchr(from, ' ', CAUSE_TEXT_MAX / 2);
		if (space != NULL)
			from = space + 1;
		while (((unsigned char)*from & 0xc0) == 0x80)
			from++;
	}
	return arena_strndup(a, from, (size_t)(message + n - from));
}

/* Text that a transport error has, and what is said of it; the host follows (20). */
static const struct {
	const char *words, *text;
} transport[] = {
	{"connection refused", "connection refused: "},
	{"http response to https client", "server speaks plain http, not https: "},
	{"connection reset by peer", "connection reset: "},
	{"broken pipe", "connection reset: "},
	{"no route to host", "no route to "},
	{"network is unreachable", "network unreachable: "},
	{"host is down", "no route to "},
};
static const char *const tls[] = {"x509", "tls", "certificate", NULL};
static const char *const tls_timeout[] = {"tls handshake timeout", NULL};
static const char *const timeout[] = {
	"i/o timeout", "timeout", "timed out", "deadline exceeded", "client.timeout exceeded",
	NULL};
static const char *const cut_off[] = {"unexpected eof", "eof", NULL};
/* The kubelet's own limits (registryPullQPS): the node's, not the image's. */
static const char *const kubelet_limit[] = {"pull qps exceeded", NULL};
static const char *const missing_blob[] = {"could not fetch content descriptor", "blob unknown",
					   "blob_unknown", NULL};
static const char *const unauthorized[] = {"unauthorized",
					   "401",
					   "authentication required",
					   "authorization failed",
					   "no basic auth credentials",
					   "insufficient_scope",
					   NULL};
static const char *const forbidden[] = {"forbidden", "403", "denied", NULL};
static const char *const not_found[] = {"not found",
					"notfound",
					"404",
					"manifest unknown",
					"name unknown",
					"manifest_unknown",
					"name_unknown",
					"repository does not exist",
					NULL};
static const char *const limited[] = {"429", "toomanyrequests", "too many requests", "rate limit",
				      NULL};
static const char *const platform_words[] = {"no match for platform", "no matching manifest",
					     "no image found in manifest list",
					     "no image found in image index", NULL};
static const char *const bad_name[] = {"invalid reference format",
				       "couldn't parse image name",
				       "couldn't parse image reference",
				       "failed to parse image reference",
				       "failed to parse image name",
				       "failed to apply default image tag",
				       NULL};

/* 20. What went wrong between the node and the registry, before it answered. */
static struct cause find_transport(struct arena *a, const char *plain, const char *message,
				   const char *host)
{
	const char *lookup = find_words(plain, "lookup");
	if (lookup != NULL) {
		const char *name = host_at(a, message + (lookup - plain) + strlen("lookup "));
		return registry_fault(a, "dns: cannot resolve ", name != NULL ? name : host);
	}
	for (size_t i = 0; i < sizeof(transport) / sizeof(transport[0]); i++)
		if (find_words(plain, transport[i].words) != NULL)
			return registry_fault(a, transport[i].text, host);
	if (has_any(plain, tls) && !has_any(plain, tls_timeout))
		return (struct cause){FAULT_REGISTRY, "tls: certificate error"};
	if (has_any(plain, timeout))
		return registry_fault(a, "timeout connecting to ", host);
	if (has_any(plain, cut_off))
		return registry_fault(a, "connection closed: ", host);
	return (struct cause){FAULT_NONE, NULL};
}

/* 20. What the registry answered. */
static struct cause find_answer(struct arena *a, const char *plain, const char *host,
				const char *platform)
{
	bool about_platform = has_any(plain, platform_words);
	if (has_any(plain, missing_blob) && has_any(plain, not_found))
		return (struct cause){FAULT_IMAGE, "image incomplete: the registry lacks a blob"};
	if (has_any(plain, unauthorized))
		return (struct cause){FAULT_IMAGE, "unauthorized: check imagePullSecrets"};
	if (has_any(plain, forbidden))
		return (struct cause){FAULT_IMAGE, "forbidden: access denied"};
	if (has_any(plain, not_found) && !about_platform)
		return (struct cause){FAULT_IMAGE, "image not found"};
	if (has_any(plain, limited))
		return registry_fault(a, "rate limited: ", host);
	int code = server_error(plain);
	if (code != 0)
		return (struct cause){FAULT_REGISTRY,
				      arena_printf(a, "registry error: HTTP %d %s", code, host)};
	if (about_platform)
		return (struct cause){FAULT_PLATFORM,
				      arena_printf(a, "no image for %s",
						   platform != NULL ? platform : "this platform")};
	return (struct cause){FAULT_NONE, NULL};
}

struct cause cause_find(struct arena *a, const char *reason, const char *message, const char *host,
			const char *platform)
{
	const char *text = message != NULL && *message != '\0' ? message : reason;
	if (text == NULL)
		return (struct cause){FAULT_PULL, "no reason was given"};
	char *plain = plain_of(a, text);
	const char *about = host_of(a, text, host);
	if (has_any(plain, kubelet_limit))
		return (struct cause){FAULT_NODE,
				      "kubelet's own limit of pulls (pull QPS exceeded)"};
	struct cause c = find_transport(a, plain, text, about);
	if (c.text == NULL)
		c = find_answer(a, plain, about, platform);
	if (c.text == NULL)
		c = (struct cause){FAULT_PULL, cause_tail(a, text)};
	if (c.fault == FAULT_PULL && (has_any(plain, bad_name) ||
				      (reason != NULL && strcmp(reason, "InvalidImageName") == 0)))
		c.fault = FAULT_IMAGE;
	if (c.fault == FAULT_PULL && reason != NULL && strcmp(reason, "RegistryUnavailable") == 0)
		c.fault = FAULT_REGISTRY;
	return c;
}

enum fault cause_fault_of(const char *reason, const char *text)
{
	static const struct {
		const char *starts;
		enum fault fault;
	} table[] = {
		{"unauthorized: check imagePullSecrets", FAULT_IMAGE},
		{"forbidden: access denied", FAULT_IMAGE},
		{"image not found", FAULT_IMAGE},
		{"no image for ", FAULT_PLATFORM},
		{"dns: cannot resolve ", FAULT_REGISTRY},
		{"image incomplete: ", FAULT_IMAGE},
		{"kubelet's own limit of pulls", FAULT_NODE},
		{"connection refused: ", FAULT_REGISTRY},
		{"server speaks plain http, not https: ", FAULT_REGISTRY},
		{"connection reset: ", FAULT_REGISTRY},
		{"no route to ", FAULT_REGISTRY},
		{"network unreachable: ", FAULT_REGISTRY},
		{"connection closed: ", FAULT_REGISTRY},
		{"tls: certificate error", FAULT_REGISTRY},
		{"timeout connecting to ", FAULT_REGISTRY},
		{"rate limited: ", FAULT_REGISTRY},
		{"registry error: HTTP ", FAULT_REGISTRY},
	};
	static const char *const pull_reasons[] = {"ErrImagePull",
						   "ImagePullBackOff",
						   "InvalidImageName",
						   "RegistryUnavailable",
						   "SignatureValidationFailed",
						   "ErrImageNeverPull",
						   "Timeout",
						   "InitContainerFailed",
						   CAUSE_REASON_OTHER,
						   NULL};
	for (size_t i = 0; text != NULL && i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(text, table[i].starts, strlen(table[i].starts)) == 0)
			return table[i].fault;
	if (reason != NULL && strcmp(reason, "InvalidImageName") == 0)
		return FAULT_IMAGE;
	for (const char *const *p = pull_reasons; reason != NULL && *p != NULL; p++)
		if (strcmp(reason, *p) == 0)
			return FAULT_PULL;
	return FAULT_NODE;
}

bool cause_concerns_node(enum fault fault, const char *reason)
{
	/* These are about one pod, or one image, on the node. */
	static const char *const single[] = {"PodDeleted", "ImageInspectError", "Evicting", NULL};
	if (fault != FAULT_NODE)
		return false;
	for (const char *const *p = single; reason != NULL && *p != NULL; p++)
		if (strcmp(reason, *p) == 0)
			return false;
	return true;
}

/* A word with a digit in it is a number, an id or part of an address: it names one occurrence. */
static bool says_which(const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isdigit((unsigned char)word[i]))
			return true;
	return false;
}

uint64_t cause_kind(const char *reason, const char *text, const char *node)
{
	uint64_t h = hash_str(HASH_START, reason);
	size_t node_len = node != NULL ? strlen(node) : 0;
	for (const char *p = text != NULL ? text : ""; *p != '\0';) {
		if (node_len != 0 && strncmp(p, node, node_len) == 0) {
			p += node_len;
			continue;
		}
		size_t n = 0;
		while (isalnum((unsigned char)p[n]))
			n++;
		if (n != 0 && !says_which(p, n))
			for (size_t i = 0; i <= n; i++) {
				char c = i < n ? (char)tolower((unsigned char)p[i]) : ' ';
				h = hash_bytes(h, &c, 1);
			}
		p += n != 0 ? n : 1;
	}
	return h;
}

const char *cause_reason(const char *reason)
{
	/* metav1.Condition: [A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?, at most 1024. */
	size_t n = reason != NULL ? strlen(reason) : 0;
	if (n == 0 || n > 1024 || !isalpha((unsigned char)reason[0]) || reason[n - 1] == ',' ||
	    reason[n - 1] == ':')
		return CAUSE_REASON_OTHER;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)reason[i]) && strchr("_,:", reason[i]) == NULL)
			return CAUSE_REASON_OTHER;
	return reason;
}
