/*
 * Requests and their answers. Invariant: at most ATTACH_IN_FLIGHT_MAX requests are
 * unanswered; the nodes keep what they want to say meanwhile, so that nothing stale waits in a
 * queue. What an answer means to a kubelet is one function (settled).
 */
#include "sim/nodes/attach.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

#include "kube/kube.h"
#include "kube/reflector.h"
#include "kube/urls.h"

#include "sim/nodes/node_glance.h"
#include "sim/nodes/nodes.h"

#define USER_AGENT "drop-sim-nodes/" DROP_VERSION
#define MERGE      "application/merge-patch+json"
/* Requests unanswered; as many as the write lane has streams. */
#define ATTACH_IN_FLIGHT_MAX KUBE_IN_FLIGHT_MAX
/* A write is given up after so long, retries included; the kubelet makes it again. */
#define WRITE_MS 30000
/* Node leases: kubelet renews every 10 s; a node is called dead after 50 s. */
#define LEASE_EVERY_MS 15000
#define LEASE_S        40
#define LEASE_NS       "kube-node-lease"
#define WAIT_MAX_MS    1000

struct attach {
	struct kube *kube;
	struct reflector *pods;
	struct reflector *own; /* the nodes; NULL: instant ones don't look after themselves */
	struct registries *registries;
	struct nodes *nodes;
	struct arena arena; /* of one turn */
	size_t in_flight;
	size_t lease_node; /* whose turn it is */
	int64_t lease_ms;  /* boot ms of the next renewal; CLOCK_NEVER: no leases */
	uint64_t failures; /* answers that settled nothing */
};

enum call_step { CALL_PLAIN, CALL_CREATE_NODE, CALL_MEND_NODE, CALL_LEASE, CALL_LEASE_CREATE };

struct call { /* one request and whom its answer is for */
	struct attach *attach;
	enum call_step step;
	bool is_node;
	char *body; /* CREATE, MEND: the object */
	char ns[254], name[254];
};

static volatile sig_atomic_t stopped;

static void on_signal(int signo)
{
	(void)signo;
	stopped = 1;
}

static struct call *call_new(struct attach *a, enum call_step step, const char *ns,
			     const char *name)
{
	struct call *c = xcalloc(1, sizeof(*c));
	c->attach = a;
	c->step = step;
	c->is_node = ns == NULL;
	snprintf(c->ns, sizeof(c->ns), "%s", ns != NULL ? ns : "");
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

static void on_answer(void *ctx, const struct kube_answer *answer);

static void send(struct call *c, enum kube_method method, const char *path, const char *body,
		 size_t len)
{
	const struct kube_request r = {
		.method = method,
		.lane = KUBE_WRITE,
		.path = path,
		.body = body,
		.body_len = len,
		.content_type = method == KUBE_PATCH ? MERGE : NULL,
		.accept = KUBE_ACCEPT_META,
		.deadline_ms = clock_boot_ms() + WRITE_MS,
	};
	c->attach->in_flight++;
	kube_send(c->attach->kube, &r, on_answer, c);
}

/* ---- answers ---- */

/* Gone, or another by now: a kubelet would not say it again. */
static bool settled(const struct call *c, int code)
{
	if (code >= 200 && code < 300)
		return true;
	return code == 404 ? !c->is_node || c->step == CALL_PLAIN : code == 409;
}

/* A node of that name is there, perhaps since our last life: it becomes like ours. */
static bool mend_node(struct call *c, int code)
{
	struct attach *a = c->attach;
	if (c->step == CALL_CREATE_NODE && code == 409) {
		c->step = CALL_MEND_NODE;
		send(c, KUBE_PATCH, url_named(&a->arena, KIND_NODE, NULL, c->name), c->body,
		     strlen(c->body));
		return true;
	}
	if (c->step == CALL_MEND_NODE && code == 200) {
		c->step = CALL_PLAIN;
		send(c, KUBE_PATCH, url_status(&a->arena, KIND_NODE, NULL, c->name), c->body,
		     strlen(c->body));
		return true;
	}
	return false;
}

static void lease_send(struct attach *a, const char *node, bool create);

static void on_answer(void *ctx, const struct kube_answer *answer)
{
	struct call *c = ctx;
	struct attach *a = c->attach;
	a->in_flight--;
	if (mend_node(c, answer->code))
		return;
	bool ok = settled(c, answer->code);
	if (!ok && a->failures++ % 1000 == 0)
		log_warn("a write did not arrive, again later", LS("name", c->name),
			 LN("status", answer->code), LS("error", answer->message),
			 LN("so_far", a->failures));
	if (c->step == CALL_LEASE && answer->code == 404)
		lease_send(a, c->name, true);
	else if (c->step != CALL_LEASE && c->step != CALL_LEASE_CREATE)
		nodes_written(a->nodes, c->is_node ? c->name : NULL, c->ns, c->name, ok,
			      clock_now());
	free(c->body);
	free(c);
}

/* ---- the port ---- */

static void node_create(void *ctx, const char *node, const char *json, size_t len)
{
	struct attach *a = ctx;
	struct call *c = call_new(a, CALL_CREATE_NODE, NULL, node);
	c->body = xstrdup(json);
	send(c, KUBE_POST, url_list(&a->arena, KIND_NODE, NULL), json, len);
}

static void node_delete(void *ctx, const char *node)
{
	struct attach *a = ctx;
	send(call_new(a, CALL_PLAIN, NULL, node), KUBE_DELETE,
	     url_named(&a->arena, KIND_NODE, NULL, node), NULL, 0);
}

static void node_status(void *ctx, const char *node, const char *patch, size_t len)
{
	struct attach *a = ctx;
	send(call_new(a, CALL_PLAIN, NULL, node), KUBE_PATCH,
	     url_status(&a->arena, KIND_NODE, NULL, node), patch, len);
}

static void node_patch(void *ctx, const char *node, const char *patch, size_t len)
{
	struct attach *a = ctx;
	send(call_new(a, CALL_PLAIN, NULL, node), KUBE_PATCH,
	     url_named(&a->arena, KIND_NODE, NULL, node), patch, len);
}

static void pod_status(void *ctx, const char *ns, const char *pod, const char *uid,
		       const char *patch, size_t len)
{
	struct attach *a = ctx;
	(void)uid; /* it is in the patch */
	send(call_new(a, CALL_PLAIN, ns, pod), KUBE_PATCH, url_status(&a->arena, KIND_POD, ns, pod),
	     patch, len);
}

static void pod_delete(void *ctx, const char *ns, const char *pod, const char *uid)
{
	struct attach *a = ctx;
	struct buf body = {0};
	buf_adds(&body,
		 "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"gracePeriodSeconds\":0,"
		 "\"preconditions\":{\"uid\":");
	buf_add_json(&body, uid);
	buf_adds(&body, "}}");
	send(call_new(a, CALL_PLAIN, ns, pod), KUBE_DELETE, url_named(&a->arena, KIND_POD, ns, pod),
	     body.data, body.len);
	buf_done(&body);
}

static bool busy(void *ctx)
{
	const struct attach *a = ctx;
	return a->in_flight >= ATTACH_IN_FLIGHT_MAX;
}

/* ---- leases ---- */

static void lease_send(struct attach *a, const char *node, bool create)
{
	struct buf body = {0};
	char renewed[TIME_TEXT_MAX];
	time_format_us(renewed, clock_wall_us());
	buf_adds(&body, "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
			"\"metadata\":{\"name\":");
	buf_add_json(&body, node);
	buf_adds(&body, "},\"spec\":{\"holderIdentity\":");
	buf_add_json(&body, node);
	buf_addf(&body, ",\"leaseDurationSeconds\":%d,\"renewTime\":\"%s\"}}", LEASE_S, renewed);
	struct call *c = call_new(a, create ? CALL_LEASE_CREATE : CALL_LEASE, LEASE_NS, node);
	send(c, create ? KUBE_POST : KUBE_PATCH,
	     create ? url_list(&a->arena, KIND_LEASE, LEASE_NS)
		    : url_named(&a->arena, KIND_LEASE, LEASE_NS, node),
	     body.data, body.len);
	buf_done(&body);
}

/* One node after the other, spread over the period; returns when the next is due. */
static int64_t lease_turn(struct attach *a, int64_t now_ms)
{
	size_t n = nodes_count(a->nodes);
	while (n > 0 && a->lease_ms <= now_ms && !busy(a)) {
		struct node_view v = nodes_view(a->nodes, a->lease_node);
		if (v.exists && v.ready)
			lease_send(a, v.name, false);
		a->lease_node = (a->lease_node + 1) % n;
		int64_t step = LEASE_EVERY_MS / (int64_t)n;
		/* Several in one millisecond when there are more nodes than milliseconds. */
		a->lease_ms += step > 0 ? step : a->lease_node % ((n / LEASE_EVERY_MS) + 1) == 0;
		if (a->lease_ms < now_ms - LEASE_EVERY_MS)
			a->lease_ms = now_ms; /* we were asleep */
	}
	return a->lease_ms;
}

/* ---- what the API server says ---- */

static void on_begin(void *ctx)
{
	struct attach *a = ctx;
	nodes_resync_begin(a->nodes);
}

static void on_pod(void *ctx, bool gone, const char *json, size_t len)
{
	struct attach *a = ctx;
	nodes_pod(a->nodes, gone, json, len, clock_now());
}

static void on_synced(void *ctx, int64_t began_ms)
{
	struct attach *a = ctx;
	(void)began_ms;
	nodes_resync_end(a->nodes, clock_now());
}

static void on_trouble(void *ctx, const struct err *err)
{
	(void)ctx;
	log_warn("a watch broke, again soon", LS("error", err->text));
}

static const struct reflector_ops pod_ops = {on_begin, on_pod, on_synced, on_trouble};

/* After a while without us the node lifecycle controller calls nodes dead. */
static void on_node(void *ctx, bool gone, const char *json, size_t len)
{
	struct attach *a = ctx;
	struct node_glance glance;
	if (!gone && node_glance(json, len, &a->arena, &glance) == 0 && !glance.ready)
		nodes_contradicted(a->nodes, glance.name, clock_now());
	arena_reset(&a->arena);
}

static void on_nodes_begin(void *ctx)
{
	(void)ctx;
}

static void on_nodes_synced(void *ctx, int64_t began_ms)
{
	(void)ctx;
	(void)began_ms;
}

static const struct reflector_ops node_ops = {on_nodes_begin, on_node, on_nodes_synced, on_trouble};

/* ---- the loop ---- */

static void loop(struct attach *a)
{
	size_t registered = 0, all = nodes_count(a->nodes);
	while (!stopped) {
		struct now now = clock_now();
		int64_t next = nodes_turn(a->nodes, now), lease = lease_turn(a, now.boot_ms);
		if (lease < next)
			next = lease;
		int64_t wait = next == CLOCK_NEVER ? WAIT_MAX_MS : next - clock_boot_ms();
		arena_reset(&a->arena);
		kube_wait(a->kube, NULL, 0,
			  wait < 0 ? 0 : (int)(wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS));
		while (registered < all && nodes_view(a->nodes, registered).exists)
			if (++registered == all)
				log_info("all nodes are registered", LN("nodes", all));
	}
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static void on_event(void *ctx, const struct kube_answer *answer)
{
	(void)ctx;
	(void)answer;
}

static void event(void *ctx, const char *ns, const char *json, size_t len)
{
	struct attach *a = ctx;
	const struct kube_request req = {
		.method = KUBE_POST,
		.lane = KUBE_WRITE,
		.path = arena_printf(&a->arena, "/api/v1/namespaces/%s/events", ns),
		.body = json,
		.body_len = len,
		.deadline_ms = clock_boot_ms() + WRITE_MS,
	};
	kube_send(a->kube, &req, on_event, a);
}

int attach_run(const struct attach_config *config, struct err *err)
{
	struct attach a = {.lease_ms = config->instant ? CLOCK_NEVER : clock_boot_ms()};
	a.kube = kube_new(config->kubeconfig, USER_AGENT, err);
	if (a.kube == NULL)
		return -1;
	const struct node_port port = {
		.ctx = &a,
		.node_create = node_create,
		.node_delete = node_delete,
		.node_status = node_status,
		.node_patch = node_patch,
		.pod_status = pod_status,
		.pod_delete = pod_delete,
		.event = event,
		.busy = busy,
	};
	const struct nodes_config nodes = {.seed = (uint64_t)config->scenario->seed,
					   .instant = config->instant};
	const struct reflector_config pods = {.path = "/api/v1/pods"},
				      own = {.path = "/api/v1/nodes"};
	a.registries = registries_new(config->scenario);
	a.nodes = nodes_new(&nodes, a.registries, &port);
	for (size_t i = 0; i < config->scenario->nodes.n; i++)
		nodes_add_group(a.nodes, &config->scenario->nodes.at[i], clock_now());
	a.pods = reflector_new(a.kube, &pods, &pod_ops, &a);
	if (!config->instant)
		a.own = reflector_new(a.kube, &own, &node_ops, &a);
	catch_signals();
	log_info("playing nodes", LS("server", kube_server(a.kube)),
		 LN("nodes", nodes_count(a.nodes)));
	loop(&a);
	kube_close_lane(a.kube, KUBE_WRITE);
	reflector_free(a.pods);
	reflector_free(a.own);
	nodes_free(a.nodes);
	registries_free(a.registries);
	kube_free(a.kube);
	arena_done(&a.arena);
	return 0;
}
