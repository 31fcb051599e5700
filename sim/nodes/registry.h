/*
 * The registries of the pretend cluster: which references exist, their digests, layers
 * and sizes, and what goes wrong when one is pulled. Content is named by hashes, so that
 * a reference always means the same until a step changes it. Pure.
 *
 * Whatever was resolved once stays in memory until registries_free, also when a step has
 * changed what the reference means: nodes keep pointers to it instead of copies.
 */
#ifndef DROP_SIM_NODES_REGISTRY_H
#define DROP_SIM_NODES_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sim/scenario/dialect.h"
#include "sim/scenario/pull_faults.h"
#include "sim/scenario/scenario.h"

struct registries;

struct sim_blob {     /* one layer */
	uint64_t id;  /* of its content */
	int64_t size; /* bytes */
};

/* References that are ever resolved; beyond it none exists. */
#define REGISTRY_REFERENCES_MAX 1000000

struct sim_content {        /* an image as such, whatever its names; immutable */
	const char *digest; /* "sha256:...", of its manifest unless the reference named another */
	const char *const *platforms; /* "linux/amd64", of its index; none: it has no index */
	size_t n_platforms;
	const struct sim_blob *layers;
	size_t n_layers;
	int64_t size;      /* sum */
	bool scratch;      /* has no `true` */
	bool has_manifest; /* false: the digest is the word of a reference */
};

struct sim_manifest {            /* what a reference resolves to */
	const char *tag_name;    /* "docker.io/library/nginx:1"; NULL: asked for by digest */
	const char *digest_name; /* "docker.io/library/nginx@sha256:..." */
	const struct sim_content *content;
	bool needs_secret;
};

struct registries *registries_new(const struct sim_scenario *scenario);
void registries_free(struct registries *r);
/* IMAGE_*, REGISTRY_*: `for` is the caller's (it steps again). ERR_TERMINAL names what is wrong. */
int registries_step(struct registries *r, const struct sim_step *step, struct err *err);
/*
 * What a kubelet on that platform gets that pulls the reference; with a secret or not. Fills
 * ret when PULL_FAULT_NONE or PULL_FAULT_SLOW. delay_ms: before anything happens.
 */
enum pull_fault registries_pull(struct registries *r, const char *reference, const char *platform,
				bool has_secret, struct sim_manifest *ret, int64_t *ret_delay_ms);
/*
 * The tags of a repository, "registry.example/team/app", in order of their bytes, into the arena.
 * What no row or step names is not among them. PULL_FAULT_NOT_FOUND: there is no such repository.
 */
enum pull_fault registries_tags(struct registries *r, const char *repository, struct arena *a,
				struct api_strings *ret, int64_t *ret_delay_ms);
struct sim_served { /* a manifest; texts are the registries' */
	const char *digest, *type;
};

/*
 * What the registry HOST answers to whoever asks for a manifest: target is a tag or a digest.
 * Appends its text and fills ret when PULL_FAULT_NONE or PULL_FAULT_SLOW.
 */
enum pull_fault registries_manifest(struct registries *r, const char *repository,
				    const char *target, bool logged_in, struct buf *out,
				    struct sim_served *ret, int64_t *ret_delay_ms);
/* How often registries_pull() had an answer for the reference. */
int64_t registries_pulls(struct registries *r, const char *reference);
/* Resolves the reference even if a pull of it would fail: to look for it on a node. -1: it does not
 * exist. */
int registries_find(struct registries *r, const char *reference, struct sim_manifest *ret);
/* The image of the pods' sandboxes, which every node has. */
struct sim_manifest registries_pause(struct registries *r);
/* The text that a kubelet of that dialect shows for it. Appends. */
void pull_fault_text(const struct dialect *d, enum pull_fault fault, const char *reference,
		     struct buf *out);
/* Does kubelet itself refuse the name (InvalidImageName)? Then appends its words; out may be NULL.
 * What passes may still be refused by containerd (PULL_FAULT_INVALID_NAME). */
bool pull_name_refused(const char *reference, struct buf *out);
int pull_fault_find(const char *name); /* -1: none of that name */

#endif
