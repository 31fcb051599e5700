/* Root causes (behaviour.md 20) and whose fault they are (14), on real kubelets' texts. */
#include "tests/unit.h"

#include <string.h>

#include "reconciler/rules/cause.h"

#define HOST "registry.example.com"
#define PULL                                                                                       \
	"failed to pull and unpack image \"" HOST "/a/b:1\": failed to resolve reference \"" HOST  \
	"/a/b:1\": "
#define HEAD "failed to do request: Head \"https://" HOST ":5000/v2/a/b/manifests/1\": "
#define RPC  "rpc error: code = Unknown desc = "
#define D64  "sha256:4034034034034034034034034034034034034034034034034034034034034034"

struct row {
	const char *name, *reason, *message;
	enum fault fault;
	const char *text;
};

static const struct row rows[] = {
	/* dns, before whatever follows */
	{"no such host", "ErrImagePull",
	 RPC PULL
	 "failed to do request: Head \"https://registry.invalid.local:9999/v2/x\": dial tcp: "
	 "lookup registry.invalid.local: no such host",
	 FAULT_REGISTRY, "dns: cannot resolve registry.invalid.local"},
	{"dns server, misbehaving", "ErrImagePull",
	 PULL HEAD "dial tcp: lookup " HOST " on 10.0.0.2:53: server misbehaving", FAULT_REGISTRY,
	 "dns: cannot resolve " HOST},
	{"dns server times out", "ErrImagePull",
	 PULL HEAD "dial tcp: lookup " HOST " on 10.0.0.2:53: read udp 10.1.1.1:5353->10.0.0.2:53: "
		   "i/o timeout",
	 FAULT_REGISTRY, "dns: cannot resolve " HOST},
	{"dns, connection to the server refused", "ErrImagePull",
	 PULL HEAD "dial tcp: lookup " HOST " on 127.0.0.1:53: read udp: connection refused",
	 FAULT_REGISTRY, "dns: cannot resolve " HOST},
	{"dns, root label", "ErrImagePull", "dial tcp: lookup " HOST ".: no such host",
	 FAULT_REGISTRY, "dns: cannot resolve " HOST},
	{"back-off repeats it", "ImagePullBackOff",
	 "Back-off pulling image \"x\": ErrImagePull: " RPC PULL "dial tcp: lookup " HOST
	 ": no such host",
	 FAULT_REGISTRY, "dns: cannot resolve " HOST},
	/* transport */
	{"refused", "ErrImagePull",
	 PULL "failed to do request: Head \"http://localhost:5000/v2/x\": dial tcp 127.0.0.1:5000: "
	      "connect: connection refused",
	 FAULT_REGISTRY, "connection refused: localhost"},
	{"refused, no URL", "ErrImagePull", "dial tcp 10.2.3.4:5000: connect: connection refused",
	 FAULT_REGISTRY, "connection refused: 10.2.3.4"},
	{"refused, IPv6", "ErrImagePull", "dial tcp [fd00::1]:5000: connect: connection refused",
	 FAULT_REGISTRY, "connection refused: [fd00::1]"},
	{"unknown authority", "ErrImagePull",
	 PULL HEAD "x509: certificate signed by unknown authority", FAULT_REGISTRY,
	 "tls: certificate error"},
	{"expired", "ErrImagePull",
	 PULL HEAD "tls: failed to verify certificate: x509: certificate has expired or is not yet "
		   "valid: current time 2026-01-01T00:00:00Z is after 2025-01-01T00:00:00Z",
	 FAULT_REGISTRY, "tls: certificate error"},
	{"plain http behind https", "ErrImagePull",
	 PULL HEAD "http: server gave HTTP response to HTTPS client", FAULT_REGISTRY,
	 "server speaks plain http, not https: " HOST},
	{"reset", "ErrImagePull",
	 PULL HEAD "read tcp 10.1.1.1:4:->10.2.2.2:443: read: connection "
		   "reset by peer",
	 FAULT_REGISTRY, "connection reset: " HOST},
	{"no route", "ErrImagePull", PULL HEAD "dial tcp 10.2.3.4:443: connect: no route to host",
	 FAULT_REGISTRY, "no route to " HOST},
	{"unreachable", "ErrImagePull",
	 PULL HEAD "dial tcp 10.2.3.4:443: connect: network is unreachable", FAULT_REGISTRY,
	 "network unreachable: " HOST},
	{"cut off", "ErrImagePull", "failed to read expected number of bytes: unexpected EOF",
	 FAULT_REGISTRY, "connection closed: " HOST},
	{"a missing blob", "ErrImagePull",
	 "rpc error: code = NotFound desc = could not fetch content descriptor " D64
	 " from remote: not found",
	 FAULT_IMAGE, "image incomplete: the registry lacks a blob"},
	{"kubelet's limit", "ErrImagePull", "pull QPS exceeded", FAULT_NODE,
	 "kubelet's own limit of pulls (pull QPS exceeded)"},
	{"handshake timeout is a timeout", "ErrImagePull",
	 PULL HEAD "net/http: TLS handshake timeout", FAULT_REGISTRY,
	 "timeout connecting to " HOST},
	{"i/o timeout", "ErrImagePull", PULL HEAD "dial tcp 10.2.3.4:5000: i/o timeout",
	 FAULT_REGISTRY, "timeout connecting to " HOST},
	{"deadline", "ErrImagePull", PULL HEAD "context deadline exceeded", FAULT_REGISTRY,
	 "timeout connecting to " HOST},
	{"deadline without a URL: the reference's host", "ErrImagePull",
	 "rpc error: code = DeadlineExceeded desc = context deadline exceeded", FAULT_REGISTRY,
	 "timeout connecting to " HOST},
	/* what the registry said */
	{"401", "ErrImagePull",
	 PULL "failed to authorize: failed to fetch anonymous token: unexpected status from GET "
	      "request to https://" HOST "/token?scope=repository%3Aa%2Fb%3Apull: 401 Unauthorized",
	 FAULT_IMAGE, "unauthorized: check imagePullSecrets"},
	{"docker hub, private or absent", "ErrImagePull",
	 PULL "pull access denied, repository does not exist or may require authorization: server "
	      "message: insufficient_scope: authorization failed",
	 FAULT_IMAGE, "unauthorized: check imagePullSecrets"},
	{"no basic auth", "ErrImagePull", PULL "no basic auth credentials", FAULT_IMAGE,
	 "unauthorized: check imagePullSecrets"},
	{"403", "ErrImagePull",
	 PULL "unexpected status from HEAD request to https://" HOST "/v2/a/b/manifests/1: 403 "
	      "Forbidden",
	 FAULT_IMAGE, "forbidden: access denied"},
	{"denied", "ErrImagePull",
	 "Error response from daemon: denied: requested access to the resource is denied",
	 FAULT_IMAGE, "forbidden: access denied"},
	{"not found", "ErrImagePull",
	 "rpc error: code = NotFound desc = " PULL HOST "/a/b:1: not found", FAULT_IMAGE,
	 "image not found"},
	{"manifest unknown", "ErrImagePull",
	 RPC "reading manifest nope in " HOST "/a/b: manifest unknown", FAULT_IMAGE,
	 "image not found"},
	{"name unknown", "ErrImagePull", "name unknown: repository name not known to registry",
	 FAULT_IMAGE, "image not found"},
	{"429", "ErrImagePull",
	 PULL
	 "unexpected status from HEAD request to https://registry-1.docker.io/v2/x/manifests/1: "
	 "429 Too Many Requests",
	 FAULT_REGISTRY, "rate limited: registry-1.docker.io"},
	{"toomanyrequests", "ErrImagePull",
	 "toomanyrequests: You have reached your pull rate limit.", FAULT_REGISTRY,
	 "rate limited: " HOST},
	{"503", "ErrImagePull",
	 PULL "unexpected status from HEAD request to https://" HOST
	      ":5000/v2/a/b/manifests/1: 503 Service Unavailable",
	 FAULT_REGISTRY, "registry error: HTTP 503 " HOST},
	{"500, old wording", "ErrImagePull",
	 "received unexpected HTTP status: 500 Internal Server Error", FAULT_REGISTRY,
	 "registry error: HTTP 500 " HOST},
	{"status code at the end", "ErrImagePull", "unexpected status code 502", FAULT_REGISTRY,
	 "registry error: HTTP 502 " HOST},
	{"platform, containerd", "ErrImagePull",
	 PULL "no match for platform in manifest " D64 ": not found", FAULT_PLATFORM,
	 "no image for linux/arm64"},
	{"platform, docker", "ErrImagePull",
	 "no matching manifest for linux/arm64/v8 in the manifest list entries", FAULT_PLATFORM,
	 "no image for linux/arm64"},
	/* names that look like causes */
	{"a repository called forbidden", "ErrImagePull", HOST "/forbidden:unauthorized: not found",
	 FAULT_IMAGE, "image not found"},
	{"a quoted name", "ErrImagePull", "failed to resolve \"x/401 unauthorized\": not found",
	 FAULT_IMAGE, "image not found"},
	{"codes in a digest", "ErrImagePull", HOST "/a@" D64 ": unpack failed", FAULT_PULL,
	 HOST "/a@" D64 ": unpack failed"},
	{"a tag of digits", "ErrImagePull", HOST "/a:503: disk quota", FAULT_PULL,
	 HOST "/a:503: disk quota"},
	{"a port of digits", "ErrImagePull", HOST ":500/a:1: disk quota", FAULT_PULL,
	 HOST ":500/a:1: disk quota"},
	{"a host called lookup", "ErrImagePull", "lookup.example.com/a:1: not found", FAULT_IMAGE,
	 "image not found"},
	/* names that cannot be */
	{"upper case", "InvalidImageName",
	 "Failed to apply default image tag \"UPPER/x:y\": couldn't parse image name "
	 "\"UPPER/x:y\": "
	 "invalid reference format: repository name must be lowercase",
	 FAULT_IMAGE,
	 "Failed to apply default image tag \"UPPER/x:y\": couldn't parse image name "
	 "\"UPPER/x:y\": "
	 "invalid reference format: repository name must be lowercase"},
	{"upper case, as ErrImagePull", "ErrImagePull",
	 "failed to parse image reference \"U/x\": invalid reference format", FAULT_IMAGE,
	 "failed to parse image reference \"U/x\": invalid reference format"},
	/* the rest */
	{"no message", "ErrImageNeverPull", NULL, FAULT_PULL, "ErrImageNeverPull"},
	{"nothing", NULL, NULL, FAULT_PULL, "no reason was given"},
	{"RegistryUnavailable", "RegistryUnavailable", "try later", FAULT_REGISTRY, "try later"},
	{"an open quote", "ErrImagePull", "failed \"x: not found", FAULT_PULL,
	 "failed \"x: not found"},
};

static void rule_20_root_cause(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct row, rows)
	{
		struct cause c =
			cause_find(&a, row->reason, row->message, HOST ":5000", "linux/arm64");
		assert_string_equal(c.text, row->text);
		assert_int_equal(c.fault, row->fault);
	}
	arena_done(&a);
}

/* 19. What failedNodes remembers tells a restarted process whose fault it was. */
static void rule_14_fault_survives_the_status(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct row, rows)
	{
		if (row->reason == NULL || strstr(row->text, "invalid reference") != NULL ||
		    strcmp(row->reason, "RegistryUnavailable") == 0)
			continue;
		assert_int_equal(cause_fault_of(row->reason, row->text), row->fault);
	}
	assert_int_equal(cause_fault_of("Evicted", "low on resource"), FAULT_NODE);
	assert_int_equal(cause_fault_of("NodeUnresponsive", "x"), FAULT_NODE);
	assert_int_equal(cause_fault_of("Timeout", "x"), FAULT_PULL);
	assert_int_equal(cause_fault_of("InvalidImageName", "x"), FAULT_IMAGE);
	assert_int_equal(cause_fault_of(NULL, NULL), FAULT_NODE);
	arena_done(&a);
}

static void long_texts_keep_their_end(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	char text[2000];
	memset(text, 'x', sizeof(text));
	for (size_t i = 7; i < sizeof(text); i += 8)
		text[i] = ' ';
	memcpy(text + sizeof(text) - 11, "\xc3\xa4 the end", 11);
	const char *tail = cause_find(&a, "ErrImagePull", text, NULL, NULL).text;
	assert_true(strlen(tail) <= CAUSE_TEXT_MAX);
	assert_int_equal(tail[0], 'x');
	assert_string_equal(tail + strlen(tail) - 7, "the end");
	arena_done(&a);
}

static void rule_20_reason_is_valid(void **state)
{
	(void)state;
	assert_string_equal(cause_reason("ErrImagePull"), "ErrImagePull");
	assert_string_equal(cause_reason("A,b:C_d"), "A,b:C_d");
	assert_string_equal(cause_reason(NULL), "PullFailed");
	assert_string_equal(cause_reason(""), "PullFailed");
	assert_string_equal(cause_reason("has space"), "PullFailed");
	assert_string_equal(cause_reason("1st"), "PullFailed");
	assert_string_equal(cause_reason("ends:"), "PullFailed");
}

/* What each kubelet and runtime that we know says of a fault, and what we make of it. */
static void rule_20_words_of_every_version(void **state)
{
	(void)state;
	static const struct {
		const char *name, *dialect, *which, *reason, *message, *image;
	} said[] = {
#include "tests/dialect_cases.inc"
	};
	static const struct {
		const char *which;
		enum fault fault;
		const char *text;
	} want[] = {
		{"no-such-host", FAULT_REGISTRY, "dns: cannot resolve registry.invalid.local"},
		{"refused", FAULT_REGISTRY, "connection refused: 127.0.0.1"},
		{"unauthorized", FAULT_IMAGE, "unauthorized: check imagePullSecrets"},
		{"forbidden", FAULT_IMAGE, "forbidden: access denied"},
		{"not-found", FAULT_IMAGE, "image not found"},
		{"back-off", FAULT_IMAGE, "image not found"},
		{"limited", FAULT_REGISTRY, "rate limited: 127.0.0.1"},
		{"unavailable", FAULT_REGISTRY, "registry error: HTTP 503 127.0.0.1"},
		{"no-platform", FAULT_PLATFORM, "no image for linux/amd64"},
		{"bad-name", FAULT_IMAGE, NULL}, /* its own words */
		{"never", FAULT_PULL, NULL},
	};
	struct arena a = ARENA_INIT;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		size_t w = 0;
		while (w < sizeof(want) / sizeof(want[0]) &&
		       strcmp(want[w].which, said[i].which) != 0)
			w++;
		assert_true(w < sizeof(want) / sizeof(want[0]));
		struct cause c = cause_find(&a, said[i].reason, said[i].message, said[i].image,
					    "linux/amd64");
		/* Before 1.31 kubelet named no cause here, only the image. */
		bool bare = strcmp(said[i].which, "back-off") == 0 &&
			    strstr(said[i].message, ": ErrImagePull: ") == NULL;
		const char *text = want[w].text != NULL && !bare ? want[w].text : said[i].message;
		print_message("%s\n", said[i].name);
		assert_int_equal(c.fault, bare ? FAULT_PULL : want[w].fault);
		assert_string_equal(c.text, text);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_20_root_cause),
		cmocka_unit_test(rule_14_fault_survives_the_status),
		cmocka_unit_test(long_texts_keep_their_end),
		cmocka_unit_test(rule_20_reason_is_valid),
		cmocka_unit_test(rule_20_words_of_every_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
