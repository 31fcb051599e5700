/*
 * What a registry answers to a manifest's URL, as it arrives: an index (OCI image index, Docker
 * manifest list) or one image (OCI manifest, Docker schema 2), told apart by what is in it
 * (behaviour.md 35). Pure.
 *
 * Refused: what could be read as both, sizes and digests that are none, and more than the limits
 * below. Of an entry without a platform, or with "unknown", nothing is kept: it is no image.
 */
#ifndef DROP_DISCOVERER_REGISTRY_MANIFEST_H
#define DROP_DISCOVERER_REGISTRY_MANIFEST_H

#include "discoverer/json/jsonsax.h"

#define MANIFEST_BYTES_MAX   (4 * 1024 * 1024)
#define MANIFEST_ENTRIES_MAX 256
#define MANIFEST_LAYERS_MAX  1024
/* "sha256:" and 64 hex digits, with a NUL. */
#define DIGEST_SIZE 72
/* Media types of all that can be read, for Accept. */
#define MANIFEST_ACCEPT                                                                            \
	"application/vnd.oci.image.index.v1+json, "                                                \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                              \
	"application/vnd.oci.image.manifest.v1+json, "                                             \
	"application/vnd.docker.distribution.manifest.v2+json"

struct platform_entry {
	char os[16], arch[16], variant[16]; /* variant: "" if not said */
	char digest[DIGEST_SIZE];           /* of its manifest */
};

struct manifest { /* zeroed: ready; manifest_done() frees */
	struct sax sax;
	bool has_manifests, has_layers, has_config;
	struct platform_entry *entries; /* of an index */
	size_t n_entries, seen_entries;
	struct platform_entry entry; /* the one that is being read */
	char (*layers)[DIGEST_SIZE]; /* distinct ones */
	size_t n_layers, seen_layers;
	char digest[DIGEST_SIZE]; /* of the layer or config that is being read */
	int64_t size;             /* of it; -1: not said yet */
	int64_t bytes;            /* of an image: config and distinct layers */
};

int manifest_feed(struct manifest *m, const char *bytes, size_t n, struct err *err);
/* ERR_TERMINAL: what is wrong. After it either entries or bytes hold. */
int manifest_end(struct manifest *m, struct err *err);
bool manifest_is_index(const struct manifest *m);
void manifest_done(struct manifest *m);

/* "sha256:" and 64 hex digits? */
bool digest_valid(const char *text);

#endif
