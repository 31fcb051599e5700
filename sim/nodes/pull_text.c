/*
 * The words of a failed pull, as kubelet 1.34 shows those of containerd 1.6 (recorded on a
 * real node). The reference in them is the normal form: containerd completes what the pod says.
 */
#include "sim/nodes/registry.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"

#include "api/ref.h"

/* Where Docker Hub's images are really served. */
#define HUB_HOST "registry-1.docker.io"

struct parts { /* of a reference, in the arena of the call */
	const char *normal, *host;
	const char *path; /* without the host */
	const char *last; /* tag or digest */
};

static void split(struct arena *a, const char *reference, struct parts *p)
{
	p->normal = ref_normal(a, reference);
	p->host = ref_host(a, reference);
	const char *repository = ref_repository(a, reference);
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

static void unpack_failed(const struct parts *p, struct buf *out)
{
	buf_addf(out, "failed to pull and unpack image \"%s\": ", p->normal);
}

static void resolve_failed(const struct parts *p, struct buf *out)
{
	unpack_failed(p, out);
	buf_addf(out, "failed to resolve reference \"%s\": ", p->normal);
}

/* "dial tcp lookup" needs the host without its port. */
static int name_len(const char *host)
{
	const char *colon = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
	return (int)(colon != NULL ? (size_t)(colon - host) + (host[0] == '[') : strlen(host));
}

/* "host:port" as it is dialled. */
static void address(const struct parts *p, struct buf *out)
{
	int n = name_len(p->host);
	buf_addf(out, "%s%s", p->host, p->host[n] == ':' ? "" : is_local(p->host) ? ":80" : ":443");
}

static void request_failed(const struct parts *p, struct buf *out)
{
	resolve_failed(p, out);
	buf_addf(out, "failed to do request: Head \"%s://%s/v2/%s/manifests/%s\": ",
		 is_local(p->host) ? "http" : "https", p->host, p->path, p->last);
}

static void status_code(const struct parts *p, const char *status, struct buf *out)
{
	resolve_failed(p, out);
	buf_addf(out, "pulling from host %s failed with status code [manifests %s]: %s", p->host,
		 p->last, status);
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

static void no_connection(enum pull_fault fault, const struct parts *p, struct buf *out)
{
	request_failed(p, out);
	switch (fault) {
	case PULL_FAULT_DNS:
		buf_addf(out, "dial tcp: lookup %.*s: no such host", name_len(p->host), p->host);
		break;
	case PULL_FAULT_TLS:
		buf_adds(out, "x509: certificate signed by unknown authority");
		break;
	default:
		buf_adds(out, "dial tcp ");
		address(p, out);
		buf_adds(out, fault == PULL_FAULT_TIMEOUT ? ": i/o timeout"
							  : ": connect: connection refused");
		break;
	}
}

void pull_fault_text(enum pull_fault fault, const char *reference, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct parts p = {0};
	if (fault == PULL_FAULT_INVALID_NAME || ref_normal(&a, reference) == NULL) {
		invalid_name(reference, out);
		arena_done(&a);
		return;
	}
	split(&a, reference, &p);
	switch (fault) {
	case PULL_FAULT_DNS:
	case PULL_FAULT_TLS:
	case PULL_FAULT_TIMEOUT:
	case PULL_FAULT_REFUSED:
		no_connection(fault, &p, out);
		break;
	case PULL_FAULT_UNAUTHORIZED:
		resolve_failed(&p, out);
		buf_adds(out, "failed to authorize: failed to fetch anonymous token: "
			      "unexpected status: 401 Unauthorized");
		break;
	case PULL_FAULT_FORBIDDEN:
		status_code(&p, "403 Forbidden", out);
		break;
	case PULL_FAULT_RATE_LIMITED:
		status_code(&p, "429 Too Many Requests", out);
		break;
	case PULL_FAULT_SERVER_ERROR:
		status_code(&p, "503 Service Unavailable", out);
		break;
	case PULL_FAULT_NOT_FOUND:
		buf_adds(out, "rpc error: code = NotFound desc = ");
		resolve_failed(&p, out);
		buf_addf(out, "%s: not found", p.normal);
		break;
	case PULL_FAULT_NO_PLATFORM:
		buf_adds(out, "rpc error: code = NotFound desc = ");
		unpack_failed(&p, out);
		buf_adds(out, "no match for platform in manifest: not found");
		break;
	default: /* NONE and SLOW are no failures */
		break;
	}
	arena_done(&a);
}
