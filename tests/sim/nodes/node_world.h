/*
 * The smallest API server that kubelets can live with: keeps what they write, answers now,
 * later or with a refusal, and hands pods out again. For the tests of sim/nodes/nodes.h.
 */
#ifndef DROP_TESTS_SIM_NODES_NODE_WORLD_H
#define DROP_TESTS_SIM_NODES_NODE_WORLD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

#include "api/kinds.h"

#include "sim/nodes/nodes.h"

struct world_pod {
	char name[64], uid[64];
	const char *node, *image, *policy, *command;
	const char *more;            /* members of the spec besides its container `pull`, or NULL */
	const char *before, *behind; /* other containers, as JSON with commas, or NULL */
	struct buf said;             /* each status in short, "a > b > c" */
	struct buf status;           /* the last patch */
	char phase[16];
	bool gone, flying, delete_asked;
	bool went_back;      /* was over, and then was not */
	int64_t said_ms[32]; /* when each status came, since the pod's creation */
	int64_t created_ms;
	size_t n_said;
};

struct world {
	struct arena arena;
	struct registries *registries;
	struct nodes *nodes;
	struct now now;
	struct world_pod *pods[4096];
	size_t n_pods;
	struct map by_name;
	struct buf log;         /* every call, with its time: same seed, same log */
	struct buf node_object; /* the last that was created */
	struct buf node_status, node_taints;
	size_t statuses, node_writes;
	size_t overlapping; /* writes for an object with an unanswered one */
	/* How it answers: in per cent, drawn with random; refused ones are answered false. */
	bool busy;
	unsigned refuse_percent, late_percent;
	uint64_t random;
	struct {
		char node[64], pod[64];
		bool ok;
	} late[4096];
	size_t n_late;
};

/* scenario: rows of images and registries; config: of the nodes. */
void world_init(struct world *w, const struct sim_scenario *scenario,
		const struct nodes_config *config);
void world_done(struct world *w);
/* A pull pod as the puller makes it, on that node. policy, command NULL: Always, true. */
struct world_pod *world_pod(struct world *w, const char *name, const char *node, const char *image,
			    const char *policy, const char *command);
/* The same with the parts that a webhook adds: `more` as `"initContainers":[...],`, containers
 * before and behind `pull` with their commas. */
struct world_pod *world_mutated(struct world *w, const char *name, const char *node,
				const char *image, const char *more, const char *before,
				const char *behind);
/* kubectl delete: with grace the kubelet must end it; without, it is gone at once. */
void world_delete(struct world *w, struct world_pod *p, bool grace);
void world_step(struct world *w, const char *what, const char *node, const char *image, bool end);
/* Lets so much time pass; every due moment is met exactly. */
void world_run(struct world *w, int64_t ms);
uint64_t world_random(struct world *w, uint64_t below);

#endif
