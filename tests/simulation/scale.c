/*
 * 5,000 nodes x 200 images, each node listing 50 images under 5 names, 20 of them ours: what
 * the core needs in memory and in time. Prints figures;
 * fails only beyond the memory budget (docs/limits.md), because times depend on the machine.
 *
 *   core_scale [--nodes N] [--images N] [--pulls N] [--disk PERCENT] [--bytes-per-second N]
 *
 * The last two are limits of the policy (behaviour 40, 41) that never keep a pull from starting:
 * they show what it costs to look at them. With an option no memory is judged.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/pullpod.h"
#include "reconciler/core/core.h"

#define BUDGET (40 * 1024 * 1024)
#define LABELS 20
/* What a kubelet lists at most by default: 50 images, 5 names each. */
#define LISTED 50
/* Of a full list maxNodeImageDiskPercent is not checked; each image is listed somewhere. */
#define LISTED_SIZED 49
#define LISTED_NAMES NODE_IMAGE_NAMES_MAX
#define LISTED_OURS  20

struct plan {
	long nodes, images, pulls;
	long disk_percent;
	const char *bytes_per_second;
};

static struct now now = {1000000, 1700000000};
static struct arena turn_mem;
static struct core_actions acts;

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As the watcher hands it on; the memory is of the turn. */
static struct node_images list_images(const struct plan *plan, int node)
{
	bool sized = plan->disk_percent != 0 || plan->bytes_per_second != NULL;
	int n = sized ? LISTED_SIZED : LISTED, first = sized ? node * LISTED_OURS : 0;
	struct node_images list = {arena_array(&turn_mem, (size_t)n, sizeof(*list.at)), (size_t)n};
	for (int i = 0; i < n; i++) {
		struct api_strings names = {arena_array(&turn_mem, LISTED_NAMES, sizeof(*names.at)),
					    LISTED_NAMES};
		for (int k = 0; k < LISTED_NAMES; k++)
			names.at[k] = i < LISTED_OURS && k == 0
					      ? arena_printf(&turn_mem, "image-%03ld:1",
							     (first + i) % plan->images)
					      : arena_printf(&turn_mem, "x.test/%d/%d/%d:1",
							     node % 97, i, k);
		list.at[i] = (struct node_image){names, 1000000 + i};
	}
	return list;
}

static void put_node(struct core *c, const struct plan *plan, int i)
{
	char name[64], values[LABELS][32], keys[LABELS][48];
	struct api_kv labels[LABELS];
	struct node_condition ready = {"Ready", "True", 1};
	snprintf(name, sizeof(name), "ip-10-%d-%d.eu-west-1.compute.internal", i / 256, i % 256);
	for (int k = 0; k < LABELS; k++) {
		snprintf(keys[k], sizeof(keys[k]), "label-%02d.example.com/kind", k);
		snprintf(values[k], sizeof(values[k]), "value-%d-%d", k, i % 7);
		labels[k] = (struct api_kv){keys[k], values[k]};
	}
	struct node n = {.meta = {.name = name, .uid = name, .created = 1},
			 .conditions = {&ready, 1},
			 .os = "linux",
			 .arch = "amd64",
			 .disk = "1000Ti",
			 .images = list_images(plan, i)};
	n.meta.labels = (struct api_map){labels, LABELS};
	node_trim(&n, &turn_mem);
	core_put(c, KIND_NODE, &n, now);
	arena_reset(&turn_mem);
}

static void put_image(struct core *c, int i)
{
	char name[32];
	struct api_name_ref policy = {"p"};
	snprintf(name, sizeof(name), "image-%03d", i);
	struct cachedimage img = {.meta = {.name = name, .uid = name, .generation = 1, .rv = 1},
				  .spec = {.image = name, .tag = "1", .policy_ref = &policy}};
	core_put(c, KIND_CACHEDIMAGE, &img, now);
}

static void put_pod(struct core *c, const struct core_start *s)
{
	struct api_kv labels[] = {{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
				  {PULLPOD_LABEL_IMAGE, s->pulls[0].image_name},
				  {PULLPOD_LABEL_NODE, s->node}};
	struct api_kv notes[] = {{PULLPOD_NOTE_ATTEMPT, s->pulls[0].attempt},
				 {PULLPOD_NOTE_IMAGE, s->pulls[0].image_name},
				 {PULLPOD_NOTE_IMAGE_UID, s->pulls[0].image_uid},
				 {PULLPOD_NOTE_NODE_UID, s->node_uid},
				 {PULLPOD_NOTE_REFERENCE, s->pulls[0].reference}};
	struct pod pod = {.meta = {.name = s->pod_name, .uid = s->pod_name},
			  .node_name = s->node,
			  .phase = "Succeeded"};
	pod.meta.labels = (struct api_map){labels, 3};
	pod.meta.annotations = (struct api_map){notes, 5};
	core_put(c, KIND_POD, &pod, now);
}

static void turn(struct core *c)
{
	arena_reset(&turn_mem);
	core_turn(c, now, (struct core_room){64, 64, 64, 4, 0, 0}, &turn_mem, &acts);
}

/* Everything that was asked for happens at once. */
static double obey(struct core *c, size_t *pulls)
{
	double spent = 0;
	for (size_t i = 0; i < acts.n_writes; i++)
		core_written(c, acts.writes[i].image_name, acts.writes[i].image_uid, WRITE_MADE, 0,
			     now);
	for (size_t i = 0; i < acts.n_starts; i++) {
		double from = seconds();
		core_started(c, acts.starts[i].pod_name, START_MADE, "", now);
		put_pod(c, &acts.starts[i]);
		spent += seconds() - from;
		++*pulls;
	}
	for (size_t i = 0; i < acts.n_deletes; i++) {
		core_deleted(c, acts.deletes[i].pod_name, true, now);
		core_gone(c, KIND_POD, acts.deletes[i].pod_name, now);
	}
	return spent;
}

static bool set_option(struct plan *plan, const char *key, const char *value)
{
	const struct {
		const char *key;
		long *to;
	} numbers[] = {{"--nodes", &plan->nodes},
		       {"--images", &plan->images},
		       {"--pulls", &plan->pulls},
		       {"--disk", &plan->disk_percent}};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(key, numbers[i].key) == 0) {
			*numbers[i].to = strtol(value, NULL, 10);
			return *numbers[i].to > 0;
		}
	plan->bytes_per_second = value;
	return strcmp(key, "--bytes-per-second") == 0;
}

int main(int argc, char **argv)
{
	struct plan plan = {.nodes = 5000, .images = 200, .pulls = 20000};
	for (int i = 1; i < argc; i += 2)
		if (i + 1 == argc || !set_option(&plan, argv[i], argv[i + 1])) {
			fprintf(stderr, "core_scale: see the comment at the top of scale.c\n");
			return 2;
		}
	struct core *c = core_new();
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 50,
					.max_pulls_per_node = 2,
					.max_bytes_per_second = plan.bytes_per_second,
					.max_node_image_disk_percent = plan.disk_percent}};
	double t0 = seconds();
	core_put(c, KIND_PULLPOLICY, &p, now);
	for (int i = 0; i < plan.images; i++)
		put_image(c, i);
	for (int i = 0; i < plan.nodes; i++)
		put_node(c, &plan, (int)((unsigned)i * 2654435761u % (unsigned)plan.nodes));
	double t1 = seconds();
	core_lead(c, true, now);
	double t2 = seconds();
	size_t pulls = 0;
	double events = 0;
	while (pulls < (size_t)plan.pulls) {
		now.boot_ms += 100;
		turn(c);
		events += obey(c, &pulls);
	}
	double t3 = seconds();
	arena_done(&turn_mem);
	size_t used = mallinfo2().uordblks + mallinfo2().hblkhd;
	bool ok = argc > 1 || used <= BUDGET;
	printf("1..1\n%sok 1 - %ld nodes x %ld images in %.1f MiB of %d\n", ok ? "" : "not ",
	       plan.nodes, plan.images, (double)used / 1048576, BUDGET / 1048576);
	printf("# reading %.0f ms, taking the lead %.0f ms\n", (t1 - t0) * 1e3, (t2 - t1) * 1e3);
	printf("# a pod event %.1f us; a pull with its turn, start and status writes %.1f us\n",
	       events * 1e6 / (double)pulls, (t3 - t2) * 1e6 / (double)pulls);
	core_free(c);
	return !ok;
}
