/*
 * Puts the parts together and turns them. Each part says when it wants to be called next;
 * the loop sleeps in the HTTP server until then.
 */
#include "sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "base/random.h"
#include "base/xalloc.h"

#include "sim/play/by_hand.h"
#include "sim/play/cluster.h"
#include "sim/play/expect.h"
#include "sim/play/startup_taints.h"
#include "sim/registry_hosts.h"
#include "sim/kubeconfig.h"
#include "sim/load.h"
#include "sim/apiserver/rest.h"
#include "sim/screen/screen.h"
#include "sim/apiserver/serve.h"
#include "httpd/tls.h"

/* Rounds of calling all parts until none has changes, before clients are served. */
#define ROUNDS_MAX 4
/* Limits of clients: connections, bytes of headers, idle seconds, seconds without reading;
 * the descriptors are those of the connections and of the process itself. */
#define CONNECTIONS_MAX 8192
#define DESCRIPTORS_MAX (CONNECTIONS_MAX + 128)
#define HEADERS_MAX     (64 * 1024)
#define IDLE_S          300
#define STUCK_S         60
/* Between two looks at whether the expectations hold. */
#define EXPECT_MS 200

struct sim {
	const struct sim_options *options;
	struct arena arena; /* of the scenario */
	struct sim_scenario scenario;
	struct store *store;
	struct faults *faults;
	struct tally *tally, *asked;
	struct registries *registries;
	struct nodes *nodes;
	struct cluster cluster;
	struct watches *watches;
	struct by_hand *by_hand;
	struct startup_taints *startup_taints;
	struct timeline *timeline;
	struct sim_world world;
	struct control control;
	struct audit *audit;
	struct serve *serve;
	struct tls *tls;
	struct http_server *http;
	struct screen *screen; /* NULL until it serves */
	char token[33];
	char url[96];                /* where it serves */
	int64_t began_ms, expect_ms; /* boot ms; the next look at the expectations */
	bool stop;
	int status;
};

/* ---- the parts ---- */

static void drop_watches(void *ctx, const struct sim_api_fault *rule)
{
	const struct sim *s = ctx;
	watches_drop(s->watches, rule);
}

static void restored(void *ctx, struct now now)
{
	static const struct sim_api_fault all = {.kind = "drop-watch"};
	struct sim *s = ctx;
	watches_drop(s->watches, &all);
	cluster_restored(&s->cluster, now);
}

static int make_namespaces(struct sim *s, struct err *err)
{
	const char *names[] = {"default", "kube-system", "kube-public", "kube-node-lease",
			       s->options->ns};
	const struct resource *r = resource_find("", "v1", "namespaces");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct object *ignored;
		struct api_error e;
		cJSON *obj = cJSON_CreateObject();
		cJSON_AddStringToObject(cJSON_AddObjectToObject(obj, "metadata"), "name", names[i]);
		int rc = store_get(s->store, r, "", names[i]) != NULL
				 ? 0
				 : store_create(s->store, r, "", obj, clock_now(), &ignored, &e);
		cJSON_Delete(obj);
		if (rc != 0)
			return err_set(err, ERR_TERMINAL, "--namespace %s: %s", names[i],
				       e.message);
	}
	return 0;
}

static void make_nodes(struct sim *s)
{
	const struct nodes_config config = {
		.seed = (uint64_t)s->scenario.seed,
		.instant = s->options->instant,
	};
	s->cluster.store = s->store;
	const struct node_port port = cluster_port(&s->cluster);
	s->registries = registries_new(&s->scenario);
	s->nodes = nodes_new(&config, s->registries, &port);
	cluster_join(&s->cluster, s->nodes);
	for (size_t i = 0; i < s->scenario.nodes.n; i++)
		nodes_add_group(s->nodes, &s->scenario.nodes.at[i], clock_now());
}

static int make_parts(struct sim *s, struct err *err)
{
	s->store = store_new((uint64_t)s->scenario.seed);
	s->faults = faults_new((uint64_t)s->scenario.seed);
	s->tally = tally_new();
	s->asked = tally_new();
	s->watches = watches_new(s->store, s->faults);
	if (make_namespaces(s, err) != 0)
		return -1;
	make_nodes(s);
	s->by_hand = by_hand_new(s->store);
	s->startup_taints = startup_taints_new(s->store, &s->scenario);
	s->world = (struct sim_world){
		.store = s->store,
		.nodes = s->nodes,
		.registries = s->registries,
		.faults = s->faults,
		.by_hand = s->by_hand,
		.clock_file = s->options->clock_file,
		.ctx = s,
		.drop_watches = drop_watches,
		.restored = restored,
	};
	s->timeline = timeline_new(&s->world);
	s->control = (struct control){
		.world = &s->world,
		.scenario = &s->scenario,
		.timeline = s->timeline,
		.tally = s->tally,
		.asked = s->asked,
	};
	s->audit = audit_new(s->options->audit_log, err);
	return s->audit != NULL ? 0 : -1;
}

/* ---- serving ---- */

static int split_address(const char *text, char *host, size_t size, int *port, struct err *err)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	long n = colon != NULL ? strtol(colon + 1, &end, 10) : -1;
	if (n < 0 || n > UINT16_MAX || *end != '\0' || end == colon + 1)
		return err_set(err, ERR_TERMINAL, "--listen \"%s\": give ADDRESS:PORT", text);
	bool bracketed = text[0] == '[' && colon[-1] == ']';
	snprintf(host, size, "%.*s", (int)(colon - text) - 2 * bracketed, text + bracketed);
	*port = (int)n;
	return 0;
}

static void on_signal(void *ctx)
{
	struct sim *s = ctx;
	s->stop = true;
}

static int serve(struct sim *s, const char *host, int port, struct err *err)
{
	char names[256];
	snprintf(names, sizeof(names), "DNS:localhost,IP:127.0.0.1,IP:::1,IP:%s", host);
	if (s->options->tls && (s->tls = tls_new("drop-sim", names, err)) == NULL)
		return -1;
	if (s->options->tls)
		snprintf(s->token, sizeof(s->token), "%016" PRIx64 "%016" PRIx64, random_id(),
			 random_id());
	const struct serve_config config = {
		.store = s->store,
		.faults = s->faults,
		.tally = s->tally,
		.asked = s->asked,
		.watches = s->watches,
		.audit = s->audit,
		.control = &s->control,
		.sources = {s->registries, &s->scenario.metrics},
		.token = s->options->tls ? s->token : NULL,
	};
	s->serve = serve_new(&config);
	const struct http_config http = {
		.host = host,
		.port = port,
		.tls = s->tls,
		.head = true,
		.limits = {.descriptors = DESCRIPTORS_MAX,
			   .connections = CONNECTIONS_MAX,
			   .headers = HEADERS_MAX,
			   .body = REST_BODY_MAX,
			   .idle_s = IDLE_S,
			   .stuck_s = STUCK_S,
			   .linger = true},
		.ops = &serve_ops,
		.ctx = s->serve,
	};
	s->http = http_server_new(&http, err);
	if (s->http == NULL)
		return -1;
	http_server_on_signal(s->http, SIGTERM, on_signal, s);
	http_server_on_signal(s->http, SIGINT, on_signal, s);
	bool six = strchr(host, ':') != NULL;
	snprintf(s->url, sizeof(s->url), "%s://%s%s%s:%d", s->tls != NULL ? "https" : "http",
		 six ? "[" : "", host, six ? "]" : "", http_server_port(s->http));
	load_server(&s->scenario, s->url, &s->arena);
	return 0;
}

static int announce(struct sim *s, struct err *err)
{
	struct buf authority = {0};
	if (s->tls != NULL)
		tls_authority(s->tls, &authority);
	const struct kubeconfig k = {
		.server = s->url,
		.authority = authority.data,
		.token = s->tls != NULL ? s->token : NULL,
		.ns = s->options->ns,
	};
	int rc = s->options->registries_out != NULL
			 ? hosts_write(s->options->registries_out, &s->scenario, s->url,
				       authority.data, err)
			 : 0;
	/* Last: whoever sees it may begin. */
	if (rc == 0 && s->options->kubeconfig_out != NULL)
		rc = kubeconfig_write(s->options->kubeconfig_out, &k, err);
	buf_done(&authority);
	if (rc == 0)
		log_info("serving", LS("server", s->url), LN("nodes", nodes_count(s->nodes)));
	return rc;
}

/* ---- turning ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Decides --until-expected. */
static int64_t look_at_expectations(struct sim *s, struct now now)
{
	int64_t limit = s->options->until_expected_ms;
	if (limit == 0 || now.boot_ms < s->expect_ms)
		return limit == 0 ? CLOCK_NEVER : s->expect_ms;
	struct arena a = ARENA_INIT;
	struct api_strings missing = expect_missing(&s->scenario.expect, &s->world, &a);
	bool late = now.boot_ms - s->began_ms >= limit;
	bool waiting = timeline_counts(s->timeline).waiting > 0;
	s->stop = s->stop || late || (missing.n == 0 && !waiting);
	if (late && (missing.n > 0 || waiting)) {
		s->status = 1;
		log_error("not as expected in time",
			  LS("missing", missing.n > 0 ? missing.at[0] : "steps are waiting"),
			  LN("things", missing.n));
	}
	arena_done(&a);
	s->expect_ms = now.boot_ms + EXPECT_MS;
	return s->expect_ms;
}

/* Calls every part that has something due; returns the boot ms of the next due moment. */
static int64_t turn(struct sim *s)
{
	struct now now = clock_now();
	int64_t next = CLOCK_NEVER;
	uint64_t before;
	int rounds = 0;
	do {
		before = store_rv(s->store);
		next = timeline_turn(s->timeline, now);
		next = earlier(next, nodes_turn(s->nodes, now));
		next = earlier(next, startup_taints_turn(s->startup_taints, now));
		next = earlier(next, store_turn(s->store, now));
	} while (store_rv(s->store) != before && ++rounds < ROUNDS_MAX);
	if (rounds == ROUNDS_MAX)
		next = now.boot_ms;
	next = earlier(next, look_at_expectations(s, now));
	if (s->screen != NULL)
		next = earlier(next, screen_turn(s->screen, now));
	return earlier(next, serve_turn(s->serve, now));
}

struct sim *sim_new(const struct sim_options *options, struct err *err)
{
	struct sim *s = xcalloc(1, sizeof(*s));
	char host[64];
	int port = 0;
	s->options = options;
	s->began_ms = clock_boot_ms();
	if (split_address(options->listen, host, sizeof(host), &port, err) != 0 ||
	    load_scenario(options, &s->arena, &s->scenario, err) != 0 || make_parts(s, err) != 0 ||
	    serve(s, host, port, err) != 0 ||
	    timeline_start(s->timeline, &s->scenario, clock_now(), err) != 0) {
		sim_free(s);
		return NULL;
	}
	(void)turn(s); /* so that the nodes exist before the first request */
	if (announce(s, err) == 0)
		return s;
	sim_free(s);
	return NULL;
}

int sim_run(struct sim *s)
{
	enum screen_mode mode = (enum screen_mode)screen_mode_parse(s->options->screen);
	s->screen = screen_new(&s->control, mode, STDOUT_FILENO);
	for (;;) {
		int64_t next = turn(s);
		if (s->stop) {
			screen_end(s->screen, clock_now());
			return s->status;
		}
		int64_t wait = next == CLOCK_NEVER ? -1 : next - clock_boot_ms();
		http_server_wait(s->http, wait < 0 && next != CLOCK_NEVER ? 0 : wait);
	}
}

void sim_free(struct sim *s)
{
	if (s == NULL)
		return;
	screen_free(s->screen);
	http_server_free(s->http);
	serve_free(s->serve);
	tls_free(s->tls);
	audit_free(s->audit);
	timeline_free(s->timeline);
	startup_taints_free(s->startup_taints);
	by_hand_free(s->by_hand);
	watches_free(s->watches);
	nodes_free(s->nodes);
	registries_free(s->registries);
	tally_free(s->tally);
	tally_free(s->asked);
	faults_free(s->faults);
	store_free(s->store);
	explicit_bzero(s->token, sizeof(s->token));
	arena_done(&s->arena);
	free(s);
}
