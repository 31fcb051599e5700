/*
 * The words of a failed pull, as a kubelet shows those of its runtime, by its dialect (recorded on
 * real nodes). The reference in them is the normal form: containerd completes what the pod says.
 */
#include "sim/nodes/registry.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"

#include "api/ref.h"

/* Where Docker Hub's images are really served. */
#define HUB_HOST "registry-1.docker.io"

struct parts { /* of a reference, in the arena of the call */
	const char *normal, *host, *repository;
	const char *path; /* without the host */
	const char *last; /* tag or digest */
};

static void split(struct arena *a, const char *reference, struct parts *p)
{
	p->normal = ref_normal(a, reference);
	p->host = ref_host(a, reference);
	const char *repository = ref_repository(a, reference);
	p->repository = repository;
	p->path = repository + strlen(p->host) + 1;
	p->last = p->normal + strlen(repository) + 1;
	if (strcmp(p->host, "docker.io") == 0)
		p->host = HUB_HOST;
}

/* containerd talks plain http to the machine itself. */
static bool is_local(const char *host)
{
	return strncmp(host, "localhost", 9) == 0 || strncmp(host, "127.", 4) == 0;
}

/* Of the host without its port. */
static int name_len(const char *host)
{
	const char *colon = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
	return (int)(colon != NULL ? (size_t)(colon - host) + (host[0] == '[') : strlen(host));
}

static bool has_upper(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isupper((unsigned char)s[i]))
			return true;
	return false;
}

static void invalid_name(const char *reference, struct buf *out)
{
	bool upper = has_upper(reference, strlen(reference));
	buf_addf(out, "failed to parse image reference \"%s\": invalid reference format%s",
		 reference, upper ? ": repository name must be lowercase" : "");
}

/*
 * kubelet takes a first component with an upper-case letter for a host, and leaves the
 * rest of the judgement to containerd.
 */
static size_t host_len(const char *reference)
{
	size_t n = strcspn(reference, "/");
	if (reference[n] == '\0')
		return 0;
	bool dotted = memchr(reference, '.', n) != NULL || memchr(reference, ':', n) != NULL;
	return dotted || has_upper(reference, n) ? n + 1 : 0;
}

bool pull_name_refused(const char *reference, struct buf *out)
{
	struct arena a = ARENA_INIT;
	bool fine = ref_normal(&a, reference) != NULL;
	const char *path = reference + host_len(reference);
	size_t len = strcspn(path, ":@");
	bool upper = has_upper(path, len);
	arena_done(&a);
	if (fine ||
	    (!upper && path != reference && has_upper(reference, (size_t)(path - reference))))
		return false;
	if (out == NULL)
		return true;
	buf_addf(out,
		 "Failed to apply default image tag \"%s\": couldn't parse image name \"%s\": "
		 "invalid "
		 "reference format",
		 reference, reference);
	if (upper)
		buf_addf(out, ": repository name (%s%.*s) must be lowercase",
			 path == reference && memchr(path, '/', len) == NULL ? "library/" : "",
			 (int)len, path);
	return true;
}

/* An index that has no image for the platform; which one is no matter. */
static const char *index_digest(struct arena *a, const struct parts *p)
{
	unsigned long long h = hash_stable_str(HASH_STABLE_START, p->normal);
	return arena_printf(a, "sha256:%016llx%016llx%016llx%016llx", h, h, h, h);
}

/* The path as part of a query. */
static const char *scope(struct arena *a, const char *path)
{
	struct buf out = {0};
	for (; *path != '\0'; path++) {
		if (*path == '/')
			buf_adds(&out, "%2F");
		else
			buf_add(&out, path, 1);
	}
	const char *text = arena_strdup(a, out.data != NULL ? out.data : "");
	buf_done(&out);
	return text;
}

void pull_fault_text(const struct dialect *d, enum pull_fault fault, const char *reference,
		     struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct parts p = {0};
	if (fault == PULL_FAULT_INVALID_NAME || ref_normal(&a, reference) == NULL) {
		invalid_name(reference, out);
		arena_done(&a);
		return;
	}
	split(&a, reference, &p);
	int n = name_len(p.host);
	const struct dialect_word words[] = {
		{"ref", p.normal},
		{"host", p.host},
		{"name", arena_strndup(&a, p.host, (size_t)n)},
		{"address", arena_printf(&a, "%s%s", p.host,
					 p.host[n] == ':'   ? ""
					 : is_local(p.host) ? ":80"
							    : ":443")},
		{"scheme", is_local(p.host) ? "http" : "https"},
		{"path", p.path},
		{"repository", p.repository},
		{"scope", scope(&a, p.path)},
		{"last", p.last},
		{"digest", index_digest(&a, &p)},
	};
	if (d->pull[fault] != NULL) /* NONE and SLOW are no failures */
		dialect_expand(d->pull[fault], words, sizeof(words) / sizeof(words[0]), out);
	arena_done(&a);
}
