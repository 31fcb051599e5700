/*
 * The floor: what a machine's API server can do at all. Creates a pod for each (node, image),
 * watches them, deletes each once it has ended, with as many requests in flight as our puller, and
 * the same pods; no queue, no policy, no status, no lease. Node names come on stdin, one a line.
 * Prints one JSON line: seconds from the first create to the last pod that ended and to the last
 * delete that was answered. How much longer the operator takes is what it costs (bench/README.md).
 *
 *	floor KUBECONFIG NAMESPACE IMAGES < names
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kinds.h"
#include "api/pullpod.h"
#include "api/tables.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/kube.h"
#include "kube/reflector.h"
#include "kube/urls.h"
#include "puller/podspec.h"

/* A request that is not answered for so long fails the run. */
#define REQUEST_MS  60000
#define NAME_PREFIX "floor-"

enum step { WANTED, CREATING, RUNS, ENDED, DELETING, GONE };

struct task {
	enum step step;
	bool seen_ended; /* perhaps before its create was answered */
	char *uid;
};

static struct floor {
	struct kube *kube;
	const char *ns;
	char **nodes;
	size_t n_nodes, images;
	struct task *pods; /* node by node: [node * images + image] */
	size_t n, next;
	size_t *ended; /* pods to be deleted, in order */
	size_t n_ended, next_ended;
	size_t in_flight, gone, failures;
	bool watching;
	int64_t began_ms, ended_ms, deleted_ms;
} f;

static void read_nodes(void)
{
	char line[512];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		f.nodes = xreallocarray(f.nodes, f.n_nodes + 1, sizeof(*f.nodes));
		f.nodes[f.n_nodes++] = xstrdup(line);
	}
}

static void write_pod(struct arena *a, size_t i, struct buf *out)
{
	struct msg_toleration any = {.op = "Exists"};
	struct msg_start one = {
		.image_name = arena_printf(a, "image-%zu", i % f.images),
		.image_uid = "00000000-0000-0000-0000-000000000000",
		.reference = arena_printf(a, "docker.io/library/floor%zu:1", i % f.images),
		.attempt = "0",
		.pull_policy = "Always",
	};
	struct msg_pull_start pull = {
		.pod_name = arena_printf(a, NAME_PREFIX "%zu", i),
		.node = f.nodes[i / f.images],
		.node_uid = "00000000-0000-0000-0000-000000000000",
		.pulls = {&one, 1},
		.tolerations = {&any, 1},
	};
	const struct pod_shape shape = {.user = 65534, .group = 65534};
	const struct podspec_config config = {.ns = f.ns, .shape = &shape};
	podspec_write(&pull, &config, out);
}

static void ready_to_go(size_t i)
{
	struct task *p = &f.pods[i];
	if (p->step != RUNS || !p->seen_ended)
		return;
	p->step = ENDED;
	f.ended[f.n_ended++] = i;
	f.ended_ms = clock_boot_ms();
}

static void failed(const struct kube_answer *a)
{
	if (f.failures++ == 0)
		fprintf(stderr, "floor: HTTP %d: %s\n", a->code, a->message);
}

static void on_created(void *ctx, const struct kube_answer *a)
{
	size_t i = (size_t)(uintptr_t)ctx;
	f.in_flight--;
	f.pods[i].step = RUNS;
	if (a->code != 201)
		failed(a);
	ready_to_go(i);
}

static void on_deleted(void *ctx, const struct kube_answer *a)
{
	f.in_flight--;
	f.pods[(size_t)(uintptr_t)ctx].step = GONE;
	f.gone++;
	f.deleted_ms = clock_boot_ms();
	if (a->code != 200)
		failed(a);
}

static void send_one(size_t i, struct kube_request *req, const struct buf *body, kube_done_fn done)
{
	req->lane = KUBE_WRITE;
	req->body = body->data;
	req->body_len = body->len;
	req->accept = KUBE_ACCEPT_META;
	req->deadline_ms = clock_boot_ms() + REQUEST_MS;
	f.in_flight++;
	kube_send(f.kube, req, done, (void *)(uintptr_t)i);
}

static void create(size_t i)
{
	struct arena a = ARENA_INIT;
	struct buf body = {0};
	write_pod(&a, i, &body);
	struct kube_request req = {.method = KUBE_POST, .path = url_list(&a, KIND_POD, f.ns)};
	f.pods[i].step = CREATING;
	if (f.began_ms == 0)
		f.began_ms = clock_boot_ms();
	send_one(i, &req, &body, on_created);
	buf_done(&body);
	arena_done(&a);
}

static void delete (size_t i)
{
	struct arena a = ARENA_INIT;
	struct buf body = {0};
	char name[64];
	snprintf(name, sizeof(name), NAME_PREFIX "%zu", i);
	buf_addf(&body,
		 "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":0,"
		 "\"propagationPolicy\":\"Background\",\"preconditions\":{\"uid\":\"%s\"}}",
		 f.pods[i].uid);
	struct kube_request req = {.method = KUBE_DELETE,
				   .path = url_named(&a, KIND_POD, f.ns, name)};
	f.pods[i].step = DELETING;
	send_one(i, &req, &body, on_deleted);
	buf_done(&body);
	arena_done(&a);
}

/* As the operator: what has ended goes first, all within one limit. */
static void go_on(void)
{
	while (f.watching && f.in_flight < KUBE_IN_FLIGHT_MAX) {
		if (f.next_ended < f.n_ended)
			delete (f.ended[f.next_ended++]);
		else if (f.next < f.n)
			create(f.next++);
		else
			return;
	}
}

static void on_object(void *ctx, bool gone, const char *json, size_t len)
{
	struct arena a = ARENA_INIT;
	struct pod pod;
	struct err err;
	size_t i = 0;
	(void)ctx;
	if (!gone && desc_decode(&pod_desc, json, len, false, &a, &pod, &err) == 0 &&
	    sscanf(pod.meta.name, NAME_PREFIX "%zu", &i) == 1 && i < f.n && pod.phase != NULL &&
	    strcmp(pod.phase, "Succeeded") == 0 && !f.pods[i].seen_ended) {
		f.pods[i].seen_ended = true;
		f.pods[i].uid = xstrdup(pod.meta.uid);
		ready_to_go(i);
	}
	arena_done(&a);
}

static void on_begin(void *ctx)
{
	(void)ctx;
}

static void on_synced(void *ctx, int64_t began_ms)
{
	(void)ctx;
	(void)began_ms;
	f.watching = true;
}

static void on_trouble(void *ctx, const struct err *err)
{
	(void)ctx;
	fprintf(stderr, "floor: %s\n", err->text);
}

static const struct reflector_ops ops = {on_begin, on_object, on_synced, on_trouble};

static struct reflector *start(const char *kubeconfig, struct err *err)
{
	struct arena a = ARENA_INIT;
	f.kube = kube_new(kubeconfig, "floor/1", err);
	if (f.kube == NULL)
		return NULL;
	f.n = f.n_nodes * f.images;
	f.pods = xcalloc(f.n, sizeof(*f.pods));
	f.ended = xcalloc(f.n, sizeof(*f.ended));
	const struct reflector_config config = {
		.path = url_list(&a, KIND_POD, f.ns),
		.label_selector = PULLPOD_LABEL_MANAGED_BY "=" PULLPOD_MANAGED_BY,
	};
	struct reflector *pods = reflector_new(f.kube, &config, &ops, NULL);
	arena_done(&a);
	return pods;
}

int main(int argc, char **argv)
{
	struct err err;
	if (argc != 4 || strtoul(argv[3], NULL, 10) == 0) {
		fprintf(stderr, "usage: floor KUBECONFIG NAMESPACE IMAGES < names of nodes\n");
		return 100;
	}
	f.ns = argv[2];
	f.images = strtoul(argv[3], NULL, 10);
	read_nodes();
	struct reflector *pods = start(argv[1], &err);
	if (pods == NULL) {
		fprintf(stderr, "floor: %s\n", err.text);
		return 111;
	}
	for (go_on(); f.gone < f.n && f.failures == 0; go_on())
		kube_wait(f.kube, NULL, 0, -1);
	printf("{\"pulls\":%zu,\"ended_s\":%.3f,\"deleted_s\":%.3f,\"failures\":%zu}\n", f.n,
	       (double)(f.ended_ms - f.began_ms) / 1000, (double)(f.deleted_ms - f.began_ms) / 1000,
	       f.failures);
	return f.failures != 0;
}
